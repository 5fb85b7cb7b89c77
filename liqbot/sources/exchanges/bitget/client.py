"""Bitget's client (USDT futures): candles, funding, levers, depth, liquidations; no past open interest."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from liqbot.market.depth import Depth
from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import UnknownSymbolError, meant_by, read_error
from liqbot.sources.exchanges.liquidations import Report, liquidation_of
from liqbot.sources.exchanges.reading import Raws, RowReader, Rows
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import (
    DAY_MS,
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
from liqbot.sources.exchanges.symbols import BITGET, Instrument, coin_of
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, PAYMENTS, PAGES = 1000, 100, 10
"""Rows that one answer may have: candles, payments of funding; and how many pages of these are turned."""
ORDERS, ORDER_PAGES = 100, 50
"""Liquidations that one answer has, and how many pages of them are turned."""
SIDES_COUNTED = 1
"""How often open interest counts a contract. Bitget does not say; the size of the market speaks for once."""
SAYS_BUSY, SAYS_UNKNOWN = ("429", "40725", "45001"), ("40034", "40309")
LIQUIDATIONS = {"op": "subscribe", "args": [{"instType": "usdt-futures", "topic": "liquidation"}]}
PAST_LIQUIDATIONS = "/api/v3/market/liquidations"

T = TypeVar("T")


class _Error(msgspec.Struct):
    code: str
    msg: str = ""


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]


class _Size(msgspec.Struct):
    size: float


class _OpenInterestList(msgspec.Struct, rename="camel"):
    open_interest_list: list[_Size]
    ts: int


class _OpenInterest(msgspec.Struct):
    data: _OpenInterestList


class _Price(msgspec.Struct, rename="camel"):
    mark_price: float
    ts: int


class _FundingNow(msgspec.Struct, rename="camel"):
    funding_rate: Loose = None
    funding_rate_interval: Loose = None


class _Funding(msgspec.Struct, rename="camel"):
    funding_rate: float
    funding_time: int


class _Ratio(msgspec.Struct, rename="camel"):
    long_account_ratio: float
    ts: int


class _Taker(msgspec.Struct, rename="camel"):
    buy_volume: float
    sell_volume: float
    ts: int


class _PositionTier(msgspec.Struct, rename="camel"):
    start_unit: float
    leverage: float
    keep_margin_rate: float


class _Sides(msgspec.Struct):
    bids: list[msgspec.Raw]
    asks: list[msgspec.Raw]
    ts: int


class _Book(msgspec.Struct):
    data: _Sides


class _Contract(msgspec.Struct, rename="camel"):
    symbol: str
    symbol_status: str


class _Order(msgspec.Struct):
    symbol: str
    side: str
    price: float
    amount: float
    ts: int


class _Page(msgspec.Struct):
    list: list[msgspec.Raw]
    cursor: str | None = None


class _PastOrders(msgspec.Struct):
    data: _Page


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription."""

    data: list[msgspec.Raw] = []
    event: str = ""
    msg: str = ""


class Bitget:
    """Bitget's public market data."""

    venue = BITGET
    liquidations_kept_ms = 3 * DAY_MS
    """So much of what was liquidated is told afterwards."""

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self.assumed: dict[str, str] = {}
        self._rest = Rest(BITGET, api_url, _complaint)
        self._reader = RowReader(self._rest, self.sieve, _Answer, _rows_of)
        self._ws_url = ws_url
        self._tiers: dict[str, MarginTiers | None] = {}
        self._budget, self._books = Budget(20 * 0.5, 1), Budget(20 * 0.1, 1)
        self._slow, self._past = Budget(1, 1), Budget(3, 1)
        self._prices = self._rows("symbol-price", _Price, "a price")
        self._funding_now = self._rows("current-fund-rate", _FundingNow, "a funding rate")
        self._payments = self._rows("history-fund-rate", _Funding, "a payment of funding")
        self._candles = self._rows("candles", CandleRow, "a candle")
        self._position_tiers = self._rows("query-position-lever", _PositionTier, "a margin tier")
        self._contracts = self._rows("contracts", _Contract, "a contract")
        self._ratios = Rows("/api/v2/mix/market/account-long-short", _Ratio, "an account ratio", self._slow)
        self._takers = Rows(
            "/api/v2/mix/market/taker-buy-sell", _Taker, "what takers bought and sold", self._slow
        )

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest and funding, by its own interval."""
        whole = _which(instrument)
        price = await self._reader.one(self._prices, whole, instrument)
        path = "/api/v2/mix/market/open-interest"
        interest = (await self._rest.get(path, _OpenInterest, self._budget, whole)).data
        if not interest.open_interest_list:
            raise NoDataError(f"{BITGET} {path}: nothing about {instrument.symbol}")
        size = interest.open_interest_list[0].size
        if not (is_plausible(price.mark_price) and is_plausible(size)):
            raise NoDataError(f"{BITGET}: {instrument.symbol} has no mark price or no open interest")
        return Now(
            time_ms=price.ts,
            mark=price.mark_price / instrument.unit,
            open_interest=OpenInterest(interest.ts, size / SIDES_COUNTED * instrument.unit),
            funding=await self._funding_per_hour(instrument),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return nothing: the exchange tells what is, not what was."""
        del instrument, from_ms, to_ms
        return []

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; the exchange keeps a month of five minutes."""
        spans = windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS)
        more: Params = {**_which(instrument), "granularity": "5m", "limit": CANDLES}
        rows = await self._reader.pages(
            self._candles, spans, lambda first, last: {**more, "startTime": first, "endTime": last + 1}
        )
        return self.sieve.candles((candle_of(row, instrument.unit) for row in rows), from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding. Pages are numbered from the newest on."""
        rows: list[Funding] = []
        for page in range(1, PAGES + 1):
            asked: Params = {**_which(instrument), "pageSize": PAYMENTS, "pageNo": page}
            answer = await self._reader.rows(self._payments, asked)
            rows += (Funding(row.funding_time, row.funding_rate) for row in answer)
            if len(answer) < PAYMENTS or min(row.time_ms for row in rows) <= from_ms:
                break
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long."""
        rows = await self._reader.rows(self._ratios, {"symbol": instrument.symbol, "period": "5m"})
        return self.sieve.ratio(AccountRatio(row.ts, row.long_account_ratio) for row in rows)

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return who crossed the spread in the newest five minutes that are told."""
        rows = await self._reader.rows(self._takers, {"symbol": instrument.symbol, "period": "5m"})
        return self.sieve.taker_flow(TakerFlow.of(row.ts, row.buy_volume, row.sell_volume) for row in rows)

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers; their floors are in USDT."""
        rows = await self._reader.rows(self._position_tiers, _which(instrument))
        tiers = margin_tiers(Tier(row.start_unit, row.leverage, row.keep_margin_rate) for row in rows)
        self._tiers[instrument.symbol] = tiers
        return tiers

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the book as deep as it is told, unmerged."""
        asked: Params = {**_which(instrument), "precision": "scale0", "limit": "max"}
        book = (await self._rest.get("/api/v2/mix/market/merge-depth", _Book, self._books, asked)).data
        bids, asks = (self._reader.levels(side, instrument.unit) for side in (book.bids, book.asks))
        return self._reader.book(instrument, book.ts, bids, asks)

    async def listed(self) -> list[str]:
        """Return the coins that are traded."""
        rows = await self._reader.rows(self._contracts, {"productType": "USDT-FUTURES"})
        symbols = [row.symbol for row in rows if row.symbol_status == "normal"]
        return [coin for symbol in symbols if (coin := coin_of(BITGET, symbol))]

    async def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow liquidations: the largest a side and second, so that sums are lower bounds."""
        del asks  # a subscription is answered
        wanted = {instrument.symbol: instrument for instrument in instruments}
        line = Line(self._ws_url, (words(LIQUIDATIONS),), heartbeat="ping")
        async for message in self._reader.frames(Stream(line, tell), _Message, "a liquidation"):
            if message.event == "error":
                tell(f"refused: {message.msg}")
            for order in self._reader.told(message.data, _Order, "a liquidation"):
                instrument = wanted.get(order.symbol)
                if instrument is not None and (found := self._liquidation(order, instrument)):
                    yield found

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return what was liquidated within the last three days. Pages follow a cursor, backwards."""
        more: Params = {"category": "USDT-FUTURES", "symbol": instrument.symbol, "limit": ORDERS}
        orders: list[_Order] = []
        cursor = ""
        for _ in range(ORDER_PAGES):
            asked = {**more, "cursor": cursor} if cursor else more
            page = (await self._rest.get(PAST_LIQUIDATIONS, _PastOrders, self._past, asked)).data
            read = self._reader.told(page.list, _Order, "a liquidation")
            orders += read
            is_last = not page.cursor or page.cursor == cursor or not read
            if is_last or min(order.ts for order in read) < from_ms:
                break
            cursor = page.cursor or ""
        found = (self._liquidation(order, instrument) for order in orders if from_ms <= order.ts <= to_ms)
        return [event for event in found if event is not None]

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the liquidated position: `side` is its own, `price` its bankruptcy price, `amount` coins."""
        side = {"buy": Side.LONG, "sell": Side.SHORT}.get(order.side.lower())
        report = Report(order.ts, side, order.price, order.amount, sampled=True)
        return liquidation_of(report, instrument, self.sieve, bankrupt_by=self._tiers.get(instrument.symbol))

    async def _funding_per_hour(self, instrument: Instrument) -> float | None:
        try:
            row = await self._reader.one(self._funding_now, _which(instrument), instrument)
        except UnknownSymbolError:
            raise
        except NoDataError:  # the price is worth more than the funding rate
            self.sieve.refused["no funding rate"] += 1
            return None
        return per_hour(row.funding_rate, loosely(row.funding_rate_interval))

    def _rows(self, path: str, form: type[T], what: str) -> Rows[T]:
        return Rows(f"/api/v2/mix/market/{path}", form, what, self._budget)


def _rows_of(answer: _Answer) -> Raws:
    return answer.data


def _which(instrument: Instrument) -> dict[str, str]:
    return {"symbol": instrument.symbol, "productType": "USDT-FUTURES"}


def _complaint(body: bytes) -> NoDataError | None:
    """Read `code`, which is not "00000" in an answer that is an error, whatever its status."""
    error = read_error(body, _Error)
    if error is None or error.code == "00000":
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
