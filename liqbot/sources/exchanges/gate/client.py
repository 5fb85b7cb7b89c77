"""Gate's client (USDT futures): candlesticks, contract_stats, risk_limit_tiers, liq_orders."""

from collections.abc import AsyncIterator, Sequence
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
from liqbot.sources.exchanges.reading import RowReader, Rows
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import (
    DAY_MS,
    HOUR_MS,
    PERIOD_MS,
    AccountRatio,
    Candle,
    Funding,
    Loose,
    Now,
    OpenInterest,
    Sieve,
    TakerFlow,
    Tier,
    is_plausible,
    loosely,
    margin_tiers,
    per_hour,
)
from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.exchanges.symbols import GATE, Instrument, coin_of
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS, LEVELS, ORDERS = 1900, 100, 900, 100, 1000
"""Rows that one answer may have: candles, statistics, payments of funding (the exchange allows a few more of
these), levels of a side, liquidations."""
ORDERS_MS = HOUR_MS
"""Past liquidations are told for an hour at a time."""
SIDES_COUNTED = 1
"""How often open interest counts a contract. Gate does not say; the size of the market speaks for once."""
SAYS_BUSY, SAYS_UNKNOWN = ("TOO_MANY_REQUESTS", "SERVER_ERROR"), ("CONTRACT_NOT_FOUND",)
CHANNEL = "futures.public_liquidates"
IN_MS = 100_000_000_000
"""Times above it are in ms, those below in seconds: the stream has told both since it exists."""

T = TypeVar("T")


class _Error(msgspec.Struct):
    label: str
    message: str = ""


class _Contract(msgspec.Struct):
    mark_price: float
    quanto_multiplier: float
    funding_rate: Loose = None
    funding_interval: Loose = None


class _Listing(msgspec.Struct):
    name: str
    in_delisting: bool = False


class _Stats(msgspec.Struct):
    time: int
    open_interest_usd: float
    mark_price: float
    lsr_account: Loose = None
    lsr_taker: Loose = None


class _Candle(msgspec.Struct):
    t: int
    o: float
    h: float
    l: float  # noqa: E741 - the exchange's name
    c: float
    v: float


class _Funding(msgspec.Struct):
    t: int
    r: float


class _RiskLimit(msgspec.Struct):
    risk_limit: float
    maintenance_rate: float
    leverage_max: float


class _Level(msgspec.Struct):
    p: Loose
    s: Loose


class _Book(msgspec.Struct):
    current: float
    bids: list[msgspec.Raw]
    asks: list[msgspec.Raw]


class _PastOrder(msgspec.Struct):
    size: float
    fill_price: float
    order_price: float
    time: int


class _Order(msgspec.Struct):
    contract: str
    size: float
    price: float
    time: int


class _Trouble(msgspec.Struct):
    message: str = ""


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription or a heartbeat: only an event has a list as its result."""

    event: str = ""
    result: msgspec.Raw = msgspec.Raw(b"[]")
    error: _Trouble | None = None


class Gate:
    """Gate's public market data. Times are in seconds; sizes are in contracts."""

    venue = GATE
    liquidations_kept_ms = DAY_MS
    """So much of what was liquidated is asked for afterwards; the exchange keeps about ninety days of it."""

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self.assumed: dict[str, str] = {}
        self._rest = Rest(GATE, api_url, _complaint)
        self._reader = RowReader(self._rest, self.sieve, list[msgspec.Raw], list)
        self._ws_url = ws_url
        self._budget, self._books = Budget(200 * 0.6, 10), Budget(200 * 0.2, 10)
        self._multipliers: dict[str, float] = {}
        """Units of the exchange in one contract, by symbol."""
        self._tiers: dict[str, MarginTiers | None] = {}
        self._stats = self._rows("contract_stats", _Stats, "open interest")
        self._candles = self._rows("candlesticks", _Candle, "a candle")
        self._payments = self._rows("funding_rate", _Funding, "a payment of funding")
        self._limits = self._rows("risk_limit_tiers", _RiskLimit, "a margin tier")
        self._past = self._rows("liq_orders", _PastOrder, "a liquidation")
        self._listings = self._rows("contracts", _Listing, "a contract")

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest (its newest five-minute figure) and funding."""
        contract = await self._contract(instrument)
        rows = await self._reader.rows(self._stats, {**_five_minutes(instrument), "limit": 1})
        if not rows:
            raise NoDataError(f"{GATE}: nothing about {instrument.symbol}")
        newest = max(rows, key=lambda row: row.time)
        coins = _coins(newest)
        if not (is_plausible(contract.mark_price) and is_plausible(coins)):
            raise NoDataError(f"{GATE}: {instrument.symbol} has no mark price or no open interest")
        interval_s = loosely(contract.funding_interval)
        return Now(
            time_ms=None,
            mark=contract.mark_price / instrument.unit,
            open_interest=OpenInterest(newest.time * 1000, coins * instrument.unit),
            funding=per_hour(contract.funding_rate, None if interval_s is None else interval_s / 3600),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest."""
        spans = windows(from_ms, to_ms, HISTORY * PERIOD_MS)
        more: Params = {**_five_minutes(instrument), "limit": HISTORY}
        rows = await self._reader.pages(
            self._stats, spans, lambda first, _last: {**more, "from": first // 1000}
        )
        told = (OpenInterest(row.time * 1000, _coins(row) * instrument.unit) for row in rows)
        return self.sieve.open_interest(told, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; their volume comes in contracts."""
        contract = (await self._contract(instrument)).quanto_multiplier
        spans = windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS)
        more = _five_minutes(instrument)
        rows = await self._reader.pages(
            self._candles, spans, lambda first, last: {**more, **_between(first, last)}
        )
        told = (_candle(row, instrument.unit, contract) for row in rows)
        return self.sieve.candles(told, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding."""
        spans = windows(from_ms, to_ms, PAYMENTS * HOUR_MS)
        more: Params = {"contract": instrument.symbol, "limit": PAYMENTS}
        rows = await self._reader.pages(
            self._payments, spans, lambda first, last: {**more, **_between(first, last)}
        )
        return self.sieve.funding((Funding(row.t * 1000, row.r) for row in rows), from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long; Gate gives longs over shorts."""
        rows = await self._reader.rows(self._stats, {**_five_minutes(instrument), "limit": 1})
        told = ((row.time * 1000, loosely(row.lsr_account)) for row in rows)
        return self.sieve.ratio(
            AccountRatio(time_ms, ratio / (1 + ratio))
            for time_ms, ratio in told
            if ratio is not None and ratio >= 0
        )

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return who crossed the spread; Gate gives what takers bought over what they sold."""
        rows = await self._reader.rows(self._stats, {**_five_minutes(instrument), "limit": 1})
        told = ((row.time * 1000, loosely(row.lsr_taker)) for row in rows)
        return self.sieve.taker_flow(
            TakerFlow.of(time_ms, ratio, 1.0) for time_ms, ratio in told if ratio is not None
        )

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers. Each names its limit in USDT, which is where the next one begins."""
        rows = await self._reader.rows(self._limits, {"contract": instrument.symbol})
        tiers: list[Tier] = []
        floor = 0.0
        for row in sorted(rows, key=lambda row: row.risk_limit):
            tiers.append(Tier(floor, row.leverage_max, row.maintenance_rate))
            floor = row.risk_limit
        found = self._tiers[instrument.symbol] = margin_tiers(tiers)
        return found

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the book, a hundred levels a side; their sizes come in contracts."""
        contract = await self._multiplier(instrument)
        asked: Params = {"contract": instrument.symbol, "limit": LEVELS, "with_id": "true"}
        book = await self._rest.get("/api/v4/futures/usdt/order_book", _Book, self._books, asked)
        bids, asks = (
            [
                (price / instrument.unit, size * contract * instrument.unit)
                for level in self._reader.told(side, _Level, "a level of a book")
                if (price := loosely(level.p)) and (size := loosely(level.s))
            ]
            for side in (book.bids, book.asks)
        )
        return self._reader.book(instrument, round(book.current * 1000), bids, asks)

    async def listed(self) -> list[str]:
        """Return the coins that are traded."""
        rows = await self._reader.rows(self._listings, {})
        return [coin for row in rows if not row.in_delisting and (coin := coin_of(GATE, row.name))]

    async def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow all liquidations."""
        del asks  # a subscription is answered
        for instrument in instruments:
            await self._size_or_none(instrument)
        wanted = {instrument.symbol: instrument for instrument in instruments}
        subscription = {"time": 0, "channel": CHANNEL, "event": "subscribe", "payload": ["!all"]}
        ping = words({"time": 0, "channel": "futures.ping"})
        line = Line(self._ws_url, (words(subscription),), heartbeat=ping)
        async for message in self._reader.frames(Stream(line, tell), _Message, "a liquidation"):
            if message.error is not None:
                tell(f"refused: {message.error.message}")
            for order in self._orders(message):
                instrument = wanted.get(order.contract)
                if instrument is not None and (found := self._liquidation(order, instrument)):
                    yield found

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return what was liquidated: by what was paid where it was filled, else by the order's price."""
        contract = await self._multiplier(instrument)
        spans = windows(from_ms, to_ms, ORDERS_MS)
        more: Params = {"contract": instrument.symbol, "limit": ORDERS}
        rows = await self._reader.pages(
            self._past, spans, lambda first, last: {**more, **_between(first, last)}
        )
        reports = [self._past_report(row, contract) for row in rows]
        found = (liquidation_of(report, instrument, self.sieve) for report in reports)
        return [event for event in found if event is not None and from_ms <= event.time_ms <= to_ms]

    def _past_report(self, order: _PastOrder, contract: float) -> Report:
        """Return a liquidation: `size` is the position's, negative for a short."""
        price = order.fill_price if is_plausible(order.fill_price) else order.order_price
        return Report(order.time * 1000, _side(order.size), price, abs(order.size) * contract)

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the liquidated position; `price` is the order's, which is the bankruptcy price."""
        time_ms = order.time if order.time > IN_MS else order.time * 1000
        units = abs(order.size) * self._multipliers.get(instrument.symbol, 0.0)
        report = Report(time_ms, _side(order.size), order.price, units)
        return liquidation_of(report, instrument, self.sieve, bankrupt_by=self._tiers.get(instrument.symbol))

    def _orders(self, message: _Message) -> list[_Order]:
        if message.event != "update":
            return []
        try:
            raws = msgspec.json.decode(message.result, type=list[msgspec.Raw])
        except msgspec.DecodeError:
            raws = [message.result]  # one by itself, as it was before they came in batches
        return self._reader.told(raws, _Order, "a liquidation")

    async def _size_or_none(self, instrument: Instrument) -> None:
        """Learn the size of a contract; a liquidation without it is refused, and the stream goes on."""
        try:
            await self._multiplier(instrument)
        except NoDataError:
            self.sieve.refused["no size of a contract"] += 1

    async def _multiplier(self, instrument: Instrument) -> float:
        known = self._multipliers.get(instrument.symbol)
        return (await self._contract(instrument)).quanto_multiplier if known is None else known

    async def _contract(self, instrument: Instrument) -> _Contract:
        path = f"/api/v4/futures/usdt/contracts/{instrument.symbol}"
        contract = await self._rest.get(path, _Contract, self._budget, {})
        if not is_plausible(contract.quanto_multiplier):
            raise NoDataError(f"{GATE}: {instrument.symbol} has no size of a contract")
        self._multipliers[instrument.symbol] = contract.quanto_multiplier
        return contract

    def _rows(self, path: str, form: type[T], what: str) -> Rows[T]:
        return Rows(f"/api/v4/futures/usdt/{path}", form, what, self._budget)


def _five_minutes(instrument: Instrument) -> dict[str, str]:
    return {"contract": instrument.symbol, "interval": "5m"}


def _between(first: int, last: int) -> dict[str, int]:
    return {"from": first // 1000, "to": last // 1000}


def _side(size: float) -> Side:
    return Side.LONG if size > 0 else Side.SHORT


def _coins(row: _Stats) -> float:
    """Return open interest in units of the exchange: contracts differ in size, USD over the mark does not."""
    return row.open_interest_usd / row.mark_price / SIDES_COUNTED if is_plausible(row.mark_price) else 0.0


def _candle(row: _Candle, unit: float, contract: float) -> Candle:
    return Candle(
        row.t * 1000, row.o / unit, row.h / unit, row.l / unit, row.c / unit, row.v * contract * unit
    )


def _complaint(body: bytes) -> NoDataError | None:
    error = read_error(body, _Error)
    if error is None:
        return None
    return meant_by(error.label, error.message, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
