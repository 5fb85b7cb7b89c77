"""The feed of an exchange's liquidations: those streamed, and those asked for that a break left out."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog

from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.liquidations import OnceEach
from liqbot.sources.exchanges.notes import Missing
from liqbot.sources.exchanges.symbols import Instrument
from liqbot.sources.source import NoDataError

_log = structlog.get_logger()

LIQUIDATIONS, PAST = "liquidations", "past liquidations"
MOST_WAITING = 100_000
"""So many wait at most for the next beat; beyond, the oldest are dropped."""
OVERLAP_MS = 120_000
"""Each time the last two minutes are asked for again: an order may be listed late."""
AGAIN_S = 600.0
"""So long after a failure the past is asked for again."""


class LiquidationFeed:
    """Collects what one exchange tells of liquidations, each once."""

    def __init__(self, client: Client, clock: Callable[[], int], missing: Missing, kept_ms: int) -> None:
        """Fill at most `kept_ms` of the past, as far as the exchange tells of it."""
        self._client = client
        self._clock = clock
        self._missing = missing
        self._kept_ms = min(kept_ms, client.liquidations_kept_ms)
        self._waiting: deque[Liquidation] = deque(maxlen=MOST_WAITING)
        self._once = OnceEach()
        self._was_broken = asyncio.Event()

    def take(self) -> list[Liquidation]:
        """Return those that were told since the last time, by time; none is from the future."""
        now_ms = self._clock()
        events = [replace(event, time_ms=min(event.time_ms, now_ms)) for event in self._waiting]
        self._waiting.clear()
        return sorted(events, key=lambda event: event.time_ms)

    @asynccontextmanager
    async def listening(self, instruments: Sequence[Instrument]) -> AsyncGenerator[None]:
        """Collect meanwhile. Where that fails they are missing, and all else goes on."""
        tasks = [asyncio.create_task(self._listen(instruments))]
        if self._kept_ms > 0:
            tasks.append(asyncio.create_task(self._fill(instruments)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, instruments: Sequence[Instrument]) -> None:
        try:
            async for event in self._client.liquidations(instruments, self._tell):
                if (fresh := self._once.streamed(event)) is not None:
                    self._waiting.append(fresh)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest of the source goes on
            self._tell(f"stopped: {error!r}")
            _log.exception("liquidation_feed_failed", source=self._client.venue)

    async def _fill(self, instruments: Sequence[Instrument]) -> None:
        """Ask for the past at the start, and again whenever the stream was broken."""
        since_ms = self._clock() - self._kept_ms
        while True:
            self._was_broken.clear()
            until_ms = self._clock()
            whole = True
            for which in instruments:
                whole &= await self._fill_one(which, since_ms, until_ms)
            if whole:
                since_ms = until_ms - OVERLAP_MS
                self._missing.found(PAST)
            try:
                async with asyncio.timeout(None if whole else AGAIN_S):
                    await self._was_broken.wait()
            except TimeoutError:
                pass

    async def _fill_one(self, which: Instrument, since_ms: int, until_ms: int) -> bool:
        try:
            events = await self._client.past_liquidations(which, since_ms, until_ms)
        except NoDataError as error:
            self._missing.note(PAST, str(error))
            return False
        except Exception as error:  # noqa: BLE001 - one coin's past is not worth the others'
            self._missing.note(PAST, repr(error))
            _log.exception("past_liquidations_not_readable", source=self._client.venue, coin=which.coin)
            return False
        self._waiting.extend(self._once.asked_for(events))
        return True

    def _tell(self, why: str | None) -> None:
        if why is not None:
            self._missing.note(LIQUIDATIONS, why)
        elif LIQUIDATIONS in self._missing.reasons:
            self._missing.found(LIQUIDATIONS)
            self._was_broken.set()
