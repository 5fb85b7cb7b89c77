"""Bybit's client (linear, v5): kline, open-interest, funding/history, risk-limit, allLiquidation stream."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from liqbot.market.depth import Depth
from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import meant_by, read_error
from liqbot.sources.exchanges.liquidations import Report, liquidation_of
from liqbot.sources.exchanges.reading import Raws, RowReader, Rows
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
    Tier,
    candle_of,
    is_plausible,
    loosely,
    margin_tiers,
    per_hour,
)
from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.exchanges.symbols import BYBIT, Instrument, coin_of
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS, LEVELS, LISTED = 1000, 200, 200, 500, 1000
"""Rows that one answer may have: candles, open interest, payments of funding, levels of a side, contracts."""
TOPICS = 5
"""Topics that one subscription may name."""
SAYS_BUSY, SAYS_WRONG_PARAMETER = (10000, 10006, 10016, 10018), 10001

T = TypeVar("T")


class _Error(msgspec.Struct, rename="camel"):
    ret_code: int
    ret_msg: str = ""


class _List(msgspec.Struct, rename="camel"):
    list: list[msgspec.Raw]
    next_page_cursor: str = ""


class _Answer(msgspec.Struct):
    result: _List


class _OpenInterest(msgspec.Struct, rename="camel"):
    open_interest: float
    timestamp: int
    single_open_interest: float | None = None


class _Ticker(msgspec.Struct, rename="camel"):
    mark_price: float
    funding_rate: Loose = None
    funding_interval_hour: Loose = None


class _Funding(msgspec.Struct, rename="camel"):
    funding_rate: float
    funding_rate_timestamp: int


class _Ratio(msgspec.Struct, rename="camel"):
    buy_ratio: float
    timestamp: int


class _RiskLimit(msgspec.Struct, rename="camel"):
    risk_limit_value: float
    maintenance_margin: float
    initial_margin: float
    max_leverage: float


class _Sides(msgspec.Struct):
    b: list[msgspec.Raw]
    a: list[msgspec.Raw]
    ts: int


class _Book(msgspec.Struct):
    result: _Sides


class _Contract(msgspec.Struct, rename="camel"):
    symbol: str
    status: str


class _Order(msgspec.Struct):
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    size: float = msgspec.field(name="v")
    bankruptcy: float = msgspec.field(name="p")


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription or a heartbeat."""

    topic: str = ""
    data: list[msgspec.Raw] = []
    success: bool = True
    ret_msg: str = ""


class Bybit:
    """Bybit's public market data."""

    venue = BYBIT
    liquidations_kept_ms = 0
    """What was liquidated is not told afterwards."""

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self.assumed: dict[str, str] = {}
        self._rest = Rest(BYBIT, api_url, _complaint)
        self._reader = RowReader(self._rest, self.sieve, _Answer, _rows_of)
        self._ws_url = ws_url
        self._tiers: dict[str, MarginTiers | None] = {}
        # Who goes beyond 600 in 5 s is banned for ten minutes.
        self._budget, self._books = Budget(600 * 0.4, 5), Budget(600 * 0.1, 5)
        self._interests = self._rows("open-interest", _OpenInterest, "open interest")
        self._candles = self._rows("kline", CandleRow, "a candle")
        self._payments = self._rows("funding/history", _Funding, "a payment of funding")
        self._ratios = self._rows("account-ratio", _Ratio, "an account ratio")
        self._limits = self._rows("risk-limit", _RiskLimit, "a margin tier")
        self._contracts = self._rows("instruments-info", _Contract, "a contract")
        self._tickers = self._rows("tickers", _Ticker, "a price")

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest (its newest five-minute figure) and funding."""
        which = _which(instrument)
        ticker = await self._reader.one(self._tickers, which, instrument)
        newest = {**which, "intervalTime": "5min", "limit": 1}
        interest = await self._reader.one(self._interests, newest, instrument)
        coins = _one_sided(interest)
        if not (is_plausible(ticker.mark_price) and is_plausible(coins)):
            raise NoDataError(f"{BYBIT}: {instrument.symbol} has no mark price or no open interest")
        return Now(
            time_ms=None,
            mark=ticker.mark_price / instrument.unit,
            open_interest=OpenInterest(interest.timestamp, coins * instrument.unit),
            funding=per_hour(ticker.funding_rate, loosely(ticker.funding_interval_hour)),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest, one-sided; the exchange keeps it since the listing."""
        spans = windows(from_ms, to_ms, HISTORY * PERIOD_MS)
        more: Params = {**_which(instrument), "intervalTime": "5min", "limit": HISTORY}
        rows = await self._reader.pages(
            self._interests, spans, lambda first, last: {**more, **_between(first, last)}
        )
        told = (OpenInterest(row.timestamp, _one_sided(row) * instrument.unit) for row in rows)
        return self.sieve.open_interest(told, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; volume is in coins for contracts settled in USDT."""
        spans = windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS)
        more: Params = {**_which(instrument), "interval": "5", "limit": CANDLES}
        rows = await self._reader.pages(
            self._candles, spans, lambda first, last: {**more, "start": first, "end": last}
        )
        return self.sieve.candles((candle_of(row, instrument.unit) for row in rows), from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding. A start without an end would be refused: both are given."""
        spans = windows(from_ms, to_ms, PAYMENTS * HOUR_MS)
        more: Params = {**_which(instrument), "limit": PAYMENTS}
        rows = await self._reader.pages(
            self._payments, spans, lambda first, last: {**more, **_between(first, last)}
        )
        told = (Funding(row.funding_rate_timestamp, row.funding_rate) for row in rows)
        return self.sieve.funding(told, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long."""
        rows = await self._reader.rows(self._ratios, {**_which(instrument), "period": "5min", "limit": 1})
        return self.sieve.ratio(AccountRatio(row.timestamp, row.buy_ratio) for row in rows)

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return None: Bybit publishes single trades, and no figure of who crossed the spread."""
        del instrument

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the risk limits as tiers."""
        rows = await self._reader.rows(self._limits, _which(instrument))
        tiers = self._tiers[instrument.symbol] = margin_tiers(_tiers(rows))
        return tiers

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the book, five hundred levels a side."""
        asked = {**_which(instrument), "limit": LEVELS}
        book = (await self._rest.get("/v5/market/orderbook", _Book, self._books, asked)).result
        bids, asks = (self._reader.levels(side, instrument.unit) for side in (book.b, book.a))
        return self._reader.book(instrument, book.ts, bids, asks)

    async def listed(self) -> list[str]:
        """Return the coins that are traded."""
        rows = await self._reader.rows(self._contracts, {"category": "linear", "limit": LISTED})
        symbols = [row.symbol for row in rows if row.status == "Trading"]
        return [coin for symbol in symbols if (coin := coin_of(BYBIT, symbol))]

    async def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow all liquidations."""
        del asks  # a subscription is answered
        wanted = {instrument.symbol: instrument for instrument in instruments}
        line = Line(self._ws_url, tuple(_subscriptions(wanted)), heartbeat=words({"op": "ping"}))
        async for message in self._reader.frames(Stream(line, tell), _Message, "a liquidation"):
            if not message.success:
                tell(f"refused: {message.ret_msg}")
            for order in self._reader.told(message.data, _Order, "a liquidation"):
                instrument = wanted.get(order.symbol)
                if instrument is not None and (found := self._liquidation(order, instrument)):
                    yield found

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return nothing: what was liquidated is not told afterwards."""
        del instrument, from_ms, to_ms
        return []

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the liquidated position: `S` is its own side, and `p` its bankruptcy price."""
        side = {"Buy": Side.LONG, "Sell": Side.SHORT}.get(order.side)
        report = Report(order.time_ms, side, order.bankruptcy, order.size)
        return liquidation_of(report, instrument, self.sieve, bankrupt_by=self._tiers.get(instrument.symbol))

    def _rows(self, path: str, form: type[T], what: str) -> Rows[T]:
        return Rows(f"/v5/market/{path}", form, what, self._budget)


def _rows_of(answer: _Answer) -> Raws:
    return answer.result.list


def _which(instrument: Instrument) -> dict[str, str]:
    return {"category": "linear", "symbol": instrument.symbol}


def _between(first: int, last: int) -> dict[str, int]:
    return {"startTime": first, "endTime": last}


def _one_sided(row: _OpenInterest) -> float:
    """Return open interest counted once: `openInterest` is the sum of both sides, whatever its name says.

    The one-sided figure came on 11 June 2026 and may be missing from what is older.
    """
    return row.open_interest / 2 if row.single_open_interest is None else row.single_open_interest


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
