"""OKX's client (swaps in USDT): candles, rubik open interest, position-tiers, liquidation-orders."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
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
    is_plausible,
    loosely,
    margin_tiers,
    per_hour,
)
from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.exchanges.symbols import OKX, Instrument, coin_of
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS, LEVELS, ORDERS = 100, 100, 100, 400, 100
"""Rows that one answer may have: candles, open interest, payments of funding, levels, liquidations."""
PAGES = 50
"""So many pages of past liquidations are turned at most."""
FINE_MS = 1400 * PERIOD_MS
"""Of a pace of open interest the newest 1440 rows are kept, five days of five minutes: what is older is
asked for by the hour."""
SIDES_COUNTED = 1
"""How often open interest counts a contract. OKX does not say; the size of the market speaks for once."""
SAYS_BUSY, SAYS_UNKNOWN = ("50011", "50013", "50026", "50040"), ("51001",)

T = TypeVar("T")


class _Error(msgspec.Struct):
    code: str
    msg: str = ""


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]


class _OpenInterest(msgspec.Struct, rename="camel"):
    oi_ccy: float
    ts: int


class _OpenInterestThen(msgspec.Struct, array_like=True):
    time_ms: int
    contracts: float
    base: float


class _Mark(msgspec.Struct, rename="camel"):
    mark_px: float
    ts: int


class _FundingNow(msgspec.Struct, rename="camel"):
    funding_rate: Loose = None
    funding_time: Loose = None
    next_funding_time: Loose = None


class _Funding(msgspec.Struct, rename="camel"):
    realized_rate: float
    funding_time: int


class _Ratio(msgspec.Struct, array_like=True):
    time_ms: int
    long_short: float


class _Taker(msgspec.Struct, array_like=True):
    time_ms: int
    sold: float
    bought: float


class _Candle(CandleRow, array_like=True):
    """A candle whose `volume` is in contracts."""

    base: float
    quote: float
    confirm: str


class _Contract(msgspec.Struct, rename="camel"):
    ct_val: float


class _Listing(msgspec.Struct, rename="camel"):
    inst_id: str
    state: str


class _PositionTier(msgspec.Struct, rename="camel"):
    min_sz: float
    mmr: float
    max_lever: float


class _Book(msgspec.Struct):
    bids: list[msgspec.Raw]
    asks: list[msgspec.Raw]
    ts: int


class _Detail(msgspec.Struct, rename="camel"):
    bk_px: float
    pos_side: str
    side: str
    sz: float
    ts: int


class _Orders(msgspec.Struct, rename="camel"):
    inst_id: str
    details: list[msgspec.Raw]


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription."""

    data: list[msgspec.Raw] = []
    event: str = ""
    msg: str = ""


class Okx:
    """OKX's public market data. Sizes are in contracts; what is given in coins too is taken in coins."""

    venue = OKX
    liquidations_kept_ms = DAY_MS
    """So much of what was liquidated is asked for afterwards."""

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self.assumed: dict[str, str] = {}
        self._rest = Rest(OKX, api_url, _complaint)
        self._reader = RowReader(self._rest, self.sieve, _Answer, _rows_of)
        self._ws_url = ws_url
        self._contract_sizes: dict[str, float] = {}
        """Units of the exchange in one contract, by symbol."""
        self._tiers: dict[str, MarginTiers | None] = {}
        market, public, statistics = Budget(16, 2), Budget(10, 2), Budget(5, 2)
        books = Budget(4, 2)
        self._marks = Rows("/api/v5/public/mark-price", _Mark, "a price", public)
        self._interest = Rows("/api/v5/public/open-interest", _OpenInterest, "open interest", public)
        self._funding_now = Rows("/api/v5/public/funding-rate", _FundingNow, "a funding rate", public)
        self._payments = Rows("/api/v5/public/funding-rate-history", _Funding, "a payment of funding", public)
        self._contracts = Rows("/api/v5/public/instruments", _Contract, "a contract", public)
        self._listings = Rows("/api/v5/public/instruments", _Listing, "a contract", public)
        self._position_tiers = Rows("/api/v5/public/position-tiers", _PositionTier, "a margin tier", public)
        self._past = Rows("/api/v5/public/liquidation-orders", _Orders, "a liquidation", public)
        self._candles = Rows("/api/v5/market/history-candles", _Candle, "a candle", market)
        self._books = Rows("/api/v5/market/books", _Book, "a book", books)
        rubik = "/api/v5/rubik/stat/contracts"
        self._interests = Rows(
            f"{rubik}/open-interest-history", _OpenInterestThen, "open interest", statistics
        )
        self._ratios = Rows(
            f"{rubik}/long-short-account-ratio-contract", _Ratio, "an account ratio", statistics
        )
        self._takers = Rows(
            "/api/v5/rubik/stat/taker-volume-contract", _Taker, "what takers bought and sold", statistics
        )

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest and funding, by its own interval."""
        whole = _which(instrument)
        mark = await self._reader.one(self._marks, whole, instrument)
        interest = await self._reader.one(self._interest, whole, instrument)
        if not (is_plausible(mark.mark_px) and is_plausible(interest.oi_ccy)):
            raise NoDataError(f"{OKX}: {instrument.symbol} has no mark price or no open interest")
        return Now(
            time_ms=mark.ts,
            mark=mark.mark_px / instrument.unit,
            open_interest=OpenInterest(interest.ts, interest.oi_ccy / SIDES_COUNTED * instrument.unit),
            funding=await self._funding_per_hour(instrument),
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return open interest: of every five minutes for five days, of every hour before."""
        fine_from_ms = max(from_ms, (to_ms - FINE_MS) // HOUR_MS * HOUR_MS)
        rows = [
            *await self._open_interest(instrument, "1H", HOUR_MS, from_ms, fine_from_ms - 1),
            *await self._open_interest(instrument, "5m", PERIOD_MS, fine_from_ms, to_ms),
        ]
        return self.sieve.open_interest(rows, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles."""
        spans = windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS)
        more: Params = {"instId": instrument.symbol, "bar": "5m", "limit": CANDLES}
        rows = await self._reader.pages(
            self._candles, spans, lambda first, last: {**more, **_between(first, last)}
        )
        closed = (_candle(row, instrument.unit) for row in rows if row.confirm == "1")
        return self.sieve.candles(closed, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding: the rate that was paid, not the one that was expected."""
        spans = windows(from_ms, to_ms, PAYMENTS * HOUR_MS)
        more: Params = {"instId": instrument.symbol, "limit": PAYMENTS}
        rows = await self._reader.pages(
            self._payments, spans, lambda first, last: {**more, **_between(first, last)}
        )
        return self.sieve.funding(
            (Funding(row.funding_time, row.realized_rate) for row in rows), from_ms, to_ms
        )

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long; OKX gives longs over shorts."""
        asked: Params = {"instId": instrument.symbol, "period": "5m", "limit": 1}
        rows = await self._reader.rows(self._ratios, asked)
        return self.sieve.ratio(
            AccountRatio(row.time_ms, row.long_short / (1 + row.long_short))
            for row in rows
            if row.long_short >= 0
        )

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return who crossed the spread in the newest five minutes that are told."""
        asked: Params = {"instId": instrument.symbol, "period": "5m", "limit": 1}
        rows = await self._reader.rows(self._takers, asked)
        return self.sieve.taker_flow(TakerFlow.of(row.time_ms, row.bought, row.sold) for row in rows)

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers: their floors are in contracts, and in USD at the present mark price."""
        contract = await self._contract_size(instrument, anew=True)
        mark = await self._reader.one(self._marks, _which(instrument), instrument)
        asked: Params = {"instType": "SWAP", "tdMode": "isolated", "instFamily": _family(instrument)}
        rows = await self._reader.rows(self._position_tiers, asked)
        contract_usd = contract * mark.mark_px
        tiers = margin_tiers(Tier(row.min_sz * contract_usd, row.max_lever, row.mmr) for row in rows)
        self._tiers[instrument.symbol] = tiers
        return tiers

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the book, four hundred levels a side; their sizes come in contracts."""
        contract = await self._contract_size(instrument)
        asked: Params = {"instId": instrument.symbol, "sz": LEVELS}
        book = await self._reader.one(self._books, asked, instrument)
        bids, asks = (self._reader.levels(side, instrument.unit, contract) for side in (book.bids, book.asks))
        return self._reader.book(instrument, book.ts, bids, asks)

    async def listed(self) -> list[str]:
        """Return the coins that are traded."""
        rows = await self._reader.rows(self._listings, {"instType": "SWAP"})
        return [coin for row in rows if row.state == "live" and (coin := coin_of(OKX, row.inst_id))]

    async def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow liquidation orders: at most one an instrument and second, so that sums are lower bounds."""
        del asks  # a subscription is answered
        wanted = {instrument.symbol: instrument for instrument in instruments}
        arguments = [{"channel": "liquidation-orders", "instType": "SWAP"}]
        line = Line(self._ws_url, (words({"op": "subscribe", "args": arguments}),), heartbeat="ping")
        async for message in self._reader.frames(Stream(line, tell), _Message, "a liquidation"):
            if message.event == "error":
                tell(f"refused: {message.msg}")
            for orders in self._reader.told(message.data, _Orders, "a liquidation"):
                if (instrument := wanted.get(orders.inst_id)) is not None:
                    for liquidation in self._liquidations(orders, instrument):
                        yield liquidation

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return what was liquidated, by `bkPx` as the stream has it. Pages are turned by time, backwards."""
        await self._contract_size(instrument)
        more: Params = {"instType": "SWAP", "instFamily": _family(instrument), "state": "filled"}
        found: list[Liquidation] = []
        older_than = to_ms + 1
        for _ in range(PAGES):
            rows = await self._reader.rows(self._past, {**more, "after": older_than, "limit": ORDERS})
            details = [self._details(row) for row in rows if row.inst_id == instrument.symbol]
            page = [detail for some in details for detail in some]
            found += self._reports(page, instrument)
            oldest = min((detail.ts for detail in page), default=0)
            if len(page) < ORDERS or oldest < from_ms:
                break
            older_than = oldest + 1 if oldest + 1 < older_than else oldest
        return [
            event for event in {_same(event): event for event in found}.values() if event.time_ms >= from_ms
        ]

    def _liquidations(self, orders: _Orders, instrument: Instrument) -> Iterator[Liquidation]:
        yield from self._reports(self._details(orders), instrument)

    def _details(self, orders: _Orders) -> list[_Detail]:
        return self._reader.told(orders.details, _Detail, "a liquidation")

    def _reports(self, details: Iterable[_Detail], instrument: Instrument) -> Iterator[Liquidation]:
        """Yield the liquidated positions. `sz` is in contracts, `bkPx` is the bankruptcy price."""
        contract = self._contract_sizes.get(instrument.symbol, 0.0)
        for detail in details:
            report = Report(detail.ts, _side(detail), detail.bk_px, detail.sz * contract, sampled=True)
            tiers = self._tiers.get(instrument.symbol)
            if (found := liquidation_of(report, instrument, self.sieve, bankrupt_by=tiers)) is not None:
                yield found

    async def _contract_size(self, instrument: Instrument, *, anew: bool = False) -> float:
        known = self._contract_sizes.get(instrument.symbol)
        if known is None or anew:
            contract = await self._reader.one(self._contracts, _which(instrument), instrument)
            if not is_plausible(contract.ct_val):
                raise NoDataError(f"{OKX}: {instrument.symbol} has no size of a contract")
            known = self._contract_sizes[instrument.symbol] = contract.ct_val
        return known

    async def _funding_per_hour(self, instrument: Instrument) -> float | None:
        try:
            row = await self._reader.one(self._funding_now, {"instId": instrument.symbol}, instrument)
        except UnknownSymbolError:
            raise
        except NoDataError:  # the price is worth more than the funding rate
            self.sieve.refused["no funding rate"] += 1
            return None
        due, following = loosely(row.funding_time), loosely(row.next_funding_time)
        return per_hour(row.funding_rate, None if not (due and following) else (following - due) / HOUR_MS)

    async def _open_interest(
        self, instrument: Instrument, period: str, period_ms: int, from_ms: int, to_ms: int
    ) -> list[OpenInterest]:
        spans = windows(from_ms, to_ms, HISTORY * period_ms)
        more: Params = {"instId": instrument.symbol, "period": period, "limit": HISTORY}
        rows = await self._reader.pages(
            self._interests, spans, lambda first, last: {**more, "begin": first - 1, "end": last + 1}
        )
        return [OpenInterest(row.time_ms, row.base * instrument.unit / SIDES_COUNTED) for row in rows]


def _rows_of(answer: _Answer) -> Raws:
    return answer.data


def _which(instrument: Instrument) -> dict[str, str]:
    return {"instType": "SWAP", "instId": instrument.symbol}


def _family(instrument: Instrument) -> str:
    return instrument.symbol.removesuffix("-SWAP")


def _between(first: int, last: int) -> dict[str, int]:
    """Return the bounds of a page: both are exclusive, and mean newer and older."""
    return {"before": first - 1, "after": last + 1}


def _same(event: Liquidation) -> tuple[int, Side, float, float]:
    return event.time_ms, event.side, event.size, event.price


def _side(detail: _Detail) -> Side | None:
    """Return the position's side. In net mode there is only that of the order which closes it."""
    named = {"long": Side.LONG, "short": Side.SHORT}.get(detail.pos_side)
    return named or {"sell": Side.LONG, "buy": Side.SHORT}.get(detail.side)


def _candle(row: _Candle, unit: float) -> Candle:
    prices = (row.open / unit, row.high / unit, row.low / unit, row.close / unit)
    return Candle(row.begin_ms, *prices, row.base * unit)


def _complaint(body: bytes) -> NoDataError | None:
    """Read `code`, which is not "0" in an answer of status 200 that is an error."""
    error = read_error(body, _Error)
    if error is None or error.code == "0":
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
