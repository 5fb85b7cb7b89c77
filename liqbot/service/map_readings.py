"""Readings out of past maps alone: fuel and open interest, where no whole view was kept."""

from collections.abc import Sequence

import numpy as np

from liqbot.market.dated_reading import DatedReading
from liqbot.market.grid import Grid
from liqbot.market.price_path import Path
from liqbot.market.regime import FUEL_PCT

HOUR_MS = 3_600_000


def first_of_hours(grid: Grid, places: Sequence[int]) -> list[int]:
    """Return of some columns the first of each hour."""
    by_hour: dict[int, int] = {}
    for place in places:
        by_hour.setdefault(int(grid.time_ms[place]) // HOUR_MS, place)
    return list(by_hour.values())


def reading_of_map(grid: Grid, place: int) -> DatedReading:
    """Return what one column of past maps says: the fuel that was known, and neither coverage nor funding."""
    spot, usd, at = float(grid.spot[place]), grid.usd[place], grid.bins.centers
    near = 1 + FUEL_PCT / 100, 1 - FUEL_PCT / 100
    interest = None if grid.open_interest is None else float(grid.open_interest[place]) / spot
    return DatedReading(
        time_ms=int(grid.time_ms[place]),
        spot=spot,
        up_usd=float(usd[(at > spot) & (at <= spot * near[0])].sum()),
        down_usd=float(usd[(at < spot) & (at >= spot * near[1])].sum()),
        coverage=None,
        coverage_long=None,
        coverage_short=None,
        funding=None,
        open_interest=None if interest is None or np.isnan(interest) else interest,
    )


def readings_of_maps(grid: Grid) -> list[DatedReading]:
    """Return one reading an hour, the oldest first."""
    return [reading_of_map(grid, place) for place in first_of_hours(grid, range(len(grid)))]


def path_of_maps(grid: Grid) -> Path:
    """Return what price did between past maps: from one close to the next all is touched."""
    before = np.concatenate([grid.spot[:1], grid.spot[:-1]])
    return Path(grid.time_ms, np.minimum(grid.low, before), np.maximum(grid.high, before), grid.spot)
