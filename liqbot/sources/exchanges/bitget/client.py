"""Bitget futures settled in USDT: public endpoints. No history of open interest, no liquidations."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from liqbot.market.margin import MarginTiers
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.client import Tell
from liqbot.sources.exchanges.errors import meant_by, read_error
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import (
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
from liqbot.sources.exchanges.symbols import BITGET, Instrument
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, PAYMENTS, PAGES = 1000, 100, 10
"""Rows that one answer may have: candles, payments of funding; and how many pages of these are turned."""
SIDES_COUNTED = 1
"""How often open interest counts a contract. Bitget does not say; the size of the market speaks for once."""
SAYS_BUSY, SAYS_UNKNOWN = ("429", "40725", "45001"), ("40034", "40309")

T = TypeVar("T")


class _Error(msgspec.Struct):
    code: str
    msg: str = ""


class _Answer(msgspec.Struct, Generic[T]):
    data: T


class _Size(msgspec.Struct):
    size: float


class _OpenInterest(msgspec.Struct, rename="camel"):
    open_interest_list: list[_Size]
    ts: int


class _Price(msgspec.Struct, rename="camel"):
    mark_price: float
    ts: int


class _FundingNow(msgspec.Struct, rename="camel"):
    funding_rate: float
    funding_rate_interval: float = 8.0


class _Funding(msgspec.Struct, rename="camel"):
    funding_rate: float
    funding_time: int


class _Ratio(msgspec.Struct, rename="camel"):
    long_account_ratio: float
    ts: int


class _Candle(msgspec.Struct, array_like=True):
    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    base: float


class _PositionTier(msgspec.Struct, rename="camel"):
    start_unit: float
    leverage: float
    keep_margin_rate: float


class Bitget:
    """Bitget's public market data."""

    venue = BITGET
    assumed = ()

    def __init__(self, api_url: str) -> None:
        """Ask below `api_url`."""
        self.sieve = Sieve()
        self._rest = Rest(BITGET, api_url, _complaint)
        self._budget = Budget(20 * 0.5, 1)
        self._slow = Budget(1, 1)

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest and funding, by its own interval."""
        prices = await self._get("symbol-price", _Answer[list[_Price]], instrument, {})
        interest = await self._get("open-interest", _Answer[_OpenInterest], instrument, {})
        funding = await self._get("current-fund-rate", _Answer[list[_FundingNow]], instrument, {})
        sizes = interest.data.open_interest_list
        if not (prices.data and sizes and funding.data):
            raise NoDataError(f"{BITGET}: nothing about {instrument.symbol}")
        price, size, paid = prices.data[0], sizes[0].size, funding.data[0]
        if not (is_plausible(price.mark_price) and is_plausible(size)):
            raise NoDataError(f"{BITGET}: {instrument.symbol} has no mark price or no open interest")
        has_funding = abs(paid.funding_rate) < 1 and paid.funding_rate_interval > 0
        return Now(
            time_ms=price.ts,
            mark=price.mark_price / instrument.unit,
            open_interest=OpenInterest(interest.data.ts, size / SIDES_COUNTED * instrument.unit),
            funding=paid.funding_rate / paid.funding_rate_interval if has_funding else None,
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return nothing: the exchange tells what is, not what was."""
        del instrument, from_ms, to_ms
        return []

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; the exchange keeps a month of five minutes."""
        rows: list[Candle] = []
        for first, last in windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS):
            span: Params = {"granularity": "5m", "startTime": first, "endTime": last + 1, "limit": CANDLES}
            answer = await self._get("candles", _Answer[list[_Candle]], instrument, span)
            rows += (_candle(row, instrument.unit) for row in answer.data)
        return self.sieve.candles(rows, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding. Pages are numbered from the newest on."""
        rows: list[Funding] = []
        for page in range(1, PAGES + 1):
            answer = await self._get(
                "history-fund-rate",
                _Answer[list[_Funding]],
                instrument,
                {"pageSize": PAYMENTS, "pageNo": page},
            )
            rows += (Funding(row.funding_time, row.funding_rate) for row in answer.data)
            if len(answer.data) < PAYMENTS or min(row.time_ms for row in rows) <= from_ms:
                break
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long."""
        answer = await self._rest.get(
            "/api/v2/mix/market/account-long-short",
            _Answer[list[_Ratio]],
            self._slow,
            {"symbol": instrument.symbol, "period": "5m"},
        )
        newest = max(answer.data, key=lambda row: row.ts, default=None)
        return None if newest is None else AccountRatio(newest.ts, newest.long_account_ratio)

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers; their floors are in USDT."""
        answer = await self._get("query-position-lever", _Answer[list[_PositionTier]], instrument, {})
        return margin_tiers(Tier(row.start_unit, row.leverage, row.keep_margin_rate) for row in answer.data)

    def liquidations(self, instruments: Sequence[Instrument], tell: Tell) -> None:
        """Return None: Bitget does not publish them."""
        del instruments, tell

    async def _get(self, path: str, kind: type[T], instrument: Instrument, params: Params) -> T:
        whole: Params = {"symbol": instrument.symbol, "productType": "USDT-FUTURES", **params}
        return await self._rest.get(f"/api/v2/mix/market/{path}", kind, self._budget, whole)


def _candle(row: _Candle, unit: float) -> Candle:
    return Candle(
        row.begin_ms, row.open / unit, row.high / unit, row.low / unit, row.close / unit, row.base * unit
    )


def _complaint(body: bytes) -> NoDataError | None:
    """Read `code`, which is not "00000" in an answer that is an error, whatever its status."""
    error = read_error(body, _Error)
    if error is None or error.code == "00000":
        return None
    return meant_by(error.code, error.msg, busy=SAYS_BUSY, unknown=SAYS_UNKNOWN)
