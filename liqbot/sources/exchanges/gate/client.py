"""Gate futures settled in USDT: public endpoints; liquidations are asked for, there is no stream of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
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
from liqbot.sources.exchanges.symbols import GATE, Instrument
from liqbot.sources.exchanges.windows import windows
from liqbot.sources.source import NoDataError

CANDLES, HISTORY, PAYMENTS = 1900, 100, 900
"""Rows that one answer may have: candles, statistics, payments of funding; the exchange allows a few more."""
SIDES_COUNTED = 1
"""How often open interest counts a contract. Gate does not say; the size of the market speaks for once."""
LIQUIDATIONS_EVERY_S = 30.0
ORDERS = 1000
"""So many liquidation orders are asked for each time: a cascade has hundreds a minute."""
OVERLAP_S = 120
"""Each time the last two minutes are asked for again: an order may be listed late."""
SAYS_BUSY, SAYS_UNKNOWN = ("TOO_MANY_REQUESTS", "SERVER_ERROR"), ("CONTRACT_NOT_FOUND",)

T = TypeVar("T")


class _Error(msgspec.Struct):
    label: str
    message: str = ""


class _Contract(msgspec.Struct):
    mark_price: float
    funding_rate: float
    funding_interval: float
    quanto_multiplier: float


class _Stats(msgspec.Struct):
    time: int
    open_interest_usd: float
    mark_price: float
    lsr_account: float


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


class _Order(msgspec.Struct, frozen=True):
    contract: str
    size: float
    fill_price: float
    order_price: float
    time: int


class Gate:
    """Gate's public market data. Times are in seconds; sizes are in contracts."""

    venue = GATE
    assumed = ()

    def __init__(self, api_url: str, *, liquidations_every_s: float = LIQUIDATIONS_EVERY_S) -> None:
        """Ask below `api_url`, for liquidations every so many seconds."""
        self.sieve = Sieve()
        self._rest = Rest(GATE, api_url, _complaint)
        self._budget = Budget(200 * 0.8, 10)
        self._multipliers: dict[str, float] = {}
        """Units of the exchange in one contract, by symbol."""
        self._every_s = liquidations_every_s

    def session(self) -> Rest:
        """Return what must be entered before the first question."""
        return self._rest

    async def now(self, instrument: Instrument) -> Now:
        """Return mark price, open interest (its newest five-minute figure) and funding."""
        contract = await self._contract(instrument)
        rows = await self._stats(instrument, {"limit": 1})
        if not rows:
            raise NoDataError(f"{GATE}: nothing about {instrument.symbol}")
        newest = max(rows, key=lambda row: row.time)
        coins = _coins(newest)
        if not (is_plausible(contract.mark_price) and is_plausible(coins)):
            raise NoDataError(f"{GATE}: {instrument.symbol} has no mark price or no open interest")
        has_funding = abs(contract.funding_rate) < 1 and contract.funding_interval > 0
        return Now(
            time_ms=None,
            mark=contract.mark_price / instrument.unit,
            open_interest=OpenInterest(newest.time * 1000, coins * instrument.unit),
            funding=contract.funding_rate * 3600 / contract.funding_interval if has_funding else None,
        )

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return five-minute open interest."""
        rows: list[OpenInterest] = []
        for first, _ in windows(from_ms, to_ms, HISTORY * PERIOD_MS):
            answer = await self._stats(instrument, {"from": first // 1000, "limit": HISTORY})
            rows += (OpenInterest(row.time * 1000, _coins(row) * instrument.unit) for row in answer)
        return self.sieve.open_interest(rows, from_ms, to_ms)

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return candles; their volume comes in contracts."""
        contract = await self._contract(instrument)
        rows: list[Candle] = []
        for first, last in windows(from_ms, to_ms - 1, CANDLES * PERIOD_MS):
            span: Params = {"interval": "5m", "from": first // 1000, "to": last // 1000}
            answer = await self._get("candlesticks", list[_Candle], instrument, span)
            rows += (_candle(row, instrument.unit, contract.quanto_multiplier) for row in answer)
        return self.sieve.candles(rows, from_ms, to_ms)

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding."""
        rows: list[Funding] = []
        for first, last in windows(from_ms, to_ms, PAYMENTS * HOUR_MS):
            span: Params = {"from": first // 1000, "to": last // 1000, "limit": PAYMENTS}
            answer = await self._get("funding_rate", list[_Funding], instrument, span)
            rows += (Funding(row.t * 1000, row.r) for row in answer)
        return self.sieve.funding(rows, from_ms, to_ms)

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return the share of accounts that are long; Gate gives longs over shorts."""
        rows = await self._stats(instrument, {"limit": 1})
        newest = max(rows, key=lambda row: row.time, default=None)
        if newest is None or not newest.lsr_account >= 0:
            return None
        return AccountRatio(newest.time * 1000, newest.lsr_account / (1 + newest.lsr_account))

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the tiers. Each names its limit in USDT, which is where the next one begins."""
        rows = await self._get("risk_limit_tiers", list[_RiskLimit], instrument, {})
        tiers: list[Tier] = []
        floor = 0.0
        for row in sorted(rows, key=lambda row: row.risk_limit):
            tiers.append(Tier(floor, row.leverage_max, row.maintenance_rate))
            floor = row.risk_limit
        return margin_tiers(tiers)

    async def liquidations(self, instruments: Sequence[Instrument], tell: Tell) -> AsyncIterator[Liquidation]:
        """Ask for liquidation orders again and again, and yield those that are new."""
        told: dict[str, Counter[_Order]] = {}
        while True:
            for instrument in instruments:
                try:
                    orders = await self._get("liq_orders", list[_Order], instrument, {"limit": ORDERS})
                except NoDataError as error:
                    tell(str(error))
                    continue
                tell(None)
                before = told.get(instrument.symbol)
                newest = max((order.time for order in orders), default=0)
                told[instrument.symbol] = Counter(
                    order for order in orders if order.time > newest - OVERLAP_S
                )
                if before is None:  # what lies before the start is history
                    continue
                oldest = max((order.time for order in before), default=0) - OVERLAP_S
                fresh = sorted((Counter(orders) - before).elements(), key=lambda order: order.time)
                for order in fresh:
                    if order.time > oldest and (found := self._liquidation(order, instrument)):
                        yield found
            await asyncio.sleep(self._every_s)

    def _liquidation(self, order: _Order, instrument: Instrument) -> Liquidation | None:
        """Return the liquidated position: `size` is the position's, negative for a short.

        The price that was paid where it was filled, else the order's own, which is the bankruptcy price.
        """
        price = order.fill_price if is_plausible(order.fill_price) else order.order_price
        contract = self._multipliers.get(instrument.symbol)
        if contract is None or not (is_plausible(price) and is_plausible(abs(order.size))):
            self.sieve.refused["a liquidation without a price or a size"] += 1
            return None
        side = Side.LONG if order.size > 0 else Side.SHORT
        coins = abs(order.size) * contract * instrument.unit
        return Liquidation(instrument.coin, order.time * 1000, side, price / instrument.unit, coins)

    async def _contract(self, instrument: Instrument) -> _Contract:
        path = f"/api/v4/futures/usdt/contracts/{instrument.symbol}"
        contract = await self._rest.get(path, _Contract, self._budget, {})
        if not is_plausible(contract.quanto_multiplier):
            raise NoDataError(f"{GATE}: {instrument.symbol} has no size of a contract")
        self._multipliers[instrument.symbol] = contract.quanto_multiplier
        return contract

    async def _stats(self, instrument: Instrument, params: Params) -> list[_Stats]:
        return await self._get("contract_stats", list[_Stats], instrument, {"interval": "5m", **params})

    async def _get(self, path: str, kind: type[T], instrument: Instrument, params: Params) -> T:
        whole: Params = {"contract": instrument.symbol, **params}
        return await self._rest.get(f"/api/v4/futures/usdt/{path}", kind, self._budget, whole)


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
