"""Bars by price of one map at the right edge, with cumulative curves, spot's line and tag, order book.

Not here: volume beneath the heat (`time_strip.py`), names beside the bars (`labels.py`).
"""

import math
from dataclasses import dataclass

import numpy as np

from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import pixel
from liqbot.market.clusters import Cluster
from liqbot.market.depth import Depth
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView

TAG_HALF = 19
"""Half the height of spot's tag."""
SLIVER = 2
"""The smallest position still shows as a bar this many pixels long."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Where a strip stands, in pixels, and what it shows."""

    axis: PriceAxis
    left: int
    right: int
    bottom: int
    spot: float
    usd: BySide[Floats]
    """USD by cohort and row of the axis, each of shape (4, rows)."""

    @staticmethod
    def of(view: MarketView, axis: PriceAxis, *, left: int, right: int, bottom: int) -> "Strip":
        """Return the strip of a view's map."""
        sums = axis.sums(view.map.usd, view.map.bins)
        usd = BySide(long=sums[Side.LONG.row], short=sums[Side.SHORT.row])
        return Strip(axis, left, right, bottom, view.spot, usd)

    @property
    def top(self) -> int:
        """The y at which the highest price ends."""
        return self.bottom - self.axis.length

    @property
    def spot_y(self) -> int:
        """The first pixel below spot, kept within the strip."""
        return round(self.y(self.spot))

    def y(self, price: float) -> float:
        """Return the y of a price, kept within the strip."""
        return self.bottom - min(max(self.axis.at(price), 0.0), float(self.axis.length))

    def rows_of(self, cluster: Cluster) -> Ints:
        """Return the rows that a cluster covers, as far as the strip reaches."""
        low, high = (int(self.axis.at(price) // self.axis.pixels) for price in (cluster.low, cluster.high))
        rows = np.arange(low, high + 1)
        return rows[(rows >= 0) & (rows < self.axis.rows)]

    @property
    def longest(self) -> float:
        """USD of the longest bar."""
        return max(float(self.usd[side].sum(axis=0).max()) for side in Side)

    def totals(self, side: Side) -> tuple[Floats, Floats]:
        """Return y and USD of the curve of a side: all its liquidations from spot to each row's far end."""
        usd = self.usd[side].sum(axis=0)
        ends = self.bottom - np.arange(self.axis.rows + 1) * float(self.axis.pixels)
        y, usd = (ends[1:], usd) if side is Side.SHORT else (ends[-2::-1], usd[::-1])
        beyond = y < self.spot_y if side is Side.SHORT else y > self.spot_y
        start = float(usd[~beyond].sum())
        totals = start + np.cumsum(usd[beyond])
        # A step at the far end of each row, so that the curve runs beside the bar that it adds, not over it.
        steps = np.repeat(np.concatenate(([float(self.spot_y)], y[beyond])), 2)[1:]
        return steps, np.repeat(np.concatenate(([start], totals)), 2)[:-1]

    @property
    def most(self) -> float:
        """USD at the farther end of the curves."""
        return max(float(self.totals(side)[1][-1]) for side in Side)


def ground(canvas: Canvas, strip: Strip, right: int) -> None:
    """Draw the strip's ground out to `right`, lighter where fuel is counted."""
    canvas.fill(strip.left, strip.top, right, strip.bottom, canvas.theme.panel)
    high, low = (round(strip.y(strip.spot * (1 + sign * FUEL_PCT / 100))) for sign in (1, -1))
    canvas.fill(strip.left, high, right, low, canvas.theme.zone)


def bars(canvas: Canvas, strip: Strip, length: int) -> None:
    """Draw the bars, the longest of them `length` pixels: whales first, the rest after them."""
    if strip.longest <= 0:
        return
    gap = 1 if strip.axis.pixels > 2 else 0
    x = np.arange(length) + 1
    heights = np.arange(strip.axis.length)[::-1]
    rows, is_gap = heights // strip.axis.pixels, heights % strip.axis.pixels < gap
    y = strip.top + np.arange(strip.axis.length)
    area = canvas.pixels[strip.top : strip.bottom, strip.left : strip.left + length]
    for side in Side:
        ends = np.cumsum([strip.usd[side][cohort] for cohort in canvas.theme.cohorts], axis=0)
        ends = np.where(ends > 0, np.maximum(np.rint(ends * (length / strip.longest)), SLIVER), 0)
        # Of each row and x the first cohort that reaches so far, and one more where none does.
        first = (ends[:, :, np.newaxis] < x).sum(axis=0)
        tones = np.array([pixel(colours[side]) for colours in canvas.theme.cohorts.values()] + [0], np.uint32)
        own = y >= strip.spot_y if side is Side.LONG else y < strip.spot_y
        drawn = first[rows]
        # The row that spot cuts in two has a part of each side.
        lit = (drawn < len(ends)) & (own & ~is_gap)[:, np.newaxis]
        area[lit] = tones[drawn[lit]]


def curves(canvas: Canvas, strip: Strip, length: int, thick: float) -> None:
    """Draw what a move from spot to each price would set off, at most `length` pixels from the left."""
    if strip.most <= 0:
        return
    for side in Side:
        y, usd = strip.totals(side)
        points = np.stack([strip.left + usd * (length / strip.most), y], axis=-1)
        canvas.line(points, canvas.theme.panel, thick + 1.2, share=0.6)
        canvas.line(points, canvas.theme.tint[side], thick)


def depth(canvas: Canvas, strip: Strip, book: Depth, right: int, length: int) -> float:
    """Draw a book from `right` to the left: what is bid for below spot, and offered above, by row.

    The most that stands in a row is `length` pixels long. Returns how many USD that is.
    """
    sums: list[Floats] = []
    for side in Side:
        prices, sizes = book.column(side)
        rows = np.floor(strip.axis.along(prices) / strip.axis.pixels).astype(np.int64)
        known = (rows >= 0) & (rows < strip.axis.rows)
        sums.append(
            np.asarray(
                np.bincount(rows[known], (prices * sizes)[known], minlength=strip.axis.rows), np.float64
            )
        )
    most = max(float(usd.max()) for usd in sums)
    if most <= 0:
        return 0.0
    for usd in sums:
        for row in np.flatnonzero(usd):
            bottom = strip.bottom - int(row) * strip.axis.pixels
            left = right - max(round(float(usd[row]) / most * length), SLIVER)
            canvas.fill(left, bottom - strip.axis.pixels + 1, right, bottom, canvas.theme.dim)
    return most


def outlined(canvas: Canvas, strip: Strip, other: BySide[Floats], length: int) -> None:
    """Draw another layer's map as an outline over the bars, its own longest `length` pixels: never added."""
    most = max(float(other[side].max()) for side in Side)
    if most <= 0:
        return
    ends = strip.bottom - np.arange(strip.axis.rows + 1) * float(strip.axis.pixels)
    for side in Side:
        own = ends[1:] >= strip.spot_y if side is Side.LONG else ends[:-1] <= strip.spot_y
        y = np.stack([ends[:-1], ends[1:]], axis=-1)[own].ravel()
        x = strip.left + np.repeat(other[side][own] * (length / most), 2)
        points: Floats = np.stack([x, y], axis=-1).astype(np.float64)
        if len(points):
            canvas.line(points, canvas.theme.background, 3.4, share=0.7)
            canvas.line(points, canvas.theme.text, 1.6)


def spot_line(canvas: Canvas, strip: Strip, right: int) -> None:
    """Draw the line that parts the sides."""
    y = strip.spot_y + 0.5
    canvas.line(np.array([(strip.left, y), (right, y)]), canvas.theme.text, 1.3, dash=(4, 3))


def spot_tag(canvas: Canvas, tip: int, y: int, spot: Word, *, towards_right: bool) -> None:
    """Draw spot on white, with an arrow whose tip is at `tip` and `y`."""
    towards = 1 if towards_right else -1
    base, end = tip - towards * 8, tip - towards * (round(width(spot)) + 18)
    canvas.shape([(tip, y), (base, y - 8), (base, y + 8)], canvas.theme.text)
    left, right = sorted((base, end))
    canvas.fill(left, y - TAG_HALF, right, y + TAG_HALF, canvas.theme.text)
    canvas.text((left + right) / 2, baseline(y, spot[1].size), spot, align="middle")


def round_steps(most: float, about: int) -> list[float]:
    """Return round amounts up to `most`, rising from the first step, about `about` of them."""
    if most <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(most / about))
    step = next(digit * power for digit in (1, 2, 5, 10) if most / (digit * power) <= about)
    return [number * step for number in range(1, int(most / step) + 1)]
