"""A second layer over a heatmap: its heaviest levels as outlines, never added."""

import numpy as np

from liqbot.charts import classes, heat
from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Canvas
from liqbot.charts.classes import COUNT
from liqbot.charts.theme import pixel
from liqbot.charts.time_axis import NO_DATA
from liqbot.market.grid import Grid
from liqbot.market.positions import Floats
from liqbot.market.side import BySide, Side

HEAVY = COUNT
"""Beyond this level of its own, money of the other layer is outlined: that is its heaviest class."""
_WIDE = 2
"""Pixels of an outline."""


def draw(canvas: Canvas, grid: Grid, place: Place, line: Floats) -> None:
    """Outline where the other layer is heaviest by its own classes, each side on its side of `line`."""
    prices, times = place.prices, place.times
    middles = (
        times.start_ms + (np.arange(times.length) + 0.5) * (times.end_ms - times.start_ms) / times.length
    )
    column = np.searchsorted(grid.time_ms, middles, side="right") - 1
    known = (column >= 0) & ((middles < grid.until_ms[np.maximum(column, 0)]) | (column == len(grid) - 1))
    shown, places = np.unique(np.where(known, column, NO_DATA), return_inverse=True)
    usd = heat.by_side(grid.usd[shown], grid.bins, grid.spot[shown], prices)
    levels = classes.by_side(BySide(long=usd.long[shown != NO_DATA], short=usd.short[shown != NO_DATA]))
    height = np.arange(prices.length)[::-1]
    area = canvas.pixels[place.top : place.bottom, place.left : place.right]
    for side in Side:
        own = levels[side]
        if own is None:
            continue
        heavy = own.levels(usd[side]).T > HEAVY
        lit = heavy[:, places][height // prices.pixels] & known
        lit &= (
            (height[:, None] < line[None, :] - 0.5)
            if side is Side.LONG
            else (height[:, None] >= line[None, :] + 0.5)
        )
        around = np.zeros_like(lit)
        for shift in range(1, _WIDE + 1):
            for axis in (0, 1):
                around |= _moved(lit, shift, axis) | _moved(lit, -shift, axis)
        area[around & ~lit] = pixel(canvas.theme.text)


def _moved(
    mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], by: int, axis: int
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    moved = np.zeros_like(mask)
    source, target = [slice(None)] * 2, [slice(None)] * 2
    source[axis] = slice(None, -by) if by > 0 else slice(-by, None)
    target[axis] = slice(by, None) if by > 0 else slice(None, by)
    moved[tuple(target)] = mask[tuple(source)]
    return moved
