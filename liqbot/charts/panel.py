"""The side panel of a heatmap: today's map as bars, what a move would set off, the heaviest clusters."""

from dataclasses import dataclass

import numpy as np

from liqbot.charts import labels, theme, words
from liqbot.charts.canvas import Box, Canvas, baseline
from liqbot.charts.frame import RIGHT, fitting
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.theme import PANEL
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.positions import Floats
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import Side
from liqbot.market.view import MarketView

LEFT = 898
_BARS = 84
"""Width of the longest bar."""
_BRACKET = LEFT + _BARS + 6
_WORDS = _BRACKET + 18
_APART = 54
"""Labels are at least this far apart."""
_HALF = 25
"""Half a label's height."""
_CLEAR = 36
"""Room on each side of spot, where the two sides are named."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Where the panel stands: its price axis, and the y at which that begins."""

    axis: PriceAxis
    bottom: int

    @property
    def top(self) -> int:
        """The y of the highest price."""
        return self.bottom - self.axis.length

    def y(self, price: float) -> float:
        """Return the y of a price, kept within the panel."""
        return self.bottom - min(max(self.axis.at(price), 0.0), float(self.axis.length))


def draw(canvas: Canvas, view: MarketView, panel: Panel) -> list[Cluster]:
    """Draw the panel, and return the clusters that it names."""
    spot = round(panel.y(view.spot))
    canvas.fill(LEFT, panel.top, RIGHT, panel.bottom, PANEL)
    near = [round(panel.y(view.spot * (1 + sign * FUEL_PCT / 100))) for sign in (1, -1)]
    canvas.fill(LEFT, near[0], RIGHT, near[1], theme.ZONE)
    rows = {side: panel.axis.sums(view.map.usd[side.row], view.map.bins) for side in Side}
    longest = max(float(usd.sum(axis=0).max()) for usd in rows.values())
    if longest > 0:
        for side in Side:
            _bars(canvas, panel, side, rows[side] * (_BARS / longest), spot)
    _curves(canvas, panel, rows, spot)
    canvas.line(np.array([(LEFT, spot + 0.5), (RIGHT, spot + 0.5)]), theme.TEXT, 1.3, dash=(4, 3))
    _name_sides(canvas, panel, spot)
    named: list[Cluster] = []
    for side in Side:
        named += _clusters(canvas, view, panel, side, spot)
    return named


def _bars(canvas: Canvas, panel: Panel, side: Side, widths: Floats, spot: int) -> None:
    """Draw the bars of a side, whales first, then the rest; `widths` has shape (cohorts, rows), in pixels."""
    gap = 1 if panel.axis.pixels > 2 else 0
    for row in np.flatnonzero(widths.sum(axis=0)):
        bottom = panel.bottom - int(row) * panel.axis.pixels
        top = bottom - panel.axis.pixels + gap
        top, bottom = (max(top, spot), bottom) if side is Side.LONG else (top, min(bottom, spot))
        held, start = 0.0, LEFT
        for cohort, colour in theme.COHORT_COLOUR.items():
            held += widths[cohort, row]
            # The smallest position still shows as two pixels.
            end = LEFT + max(round(held), 2) if held > 0 else LEFT
            canvas.fill(start, top, end, bottom, colour[side])
            start = end


def _curves(canvas: Canvas, panel: Panel, rows: dict[Side, Floats], spot: int) -> None:
    """Draw what a move from spot to each price would set off in all."""
    sums = {
        Side.SHORT: np.cumsum(rows[Side.SHORT].sum(axis=0)),
        Side.LONG: np.cumsum(rows[Side.LONG].sum(axis=0)[::-1]),
    }
    most = max(float(total[-1]) for total in sums.values())
    if most <= 0:
        return
    edges = panel.bottom - np.arange(panel.axis.rows + 1) * float(panel.axis.pixels)
    for side, total in sums.items():
        ends = edges[1:] if side is Side.SHORT else edges[-2::-1]
        beyond = ends < spot if side is Side.SHORT else ends > spot
        x = LEFT + np.concatenate(([0.0], total[beyond])) * (_BARS / most)
        points = np.stack([x, np.concatenate(([float(spot)], ends[beyond]))], axis=-1)
        canvas.line(points, PANEL, 4.5)
        canvas.line(points, theme.TINT[side], 1.8)


def _name_sides(canvas: Canvas, panel: Panel, spot: int) -> None:
    for side, sign, text in (
        (Side.SHORT, -1, "▲ shorts: forced buys"),
        (Side.LONG, 1, "▼ longs: forced sells"),
    ):
        y = baseline(spot + sign * 17, theme.LEGEND.size)
        if panel.top + 8 < spot + sign * 17 < panel.bottom - 8:
            canvas.text(
                RIGHT - 8, y, (text, theme.LEGEND.in_colour(theme.HUE[side])), align="right", halo=theme.ZONE
            )


def _clusters(canvas: Canvas, view: MarketView, panel: Panel, side: Side, spot: int) -> list[Cluster]:
    """Label the heaviest clusters of a side, and tie each to its bars by a bracket."""
    if side is Side.SHORT:
        top, bottom = panel.top + _HALF + 2, spot - _CLEAR - _HALF
    else:
        top, bottom = spot + _CLEAR + _HALF, panel.bottom - _HALF - 2
    named = labels.named(view, side, panel.axis, bottom - top + _APART, _APART)[::-1]
    places = labels.spread([panel.y(cluster.price) for cluster in named], _APART, top, bottom)
    for cluster, place in zip(named, places, strict=True):
        label(canvas, panel, cluster, place)
    return named


def label(canvas: Canvas, panel: Panel, cluster: Cluster, middle: float) -> Box:
    """Draw a cluster's dollars and place around `middle`, and return the box around them."""
    high, low = panel.y(cluster.high), panel.y(cluster.low)
    top, bottom = middle - _HALF + 3, middle + _HALF - 3
    canvas.shape(
        [(_BRACKET, high - 1), (_BRACKET, low + 1), (_WORDS - 8, bottom), (_WORDS - 8, top)],
        theme.DEEP[cluster.side],
    )
    canvas.fill(_WORDS - 8, round(top), _WORDS - 5, round(bottom), theme.HUE[cluster.side])
    usd = (figures.usd(cluster.usd), theme.CLUSTER_USD)
    alone = ("  1 account", theme.FINE.in_colour(theme.TINT[cluster.side]))
    options = [(usd, alone), (usd,)] if cluster.accounts == 1 else [(usd,)]
    canvas.text(_WORDS, middle - 3, *fitting(options, RIGHT - 2 - _WORDS))
    place = (f"@ {words.place(cluster)}", theme.CLUSTER_PLACE.in_colour(theme.TINT[cluster.side]))
    canvas.text(_WORDS, middle + 21, *fitting([(place,)], RIGHT - 2 - _WORDS))
    return Box(_WORDS, middle - _HALF, RIGHT, middle + _HALF)
