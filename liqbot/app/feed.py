"""A feed: reads one source, puts its updates on a board, makes views; begun again on failure."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import Executor

import structlog

from liqbot.engine.board_protocol import board_of
from liqbot.market.coins import ALL
from liqbot.market.events import MarketEvent
from liqbot.market.layer import Layer
from liqbot.market.layer_source import LayerSource
from liqbot.market.neighbours import with_neighbours
from liqbot.market.updates import Beat, CandlesSeen, Update
from liqbot.market.view import MarketView
from liqbot.service.findings import READS_PAST
from liqbot.service.sources import SourceHealth
from liqbot.sources.source import NoDataError, Source, SourceError, WithCoins, WithPresent, WithReport
from liqbot.store.errors import StoreError

_log = structlog.get_logger()

SHORTEST_PAUSE_S = 1
LONGEST_PAUSE_S = 60
"""The longest pause before a source that failed is tried again."""
HOUR_MS = 3_600_000


class Feed:
    """Follows a source for as long as it lasts, and hands on the views of each beat."""

    def __init__(
        self,
        source: Source,
        coins: Sequence[str],
        engine: Executor,
        take: Callable[[Sequence[MarketView]], Awaitable[None] | None],
        recall_past: Callable[[Sequence[MarketView]], Awaitable[None]],
        *,
        hear: Callable[[Layer, CandlesSeen], None] | None = None,
        lacks_data: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Give views of `coins` to `take`; those of a past that the source makes up, to `recall_past`.

        Candles go to `hear` as well, as they are told. Each time that the source ends or fails, `lacks_data`
        is called.

        Views are made in `engine`, off the event loop; where `take` gives something to wait for, the source
        waits with it. `sleep` waits so many seconds before another try.
        """
        self.board = board_of(source.layer)
        self.events: dict[str, tuple[MarketEvent, ...]] = {}
        """By coin: what happened since the views before the newest."""
        self.snapshots: dict[str, LayerSource] = {}
        """Of a modelled layer, by coin: what goes with the newest views."""
        self.health = SourceHealth(source.name, source.layer)
        if isinstance(source, WithReport):
            self.health.report = source.report
        self.source = source
        self._coins = coins
        self._engine = engine
        self._take = take
        self._recall_past = recall_past
        self._hear = hear
        self._lacks_data = lacks_data
        self._sleep = sleep
        self._pause_s = SHORTEST_PAUSE_S
        self._state = "running"
        self._kept_ms = 0
        self.cursor = ""
        """Up to where the source was read when the newest views were made."""
        self.failure: SourceError | None = None
        """Why the source has stopped for good."""

    def begin_anew(self) -> None:
        """Know nothing any more: somebody else has followed the source meanwhile."""
        self.board = board_of(self.source.layer)
        self.events, self.snapshots, self.cursor = {}, {}, ""
        self._kept_ms, self._pause_s, self.failure = 0, SHORTEST_PAUSE_S, None

    async def present(self) -> Sequence[MarketView]:
        """Return views of the present of a source that has yet to tell its past; none of any other.

        They are for people to look at, and belong to no history: the same is told again in its turn.
        """
        if not isinstance(self.source, WithPresent):
            return []
        loop = asyncio.get_running_loop()
        views = await loop.run_in_executor(self._engine, self._look_ahead, self.source.present())
        if views:
            self._state = self.health.state = READS_PAST
        return views

    async def run(self) -> None:
        """Return when the source has no more to tell; start it again, after a pause, when it fails.

        The pause doubles with each failure in a row; a beat whose views were taken ends the row.
        """
        while True:
            self.health.state = self._state
            try:
                try:
                    await self._listen()
                finally:
                    self._lacks_data()
            except SourceError as error:
                self.health.state = f"stopped: {error}"
                self.failure = error
                _log.error("source_stopped", source=self.source.name, reason=str(error))
                return
            except NoDataError as error:
                self.health.state = f"no data, is tried again: {error}"
                _log.warning(
                    "source_without_data",
                    source=self.source.name,
                    reason=str(error),
                    again_in_s=self._pause_s,
                )
            except StoreError as error:
                # Not the source's fault, and known: on a full disk traces would take the last room.
                self.health.state = f"its past cannot be written down, is tried again: {error}"
                _log.error(
                    "past_not_written",
                    source=self.source.name,
                    reason=str(error),
                    again_in_s=self._pause_s,
                )
            except Exception as error:  # noqa: BLE001 - whatever a source does, the bot goes on
                self.health.state = f"failed, is tried again: {error!r}"
                _log.exception("source_failed", source=self.source.name, again_in_s=self._pause_s)
            else:
                self.health.state = "ended"
                return
            pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)
            await self._sleep(pause_s)

    async def _listen(self) -> None:
        updates = self.source.updates()
        try:
            async for update in updates:
                self.board.apply(update)
                if (
                    self._hear is not None
                    and isinstance(update, CandlesSeen)
                    and update.coin in self._followed()
                ):
                    self._hear(self.source.layer, update)
                if isinstance(update, Beat) and await self._beat(update):
                    self._pause_s = SHORTEST_PAUSE_S
        finally:
            if isinstance(updates, AsyncGenerator):
                await updates.aclose()  # now, not when it is collected: the bot may be shutting down

    async def _beat(self, beat: Beat) -> bool:
        """Return whether the views of a beat were wanted, and have been taken."""
        live_from_ms = self.source.live_from_ms
        self.cursor = beat.cursor
        if beat.time_ms > live_from_ms:
            self._state = self.health.state = "running"
            taken = self._take(await self._views())
            if taken is not None:
                await taken
            return True
        if self._worth_keeping(beat.time_ms, live_from_ms):
            await self._recall_past(await self._views())
            return True
        return False

    async def _views(self) -> list[MarketView]:
        loop = asyncio.get_running_loop()
        views, self.health.rejected = await loop.run_in_executor(self._engine, self._look)
        return views

    def _look_ahead(self, updates: Sequence[Update]) -> list[MarketView]:
        board = board_of(self.source.layer)
        board.apply_all(updates)
        return with_neighbours([board.view(coin) for coin in self._followed() if coin in board.coins])

    def _look(self) -> tuple[list[MarketView], Counter[str]]:
        """Return the views, and what the board has refused: both may have to work in what was put aside."""
        known = self.board.coins
        coins = [coin for coin in self._followed() if coin in known]
        snapshots = {coin: self.board.snapshot(coin) for coin in coins}
        self.snapshots = {coin: snapshot for coin, snapshot in snapshots.items() if snapshot is not None}
        rejected = self.board.rejected
        if isinstance(self.source, WithReport):
            rejected = rejected + self.source.report().refused
        observations = [self.board.observe(coin) for coin in coins]
        self.events = {observation.coin: observation.events for observation in observations}
        return with_neighbours([observation.view for observation in observations]), rejected

    def _followed(self) -> Collection[str]:
        """Return the coins of which views are made."""
        if isinstance(self.source, WithCoins):
            return self.source.coins
        return self.board.coins if ALL in self._coins else self._coins

    def _worth_keeping(self, time_ms: int, live_from_ms: int) -> bool:
        """Return whether a beat of the past begins a new step of history: fine for its last day only."""
        step_ms = HOUR_MS // 4 if live_from_ms - time_ms <= 24 * HOUR_MS else 2 * HOUR_MS
        if time_ms // step_ms == self._kept_ms // step_ms:
            return False
        self._kept_ms = time_ms
        return True
