"""A scan of a hundred thousand accounts without limits, beside the bare floors of HTTP client and decoder.

The counterpart runs as a process of its own. The floor of the client is the same requests with their answers
thrown away; the floor of the decoder is the same answers, decoded and thrown away.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import msgspec

from benchmarks.measure import Row, resident_mb
from liqbot.engine.board import Board
from liqbot.market.updates import Beat
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.decoding import STATE
from liqbot.sources.hyperliquid.poller import CONCURRENT
from liqbot.sources.hyperliquid.polling import FirstLook
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from tests.counterparts.hyperliquid.running import counterpart

CROWD = 25
"""Times the usual 4,000 accounts: 100,007."""
FLOOR = 20_000
"""How many of the requests the floors are measured with."""
COINS = ("BTC", "ETH", "SOL")
ROOT = Path(__file__).resolve().parents[1]


def rows() -> Iterator[Row]:
    """Yield the speed and the memory of a scan, and the floors."""
    with counterpart(crowd=CROWD, speed=1, limit=0, listed=1.0, still=True) as exchange:
        command = [sys.executable, "-m", "benchmarks.scanning", exchange.http, exchange.ws]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = msgspec.json.decode(done.stdout.splitlines()[-1])  # what is logged comes before
    accounts, seconds = told["accounts"], told["seconds"]
    rate, client, decoder = accounts / seconds, told["client"], told["decoder"]
    yield Row(
        f"scan of {accounts:,} accounts without limits, read and in the board",
        f"{rate:,.0f} accounts/s",
        f"{client / rate:.2f}× the floor of the HTTP client ({client:,.0f}/s, {CONCURRENT} at once), "
        f"{decoder / rate:.0f}× that of the decoder ({decoder:,.0f}/s)",
    )
    yield Row(
        "… memory before and after",
        f"{told['before_mb']:.0f} MB, {told['after_mb']:.0f} MB",
        f"{(told['after_mb'] - told['before_mb']) * 2**20 / accounts:,.0f} bytes an account",
    )


async def _measure(http: str, ws: str) -> dict[str, float]:
    settings = HyperliquidSettings(
        api_url=http, ws_url=ws, leaderboard_url=f"{http}/leaderboard", weight_per_minute=0, vaults=()
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Hyperliquid(settings, COINS, Path(folder) / "liqbot.db", policy=FirstLook())
        board, before_mb = Board(source.layer), resident_mb()
        start = time.perf_counter()
        async with contextlib.aclosing(source.updates()) as updates:
            async for update in updates:
                board.apply(update)
                if (
                    isinstance(update, Beat)
                    and source.discovery.looked
                    and source.roster.asked >= len(source.roster)
                ):
                    break
        views = [board.view(coin) for coin in COINS]
        seconds, after_mb = time.perf_counter() - start, resident_mb()
        if source.roster.failed or min(view.coverage or 0 for view in views) < 0.999:
            raise RuntimeError(f"the scan is not complete: {source.report()}")
        names = source.roster.names
    client, bodies = await _client_floor(http, names[:FLOOR])
    return {
        "accounts": len(names),
        "seconds": seconds,
        "before_mb": before_mb,
        "after_mb": after_mb,
        "client": client,
        "decoder": _decoder_floor(bodies),
    }


async def _client_floor(http: str, names: Sequence[str]) -> tuple[float, list[bytes]]:
    """Return how many requests a second the client makes with nothing done about them, and the answers."""
    bodies: list[bytes] = []
    waiting = iter(names)
    limits = httpx.Limits(max_connections=CONCURRENT, max_keepalive_connections=CONCURRENT)
    async with httpx.AsyncClient(limits=limits) as client:

        async def work() -> None:
            for name in waiting:
                request = {"type": "clearinghouseState", "user": name, "dex": ""}
                bodies.append((await client.post(f"{http}/info", json=request)).content)

        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(CONCURRENT)))
        return len(names) / (time.perf_counter() - start), bodies


def _decoder_floor(bodies: Sequence[bytes]) -> float:
    start = time.perf_counter()
    for body in bodies:
        STATE.decode(body)
    return len(bodies) / (time.perf_counter() - start)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(msgspec.json.encode(asyncio.run(_measure(*sys.argv[1:]))).decode())
    else:
        for row in rows():
            print(row)
