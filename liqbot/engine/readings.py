"""Readings of positions at one instant: fuel (up_usd, down_usd), trapped shares, cohorts, age, holdings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liqbot.engine.level_table import LevelTable
from liqbot.engine.measured import Levels
from liqbot.engine.segments import summed
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import Trapped

DEEP = 0.05
"""Deeply trapped is underwater by more than this share of the entry price."""
HOLDINGS = 20
"""How many of the largest positions a view names."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What is read of one coin's positions; named as in `MarketView`."""

    up_usd: float
    down_usd: float
    open_usd: BySide[float]
    beyond: BySide[float]
    stale: BySide[float]
    unreachable: BySide[float]
    accounts: BySide[int]
    trapped: Trapped
    cohorts: dict[Cohort, CohortReading]
    age_s: float | None
    oldest_s: float | None


def readings(table: LevelTable, time_ms: int) -> list[Readings]:
    """Return the readings of each coin of `table`, at its spot and at `time_ms`."""
    share, spots = FUEL_PCT / 100, table.spots
    low, high = np.stack(((1 - share) * spots, spots), 1), np.stack((spots, (1 + share) * spots), 1)
    at = spots[:, None, None]
    fuel, held, accounts = table.within(low, high) * at, table.held, table.accounts
    under, deep = table.underwater(), table.underwater(by=DEEP)
    whole = held.sum(axis=2)
    usd = [
        (part.sum(axis=2) * at[:, 0]).tolist()
        for part in (held, table.beyond, table.stale, table.unreachable)
    ]
    trapped = [_shares(part.sum(axis=2), whole) for part in (under, deep)]
    cohorts = _cohorts(accounts, held * at, fuel, _shares(under, held))
    columns = zip(
        fuel.sum(axis=2).tolist(),
        zip(*usd, strict=True),
        accounts.sum(axis=2).tolist(),
        zip(*trapped, strict=True),
        cohorts,
        _ages(table, time_ms),
        strict=True,
    )
    return [
        Readings(
            up_usd=near[1],
            down_usd=near[0],
            open_usd=BySide(*open_usd),
            beyond=BySide(*beyond),
            stale=BySide(*stale),
            unreachable=BySide(*unreachable),
            accounts=BySide(*number),
            trapped=Trapped(underwater=BySide(*underwater), deep=BySide(*deeply)),
            cohorts=by_cohort,
            age_s=age_s,
            oldest_s=oldest_s,
        )
        for near, (open_usd, beyond, stale, unreachable), number, (underwater, deeply), by_cohort, (
            age_s,
            oldest_s,
        ) in columns
    ]


def _cohorts(
    accounts: Ints, held: Floats, fuel: Floats, under: list[Any]
) -> list[dict[Cohort, CohortReading]]:
    """Return what each cohort that is present holds, of each coin; sums in USD by coin, side and cohort."""
    number = accounts.sum(axis=1).tolist()
    open_usd, fuel_usd = held.tolist(), fuel.tolist()
    return [
        {
            cohort: CohortReading(
                accounts=number[coin][cohort],
                open_usd=BySide(open_usd[coin][0][cohort], open_usd[coin][1][cohort]),
                fuel_usd=BySide(fuel_usd[coin][0][cohort], fuel_usd[coin][1][cohort]),
                underwater=BySide(under[coin][0][cohort], under[coin][1][cohort]),
            )
            for cohort in Cohort
            if number[coin][cohort]
        }
        for coin in range(len(number))
    ]


def _shares(part: Floats, whole: Floats) -> list[Any]:
    """Return the share of each, None where there is no whole."""
    shares = np.full(part.shape, None, dtype=np.object_)
    any_held = whole > 0
    shares[any_held] = part[any_held] / whole[any_held]
    return shares.tolist()


def _ages(table: LevelTable, time_ms: int) -> list[tuple[float | None, float | None]]:
    """Return of each coin the mean age weighted by size and the greatest, s; None without positions."""
    age_s, weight = (time_ms - table.seen_ms) / 1000, table.coins
    coins = len(table.spots)
    total = summed(table.coin, age_s * weight, coins)
    weights = table.held.sum(axis=(1, 2))
    starts, is_any = table.ends[:-1], np.diff(table.ends) > 0
    oldest = np.zeros(coins)
    if is_any.any():
        oldest[is_any] = np.maximum.reduceat(age_s, starts[is_any])
    return [
        (mean / held, most) if there else (None, None)
        for mean, held, most, there in zip(
            total.tolist(), weights.tolist(), oldest.tolist(), is_any.tolist(), strict=True
        )
    ]


def holdings(levels: Levels, names: Sequence[str], spot: float) -> tuple[Holding, ...]:
    """Return the largest positions; `names` has the account's name at its number."""
    positions = levels.unordered
    coins = np.abs(positions.size)
    enough = np.arange(len(coins))
    if len(coins) > HOLDINGS:  # all that are as large as the last one, of which the order decides
        enough = (coins >= np.partition(coins, -HOLDINGS)[-HOLDINGS]).nonzero()[0]
    largest = enough[np.lexsort((positions.account[enough], -coins[enough]))][:HOLDINGS]
    rows = zip(
        [names[account] for account in positions.account[largest].tolist()],
        positions.size[largest].tolist(),
        positions.entry[largest].tolist(),
        positions.liquidation[largest].tolist(),
        positions.leverage[largest].tolist(),
        map(Cohort, levels.unordered_cohort[largest].tolist()),
        strict=True,
    )
    return tuple(
        [
            Holding(
                account,
                Side.LONG if size > 0 else Side.SHORT,
                abs(size) * spot,
                entry,
                level if level == level else None,  # noqa: PLR0124 - NaN
                leverage if leverage == leverage else None,  # noqa: PLR0124
                cohort,
            )
            for account, size, entry, level, leverage, cohort in rows
        ]
    )
