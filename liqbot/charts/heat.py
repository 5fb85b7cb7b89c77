"""Heat: the past maps of a grid as pixels, each on its own side of the price."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.charts import theme
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.time_axis import NO_DATA, TimeAxis
from liqbot.market.grid import Grid
from liqbot.market.maps import BIN_WIDTH
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import BySide

CAP_PERCENTILE = 97.0
"""One huge cell must not turn the rest black: of the cells with any money, those from this percentile on are
all of the brightest colour."""
FAINT, FAINT_SHARE = 4, 0.01
FAINTEST = 2
"""Amounts from a hundredth of the cap on have at least the level `FAINT`, and smaller ones `FAINTEST`: so a
lone small position is seen, and is not taken for more than it is."""
_HATCH_EVERY, _HATCH_WIDE = 14, 3


@dataclass(frozen=True, slots=True)
class HeatScale:
    """How much money is how bright."""

    cap: float
    """USD a row from which all is the brightest."""

    @staticmethod
    def of(usd: Floats) -> "HeatScale":
        """Return the scale for cells of `usd`: capped at their 97th percentile, rounded down."""
        lit = usd[usd > 0]
        return HeatScale(_round_down(float(np.percentile(lit, CAP_PERCENTILE))) if len(lit) else 1.0)

    def levels(self, usd: Floats) -> NDArray[np.uint8]:
        """Return the level of the heat ramp for each amount: 0 for nothing, then in proportion."""
        brightest = theme.HEAT_LEVELS - 1
        least = np.where(usd >= FAINT_SHARE * self.cap, FAINT, FAINTEST)
        level = np.clip(np.rint(usd * (brightest / self.cap)), least, brightest)
        return np.where(usd > 0, level, 0).astype(np.uint8)


def by_side(grid: Grid, axis: PriceAxis) -> BySide[Floats]:
    """Return the USD of long and of short liquidations by column and row, each of shape (T, rows).

    A row that spot cuts in two has both. Nothing tells of which side the money is in the one bin that holds
    spot: it goes to the side on which more of that bin lies.
    """
    both = axis.sums(grid.usd, grid.bins)
    boundary = np.floor(np.log(grid.spot) / BIN_WIDTH + 0.5).astype(np.int64)
    starts = axis.first + np.arange(axis.rows) * axis.bins
    longs = np.where(starts + axis.bins <= boundary[:, None], both, 0.0)
    _add_cut_rows(longs, grid, axis, boundary)
    return BySide(long=longs, short=both - longs)


def pixels(
    levels: BySide[NDArray[np.uint8]], line: Floats, columns: Ints, axis: PriceAxis
) -> NDArray[np.uint8]:
    """Return the heat, shape (axis.length, len(columns), 3), the highest price on top.

    `levels` are by column of the grid and row; `columns` says which column each pixel shows. `line` is where
    the price is at each pixel, in pixels from the low end: no long level is shown above it and no short one
    below it, also where price moved since the column's map.
    """
    height = np.arange(axis.length)[::-1]
    rows = height // axis.pixels
    below = height[:, None] + 0.5 < line
    level = np.where(below, levels.long.T[rows][:, columns], levels.short.T[rows][:, columns])
    heat = theme.HEAT[level]
    _hatch(heat, columns)
    return heat


def _add_cut_rows(longs: Floats, grid: Grid, axis: PriceAxis, boundary: Ints) -> None:
    """Add to `longs` what lies below `boundary` in the row of each column that it cuts."""
    row = (boundary - axis.first) // axis.bins
    on_axis = np.flatnonzero((row >= 0) & (row < axis.rows))
    for offset in range(axis.bins):
        absolute = axis.first + row[on_axis] * axis.bins + offset
        place = absolute - grid.bins.first
        inside = (absolute < boundary[on_axis]) & (place >= 0) & (place < grid.bins.count)
        column = on_axis[inside]
        longs[column, row[column]] += grid.usd[column, place[inside]]


def _hatch(heat: NDArray[np.uint8], columns: Ints) -> None:
    """Mark the times of which nothing is known."""
    unknown = columns == NO_DATA
    if not unknown.any():
        return
    x, y = np.flatnonzero(unknown), np.arange(len(heat))
    stripes = (x + y[:, None]) % _HATCH_EVERY < _HATCH_WIDE
    heat[:, unknown] = np.where(stripes[..., None], theme.HATCH, theme.GAP)


def _round_down(value: float) -> float:
    """Return the greatest 1, 2, 4 or 8 times a power of ten up to `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(digit * power for digit in (0.8, 1, 2, 4, 8) if digit * power <= value)
