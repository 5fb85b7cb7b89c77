"""Drawing candles on a heatmap: as many as can be told apart, bodies and wicks; of the grid where none.

Not here: the line of spot beneath them (`heatmap.py`), candles as data (`market/candles.py`).
"""

from dataclasses import dataclass

import numpy as np

from liqbot.charts.canvas import Canvas
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import pixel
from liqbot.charts.time_axis import TimeAxis
from liqbot.market.candles import Candles
from liqbot.market.grid import Grid
from liqbot.market.positions import Floats, Ints

LEAST_APART = 7.0
"""A candle is at least so many pixels from the next."""
FEWEST = 24
"""Fewer candles than this say less than a line."""
_WIDEST = 6
"""Half the width in pixels of the widest body: what is wider looks like a slab."""
_COLUMNS = 4
"""Columns of a grid that a candle is made of where nothing is known of the time between them."""
_KNOWN = 0.25
"""From this share of columns on that tell of prices beyond their ends, each can be a candle."""
_MINUTE_MS = 60_000
_LENGTHS = (1, 3, 5, 15, 30, 60, 120, 240, 360, 720, 1440, 3 * 1440, 7 * 1440, 30 * 1440)
"""MinuteSummary that a drawn candle may last."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plot lies, in pixels of the picture."""

    left: int
    bottom: int
    prices: PriceAxis
    times: TimeAxis

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.left + self.times.length

    @property
    def top(self) -> int:
        """Its top edge."""
        return self.bottom - self.prices.length

    def x(self, time_ms: Ints) -> Floats:
        """Return the x of times."""
        return self.left + self.times.along(time_ms)

    def y(self, prices: Floats) -> Floats:
        """Return the y of prices; those off the axis lie beyond the plot."""
        return self.bottom - self.prices.along(prices)


def resampled(candles: Candles, length_ms: int) -> Candles:
    """Return candles of `length_ms`, each made of those that begin in it, counted from 1970 UTC.

    A whole multiple of their own length; a first or last one may hold less than its time.
    """
    if length_ms == candles.length_ms or not len(candles):
        return candles
    if length_ms % candles.length_ms:
        raise ValueError(f"candles of {length_ms} ms cannot be made of candles of {candles.length_ms} ms")
    number = candles.begin_ms // length_ms
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    ends = np.append(starts[1:], len(candles)) - 1
    return Candles(
        length_ms,
        number[starts] * length_ms,
        candles.open[starts],
        np.maximum.reduceat(candles.high, starts),
        np.minimum.reduceat(candles.low, starts),
        candles.close[ends],
        np.add.reduceat(candles.volume, starts),
    )


def fitted(candles: Candles | None, grid: Grid, times: TimeAxis) -> Candles | None:
    """Return the candles of an axis's time, made into such that can be told apart on it.

    The venue's `candles` as far as they go, and before them what spot did by `grid`. None where that is too
    little for candles.
    """
    least_ms = LEAST_APART * (times.end_ms - times.start_ms) / times.length
    step_ms, traded_ms = _step_ms(grid), 1
    shown = None
    if candles is not None:
        inside = (candles.end_ms > times.start_ms) & (candles.begin_ms < times.end_ms)
        shown, traded_ms = candles.take(inside), candles.length_ms
    if shown is None or not len(shown) or shown.begin_ms[0] > times.start_ms + least_ms:
        least_ms = max(least_ms, step_ms)
    length_ms = next(
        (
            minutes * _MINUTE_MS
            for minutes in _LENGTHS
            if minutes * _MINUTE_MS >= least_ms and not minutes * _MINUTE_MS % traded_ms
        ),
        traded_ms,
    )
    length_ms = max(length_ms, traded_ms)
    parts = [] if shown is None or not len(shown) else [resampled(shown, length_ms)]
    first_ms = int(parts[0].begin_ms[0]) if parts else int(times.end_ms) + length_ms
    before = of_grid(grid, length_ms)
    parts.insert(0, before.take(before.end_ms <= first_ms))
    joined = _joined(parts)
    return joined if len(joined) >= FEWEST else None


def of_grid(grid: Grid, length_ms: int) -> Candles:
    """Return what spot did by the columns of a grid, as candles of `length_ms`, counted from 1970 UTC.

    A column belongs to the candle in which it is, with all that spot did since the column before; after a
    gap it says only where spot was. What was traded is unknown.
    """
    number = np.maximum(grid.time_ms - 1, 0) // length_ms
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    ends = np.append(starts[1:], len(grid)) - 1
    before = np.concatenate((grid.spot[:1], grid.spot[:-1]))
    follows = np.append(False, grid.until_ms[:-1] >= grid.time_ms[1:])
    opened = np.where(follows, before, grid.spot)
    low = np.where(follows, np.minimum(grid.low, opened), grid.spot)
    high = np.where(follows, np.maximum(grid.high, opened), grid.spot)
    return Candles(
        length_ms,
        number[starts] * length_ms,
        opened[starts],
        np.maximum(np.maximum.reduceat(high, starts), grid.spot[ends]),
        np.minimum(np.minimum.reduceat(low, starts), grid.spot[ends]),
        grid.spot[ends],
        np.full(len(starts), np.nan),
    )


def _step_ms(grid: Grid) -> float:
    """Return how long a candle of a grid must be to say more than a line does."""
    if len(grid) < 2:
        return np.inf
    before, spot = grid.spot[:-1], grid.spot[1:]
    farther = (grid.low[1:] < np.minimum(before, spot)) | (grid.high[1:] > np.maximum(before, spot))
    columns = 1 if farther.mean() >= _KNOWN else _COLUMNS
    return columns * float(np.median(np.diff(grid.time_ms)))


def _joined(parts: list[Candles]) -> Candles:
    names = ("begin_ms", "open", "high", "low", "close", "volume")
    return Candles(
        parts[-1].length_ms, *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
    )


def draw(canvas: Canvas, candles: Candles, place: Place) -> None:
    """Draw candles: a body that is light where price closed higher and dim where lower, and wicks."""
    style = canvas.theme
    left, right = place.x(candles.begin_ms), place.x(candles.end_ms)
    high, low = place.y(candles.high), place.y(candles.low)
    top = place.y(np.maximum(candles.open, candles.close))
    bottom = place.y(np.minimum(candles.open, candles.close))
    rose = candles.close >= candles.open
    edge = style.text if style.name == "light" else style.background
    inks = tuple(np.uint32(pixel(colour)) for colour in (edge, style.soft, style.up, style.down))
    # Pixels are written by slices, since a year of candles is hundreds of boxes.
    area = canvas.pixels[place.top : place.bottom, place.left : place.right]
    for start, end, high_y, low_y, top_y, bottom_y, up in zip(
        *(np.rint(column).astype(int).tolist() for column in (left - place.left, right - place.left)),
        *(
            np.rint(column).astype(int).tolist()
            for column in (it - place.top for it in (high, low, top, bottom))
        ),
        rose.tolist(),
        strict=True,
    ):
        middle, half = (start + end) // 2, min(max((end - start - 2) // 2, 2), _WIDEST)
        lower = max(bottom_y, top_y + 2)
        for ink, left_x, top_at, right_x, bottom_at in (
            (inks[0], middle - 2, high_y - 1, middle + 2, low_y + 1),
            (inks[0], middle - half - 1, top_y - 1, middle + half + 1, lower + 1),
            (inks[1], middle - 1, high_y, middle + 1, low_y),
            (inks[2] if up else inks[3], middle - half, top_y, middle + half, lower),
        ):
            # An edge before the plot would count from its end.
            area[max(top_at, 0) : max(bottom_at, 0), max(left_x, 0) : max(right_x, 0)] = ink
