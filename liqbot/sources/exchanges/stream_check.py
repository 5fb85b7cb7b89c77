"""Whether an exchange's websocket tells anything: what `liqbot doctor` asks before the bot runs."""

import asyncio
from collections.abc import Sequence

from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.symbols import Instrument


async def why_silent(client: Client, instruments: Sequence[Instrument], within_s: float) -> str | None:
    """Return why nothing is heard of the liquidations of `instruments`; None where the exchange answers.

    It is tried once, the way that the bot goes, and given up after `within_s` seconds.
    """
    said: list[str | None] = []
    is_said = asyncio.Event()

    def tell(why: str | None) -> None:
        said.append(why)
        is_said.set()

    async def listen() -> None:
        async for _ in client.liquidations(instruments, tell, asks=True):
            tell(None)

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(within_s):
            await is_said.wait()
    except TimeoutError:
        return f"nothing came over it within {within_s:g} s"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return said[-1]  # a subscription that is refused is answered first
