"""Heat: the past maps of a grid as pixels, each on its own side of the price."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.charts import theme
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import Pixels
from liqbot.charts.time_axis import NO_DATA
from liqbot.market.maps import BIN_WIDTH, REACH, Bins
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import BySide, Side

BRIGHTEST_DENSE, BRIGHTEST_SPARSE = 0.003, 0.03
"""One huge cell must not turn the rest black: of the cells with any money, this share has the brightest
colour, where all cells have some and where hardly any has."""
FAINT, FAINT_SHARE = 4, 0.01
FAINTEST = 2
"""Amounts from a hundredth of the cap on have at least the level `FAINT`, and smaller ones `FAINTEST`: so a
lone small position is seen, and is not taken for more than it is."""
_SHADES = theme.packed(theme.HEAT)
_ROUND = (0.8, 1, 1.5, 2, 3, 4, 6, 8)
_HATCH_EVERY, _HATCH_WIDE = 14, 3


@dataclass(frozen=True, slots=True)
class HeatScale:
    """How much money is how bright."""

    cap: float
    """USD a row from which all is the brightest."""

    @staticmethod
    def of(usd: Floats) -> "HeatScale":
        """Return the scale for cells of `usd`: capped so that few are brighter, at a round number."""
        lit = usd[usd > 0]
        if not len(lit):
            return HeatScale(1.0)
        dense = len(lit) / usd.size
        brightest = dense * BRIGHTEST_DENSE + (1 - dense) * BRIGHTEST_SPARSE
        return HeatScale(_round_down(float(np.quantile(lit, 1 - brightest))))

    def levels(self, usd: Floats) -> NDArray[np.uint8]:
        """Return the level of the heat ramp for each amount: 0 for nothing, then in proportion."""
        brightest = theme.HEAT_LEVELS - 1
        least = np.where(usd >= FAINT_SHARE * self.cap, FAINT, FAINTEST)
        level = np.clip(np.rint(usd * (brightest / self.cap)), least, brightest)
        return np.where(usd > 0, level, 0).astype(np.uint8)


def by_side(usd: NDArray[np.float32], bins: Bins, spot: Floats, axis: PriceAxis) -> BySide[Floats]:
    """Return the USD of long and of short liquidations by column and row, each of shape (T, axis.rows).

    `usd` has shape (T, bins.count), and `spot` (T,) is where it was then. A row that spot cuts in two has
    both. Nothing tells of which side the money is in the one bin that holds spot: it goes to the side on
    which more of that bin lies.
    """
    both = axis.sums(usd, bins)
    boundary = np.floor(np.log(spot) / BIN_WIDTH + 0.5).astype(np.int64)
    starts = axis.first + np.arange(axis.rows) * axis.bins
    longs = np.where(starts + axis.bins <= boundary[:, None], both, 0.0)
    row = (boundary - axis.first) // axis.bins
    cut = np.flatnonzero((row >= 0) & (row < axis.rows))
    for offset in range(axis.bins):
        number = axis.first + row[cut] * axis.bins + offset
        place = number - bins.first
        below = (number < boundary[cut]) & (place >= 0) & (place < bins.count)
        longs[cut[below], row[cut[below]]] += usd[cut[below], place[below]]
    return BySide(long=longs, short=both - longs)


def pixels(
    levels: BySide[NDArray[np.uint8]], columns: Ints, spot: Floats, line: Floats, axis: PriceAxis
) -> Pixels:
    """Return the heat, shape (axis.length, w), the highest price on top.

    `levels` are by column and row, and `columns`, shape (w,), says which column each pixel shows, or
    `NO_DATA`. `spot` is where it was when that column's map was made, and `line` where it is at that pixel,
    both in pixels from the low end: no long level is shown above the line and no short one below it, also
    where price moved since the map. Times without a map and prices out of its reach are hatched.
    """
    height = np.arange(axis.length)[::-1]
    rows = height // axis.pixels
    below = (height < line[:, None] - 0.5).T
    level = np.where(below, *(levels[side].T.take(columns, axis=1).take(rows, axis=0) for side in Side))
    heat = _SHADES.take(level)
    _hatch(heat, np.broadcast_to(columns == NO_DATA, heat.shape))
    reach = REACH * axis.pixels / axis.bins
    if spot.max() > reach or spot.min() < axis.length - reach:
        _hatch(heat, (np.abs(height[:, None] + 0.5 - spot) > reach) & (level == 0))
    return heat


def _hatch(heat: Pixels, unknown: Bools) -> None:
    """Mark the pixels of which nothing is known."""
    y, x = np.nonzero(unknown)
    stripes = (x + y) % _HATCH_EVERY < _HATCH_WIDE
    heat[y, x] = np.where(stripes, theme.pixel(theme.HATCH), theme.pixel(theme.GAP))


def _round_down(value: float) -> float:
    """Return the greatest round number up to `value`: 1, 1.5, 2, 3, 4, 6 or 8 times a power of ten.

    The steps are narrow, or a smooth map, most of which is nearly as bright as it gets, would be all white.
    """
    power = 10.0 ** math.floor(math.log10(value))
    return max(digit * power for digit in _ROUND if digit * power <= value)
