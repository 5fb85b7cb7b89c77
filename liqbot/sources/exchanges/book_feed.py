"""Order books beside the polls: one look at each coin, at a modest interval."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from liqbot.market.depth import Depth
from liqbot.market.updates import DepthSeen
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.notes import Missing
from liqbot.sources.exchanges.symbols import Instrument
from liqbot.sources.source import NoDataError

_log = structlog.get_logger()


class BookFeed:
    """Looks at the books of the coins that are followed, one after the other."""

    def __init__(
        self,
        client: Client,
        clock: Callable[[], int],
        missing: Missing,
        followed: Callable[[], Iterable[Instrument]],
        every_s: float,
    ) -> None:
        """Look at those of `followed()` every `every_s` seconds, or as the budget lets it; 0 is never."""
        self._client = client
        self._clock = clock
        self._missing = missing
        self._followed = followed
        self._every_s = every_s
        self.seen: asyncio.Queue[DepthSeen] = asyncio.Queue()

    @asynccontextmanager
    async def looking(self) -> AsyncGenerator[None]:
        """Look meanwhile."""
        if not self._every_s:
            yield
            return
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            for which in list(self._followed()):
                await self._look_at(which)
            await asyncio.sleep(max(began + self._every_s - clock(), 0.01))

    async def _look_at(self, which: Instrument) -> None:
        what = f"depth of {which.coin}"
        try:
            depth = self._of_now(await self._client.depth(which))
        except NoDataError as error:
            self._missing.note(what, str(error))
        except Exception as error:  # noqa: BLE001 - one book is not worth the others
            self._missing.note(what, repr(error))
            _log.exception("book_not_readable", source=self._client.venue, coin=which.coin)
        else:
            self._missing.found(what)
            self.seen.put_nowait(DepthSeen(depth))

    def _of_now(self, depth: Depth) -> Depth:
        """Return a book whose time is believed. Raises `NoDataError` for one that is stale."""
        now_ms = self._clock()
        if depth.if_fresh(now_ms) is None:
            self._client.sieve.refused["a book older than a minute"] += 1
            raise NoDataError(
                f"{depth.venue}: the book of {depth.coin} is {(now_ms - depth.time_ms) / 1000:.0f} s old"
            )
        return replace(depth, time_ms=min(depth.time_ms, now_ms))
