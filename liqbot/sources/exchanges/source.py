"""An exchange as a source of a modelled layer: its past first, then the present, minute by minute."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import AssetContext, Beat, Liquidation, MarginTiersSeen, Update
from liqbot.plugin import SourceRequest
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.errors import UnknownSymbolError
from liqbot.sources.exchanges.history import (
    History,
    candles_seen,
    fetch_history,
    open_interest_seen,
)
from liqbot.sources.exchanges.rows import DAY_MS, PERIOD_MS
from liqbot.sources.exchanges.settings import ExchangeSettings
from liqbot.sources.exchanges.symbols import Instrument, instrument
from liqbot.sources.source import NoDataError, Report, SourceError

_log = structlog.get_logger()

BACKFILL_DAYS = 30.0
POLL_S = 60.0
AGAIN_MS, UNKNOWN_AGAIN_MS = 600_000, 6 * 3_600_000
"""How long until a coin whose past could not be had is tried again; and one that was not listed."""
LIQUIDATIONS = "liquidations"
MOST_LIQUIDATIONS = 100_000
"""So many wait at most for the next beat; beyond, the oldest are dropped."""


@dataclass(slots=True)
class _Following:
    """How far a coin has been told."""

    instrument: Instrument
    candles_ms: int
    """The end of the last candle."""
    interest_ms: int
    context_ms: int
    tiers_ms: int


class ExchangeSource:
    """One exchange, for some coins. A coin that it does not have is missing by name; the others go on."""

    def __init__(
        self,
        client: Client,
        coins: Sequence[str],
        clock: Callable[[], int],
        *,
        backfill_days: float = BACKFILL_DAYS,
        poll_s: float = POLL_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask `client` about `coins` every `poll_s` seconds; `clock` gives the time in ms since 1970 UTC.

        `sleep` waits between polls. The past of `backfill_days` is told first.
        """
        self._client = client
        self._instruments = [instrument(client.venue, coin) for coin in coins]
        self._clock = clock
        self._backfill_ms = round(backfill_days * DAY_MS)
        self._poll_s = poll_s
        self._sleep = sleep
        self._live_from_ms = 0
        self._missing: dict[str, str] = {}
        self._limits: dict[str, str] = {}
        self._again_ms: dict[str, int] = {}
        """When a coin that could not be begun is tried again."""
        self._following: dict[str, _Following] = {}
        self._liquidations: deque[Liquidation] = deque(maxlen=MOST_LIQUIDATIONS)

    @property
    def name(self) -> str:
        """The name in `LIQBOT_SOURCES`: `binance`."""
        return self._client.venue.lower()

    @property
    def layer(self) -> Layer:
        """An exchange shows nobody's positions: they are modelled."""
        return Layer(self._client.venue, Basis.MODELLED)

    @property
    def live_from_ms(self) -> int:
        """The past ends at this time."""
        return self._live_from_ms

    @property
    def missing(self) -> Mapping[str, str]:
        """Why there is no data at the moment, by coin; and of liquidations."""
        return self._missing

    @property
    def limits(self) -> Mapping[str, str]:
        """What the exchange does not have at all, or only from now on."""
        return self._limits

    @property
    def refused(self) -> Counter[str]:
        """Rows of the exchange that made no sense, by reason."""
        return self._client.sieve.refused

    def report(self) -> Report:
        """Return what it lacks, and what it took for nonsense."""
        return Report(refused=self.refused, missing=self.missing, limits=self.limits)

    async def updates(self) -> AsyncIterator[Update]:
        """Yield the past with one beat, then the present with a beat a poll.

        Raises `NoDataError` where there is nothing to begin with, and `SourceError` where the exchange lists
        none of the coins. What fails later is `missing` until it comes back; then the gap is filled.
        """
        self._live_from_ms = self._clock() // PERIOD_MS * PERIOD_MS
        self._missing.clear()
        self._limits.clear()
        self._again_ms.clear()
        self._following.clear()
        async with self._client.session():
            histories = await self._begin(self._instruments)
            if not histories:
                raise self._nothing()
            for update in self._past(histories):
                yield update
            async with self._listening(self._listed()):
                while True:
                    for update in await self._present():
                        yield update
                    await self._sleep(self._poll_s)

    async def check(self) -> str:
        """Ask about the first coin that is listed, and return what to tell an operator.

        Raises `NoDataError` where there is no answer, or none of the coins is listed.
        """
        unknown: list[UnknownSymbolError] = []
        async with self._client.session():
            for which in self._instruments:
                try:
                    now = await self._client.now(which)
                except UnknownSymbolError as error:
                    unknown.append(error)
                else:
                    return (
                        f"answers: {which.symbol} {now.mark:,.6g}, {now.open_interest.coins:,.0f} coins open"
                    )
        raise NoDataError("; ".join(map(str, unknown)))

    async def _begin(self, instruments: Sequence[Instrument]) -> list[History]:
        """Fetch the past of `instruments`; those that have none to give are missing."""
        from_ms = self._live_from_ms - self._backfill_ms
        results = await asyncio.gather(
            *(fetch_history(self._client, which, from_ms, self._live_from_ms) for which in instruments),
            return_exceptions=True,
        )
        histories = [result for result in results if isinstance(result, History)]
        for history in histories:
            self._follow(history)
        for which, result in zip(instruments, results, strict=True):
            if isinstance(result, UnknownSymbolError):
                self._again_ms[which.coin] = self._clock() + UNKNOWN_AGAIN_MS
                self._limits[which.coin] = f"no data: {result}"
            elif isinstance(result, NoDataError):
                self._again_ms[which.coin] = self._clock() + AGAIN_MS
                self._miss(which.coin, result)
            elif isinstance(result, BaseException):
                raise result
        return histories

    def _follow(self, history: History) -> None:
        coin = history.instrument.coin
        self._again_ms.pop(coin, None)
        self._missing.pop(coin, None)
        self._limits.pop(coin, None)
        if coin in self._client.assumed:
            self._limits[f"margin tiers of {coin}"] = "assumed: the exchange does not publish them"
        if self._backfill_ms and history.interest is None:
            self._limits[f"history of {coin}"] = "no data: the exchange gives none, so the map begins now"
        self._following[coin] = _Following(
            history.instrument,
            candles_ms=history.until_ms or self._live_from_ms,
            interest_ms=history.interest.time_ms if history.interest else 0,
            context_ms=history.until_ms,
            tiers_ms=self._clock(),
        )

    def _listed(self) -> list[Instrument]:
        """Return the instruments that the exchange has, or may have: some could not be begun yet."""
        soon_ms = self._clock() + AGAIN_MS
        return [which for which in self._instruments if self._again_ms.get(which.coin, 0) <= soon_ms]

    def _nothing(self) -> Exception:
        reasons = "; ".join(dict.fromkeys([*self._missing.values(), *self._limits.values()]))
        if not self._listed():
            return SourceError(f"{self._client.venue} lists none of the coins: {reasons}")
        return NoDataError(reasons)

    def _past(self, histories: Sequence[History]) -> Iterator[Update]:
        """Yield the past of all coins, and one beat: nobody has to look at every step of it."""
        from_ms = self._live_from_ms - self._backfill_ms
        for history in histories:
            yield from history.updates(from_ms)
        yield Beat(self._live_from_ms)

    async def _present(self) -> list[Update]:
        """Ask for what is new of every coin; the beat is left out where nothing came."""
        late = await self._begin_late()
        results = await asyncio.gather(
            *(self._news(following) for following in self._following.values()), return_exceptions=True
        )
        news: list[Update] = []
        for coin, result in zip(self._following, results, strict=True):
            if isinstance(result, NoDataError):
                self._miss(coin, result)
            elif isinstance(result, BaseException):
                raise result
            else:
                self._missing.pop(coin, None)
                news += result
        liquidations = self._liquidated()
        told = [*late, *liquidations, *news]
        return [*told, Beat(max(self._clock(), self._live_from_ms + 1))] if late or news else told

    def _liquidated(self) -> list[Liquidation]:
        """Return the liquidations since the last poll, by time; none is from the future, whatever it says."""
        now_ms = self._clock()
        events = [replace(event, time_ms=min(event.time_ms, now_ms)) for event in self._liquidations]
        self._liquidations.clear()
        return sorted(events, key=lambda event: event.time_ms)

    async def _begin_late(self) -> list[Update]:
        """Return the past, in one go, of coins that could not be begun with and now can."""
        now_ms = self._clock()
        due = [which for which in self._instruments if self._again_ms.get(which.coin, now_ms + 1) <= now_ms]
        if not due:
            return []
        from_ms = self._live_from_ms - self._backfill_ms
        return [update for history in await self._begin(due) for update in history.updates(from_ms)]

    async def _news(self, following: _Following) -> list[Update]:
        """Return what is new of one coin. A gap, of this program or the exchange, is filled from history."""
        client, which, coin = self._client, following.instrument, following.instrument.coin
        now_ms = self._clock()
        now = await client.now(which)
        closed_ms = now_ms // PERIOD_MS * PERIOD_MS
        candles_ms = max(following.candles_ms, closed_ms - (self._backfill_ms or DAY_MS))
        interest = [now.open_interest._replace(time_ms=min(now.open_interest.time_ms, now_ms))]
        if closed_ms - candles_ms > PERIOD_MS:
            interest = [
                *await client.open_interest(which, candles_ms, interest[0].time_ms - 1),
                *interest,
            ]
        candles = await client.candles(which, candles_ms, closed_ms) if closed_ms > candles_ms else []
        tiers = await client.margin_tiers(which) if now_ms - following.tiers_ms > DAY_MS else None
        interest = [row for row in interest if row.time_ms > following.interest_ms]
        told: list[Update] = []  # from here on nothing fails: what is noted as told is told
        if interest:
            following.interest_ms = interest[-1].time_ms
            told.append(open_interest_seen(coin, interest))
        if tiers is not None:
            following.tiers_ms = now_ms
            told.append(MarginTiersSeen(coin, now_ms, tiers))
        if candles:
            following.candles_ms = candles[-1].begin_ms + PERIOD_MS
            told.append(candles_seen(coin, candles))
        said_ms = now_ms if now.time_ms is None else min(now.time_ms, now_ms)
        following.context_ms = max(following.context_ms, said_ms)
        told.append(AssetContext(coin, following.context_ms, now.mark, now.open_interest.coins, now.funding))
        return told

    @asynccontextmanager
    async def _listening(self, instruments: Sequence[Instrument]) -> AsyncGenerator[None]:
        """Collect liquidations meanwhile. Where they fail, they are missing, and all else goes on."""
        feed = self._client.liquidations(instruments, self._tell)
        if feed is None:
            self._limits[LIQUIDATIONS] = "the exchange does not publish them"
            yield
            return
        listener = asyncio.create_task(self._listen(feed))
        try:
            yield
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def _listen(self, feed: AsyncIterator[Liquidation]) -> None:
        try:
            async for liquidation in feed:
                self._liquidations.append(liquidation)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest of the source goes on
            self._tell(f"stopped: {error!r}")
            _log.exception("liquidations have stopped", source=self.name)

    def _tell(self, why: str | None) -> None:
        if why is None:
            self._missing.pop(LIQUIDATIONS, None)
        elif self._missing.get(LIQUIDATIONS) != why:
            self._missing[LIQUIDATIONS] = why
            _log.warning("no liquidations", source=self.name, reason=why)

    def _miss(self, coin: str, error: NoDataError) -> None:
        if self._following and self._missing.get(coin) != str(error):  # else it is all, and told of as such
            _log.warning("no data", source=self.name, coin=coin, reason=str(error))
        self._missing[coin] = str(error)


def exchange_source(client: Client, request: SourceRequest, settings: ExchangeSettings) -> ExchangeSource:
    """Return an exchange's source for all coins: which of them it lists, it says itself."""
    return ExchangeSource(client, request.coins, request.clock, backfill_days=settings.backfill_days)
