"""Readings of a coin's positions at one instant: fuel, trapped shares, cohorts, age, holdings."""

from collections.abc import Sequence

import numpy as np

from liqbot.engine.measured import Levels
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.positions import Bools, Positions
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import Trapped

DEEP = 0.05
"""Deeply trapped is underwater by more than this share of the entry price."""
HOLDINGS = 20
"""How many of the largest positions a view names."""


def fuel_by_cohort(levels: Levels, spot: float) -> BySide[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the USD by cohort, shape (4,), of levels within 5% of spot: exact sums, both ends included."""
    share = FUEL_PCT / 100
    return BySide(
        long=levels.usd_between(Side.LONG, (1 - share) * spot, spot, spot),
        short=levels.usd_between(Side.SHORT, spot, (1 + share) * spot, spot),
    )


def trapped(positions: Positions, spot: float) -> Trapped:
    """Return the shares of each side, by notional, whose entry price is worse than `spot`."""
    return Trapped(
        underwater=_share_by_side(positions, _underwater(positions, spot)),
        deep=_share_by_side(positions, _underwater(positions, spot, by=DEEP)),
    )


def cohort_readings(levels: Levels, spot: float) -> dict[Cohort, CohortReading]:
    """Return what each cohort that is present holds."""
    fuel = fuel_by_cohort(levels, spot)
    underwater = _underwater(levels.positions, spot)
    readings: dict[Cohort, CohortReading] = {}
    for cohort in Cohort:
        rows = levels.cohort == cohort
        if not rows.any():
            continue
        positions = levels.positions.take(rows)
        coins = np.abs(positions.size)
        readings[cohort] = CohortReading(
            accounts=len(positions),
            open_usd=BySide(
                float(coins[positions.is_long].sum()) * spot, float(coins[~positions.is_long].sum()) * spot
            ),
            fuel_usd=BySide(float(fuel.long[cohort]), float(fuel.short[cohort])),
            underwater=_share_by_side(positions, underwater[rows]),
        )
    return readings


def holdings(levels: Levels, names: Sequence[str], spot: float) -> tuple[Holding, ...]:
    """Return the largest positions; `names` has the account's name at its number."""
    positions = levels.positions
    coins = np.abs(positions.size)
    largest = np.lexsort((positions.account, -coins))[:HOLDINGS]
    return tuple(
        Holding(
            account=names[int(positions.account[row])],
            side=Side.LONG if positions.size[row] > 0 else Side.SHORT,
            usd=float(coins[row]) * spot,
            entry=float(positions.entry[row]),
            liquidation=_or_none(float(positions.liquidation[row])),
            leverage=_or_none(float(positions.leverage[row])),
            cohort=Cohort(int(levels.cohort[row])),
        )
        for row in largest
    )


def ages(positions: Positions, time_ms: int) -> tuple[float | None, float | None]:
    """Return the mean age weighted by notional and the greatest age, in seconds; None without positions."""
    if not len(positions):
        return None, None
    age_s = (time_ms - positions.seen_ms) / 1000
    return float(np.average(age_s, weights=np.abs(positions.size))), float(age_s.max())


def _underwater(positions: Positions, spot: float, *, by: float = 0.0) -> Bools:
    """Return where `spot` is beyond the entry price, against the position, by more than that share of it."""
    # Prices are compared, not shares of them: 1 - 95 / 100 is a little more than 0.05.
    return np.where(positions.is_long, spot < positions.entry * (1 - by), spot > positions.entry * (1 + by))


def _share_by_side(positions: Positions, chosen: Bools) -> BySide[float | None]:
    coins = np.abs(positions.size)

    def share(side: Bools) -> float | None:
        total = float(coins[side].sum())
        return float(coins[side & chosen].sum()) / total if total > 0 else None

    return BySide(share(positions.is_long), share(~positions.is_long))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
