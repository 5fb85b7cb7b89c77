"""Events on a heatmap: liquidations as dots, ends of clusters as crosses, bars and arrows, with dollars.

Not here: which events are shown (`chart_events.py`).
"""

from collections.abc import Iterable, Sequence

import numpy as np

from liqbot.charts import stamps
from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Box, Canvas, Word, baseline, width
from liqbot.charts.chart_events import MOST_DOTS, MOST_ENDS
from liqbot.charts.request import ChartEvent, EventKind
from liqbot.market import figures
from liqbot.text import N_, _

LARGEST_DOT, SMALLEST_DOT = 17.0, 2.5
"""Radius in pixels of the largest liquidation, and the least that is seen."""
NAMED_DOTS, NAMED_ENDS = 2, 5
"""So many are told in dollars, where there is room."""
_ARM = 8.0
_BETWEEN = 10.0
"""Names are at least so many pixels apart along a line."""
_RINGED = 6.0
"""Dots from this radius on have a light ring: of small ones it would be all that is seen."""
_STROKES = {
    EventKind.SWEPT: (((-_ARM, -_ARM), (_ARM, _ARM)), ((-_ARM, _ARM), (_ARM, -_ARM))),
    EventKind.CLOSED: (((0.0, -_ARM - 2), (0.0, _ARM + 2)), ((-_ARM, 0.0), (0.0, 0.0))),
    EventKind.MERGED: (((-_ARM, -_ARM), (0.0, 0.0), (-_ARM, _ARM)),),
}
_WORDS = {
    EventKind.SWEPT: N_("{usd} swept"),
    EventKind.CLOSED: N_("{usd} closed"),
    EventKind.MERGED: N_("{usd} merged"),
}


def inside(events: Iterable[ChartEvent], place: Place) -> list[ChartEvent]:
    """Return the events that lie within the plot, the largest first."""
    times, prices = place.times, place.prices
    shown = [
        event
        for event in events
        if times.start_ms <= event.time_ms <= times.end_ms and prices.holds(event.price) and event.usd > 0
    ]
    return sorted(shown, key=lambda event: (-event.usd, event.time_ms, event.price))


def draw(
    canvas: Canvas, events: Sequence[ChartEvent], place: Place, taken: list[Box], heaviest: float = 0.0
) -> None:
    """Draw what happened, the largest beneath; dollars stand where they cover nothing of `taken`.

    A dot of full size stands for the largest liquidation, and at least for `heaviest` USD, which a row of the
    brightest heat has: what is small beside the map is small on it.
    """
    shown = inside(events, place)
    dots = [event for event in shown if event.kind is EventKind.LIQUIDATION][:MOST_DOTS]
    ends = [event for event in shown if event.kind is not EventKind.LIQUIDATION][:MOST_ENDS]
    full = max([heaviest, *(event.usd for event in dots)])
    with canvas.clipped(place.left, place.top, place.right, place.bottom):
        for event in dots:
            _dot(canvas, event, radius(event.usd, full), _at(event, place))
        for event in ends:
            _end(canvas, event, _at(event, place))
    named = _worth_naming(ends)
    # No name may cover the mark of another: it would seem to be that one's.
    taken += [
        Box(x - _ARM - 1, y - _ARM - 2, x + _ARM + 1, y + _ARM + 2)
        for x, y in (_at(it, place) for it in named)
    ]
    for event in named:
        said = _(_WORDS[event.kind], usd=figures.usd(event.usd))
        _name(canvas, said, _at(event, place), room=_ARM + 6, taken=taken, place=place)
    for event in dots[:NAMED_DOTS]:
        size = radius(event.usd, full)
        if size < _RINGED:
            break
        said = _("{usd} liquidated", usd=figures.usd(event.usd))
        room = max(size + 5, _ARM + 6)
        _name(canvas, said, _at(event, place), room=room, taken=taken, place=place)


def _worth_naming(ends: Sequence[ChartEvent]) -> list[ChartEvent]:
    """Return the ends to name: the largest, and of each kind one, so that every mark is explained."""
    first = {event.kind: event for event in reversed(ends)}
    chosen = list(dict.fromkeys([*first.values(), *ends]))[:NAMED_ENDS]
    return sorted(chosen, key=lambda event: -event.usd)


def radius(usd: float, most: float) -> float:
    """Return the radius in pixels of a dot whose area is in proportion to its dollars."""
    return max(SMALLEST_DOT, LARGEST_DOT * (usd / most) ** 0.5)


def _at(event: ChartEvent, place: Place) -> tuple[float, float]:
    x = float(place.x(np.array([event.time_ms], dtype=np.int64))[0])
    return x, float(place.y(np.array([event.price]))[0])


def _dot(canvas: Canvas, event: ChartEvent, size: float, at: tuple[float, float]) -> None:
    style, size = canvas.theme, round(2 * size) / 2
    if size >= _RINGED:
        rings = (size + 2.5, style.background), (size + 1.0, style.text), (size - 1.0, style.hue[event.side])
    else:
        rings = (size + 1.0, style.background), (size, style.tint[event.side])
    canvas.stamp(*at, stamps.dot(*rings))


def _end(canvas: Canvas, event: ChartEvent, at: tuple[float, float]) -> None:
    """Draw a cross where price went through, a bar where positions are gone, an arrow for a merger."""
    style = canvas.theme
    layers = (7.5, style.background), (3.6, style.tint[event.side])
    canvas.stamp(*at, stamps.mark(_STROKES[event.kind], *layers))


def _name(
    canvas: Canvas,
    said: str,
    at: tuple[float, float],
    *,
    room: float,
    taken: list[Box],
    place: Place,
) -> None:
    """Tell an event in words beside it, above or below, wherever that covers nothing that was told before."""
    style = canvas.theme
    word: Word = (said, style.legend.in_colour(style.text))
    (x, y), wide, half = at, width(word), style.legend.size / 2 + 2
    options = [
        Box(x + room, y - half, x + room + wide, y + half),
        Box(x - room - wide, y - half, x - room, y + half),
        Box(x - wide / 2, y - room - 2 * half, x + wide / 2, y - room),
        Box(x - wide / 2, y + room, x + wide / 2, y + room + 2 * half),
    ]
    plot = Box(place.left + 4, place.top + 4, place.right - 4, place.bottom - 4)
    for box in options:
        if plot.holds(box) and not any(box.overlaps(other) for other in taken):
            taken.append(Box(box.left - _BETWEEN, box.top, box.right + _BETWEEN, box.bottom))
            line = baseline((box.top + box.bottom) / 2, style.legend.size)
            ground = (round(box.left) - 2, round(box.top) + 1, round(box.right) + 2, round(box.bottom) - 1)
            canvas.blend(ground, style.background, 0.6)
            canvas.text(box.left, line, word, halo=style.background)
            return
