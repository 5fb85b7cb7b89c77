"""Heat as pixels: money of past maps by side, columns of pixels, coloured beside the price line.

Not here: which amount is which brightness (`classes.py`).
"""

import numpy as np
from numpy.typing import NDArray

from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import Pixels, Theme, packed, pixel
from liqbot.charts.time_axis import NO_DATA
from liqbot.market.maps import BIN_WIDTH, REACH, Bins
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import BySide, Side

_HATCH_EVERY, _HATCH_WIDE = 14, 3


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
    theme: Theme,
    levels: BySide[NDArray[np.uint8]],
    columns: Ints,
    *,
    spot: Floats,
    line: Floats,
    axis: PriceAxis,
) -> Pixels:
    """Return the heat, shape (axis.length, w), the highest price on top.

    `levels` are by column and row, and `columns`, shape (w,), says which column each pixel shows, or
    `NO_DATA`. `spot` is where it was when that column's map was made, and `line` where it is at that pixel,
    both in pixels from the low end: no long level is shown above the line and no short one below it, also
    where price moved since the map. Times without a map and prices out of its reach are hatched.
    """
    height = np.arange(axis.length)[::-1]
    long, short = (packed(theme.heat[side]).take(levels[side].T[::-1]).take(columns, axis=1) for side in Side)
    heat = np.empty((axis.rows, axis.pixels, len(columns)), np.uint32)
    # Rows that price never crosses have one side only; only the others are looked at pixel by pixel.
    ends = height.reshape(axis.rows, axis.pixels)
    above = int(np.count_nonzero(ends[:, -1] >= line.max() - 0.5))
    until = axis.rows - int(np.count_nonzero(ends[:, 0] < line.min() - 0.5))
    heat[:above] = short[:above, None]
    heat[until:] = long[until:, None]
    crossed = slice(above, until)
    below = ends[crossed, :, None] < line - 0.5
    heat[crossed] = np.where(below, long[crossed, None], short[crossed, None])
    heat = heat.reshape(axis.length, len(columns))
    unknown = columns == NO_DATA
    if unknown.any():
        _hatch(theme, heat, np.broadcast_to(unknown, heat.shape))
    reach = REACH * axis.pixels / axis.bins
    if spot.max() > reach or spot.min() < axis.length - reach:
        nothing = heat == pixel(theme.background)
        _hatch(theme, heat, (np.abs(height[:, None] + 0.5 - spot) > reach) & nothing)
    return heat


def _hatch(theme: Theme, heat: Pixels, unknown: Bools) -> None:
    """Mark the pixels of which nothing is known."""
    y, x = np.nonzero(unknown)
    stripes = (x + y) % _HATCH_EVERY < _HATCH_WIDE
    heat[y, x] = np.where(stripes, pixel(theme.hatch), pixel(theme.gap))
