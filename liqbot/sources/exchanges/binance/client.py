"""Binance USD-M futures: public endpoints and the stream of forced orders."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.binance.brackets import binance_tiers
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import meant_by, read_error
from liqbot.sources.exchanges.rest import Rest
from liqbot.sources.exchanges.rows import (
    HOUR_MS,
    PERIOD_MS,
    AccountRatio,
    Candle,
    Funding,
    Now,
    OpenInterest,
    Sieve,
    interval_h,
    is_plausible,
)
from liqbot.sources.exchanges.stream import Line, Stream
from liqbot.sources.exchanges.symbols import BINANCE, Instrument
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS = 1000, 500, 1000
"""Rows that one answer may have: candles, open interest, payments of funding."""
KEPT_MS = 30 * 24 * HOUR_MS - HOUR_MS
"""So much of open interest is kept, less an hour in which to ask."""
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
    last_funding_rate: float | None
    time: int


class _Funding(msgspec.Struct, rename="camel"):
    funding_time: int
    funding_rate: float


class _Ratio(msgspec.Struct, rename="camel"):
    long_account: float
    timestamp: int


class _Candle(msgspec.Struct, array_like=True):
    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


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

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; the stream of forced orders lies below `ws_url`."""
        self.sieve = Sieve()
        self.assumed: set[str] = set()
        """Coins whose margin tiers are not known."""
        self._rest = Rest(BINANCE, api_url, _complaint)
        self._ws_url = ws_url.rstrip("/")
        self._intervals: dict[str, tuple[int, float]] = {}
        """When the hours between payments were asked for, and how many they are, by symbol."""
        self._weight = Budget(2400 * 0.8, 60)
        self._statistics = Budget(1000 * 0.8, 300)
        self._payments = Budget(500 * 0.8, 300)

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
            funding=await self._funding_per_hour(instrument, premium),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest of the last month: who asks for more is refused altogether."""
        rows: list[OpenInterest] = []
        from_ms = max(from_ms, to_ms - KEPT_MS)
        for first, last in windows(from_ms, to_ms, HISTORY * PERIOD_MS):
            answer = await self._rest.get(
                "/futures/data/openInterestHist",
                list[_OpenInterestThen],
                self._statistics,
                {
                    "symbol": instrument.symbol,
                    "period": "5m",
                    "limit": HISTORY,
                    "startTime": first,
                    "endTime": last,
                },
            )
            rows += (OpenInterest(row.timestamp, row.sum_open_interest * instrument.unit) for row in answer)
        return self.sieve.open_interest(rows, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; periods without a trade are left out by the exchange."""
        rows: list[Candle] = []
        for first, last in windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS):
            answer = await self._rest.get(
                "/fapi/v1/klines",
                list[_Candle],
                self._weight,
                {
                    "symbol": instrument.symbol,
                    "interval": "5m",
                    "limit": CANDLES,
                    "startTime": first,
                    "endTime": last,
                },
                weight=5,
            )
            rows += (_candle(row, instrument.unit) for row in answer)
        return self.sieve.candles(rows, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding."""
        rows: list[Funding] = []
        for first, last in windows(from_ms, to_ms, PAYMENTS * HOUR_MS):
            answer = await self._rest.get(
                "/fapi/v1/fundingRate",
                list[_Funding],
                self._payments,
                {"symbol": instrument.symbol, "limit": PAYMENTS, "startTime": first, "endTime": last},
            )
            rows += (Funding(row.funding_time, row.funding_rate) for row in answer)
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of all accounts that are long."""
        rows = await self._rest.get(
            "/futures/data/globalLongShortAccountRatio",
            list[_Ratio],
            self._statistics,
            {"symbol": instrument.symbol, "period": "5m", "limit": 1},
        )
        return AccountRatio(rows[-1].timestamp, rows[-1].long_account) if rows else None

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers:
        """Return the tiers of our own table: the exchange gives them to its customers only."""
        tiers, known = binance_tiers(instrument.symbol)
        if not known:
            self.assumed.add(instrument.coin)
        return tiers

    async def liquidations(self, instruments: Sequence[Instrument], tell: Tell) -> AsyncIterator[Liquidation]:
        """Follow forced orders: at most one a symbol and second, so that sums are lower bounds."""
        wanted = {instrument.symbol: instrument for instrument in instruments}
        line = Line(self._ws_url + FORCED_ORDERS, silent_after_s=SILENT_AFTER_S)
        async for frame in Stream(line, tell).frames():
            try:
                event = msgspec.json.decode(frame, type=_ForcedOrder, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.sieve.refused["a forced order of another form"] += 1
                continue
            instrument = wanted.get(event.order.symbol)
            if instrument is not None and (found := self._liquidation(event.order, instrument)):
                yield found

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the position that a forced order closes: a sale closes a long.

        `ap` is what was paid on average for the `z` that were filled; `p` would be the order's limit.
        """
        side = {"SELL": Side.LONG, "BUY": Side.SHORT}.get(order.side)
        if side is None or not (is_plausible(order.average_price) and is_plausible(order.filled)):
            self.sieve.refused["a liquidation without a side, a price or a size"] += 1
            return None
        price, coins = order.average_price / instrument.unit, order.filled * instrument.unit
        return Liquidation(instrument.coin, order.time_ms, side, price, coins, sampled=True)

    async def _funding_per_hour(self, instrument: Instrument, premium: _Premium) -> float | None:
        """Return the rate per hour: the interval, 8, 4 or 1 hours, is that between the last two payments."""
        rate = premium.last_funding_rate
        if rate is None or not abs(rate) < 1:
            return None
        known = self._intervals.get(instrument.symbol)
        if known is None or premium.time > known[0] + HOUR_MS:
            recent = await self._rest.get(
                "/fapi/v1/fundingRate",
                list[_Funding],
                self._payments,
                {"symbol": instrument.symbol, "limit": 2},
            )
            times = sorted(row.funding_time for row in recent)
            known = self._intervals[instrument.symbol] = premium.time, interval_h(times)
        return rate / known[1]


def _candle(row: _Candle, unit: float) -> Candle:
    return Candle(
        row.begin_ms, row.open / unit, row.high / unit, row.low / unit, row.close / unit, row.volume * unit
    )


def _complaint(body: bytes) -> NoDataError | None:
    error = read_error(body, _Error)
    if error is None:
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
