"""Bybit linear perpetuals: public endpoints and the stream of all liquidations."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.bankruptcy import liquidated_at
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import meant_by, read_error
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import (
    HOUR_MS,
    PERIOD_MS,
    AccountRatio,
    Candle,
    Funding,
    Now,
    OpenInterest,
    Sieve,
    Tier,
    is_plausible,
    margin_tiers,
)
from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.exchanges.symbols import BYBIT, Instrument
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS = 1000, 200, 200
"""Rows that one answer may have: candles, open interest, payments of funding."""
TOPICS = 5
"""Topics that one subscription may name."""
SAYS_BUSY, SAYS_WRONG_PARAMETER = (10000, 10006, 10016, 10018), 10001

T = TypeVar("T")


class _Error(msgspec.Struct, rename="camel"):
    ret_code: int
    ret_msg: str = ""


class _Answer(msgspec.Struct, Generic[T]):
    result: T


class _List(msgspec.Struct, Generic[T]):
    list: list[T]


class _OpenInterest(msgspec.Struct, rename="camel"):
    open_interest: float
    timestamp: int
    single_open_interest: float | None = None


class _Ticker(msgspec.Struct, rename="camel"):
    mark_price: float
    funding_rate: float
    funding_interval_hour: float = 8.0


class _Tickers(msgspec.Struct):
    result: _List[_Ticker]
    time: int


class _Funding(msgspec.Struct, rename="camel"):
    funding_rate: float
    funding_rate_timestamp: int


class _Ratio(msgspec.Struct, rename="camel"):
    buy_ratio: float
    timestamp: int


class _Candle(msgspec.Struct, array_like=True):
    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class _RiskLimit(msgspec.Struct, rename="camel"):
    risk_limit_value: float
    maintenance_margin: float
    initial_margin: float
    max_leverage: float


class _Order(msgspec.Struct):
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    size: float = msgspec.field(name="v")
    bankruptcy: float = msgspec.field(name="p")


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription or a heartbeat."""

    topic: str = ""
    data: list[_Order] = []
    success: bool = True
    ret_msg: str = ""


class Bybit:
    """Bybit's public market data."""

    venue = BYBIT
    assumed = ()

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self._rest = Rest(BYBIT, api_url, _complaint)
        self._ws_url = ws_url
        self._budget = Budget(600 * 0.5, 5)  # who goes beyond is banned for ten minutes
        self._tiers: dict[str, MarginTiers | None] = {}

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest (its newest five-minute figure) and funding."""
        tickers = await self._get("tickers", _Tickers, instrument, {})
        interest = await self._get(
            "open-interest", _Answer[_List[_OpenInterest]], instrument, {"intervalTime": "5min", "limit": 1}
        )
        rows = tickers.result.list, interest.result.list
        if not (rows[0] and rows[1]):
            raise NoDataError(f"{BYBIT}: nothing about {instrument.symbol}")
        ticker, coins = rows[0][0], _one_sided(rows[1][0])
        if not (is_plausible(ticker.mark_price) and is_plausible(coins)):
            raise NoDataError(f"{BYBIT}: {instrument.symbol} has no mark price or no open interest")
        has_funding = abs(ticker.funding_rate) < 1 and ticker.funding_interval_hour > 0
        return Now(
            time_ms=tickers.time,
            mark=ticker.mark_price / instrument.unit,
            open_interest=OpenInterest(rows[1][0].timestamp, coins * instrument.unit),
            funding=ticker.funding_rate / ticker.funding_interval_hour if has_funding else None,
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest, one-sided; the exchange keeps it since the listing."""
        rows: list[OpenInterest] = []
        for first, last in windows(from_ms, to_ms, HISTORY * PERIOD_MS):
            span: Params = {"intervalTime": "5min", "startTime": first, "endTime": last, "limit": HISTORY}
            answer = await self._get("open-interest", _Answer[_List[_OpenInterest]], instrument, span)
            rows += (
                OpenInterest(row.timestamp, _one_sided(row) * instrument.unit) for row in answer.result.list
            )
        return self.sieve.open_interest(rows, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; volume is in coins for contracts settled in USDT."""
        rows: list[Candle] = []
        for first, last in windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS):
            span: Params = {"interval": "5", "start": first, "end": last, "limit": CANDLES}
            answer = await self._get("kline", _Answer[_List[_Candle]], instrument, span)
            rows += (_candle(row, instrument.unit) for row in answer.result.list)
        return self.sieve.candles(rows, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding. A start without an end would be refused: both are given."""
        rows: list[Funding] = []
        for first, last in windows(from_ms, to_ms, PAYMENTS * HOUR_MS):
            span: Params = {"startTime": first, "endTime": last, "limit": PAYMENTS}
            answer = await self._get("funding/history", _Answer[_List[_Funding]], instrument, span)
            rows += (Funding(row.funding_rate_timestamp, row.funding_rate) for row in answer.result.list)
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long."""
        answer = await self._get(
            "account-ratio", _Answer[_List[_Ratio]], instrument, {"period": "5min", "limit": 1}
        )
        newest = max(answer.result.list, key=lambda row: row.timestamp, default=None)
        return None if newest is None else AccountRatio(newest.timestamp, newest.buy_ratio)

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the risk limits as tiers."""
        answer = await self._get("risk-limit", _Answer[_List[_RiskLimit]], instrument, {})
        tiers = margin_tiers(_tiers(answer.result.list))
        self._tiers[instrument.symbol] = tiers
        return tiers

    async def liquidations(self, instruments: Sequence[Instrument], tell: Tell) -> AsyncIterator[Liquidation]:
        """Follow all liquidations."""
        wanted = {instrument.symbol: instrument for instrument in instruments}
        line = Line(self._ws_url, tuple(_subscriptions(wanted)), heartbeat=words({"op": "ping"}))
        async for frame in Stream(line, tell).frames():
            try:
                message = msgspec.json.decode(frame, type=_Message, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.sieve.refused["a liquidation of another form"] += 1
                continue
            if not message.success:
                tell(f"refused: {message.ret_msg}")
            for order in message.data:
                if (instrument := wanted.get(order.symbol)) and (
                    found := self._liquidation(order, instrument)
                ):
                    yield found

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the liquidated position: `S` is its own side, and `p` its bankruptcy price."""
        side = {"Buy": Side.LONG, "Sell": Side.SHORT}.get(order.side)
        if side is None or not (is_plausible(order.bankruptcy) and is_plausible(order.size)):
            self.sieve.refused["a liquidation without a side, a price or a size"] += 1
            return None
        bankruptcy, coins = order.bankruptcy / instrument.unit, order.size * instrument.unit
        price = liquidated_at(side, bankruptcy, coins, self._tiers.get(instrument.symbol))
        return Liquidation(instrument.coin, order.time_ms, side, price, coins)

    async def _get(self, path: str, kind: type[T], instrument: Instrument, params: Params) -> T:
        whole: Params = {"category": "linear", "symbol": instrument.symbol, **params}
        return await self._rest.get(f"/v5/market/{path}", kind, self._budget, whole)


def _one_sided(row: _OpenInterest) -> float:
    """Return open interest counted once: `openInterest` is the sum of both sides, whatever its name says.

    The one-sided figure came on 11 June 2026 and may be missing from what is older.
    """
    return row.open_interest / 2 if row.single_open_interest is None else row.single_open_interest


def _candle(row: _Candle, unit: float) -> Candle:
    return Candle(
        row.begin_ms, row.open / unit, row.high / unit, row.low / unit, row.close / unit, row.volume * unit
    )


def _tiers(rows: Sequence[_RiskLimit]) -> Iterator[Tier]:
    """Yield the tiers. Each row names its limit, which is where the next one begins.

    Some answers give margins in percent, others as fractions: the initial margin is one over the leverage.
    """
    floor = 0.0
    for row in sorted(rows, key=lambda row: row.risk_limit_value):
        in_percent = row.initial_margin * row.max_leverage > 10
        yield Tier(floor, row.max_leverage, row.maintenance_margin / (100 if in_percent else 1))
        floor = row.risk_limit_value


def _subscriptions(symbols: Iterable[str]) -> Iterator[str]:
    topics = [f"allLiquidation.{symbol}" for symbol in symbols]
    for place in range(0, len(topics), TOPICS):
        yield words({"op": "subscribe", "args": topics[place : place + TOPICS]})


def _complaint(body: bytes) -> NoDataError | None:
    """Read `retCode`, which is not 0 in an answer of status 200 that is an error."""
    error = read_error(body, _Error)
    if error is None or error.ret_code == 0:
        return None
    unknown = (SAYS_WRONG_PARAMETER,) if "symbol" in error.ret_msg.lower() else ()
    return meant_by(error.ret_code, error.ret_msg, busy=SAYS_BUSY, unknown=unknown)
