"""Rows as clients give them (Candle, Funding, Tier, …) in coins and USD, and a sieve for impossible figures.

A row that makes no sense is dropped and counted, as one is that cannot be read (`reading.py`).

Not here: reading an exchange's JSON (`reading.py`, and each `client.py`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import msgspec

from liqbot.market.margin import MarginTiers

MOST = 1e15
"""Nothing that is counted or priced here comes near it: what lies beyond is a mistake."""
PERIOD_MS = 300_000
"""The length of candles and the pace of open interest: five minutes."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
USUAL_INTERVAL_H = 8.0
"""Hours between two payments of funding, where nothing else is known."""


Loose: TypeAlias = float | str | None
"""A figure that may be missing without harm: some exchanges write "" where they have none."""


class CandleRow(msgspec.Struct, array_like=True):
    """A candle as most exchanges write it; what else they add at the end is not wanted."""

    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class OpenInterest(NamedTuple):
    """Open interest at an instant."""

    time_ms: int
    coins: float
    """One-sided: a contract is one long and one short, counted once."""


class Candle(NamedTuple):
    """A closed candle of five minutes, prices in USD."""

    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    """Coins, each trade counted once."""


class Funding(NamedTuple):
    """A payment of funding."""

    time_ms: int
    rate: float
    """Fraction of notional for the whole interval, positive where longs pay."""


class AccountRatio(NamedTuple):
    """How accounts are divided: heads, not money."""

    time_ms: int
    long_share: float
    """Accounts that are net long, as a share of those that hold a position."""


class TakerFlow(NamedTuple):
    """Who crossed the spread in a period."""

    time_ms: int
    buy_share: float
    """Volume that takers bought, as a share of what takers bought and sold."""

    @staticmethod
    def of(time_ms: int, bought: float, sold: float) -> "TakerFlow | None":
        """Return it of what takers bought and sold; None of a period in which nothing was traded."""
        return TakerFlow(time_ms, bought / (bought + sold)) if bought + sold else None


class Tier(NamedTuple):
    """A margin tier as exchanges list it."""

    floor_usd: float
    leverage: float
    rate: float
    """Maintenance margin over notional."""


@dataclass(frozen=True, slots=True)
class Now:
    """How an instrument stands."""

    time_ms: int | None
    """When it was so; None where the exchange does not say."""
    mark: float
    open_interest: OpenInterest
    """The newest figure, which may be minutes older."""
    funding: float | None
    """Fraction per hour, positive where longs pay."""


class Sieve:
    """Lets through the rows that can be, each once and in the order of time, and counts the others."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        """How many rows made no sense, by reason."""

    def open_interest(self, rows: Iterable[OpenInterest], from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return the rows of `from_ms` to `to_ms`, both included."""
        kept = {row.time_ms: row for row in rows if self._is("open interest", row.coins)}
        return [kept[time] for time in sorted(kept) if from_ms <= time <= to_ms]

    def candles(self, rows: Iterable[Candle], from_ms: int, to_ms: int) -> list[Candle]:
        """Return the candles that begin at `from_ms` or later and have closed by `to_ms`."""
        kept = {row.begin_ms: row for row in rows if self._is_candle(row)}
        return [kept[time] for time in sorted(kept) if from_ms <= time <= to_ms - PERIOD_MS]

    def funding(self, rows: Iterable[Funding], from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of `from_ms` to `to_ms`, both included."""
        kept: dict[int, Funding] = {}
        for row in rows:
            if abs(row.rate) < 1:
                kept[row.time_ms] = row
            else:
                self.refused["funding rate is not a fraction"] += 1
        return [kept[time] for time in sorted(kept) if from_ms <= time <= to_ms]

    def ratio(self, rows: Iterable[AccountRatio]) -> AccountRatio | None:
        """Return the newest of the ratios that can be; None where there is none."""
        kept: list[AccountRatio] = []
        for row in rows:
            if 0 <= row.long_share <= 1:
                kept.append(row)
            else:
                self.refused["an account ratio is not a share"] += 1
        return max(kept, default=None)

    def taker_flow(self, rows: Iterable[TakerFlow | None]) -> TakerFlow | None:
        """Return the newest of the flows that can be; None where there is none."""
        kept: list[TakerFlow] = []
        for row in rows:
            if row is None:
                continue
            if 0 <= row.buy_share <= 1:
                kept.append(row)
            else:
                self.refused["a share that takers bought is none"] += 1
        return max(kept, default=None)

    def _is(self, what: str, value: float) -> bool:
        if is_plausible(value):
            return True
        self.refused[f"{what} is not a number above 0"] += 1
        return False

    def _is_candle(self, row: Candle) -> bool:
        prices = (row.open, row.high, row.low, row.close)
        if not all(is_plausible(price) for price in prices):
            self.refused["a candle's price is not a number above 0"] += 1
        elif not row.low == min(prices) <= max(prices) == row.high:
            self.refused["a candle's prices do not lie between its low and its high"] += 1
        elif row.begin_ms % PERIOD_MS:
            self.refused["a candle does not begin with a period"] += 1
        elif not 0 <= row.volume < MOST:
            self.refused["a candle's volume is not a number from 0 up"] += 1
        else:
            return True
        return False


def is_plausible(value: float) -> bool:
    """Return whether `value` can be a price or a size."""
    return 0 < value < MOST


def candle_of(row: CandleRow, unit: float, contract: float = 1.0) -> Candle:
    """Return a candle in USD and coins.

    `unit` coins are one of the exchange's units, and `contract` units one contract, where these are counted.
    """
    prices = (row.open / unit, row.high / unit, row.low / unit, row.close / unit)
    return Candle(row.begin_ms, *prices, row.volume * contract * unit)


def loosely(value: Loose) -> float | None:
    """Return a figure, None where there is none that makes sense."""
    try:
        number = float(value or 0)
    except ValueError:
        return None
    return number if math.isfinite(number) and value not in ("", None) else None


def per_hour(rate: Loose, interval: float | None) -> float | None:
    """Return a funding rate, paid every `interval` hours (the usual ones where unknown), per hour."""
    paid = loosely(rate)
    if paid is None or not abs(paid) < 1 or (interval is not None and interval <= 0):
        return None
    return paid / (interval or USUAL_INTERVAL_H)


def interval_h(times_ms: Sequence[int]) -> float:
    """Return the hours between the last two payments; `USUAL_INTERVAL_H` where there are not two.

    A payment that is missing makes the interval look twice as long: it is never longer than the usual one.
    """
    if len(times_ms) < 2:
        return USUAL_INTERVAL_H
    return min(max(float(round((times_ms[-1] - times_ms[-2]) / HOUR_MS)), 1.0), USUAL_INTERVAL_H)


def margin_tiers(rows: Iterable[Tier]) -> MarginTiers | None:
    """Return the tiers, those that change nothing joined to the one before; None where none makes sense.

    The lowest tier begins at 0, whatever is said of its floor.
    """
    kept: list[Tier] = []
    for row in sorted(row for row in rows if _is_tier(row)):
        if not kept:
            kept.append(row._replace(floor_usd=0.0))
        elif row.leverage < kept[-1].leverage and row.rate > kept[-1].rate:
            kept.append(row)
    if not kept:
        return None
    floors, leverages, rates = zip(*kept, strict=True)
    return MarginTiers(floors, leverages, rates)


def _is_tier(row: Tier) -> bool:
    return (
        math.isfinite(row.floor_usd) and row.floor_usd >= 0 and 1 <= row.leverage <= 1000 and 0 < row.rate < 1
    )
