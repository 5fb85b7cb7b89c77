"""A strip of bars by price, lowest at the bottom: one map, and what a move from spot would set off."""

import math
from dataclasses import dataclass

import numpy as np

from liqbot.charts import theme
from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.price_axis import PriceAxis
from liqbot.market.positions import Floats
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView

TAG_HALF = 14
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
        """The first pixel below spot."""
        return round(self.y(self.spot))

    def y(self, price: float) -> float:
        """Return the y of a price, kept within the strip."""
        return self.bottom - min(max(self.axis.at(price), 0.0), float(self.axis.length))

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
    canvas.fill(strip.left, strip.top, right, strip.bottom, theme.PANEL)
    high, low = (round(strip.y(strip.spot * (1 + sign * FUEL_PCT / 100))) for sign in (1, -1))
    canvas.fill(strip.left, high, right, low, theme.ZONE)


def bars(canvas: Canvas, strip: Strip, length: int) -> None:
    """Draw the bars, the longest of them `length` pixels: whales first, the rest after them."""
    scale = length / strip.longest if strip.longest > 0 else 0.0
    gap = 1 if strip.axis.pixels > 2 else 0
    for side in Side:
        for row in np.flatnonzero(strip.usd[side].sum(axis=0)):
            bottom = strip.bottom - int(row) * strip.axis.pixels
            top = bottom - strip.axis.pixels + gap
            # The row that spot cuts in two has a part of each side.
            top, bottom = (
                (max(top, strip.spot_y), bottom) if side is Side.LONG else (top, min(bottom, strip.spot_y))
            )
            _bar(canvas, strip, side, strip.usd[side][:, row] * scale, (top, bottom))


def _bar(canvas: Canvas, strip: Strip, side: Side, lengths: Floats, rows: tuple[int, int]) -> None:
    top, bottom = rows
    held, start = 0.0, strip.left
    for cohort, colour in theme.COHORT_COLOUR.items():
        held += lengths[cohort]
        end = strip.left + max(round(held), SLIVER) if held > 0 else strip.left
        canvas.fill(start, top, end, bottom, colour[side])
        start = end


def curves(canvas: Canvas, strip: Strip, length: int, thick: float) -> None:
    """Draw what a move from spot to each price would set off, at most `length` pixels from the left."""
    if strip.most <= 0:
        return
    for side in Side:
        y, usd = strip.totals(side)
        points = np.stack([strip.left + usd * (length / strip.most), y], axis=-1)
        canvas.line(points, theme.PANEL, thick + 1.2, share=0.6)
        canvas.line(points, theme.TINT[side], thick)


def spot_line(canvas: Canvas, strip: Strip, right: int) -> None:
    """Draw the line that parts the sides."""
    y = strip.spot_y + 0.5
    canvas.line(np.array([(strip.left, y), (right, y)]), theme.TEXT, 1.3, dash=(4, 3))


def spot_tag(canvas: Canvas, tip: int, y: int, spot: Word, *, towards_right: bool) -> None:
    """Draw spot on white, with an arrow whose tip is at `tip` and `y`."""
    towards = 1 if towards_right else -1
    base, end = tip - towards * 8, tip - towards * (round(width(spot)) + 18)
    canvas.shape([(tip, y), (base, y - 8), (base, y + 8)], theme.TEXT)
    left, right = sorted((base, end))
    canvas.fill(left, y - TAG_HALF, right, y + TAG_HALF, theme.TEXT)
    canvas.text((left + right) / 2, baseline(y, spot[1].size), spot, align="middle")


def round_steps(most: float, about: int) -> list[float]:
    """Return round amounts up to `most`, rising from the first step, about `about` of them."""
    if most <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(most / about))
    step = next(digit * power for digit in (1, 2, 5, 10) if most / (digit * power) <= about)
    return [number * step for number in range(1, int(most / step) + 1)]
