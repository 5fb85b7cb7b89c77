"""One source for all five exchanges: coins it follows, past first, then polls; what is missing."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing

import structlog

from liqbot.market.coins import nearest
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import Beat, Update
from liqbot.plugin import SourceRequest
from liqbot.sources.exchanges.book_feed import BookFeed
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.errors import UnknownSymbolError
from liqbot.sources.exchanges.history import History, fetch_history
from liqbot.sources.exchanges.liquidation_feed import LiquidationFeed
from liqbot.sources.exchanges.news import Following, News
from liqbot.sources.exchanges.notes import Missing
from liqbot.sources.exchanges.rows import DAY_MS, PERIOD_MS
from liqbot.sources.exchanges.settings import ExchangeSettings
from liqbot.sources.exchanges.stream_check import why_silent
from liqbot.sources.exchanges.symbols import Instrument, instrument
from liqbot.sources.source import STREAM_CHECK_S, NoDataError, Report, SourceError, unheard

_log = structlog.get_logger()

BACKFILL_DAYS = 30.0
POLL_S = 60.0
AGAIN_MS, UNKNOWN_AGAIN_MS = 600_000, 6 * 3_600_000
"""How long until a coin whose past could not be had is tried again; and one that was not listed."""


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
        depth_every_s: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask `client` about `coins` every `poll_s` seconds; `clock` gives the time in ms since 1970 UTC.

        `sleep` waits between polls. The past of `backfill_days` is told first. Order books are looked at
        every `depth_every_s` seconds; 0 is never.
        """
        self._client = client
        self._instruments = [instrument(client.venue, coin) for coin in coins]
        self._clock = clock
        self._backfill_ms = (
            round(backfill_days * DAY_MS / PERIOD_MS) * PERIOD_MS
        )  # Bitget wants whole periods
        self._poll_s = poll_s
        self._sleep = sleep
        self._live_from_ms = 0
        self._missing = Missing(self.name)
        self._limits: dict[str, str] = {}
        self._lacking: dict[str, str] = {}
        self._again_ms: dict[str, int] = {}
        """When a coin that could not be begun is tried again."""
        self._following: dict[str, Following] = {}
        self._news = News(client, self._missing, self._backfill_ms or DAY_MS)
        self._liquidations = LiquidationFeed(client, clock, self._missing, self._backfill_ms)
        self._books = BookFeed(client, clock, self._missing, self._followed, depth_every_s)

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
        """Why there is no data at the moment, by coin; and of liquidations and other parts."""
        return self._missing.reasons

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
        return Report(
            refused=self.refused, missing=self.missing, limits=self.limits, lacking=dict(self._lacking)
        )

    async def updates(self) -> AsyncIterator[Update]:
        """Yield the past with one beat, then the present with a beat a poll.

        Raises `NoDataError` where there is nothing to begin with, and `SourceError` where the exchange lists
        none of the coins. What fails later is `missing` until it comes back; then the gap is filled.
        """
        self._live_from_ms = self._clock() // PERIOD_MS * PERIOD_MS
        for noted in (self._missing, self._limits, self._lacking, self._again_ms, self._following):
            noted.clear()
        async with self._client.session():
            histories = await self._begin(self._instruments)
            if not histories:
                raise self._nothing()
            for update in self._past(histories):
                yield update
            async with AsyncExitStack() as feeds:
                await feeds.enter_async_context(self._liquidations.listening(self._listed()))
                await feeds.enter_async_context(self._books.looking())
                while True:
                    for update in await self._present():
                        yield update
                    async with aclosing(self._until_the_next_poll()) as seen:
                        async for update in seen:
                            yield update

    async def check(self) -> str:
        """Ask about the coins, and return what to tell an operator.

        Raises `NoDataError` where there is no answer, or none of the coins is listed.
        """
        unknown: list[UnknownSymbolError] = []
        answer = ""
        async with self._client.session():
            for which in self._instruments:
                try:
                    now = await self._client.now(which)
                except UnknownSymbolError as error:
                    unknown.append(error)
                    self._lacking[which.coin] = await self._nearest(which.coin)
                else:
                    answer = answer or (
                        f"answers: {which.symbol} {now.mark:,.6g}, {now.open_interest.coins:,.0f} coins open"
                    )
        if not answer:
            raise NoDataError("; ".join(map(str, unknown)))
        return "; ".join([answer, *(_without(coin, near) for coin, near in self._lacking.items())])

    async def check_stream(self) -> str:
        """Listen at its websocket until it answers. Raises `SourceError` that says what to do.

        Coins that `check` has found to be unlisted are not asked for.
        """
        listed = [which for which in self._instruments if which.coin not in self._lacking]
        async with self._client.session():
            why = await why_silent(self._client, listed, STREAM_CHECK_S)
        if why is not None:
            raise SourceError(unheard(self.name, why, "Without it liquidations are missed"))
        return "answers"

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
                await self._lack(which.coin, result)
            elif isinstance(result, BaseException):
                self._again_ms[which.coin] = self._clock() + AGAIN_MS
                self._fail(which.coin, result)
        return histories

    async def _lack(self, coin: str, error: UnknownSymbolError) -> None:
        """Note that the exchange does not list a coin, with the nearest that it lists."""
        near = self._lacking[coin] = await self._nearest(coin)
        self._limits[coin] = f"no data: {error}" + (f"; the nearest that it has is {near}" if near else "")
        _log.warning("coin_not_listed", source=self.name, coin=coin, nearest=near or None)

    async def _nearest(self, coin: str) -> str:
        """Return the listed coin that `coin` may be a misspelling of; empty where none is near."""
        try:
            return nearest(coin, await self._client.listed()) or ""
        except NoDataError:
            return ""

    def _fail(self, coin: str, error: BaseException) -> None:
        """Note why there is nothing of a coin. One whose answer breaks our own code harms only itself too."""
        if not isinstance(error, Exception):
            raise error
        reason = str(error) if isinstance(error, NoDataError) else f"failed: {error!r}"
        if not isinstance(error, NoDataError):
            _log.error("coin_failed", source=self.name, coin=coin, exc_info=error)
        self._missing.note(
            coin, reason, is_logged=bool(self._following)
        )  # else it is all, and told of as such

    def _follow(self, history: History) -> None:
        coin = history.instrument.coin
        self._again_ms.pop(coin, None)
        self._missing.found(coin)
        self._limits.pop(coin, None)
        self._lacking.pop(coin, None)
        if coin in self._client.assumed:
            self._limits[f"margin tiers of {coin}"] = self._client.assumed[coin]
        elif history.tiers is None:
            self._limits[f"margin tiers of {coin}"] = "assumed: the exchange gives none that make sense"
        if self._backfill_ms and history.interest is None:
            self._limits[f"history of {coin}"] = "no data: the exchange gives none, so the map begins now"
        self._following[coin] = Following(
            history.instrument,
            candles_ms=history.until_ms or self._live_from_ms,
            interest_ms=history.interest.time_ms if history.interest else 0,
            context_ms=history.until_ms,
            tiers_ms=self._clock() if history.tiers is not None else 0,
            paid_ms=history.funding.time_ms if history.funding else 0,
            asked_paid_ms=self._clock(),
        )

    def _followed(self) -> list[Instrument]:
        return [following.instrument for following in self._following.values()]

    def _listed(self) -> list[Instrument]:
        """Return the instruments that the exchange has, or may have: some could not be begun yet."""
        soon_ms = self._clock() + AGAIN_MS
        return [which for which in self._instruments if self._again_ms.get(which.coin, 0) <= soon_ms]

    def _nothing(self) -> Exception:
        reasons = "; ".join(dict.fromkeys([*self.missing.values(), *self._limits.values()]))
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
        now_ms = self._clock()
        results = await asyncio.gather(
            *(self._news.of(following, now_ms) for following in self._following.values()),
            return_exceptions=True,
        )
        news: list[Update] = []
        for coin, result in zip(self._following, results, strict=True):
            if isinstance(result, BaseException):
                self._fail(coin, result)
            else:
                self._missing.found(coin)
                news += result
        told = [*late, *self._liquidations.take(), *news]
        return [*told, Beat(max(self._clock(), self._live_from_ms + 1))] if late or news else told

    async def _until_the_next_poll(self) -> AsyncGenerator[Update]:
        """Wait, and yield the order books that are seen meanwhile."""
        waiting = asyncio.ensure_future(self._sleep(self._poll_s))
        seeing = asyncio.ensure_future(self._books.seen.get())
        try:
            while not waiting.done():
                await asyncio.wait([waiting, seeing], return_when=asyncio.FIRST_COMPLETED)
                if seeing.done():
                    yield seeing.result()
                    seeing = asyncio.ensure_future(self._books.seen.get())
            while not self._books.seen.empty():
                yield self._books.seen.get_nowait()
        finally:
            waiting.cancel()
            seeing.cancel()

    async def _begin_late(self) -> list[Update]:
        """Return the past, in one go, of coins that could not be begun with and now can."""
        now_ms = self._clock()
        due = [which for which in self._instruments if self._again_ms.get(which.coin, now_ms + 1) <= now_ms]
        if not due:
            return []
        from_ms = self._live_from_ms - self._backfill_ms
        return [update for history in await self._begin(due) for update in history.updates(from_ms)]


def _without(coin: str, near: str) -> str:
    return f"without {coin}" + (f" (the nearest that it has is {near})" if near else "")


def exchange_source(client: Client, request: SourceRequest, settings: ExchangeSettings) -> ExchangeSource:
    """Return an exchange's source for all coins: which of them it lists, it says itself."""
    return ExchangeSource(
        client,
        request.coins,
        request.clock,
        backfill_days=settings.backfill_days,
        depth_every_s=settings.depth_every_s,
    )
