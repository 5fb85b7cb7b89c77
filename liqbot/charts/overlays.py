"""Marks of overlays on a heatmap: lines, bands and points, beneath the price line and within the heat."""

from collections.abc import Sequence

import numpy as np

from liqbot.charts import theme
from liqbot.charts.canvas import Box, Canvas, baseline, width
from liqbot.charts.frame import BOTTOM, LEFT
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import Rgb
from liqbot.charts.time_axis import TimeAxis
from liqbot.market.marks import Mark, Shape

MOST = 40
"""More marks than this would hide what they are drawn on; the first ones are drawn."""
LETTERS = 24
"""A longer label is cut."""
_POINT = 7
_DASH = (7.0, 6.0)


def draw(canvas: Canvas, marks: Sequence[Mark], prices: PriceAxis, times: TimeAxis) -> None:
    """Draw what of `marks` lies within the axes."""
    right, top = LEFT + times.length, BOTTOM - prices.length
    taken: list[Box] = []
    for mark in marks[:MOST]:
        low, high = BOTTOM - prices.at(mark.low), BOTTOM - prices.at(mark.high)
        if low < top or high > BOTTOM:
            continue
        colour = theme.SOFT if mark.side is None else theme.TINT[mark.side]
        if mark.time_ms is not None:
            x = LEFT + float(times.along(np.array([mark.time_ms], dtype=np.int64))[0])
            if LEFT <= x <= right:
                _point(canvas, x, low, colour)
                _label(
                    canvas, taken, mark.label, (min(x + 12, right - 8), low), colour, is_left=x + 80 < right
                )
            continue
        low, high = min(low, BOTTOM), max(high, top)
        if mark.shape is Shape.BAND:
            canvas.blend((LEFT, round(high), right, max(round(low), round(high) + 1)), colour, 0.16)
        for y in {low, high}:
            canvas.line(np.array([[LEFT, y], [right, y]]), colour, 1.4, share=0.9, dash=_DASH)
        _label(canvas, taken, mark.label, (right - 8, (low + high) / 2), colour, is_left=False)


def _point(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    for size, paint in ((_POINT + 3, theme.BACKGROUND), (_POINT, colour)):
        canvas.shape([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], paint)


def _label(
    canvas: Canvas, taken: list[Box], label: str, place: tuple[float, float], colour: Rgb, *, is_left: bool
) -> None:
    """Set a label where it hides no other one; `is_left` where it begins at its place, else it ends there."""
    if not label:
        return
    word = (label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…", theme.TAG.in_colour(colour))
    x, y = place
    left = x if is_left else x - width(word)
    box = Box(left, y - 12, left + width(word), y + 12)
    if any(box.overlaps(other) for other in taken):
        return
    taken.append(box)
    middle = baseline(y, theme.TAG.size)
    canvas.text(x, middle, word, align="left" if is_left else "right", halo=theme.BACKGROUND)
