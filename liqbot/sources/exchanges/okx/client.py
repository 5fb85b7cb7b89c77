"""OKX perpetual swaps settled in USDT: public endpoints and the stream of liquidation orders."""

from collections.abc import AsyncIterator, Iterator, Sequence
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
from liqbot.sources.exchanges.symbols import OKX, Instrument
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS = 100, 100, 100
"""Rows that one answer may have: candles, open interest, payments of funding."""
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


class _Answer(msgspec.Struct, Generic[T]):
    data: list[T]


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
    funding_rate: float
    funding_time: int
    next_funding_time: int


class _Funding(msgspec.Struct, rename="camel"):
    realized_rate: float
    funding_time: int


class _Ratio(msgspec.Struct, array_like=True):
    time_ms: int
    long_short: float


class _Candle(msgspec.Struct, array_like=True):
    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    contracts: float
    base: float
    quote: float
    confirm: str


class _Contract(msgspec.Struct, rename="camel"):
    ct_val: float


class _PositionTier(msgspec.Struct, rename="camel"):
    min_sz: float
    mmr: float
    max_lever: float


class _Detail(msgspec.Struct, rename="camel"):
    bk_px: float
    pos_side: str
    side: str
    sz: float
    ts: int


class _Orders(msgspec.Struct, rename="camel"):
    inst_id: str
    details: list[_Detail]


class _Message(msgspec.Struct):
    """An event, or the answer to a subscription."""

    data: list[_Orders] = []
    event: str = ""
    msg: str = ""


class Okx:
    """OKX's public market data. Sizes are in contracts; what is given in coins too is taken in coins."""

    venue = OKX
    assumed = ()

    def __init__(self, api_url: str, ws_url: str) -> None:
        """Ask below `api_url`; follow liquidations at `ws_url`."""
        self.sieve = Sieve()
        self._rest = Rest(OKX, api_url, _complaint)
        self._ws_url = ws_url
        self._market = Budget(20, 2)
        self._public = Budget(10, 2)
        self._statistics = Budget(5, 2)
        self._contracts: dict[str, float] = {}
        """Units of the exchange in one contract, by symbol."""
        self._tiers: dict[str, MarginTiers | None] = {}

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest and funding, by its own interval."""
        whole = {"instType": "SWAP", "instId": instrument.symbol}
        mark = await self._one("/api/v5/public/mark-price", _Mark, self._public, whole)
        interest = await self._one("/api/v5/public/open-interest", _OpenInterest, self._public, whole)
        funding = await self._one(
            "/api/v5/public/funding-rate", _FundingNow, self._public, {"instId": instrument.symbol}
        )
        if not (is_plausible(mark.mark_px) and is_plausible(interest.oi_ccy)):
            raise NoDataError(f"{OKX}: {instrument.symbol} has no mark price or no open interest")
        hours = (funding.next_funding_time - funding.funding_time) / HOUR_MS
        return Now(
            time_ms=mark.ts,
            mark=mark.mark_px / instrument.unit,
            open_interest=OpenInterest(interest.ts, interest.oi_ccy / SIDES_COUNTED * instrument.unit),
            funding=funding.funding_rate / hours if hours > 0 and abs(funding.funding_rate) < 1 else None,
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
        """Return candles. `before` and `after` are exclusive, and mean newer and older."""
        rows: list[Candle] = []
        for first, last in windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS):
            answer = await self._rest.get(
                "/api/v5/market/history-candles",
                _Answer[_Candle],
                self._market,
                {
                    "instId": instrument.symbol,
                    "bar": "5m",
                    "before": first - 1,
                    "after": last + 1,
                    "limit": CANDLES,
                },
            )
            rows += (_candle(row, instrument.unit) for row in answer.data if row.confirm == "1")
        return self.sieve.candles(rows, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding: the rate that was paid, not the one that was expected."""
        rows: list[Funding] = []
        for first, last in windows(from_ms, to_ms, PAYMENTS * HOUR_MS):
            answer = await self._rest.get(
                "/api/v5/public/funding-rate-history",
                _Answer[_Funding],
                self._public,
                {"instId": instrument.symbol, "before": first - 1, "after": last + 1, "limit": PAYMENTS},
            )
            rows += (Funding(row.funding_time, row.realized_rate) for row in answer.data)
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long; OKX gives longs over shorts."""
        answer = await self._rest.get(
            "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract",
            _Answer[_Ratio],
            self._statistics,
            {"instId": instrument.symbol, "period": "5m", "limit": 1},
        )
        newest = max(answer.data, key=lambda row: row.time_ms, default=None)
        if newest is None or not newest.long_short >= 0:
            return None
        return AccountRatio(newest.time_ms, newest.long_short / (1 + newest.long_short))

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers: their floors are in contracts, and in USD at the present mark price."""
        whole = {"instType": "SWAP", "instId": instrument.symbol}
        contract = await self._one("/api/v5/public/instruments", _Contract, self._public, whole)
        if is_plausible(contract.ct_val):
            self._contracts[instrument.symbol] = contract.ct_val
        mark = await self._one("/api/v5/public/mark-price", _Mark, self._public, whole)
        answer = await self._rest.get(
            "/api/v5/public/position-tiers",
            _Answer[_PositionTier],
            self._public,
            {"instType": "SWAP", "tdMode": "isolated", "instFamily": instrument.symbol.removesuffix("-SWAP")},
        )
        contract_usd = contract.ct_val * mark.mark_px
        tiers = margin_tiers(Tier(row.min_sz * contract_usd, row.max_lever, row.mmr) for row in answer.data)
        self._tiers[instrument.symbol] = tiers
        return tiers

    async def liquidations(self, instruments: Sequence[Instrument], tell: Tell) -> AsyncIterator[Liquidation]:
        """Follow liquidation orders: at most one an instrument and second, so that sums are lower bounds."""
        wanted = {instrument.symbol: instrument for instrument in instruments}
        arguments = [{"channel": "liquidation-orders", "instType": "SWAP"}]
        line = Line(self._ws_url, (words({"op": "subscribe", "args": arguments}),), heartbeat="ping")
        async for frame in Stream(line, tell).frames():
            if frame == "pong":
                continue
            try:
                message = msgspec.json.decode(frame, type=_Message, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.sieve.refused["a liquidation of another form"] += 1
                continue
            if message.event == "error":
                tell(f"refused: {message.msg}")
            for orders in message.data:
                if (instrument := wanted.get(orders.inst_id)) is not None:
                    for liquidation in self._liquidations(orders, instrument):
                        yield liquidation

    def _liquidations(self, orders: _Orders, instrument: Instrument) -> Iterator[Liquidation]:
        """Yield the liquidated positions. `sz` is in contracts, `bkPx` is the bankruptcy price."""
        contract = self._contracts.get(instrument.symbol)
        for detail in orders.details:
            side = _side(detail)
            if (
                contract is None
                or side is None
                or not (is_plausible(detail.bk_px) and is_plausible(detail.sz))
            ):
                self.sieve.refused["a liquidation without a side, a price or a size"] += 1
                continue
            bankruptcy, coins = detail.bk_px / instrument.unit, detail.sz * contract * instrument.unit
            price = liquidated_at(side, bankruptcy, coins, self._tiers.get(instrument.symbol))
            yield Liquidation(instrument.coin, detail.ts, side, price, coins, sampled=True)

    async def _open_interest(
        self, instrument: Instrument, period: str, period_ms: int, from_ms: int, to_ms: int
    ) -> list[OpenInterest]:
        rows: list[OpenInterest] = []
        for first, last in windows(from_ms, to_ms, HISTORY * period_ms):
            answer = await self._rest.get(
                "/api/v5/rubik/stat/contracts/open-interest-history",
                _Answer[_OpenInterestThen],
                self._statistics,
                {
                    "instId": instrument.symbol,
                    "period": period,
                    "begin": first - 1,
                    "end": last + 1,
                    "limit": HISTORY,
                },
            )
            unit = instrument.unit / SIDES_COUNTED
            rows += (OpenInterest(row.time_ms, row.base * unit) for row in answer.data)
        return rows

    async def _one(self, path: str, kind: type[T], budget: Budget, params: Params) -> T:
        answer = await self._rest.get(path, _Answer[kind], budget, params)
        if not answer.data:
            raise NoDataError(f"{OKX} {path}: nothing about {params['instId']}")
        return answer.data[0]


def _side(detail: _Detail) -> Side | None:
    """Return the position's side. In net mode there is only that of the order which closes it."""
    named = {"long": Side.LONG, "short": Side.SHORT}.get(detail.pos_side)
    return named or {"sell": Side.LONG, "buy": Side.SHORT}.get(detail.side)


def _candle(row: _Candle, unit: float) -> Candle:
    return Candle(
        row.begin_ms, row.open / unit, row.high / unit, row.low / unit, row.close / unit, row.base * unit
    )


def _complaint(body: bytes) -> NoDataError | None:
    """Read `code`, which is not "0" in an answer of status 200 that is an error."""
    error = read_error(body, _Error)
    if error is None or error.code == "0":
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
