"""Marks of overlays on a heatmap: lines, bands and points, beneath the price line and within the heat."""

from collections.abc import Sequence

import numpy as np

from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Box, Canvas, baseline, width
from liqbot.charts.theme import Rgb
from liqbot.market.marks import Mark, Shape

MOST = 40
"""More marks than this would hide what they are drawn on; the first ones are drawn."""
LETTERS = 24
"""A longer label is cut."""
_POINT = 7
_DASH = (7.0, 6.0)


def draw(canvas: Canvas, marks: Sequence[Mark], place: Place) -> None:
    """Draw what of `marks` lies within the plot."""
    left, right, top, bottom = place.left, place.right, place.top, place.bottom
    taken: list[Box] = []
    for mark in marks[:MOST]:
        low, high = (float(it) for it in place.y(np.array([mark.low, mark.high])))
        if low < top or high > bottom:
            continue
        colour = canvas.theme.soft if mark.side is None else canvas.theme.tint[mark.side]
        if mark.time_ms is not None:
            x = float(place.x(np.array([mark.time_ms], dtype=np.int64))[0])
            if left <= x <= right:
                _point(canvas, x, low, colour)
                _label(
                    canvas, taken, mark.label, (min(x + 12, right - 8), low), colour, is_left=x + 80 < right
                )
            continue
        low, high = min(low, bottom), max(high, top)
        if mark.shape is Shape.BAND:
            canvas.blend((left, round(high), right, max(round(low), round(high) + 1)), colour, 0.16)
        for y in {low, high}:
            canvas.line(np.array([[left, y], [right, y]]), colour, 1.4, share=0.9, dash=_DASH)
        _label(canvas, taken, mark.label, (right - 8, (low + high) / 2), colour, is_left=False)


def _point(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    for size, paint in ((_POINT + 3, canvas.theme.background), (_POINT, colour)):
        canvas.shape([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], paint)


def _label(
    canvas: Canvas, taken: list[Box], label: str, place: tuple[float, float], colour: Rgb, *, is_left: bool
) -> None:
    """Set a label where it hides no other one; `is_left` where it begins at its place, else it ends there."""
    if not label:
        return
    word = (
        label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…",
        canvas.theme.legend.in_colour(colour),
    )
    x, y = place
    left = x if is_left else x - width(word)
    box = Box(left, y - 12, left + width(word), y + 12)
    if any(box.overlaps(other) for other in taken):
        return
    taken.append(box)
    middle = baseline(y, canvas.theme.legend.size)
    canvas.text(x, middle, word, align="left" if is_left else "right", halo=canvas.theme.background)
