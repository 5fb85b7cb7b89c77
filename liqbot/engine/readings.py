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


def cohort_readings(
    levels: Levels, spot: float, fuel: BySide[np.ndarray[tuple[int], np.dtype[np.float64]]]
) -> dict[Cohort, CohortReading]:
    """Return what each cohort that is present holds; `fuel` is that of `fuel_by_cohort`."""
    positions, cohorts = levels.positions, len(Cohort)
    group = np.where(positions.is_long, 0, cohorts) + levels.cohort
    coins = np.abs(positions.size)
    underwater = _underwater(positions, spot)
    held = np.bincount(group, coins, 2 * cohorts).reshape(2, cohorts)
    under = np.bincount(group, np.where(underwater, coins, 0.0), 2 * cohorts).reshape(2, cohorts)
    accounts = np.bincount(group, minlength=2 * cohorts).reshape(2, cohorts).sum(axis=0)
    with np.errstate(invalid="ignore"):
        shares = np.where(held > 0, under / held, np.nan)
    return {
        cohort: CohortReading(
            accounts=int(accounts[cohort]),
            open_usd=BySide(float(held[0, cohort]) * spot, float(held[1, cohort]) * spot),
            fuel_usd=BySide(float(fuel.long[cohort]), float(fuel.short[cohort])),
            underwater=BySide(_or_none(float(shares[0, cohort])), _or_none(float(shares[1, cohort]))),
        )
        for cohort in Cohort
        if accounts[cohort]
    }


def holdings(levels: Levels, names: Sequence[str], spot: float) -> tuple[Holding, ...]:
    """Return the largest positions; `names` has the account's name at its number."""
    positions = levels.positions
    coins = np.abs(positions.size)
    enough = np.arange(len(coins))
    if len(coins) > HOLDINGS:  # all that are as large as the last one, of which the order decides
        enough = np.flatnonzero(coins >= np.partition(coins, -HOLDINGS)[-HOLDINGS])
    largest = enough[np.lexsort((positions.account[enough], -coins[enough]))][:HOLDINGS]
    return tuple(
        Holding(
            account=names[int(account)],
            side=Side.LONG if size > 0 else Side.SHORT,
            usd=abs(size) * spot,
            entry=entry,
            liquidation=_or_none(level),
            leverage=_or_none(leverage),
            cohort=Cohort(cohort),
        )
        for account, size, entry, level, leverage, cohort in zip(
            positions.account[largest].tolist(),
            positions.size[largest].tolist(),
            positions.entry[largest].tolist(),
            positions.liquidation[largest].tolist(),
            positions.leverage[largest].tolist(),
            levels.cohort[largest].tolist(),
            strict=True,
        )
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
    return None if value != value else value  # noqa: PLR0124 - NaN
