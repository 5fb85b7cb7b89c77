"""The level that a picture is about (an account's liquidation price): a line and its name."""

from collections.abc import Sequence

import numpy as np

from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Box, Canvas, Word, baseline, width
from liqbot.charts.request import NamedLevel
from liqbot.charts.theme import MUST, Rgb
from liqbot.text import _

FARTHEST = 0.30
"""A level farther than this share from spot does not widen the axis: its name stands at the edge."""
_HEIGHT, _PAD, _GAP = 44, 10, 7
"""Height of the name, room beside its words, and how far it stands from its line."""
_DASH = (14.0, 7.0)


def seen(level: NamedLevel | None, spot: float) -> list[float]:
    """Return what the price axis has to show of a level: the price, where it is near enough; else nothing."""
    return [level.price] if level is not None and abs(level.price / spot - 1) <= FARTHEST else []


def line(canvas: Canvas, level: NamedLevel | None, place: Place) -> None:
    """Draw the line, where the level is on the axis."""
    if level is None or not place.prices.holds(level.price):
        return
    y = place.bottom - place.prices.at(level.price)
    points = np.array([(place.left, y), (place.right, y)], dtype=np.float64)
    canvas.line(points, canvas.theme.background, 9.0, share=0.85)
    canvas.line(points, canvas.theme.text, 4.5, dash=_DASH)  # of no side: it lies among the lines of its own


def boxes(canvas: Canvas, level: NamedLevel | None, place: Place, spot: float, tag: Box) -> list[Box]:
    """Return where the name stands: beyond the line as seen from spot where there is room, else before it.

    It does not cover the picture's `tag`. Of a level beyond the axis it stands at that edge. Nowhere without
    a level.
    """
    if level is None:
        return []
    y = place.bottom - place.prices.at(level.price)
    wide = round(width(_word(canvas, level, place))) + 2 * _PAD
    beyond, before = y + _GAP, y - _GAP - _HEIGHT
    if level.price > spot:
        beyond, before = before, beyond
    fits = place.top + 2 <= beyond <= place.bottom - _HEIGHT - 2
    top = min(max(beyond if fits else before, place.top + 2), place.bottom - _HEIGHT - 2)
    found = Box(place.right - wide - 10, top, place.right - 10, top + _HEIGHT)
    if found.overlaps(tag):
        top = max(tag.bottom, y if place.prices.holds(level.price) else tag.bottom) + _GAP
        found = Box(found.left, top, found.right, top + _HEIGHT)
    return [found]


def name(canvas: Canvas, level: NamedLevel | None, place: Place, where: Sequence[Box]) -> None:
    """Draw the name in the box that `boxes` gave."""
    if level is None:
        return
    left, top, right, bottom = (
        round(it) for it in (where[0].left, where[0].top, where[0].right, where[0].bottom)
    )
    word = _word(canvas, level, place)
    canvas.fill(left - 2, top - 2, right + 2, bottom + 2, canvas.theme.background)
    canvas.fill(left, top, right, bottom, _colour(canvas, level))
    canvas.text(left + _PAD, baseline((top + bottom) / 2, word[1].size), word)


def words(level: NamedLevel | None) -> str:
    """Return what of a level belongs into the picture's alternative text."""
    return "" if level is None else _(", {level} marked", level=level.names[0])


def _word(canvas: Canvas, level: NamedLevel, place: Place) -> Word:
    """Return the longest wording for which there is room, with an arrow where the level is off the axis."""
    arrow = ""
    if not place.prices.holds(level.price):
        arrow = "↓ " if level.price < place.prices.low else "↑ "
    letters = canvas.theme.tag.sized(MUST).in_colour(canvas.theme.on_hue)
    room = place.right - place.left - 2 * (_PAD + 10)
    options = [(f"{arrow}{said}", letters) for said in level.names]
    return next((word for word in options if width(word) <= room), options[-1])


def _colour(canvas: Canvas, level: NamedLevel) -> Rgb:
    return canvas.theme.text if level.side is None else canvas.theme.hue[level.side]
