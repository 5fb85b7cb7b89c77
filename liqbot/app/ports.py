"""Serving on ports that may be taken: the bot goes on without one, and serves as soon as it is free."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import structlog

from liqbot.app.background import in_background

_log = structlog.get_logger()

RETRY_S = 30.0
"""How long after a port was found taken it is tried again."""
SOON_S = 0.25
"""So long at first, each time twice as long: a process that was killed may take a moment to leave it."""


@dataclass(slots=True)
class Ports:
    """Which of its ports a bot does not have, and why."""

    taken: dict[str, str] = field(default_factory=dict[str, str])
    """By what would be served there, `page` or `metrics`: the address, and what the machine says."""

    @asynccontextmanager
    async def serving(
        self,
        what: str,
        address: str,
        serve: Callable[[], AbstractAsyncContextManager[tuple[str, int]]],
        opened: Callable[[str, int], None],
    ) -> AsyncGenerator[None]:
        """Serve meanwhile, from the moment on at which the port is free; `opened` is told where.

        A port that is taken is no reason not to watch the market: an older process may be about to leave it.
        Returns when it was tried once.
        """
        tried = asyncio.Event()

        async def keep_serving() -> None:
            pause_s = SOON_S
            while True:
                try:
                    async with serve() as (host, port):
                        self.taken.pop(what, None)
                        opened(host, port)
                        tried.set()
                        await asyncio.Event().wait()
                except OSError as error:
                    if what not in self.taken:
                        _log.error(
                            "port_not_served", what=what, address=address, reason=error.strerror or str(error)
                        )
                    self.taken[what] = f"{address}: {error.strerror or error}."
                finally:
                    tried.set()
                await asyncio.sleep(min(pause_s, RETRY_S))
                pause_s = min(2 * pause_s, RETRY_S)

        async with in_background(keep_serving()):
            await tried.wait()
            yield
