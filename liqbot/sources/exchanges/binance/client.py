"""Binance's client (fapi): klines, openInterestHist, fundingRate, exchangeInfo, depth, forceOrder stream."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from liqbot.market.depth import Depth
from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.binance.brackets import Brackets
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import meant_by, read_error
from liqbot.sources.exchanges.liquidations import Report, liquidation_of
from liqbot.sources.exchanges.reading import RowReader, Rows
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import (
    HOUR_MS,
    PERIOD_MS,
    AccountRatio,
    Candle,
    CandleRow,
    Funding,
    Loose,
    Now,
    OpenInterest,
    Sieve,
    TakerFlow,
    candle_of,
    interval_h,
    is_plausible,
    per_hour,
)
from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.exchanges.symbols import BINANCE, Instrument, coin_of
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS = 1000, 500, 1000
"""Rows that one answer may have: candles, open interest, payments of funding."""
KEPT_MS = 30 * 24 * HOUR_MS - HOUR_MS
"""So much of open interest is kept, less an hour in which to ask."""
LEVELS, LEVELS_WEIGHT = 1000, 20
"""Levels of a side of the book, and the weight of asking for them."""
FORCED_ORDERS = "/!forceOrder@arr"
SILENT_AFTER_S = 600.0
"""All symbols come over the one stream, several a minute: this long without any, and it is the wrong path
(the old one accepts everybody and has told nothing since April 2026) or broken."""
SAYS_BUSY, SAYS_UNKNOWN = (-1003, -1008), (-1121,)
"""Codes that it gives for too many requests, and for a symbol that it does not list."""


class _Error(msgspec.Struct):
    code: int
    msg: str = ""


class _OpenInterest(msgspec.Struct, rename="camel"):
    open_interest: float
    time: int


class _OpenInterestThen(msgspec.Struct, rename="camel"):
    sum_open_interest: float
    timestamp: int


class _Premium(msgspec.Struct, rename="camel"):
    mark_price: float
    time: int
    last_funding_rate: Loose = None


class _Funding(msgspec.Struct, rename="camel"):
    funding_time: int
    funding_rate: float


class _Ratio(msgspec.Struct, rename="camel"):
    long_account: float
    timestamp: int


class _Taker(msgspec.Struct, rename="camel"):
    buy_vol: float
    sell_vol: float
    timestamp: int


class _Book(msgspec.Struct):
    bids: list[msgspec.Raw]
    asks: list[msgspec.Raw]
    time_ms: int = msgspec.field(name="T")


class _Symbol(msgspec.Struct, rename="camel"):
    symbol: str
    contract_type: str
    status: str


class _Exchange(msgspec.Struct):
    symbols: list[_Symbol]


class _Order(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    average_price: float = msgspec.field(name="ap")
    filled: float = msgspec.field(name="z")
    time_ms: int = msgspec.field(name="T")


class _ForcedOrder(msgspec.Struct):
    order: _Order = msgspec.field(name="o")


class Binance:
    """Binance's public market data. Open interest is one-sided."""

    venue = BINANCE
    liquidations_kept_ms = 0
    """What was liquidated is not told afterwards."""

    def __init__(self, api_url: str, ws_url: str, brackets: Brackets | None = None) -> None:
        """Ask below `api_url`; the stream of forced orders lies below `ws_url`.

        Margin tiers are those of `brackets`, by default of the table that liqbot carries.
        """
        self.sieve = Sieve()
        self.assumed: dict[str, str] = {}
        self._rest = Rest(BINANCE, api_url, _complaint)
        self._reader = RowReader(self._rest, self.sieve, list[msgspec.Raw], list)
        self._ws_url = ws_url.rstrip("/")
        self._brackets = brackets or Brackets.shipped()
        self._intervals: dict[str, tuple[int, float]] = {}
        """When the hours between payments were asked for, and how many they are, by symbol."""
        self._weight = Budget(2400 * 0.6, 60)
        self._books = Budget(2400 * 0.2, 60)
        statistics, payments = Budget(1000 * 0.8, 300), Budget(500 * 0.8, 300)
        self._interests = Rows(
            "/futures/data/openInterestHist", _OpenInterestThen, "open interest", statistics
        )
        self._ratios = Rows(
            "/futures/data/globalLongShortAccountRatio", _Ratio, "an account ratio", statistics
        )
        self._takers = Rows(
            "/futures/data/takerlongshortRatio", _Taker, "what takers bought and sold", statistics
        )
        self._candles = Rows("/fapi/v1/klines", CandleRow, "a candle", self._weight, 5)
        self._payments = Rows("/fapi/v1/fundingRate", _Funding, "a payment of funding", payments)

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest and the newest funding rate, by its own interval."""
        symbol = {"symbol": instrument.symbol}
        interest = await self._rest.get("/fapi/v1/openInterest", _OpenInterest, self._weight, symbol)
        premium = await self._rest.get("/fapi/v1/premiumIndex", _Premium, self._weight, symbol)
        if not (is_plausible(premium.mark_price) and is_plausible(interest.open_interest)):
            raise NoDataError(f"{BINANCE}: {instrument.symbol} has no mark price or no open interest")
        return Now(
            time_ms=premium.time,
            mark=premium.mark_price / instrument.unit,
            open_interest=OpenInterest(interest.time, interest.open_interest * instrument.unit),
            funding=per_hour(premium.last_funding_rate, await self._interval_h(instrument, premium.time)),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest of the last month: who asks for more is refused altogether."""
        from_ms = max(from_ms, to_ms - KEPT_MS)
        spans = windows(from_ms, to_ms, HISTORY * PERIOD_MS)
        more: Params = {"symbol": instrument.symbol, "period": "5m", "limit": HISTORY}
        rows = await self._reader.pages(
            self._interests, spans, lambda first, last: {**more, **_between(first, last)}
        )
        told = (OpenInterest(row.timestamp, row.sum_open_interest * instrument.unit) for row in rows)
        return self.sieve.open_interest(told, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; periods without a trade are left out by the exchange."""
        spans = windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS)
        more: Params = {"symbol": instrument.symbol, "interval": "5m", "limit": CANDLES}
        rows = await self._reader.pages(
            self._candles, spans, lambda first, last: {**more, **_between(first, last)}
        )
        return self.sieve.candles((candle_of(row, instrument.unit) for row in rows), from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding."""
        spans = windows(from_ms, to_ms, PAYMENTS * HOUR_MS)
        more: Params = {"symbol": instrument.symbol, "limit": PAYMENTS}
        rows = await self._reader.pages(
            self._payments, spans, lambda first, last: {**more, **_between(first, last)}
        )
        return self.sieve.funding(
            (Funding(row.funding_time, row.funding_rate) for row in rows), from_ms, to_ms
        )

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of all accounts that are long."""
        rows = await self._reader.rows(
            self._ratios, {"symbol": instrument.symbol, "period": "5m", "limit": 1}
        )
        return self.sieve.ratio(AccountRatio(row.timestamp, row.long_account) for row in rows)

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return who crossed the spread in the newest five minutes that are told."""
        rows = await self._reader.rows(
            self._takers, {"symbol": instrument.symbol, "period": "5m", "limit": 1}
        )
        return self.sieve.taker_flow(TakerFlow.of(row.timestamp, row.buy_vol, row.sell_vol) for row in rows)

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers:
        """Return the tiers of our own table: the exchange gives them to its customers only."""
        tiers, known = self._brackets.of(instrument.symbol)
        if known:
            self.assumed.pop(instrument.coin, None)
        else:
            self.assumed[instrument.coin] = (
                f"assumed: not in the table of {self._brackets.as_of}, so those of most small coins"
            )
        return tiers

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the book, a thousand levels a side."""
        asked = {"symbol": instrument.symbol, "limit": LEVELS}
        book = await self._rest.get("/fapi/v1/depth", _Book, self._books, asked, weight=LEVELS_WEIGHT)
        bids, asks = (self._reader.levels(side, instrument.unit) for side in (book.bids, book.asks))
        return self._reader.book(instrument, book.time_ms, bids, asks)

    async def listed(self) -> list[str]:
        """Return the coins that are traded."""
        exchange = await self._rest.get("/fapi/v1/exchangeInfo", _Exchange, self._weight, {})
        symbols = [
            one.symbol
            for one in exchange.symbols
            if one.status == "TRADING" and one.contract_type == "PERPETUAL"
        ]
        return [coin for symbol in symbols if (coin := coin_of(BINANCE, symbol))]

    async def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow forced orders: at most one a symbol and second, so that sums are lower bounds."""
        wanted = {instrument.symbol: instrument for instrument in instruments}
        questions = (words({"method": "LIST_SUBSCRIPTIONS", "id": 1}),) if asks else ()
        line = Line(self._ws_url + FORCED_ORDERS, questions, silent_after_s=SILENT_AFTER_S)
        async for event in self._reader.frames(Stream(line, tell), _ForcedOrder, "a forced order"):
            instrument = wanted.get(event.order.symbol)
            if instrument is not None and (found := self._liquidation(event.order, instrument)):
                yield found

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return nothing: what was liquidated is not told afterwards."""
        del instrument, from_ms, to_ms
        return []

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the position that a forced order closes: a sale closes a long.

        `ap` is what was paid on average for the `z` that were filled; `p` would be the order's limit.
        """
        side = {"SELL": Side.LONG, "BUY": Side.SHORT}.get(order.side)
        report = Report(order.time_ms, side, order.average_price, order.filled, sampled=True)
        return liquidation_of(report, instrument, self.sieve)

    async def _interval_h(self, instrument: Instrument, now_ms: int) -> float:
        """Return the hours between payments, 8, 4 or 1: what lies between the last two."""
        known = self._intervals.get(instrument.symbol)
        if known is None or now_ms > known[0] + HOUR_MS:
            try:
                recent = await self._reader.rows(self._payments, {"symbol": instrument.symbol, "limit": 2})
            except NoDataError:  # the price is worth more than how often funding is paid
                self.sieve.refused["no interval of funding: the usual one is taken"] += 1
                recent = []
            known = now_ms, interval_h(sorted(row.funding_time for row in recent))
            self._intervals[instrument.symbol] = known
        return known[1]


def _between(first: int, last: int) -> dict[str, int]:
    return {"startTime": first, "endTime": last}


def _complaint(body: bytes) -> NoDataError | None:
    error = read_error(body, _Error)
    if error is None:
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
