"""The terrain: a map in three dimensions, slices of time with price to the right and money as height."""

from dataclasses import dataclass

import numpy as np

from liqbot.charts import alternative_text, frame, heat, labels, words
from liqbot.charts.canvas import Box, Canvas, Word, width
from liqbot.charts.frame import Frame
from liqbot.charts.price_axis import PriceAxis, around, fitted, ticks
from liqbot.charts.request import TerrainInput
from liqbot.charts.theme import mix
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.grid import Grid
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.text import _

SLICES = 18
"""At most so many instants, the newest in front."""
_DEEP = 0.56
"""How far up the plot the oldest slice stands, as a share of the plot's height."""
_FAR = 0.72
"""Width of the oldest slice, as a share of that of the newest."""
_TALL = 0.5
"""Height of the tallest peak, as a share of the plot's height."""
_CAP = 0.998
"""Peaks above this quantile of the money are cut, so that one does not flatten the rest."""
_ROW = 12
"""Pixels of price in one step of a slice."""
_PRICE_APART = 128
_NAMED = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Slices from the oldest to the newest, and how they are seen."""

    axis: PriceAxis
    usd: BySide[Floats]
    """Each of shape (slices, rows)."""
    spot: Floats
    time_ms: Ints
    cap: float
    left: int
    wide: int
    bottom: int
    tall: int

    def scale(self, slice_number: int) -> float:
        """Return how large things are at a slice, against the newest."""
        return _FAR + (1 - _FAR) * self._nearness(slice_number)

    def ground(self, slice_number: int) -> float:
        """Return the y on which a slice stands."""
        return self.bottom - (1 - self._nearness(slice_number)) * _DEEP * self.tall

    def x(self, along: Floats, slice_number: int) -> Floats:
        """Return the x of places along the axis (0 to its length) at a slice."""
        middle = self.left + self.wide / 2
        return middle + (along / self.axis.length - 0.5) * self.wide * self.scale(slice_number)

    def _nearness(self, slice_number: int) -> float:
        count = len(self.time_ms)
        share = slice_number / (count - 1) if count > 1 else 1.0
        return share**1.25


def draw(asked: TerrainInput) -> Picture:
    """Return a map in three dimensions. Raises `ValueError` for a past without a column."""
    view, grid = asked.view, asked.grid
    if not len(grid):
        raise ValueError(f"a terrain of {view.coin} needs past maps: its grid is empty")
    canvas, measures = frame.sheet(asked.look), frame.of(asked.look)
    scene = _scene(view, grid, measures)
    for number in range(len(scene.time_ms)):
        _slice(canvas, scene, number)
    _prices(canvas, measures, scene, view)
    _times(canvas, scene)
    named = _names(canvas, measures, scene, view)
    badge = words.span(int(grid.time_ms[-1] - grid.time_ms[0]), asked.window)
    frame.tag(canvas, measures.left, measures.top + 8, badge, *words.tags(view))
    _scale(canvas, measures, scene)
    frame.header(canvas, measures, view)
    frame.footer(canvas, measures, view)
    shown = [(cluster, "", False) for cluster in named]
    alt = alternative_text.alt(
        view, _("liquidation terrain, {span}: price to the right, time to the front", span=badge), shown
    )
    return Picture(png=canvas.png(), alt=alt, name=words.file_name(view.coin, "terrain", asked.window))


def _scene(view: MarketView, grid: Grid, measures: Frame) -> _Scene:
    left, wide = measures.left + 30, measures.right - measures.left - 60
    seen = [float(grid.low.min()), float(grid.high.max())]
    for side in Side:
        near = labels.nearest_heavy(view, side)
        seen += [near.low, near.high] if near is not None and abs(near.distance_pct) < 30 else []
    low, high = around(view.spot, FUEL_PCT, seen)
    axis = fitted(low, high, wide, fine=(_ROW,), coarse=(_ROW,))
    groups = np.array_split(np.arange(len(grid)), min(SLICES, len(grid)))
    newest = np.array([group[-1] for group in groups])
    sides = heat.by_side(grid.usd[newest], grid.bins, grid.spot[newest], axis)
    lit = np.concatenate([it[it > 0] for it in (sides.long, sides.short)])
    cap = float(np.quantile(lit, _CAP)) if len(lit) else 1.0
    return _Scene(
        axis=axis,
        usd=sides,
        spot=grid.spot[newest],
        time_ms=grid.time_ms[newest],
        cap=cap,
        left=left,
        wide=wide,
        bottom=measures.bottom,
        tall=measures.bottom - measures.top,
    )


def _slice(canvas: Canvas, scene: _Scene, number: int) -> None:
    """Draw one instant: a wall for each side, its colour stronger the newer it is, and where spot was."""
    style, ground, scale = canvas.theme, scene.ground(number), scene.scale(number)
    strength = 0.25 + 0.75 * (number + 1) / len(scene.time_ms)
    middles = (np.arange(scene.axis.rows + 2) - 0.5) * float(scene.axis.pixels)
    for side in Side:
        usd = scene.usd[side][number]
        if not usd.any():
            continue
        rows = np.flatnonzero(usd)
        shown = slice(int(rows[0]), int(rows[-1]) + 3)
        # A step of nothing at both ends, so that every peak has two slopes.
        height = np.minimum(np.pad(usd, 1) / scene.cap, 1.0)[shown] ** 0.7 * _TALL * scene.tall * scale
        along = np.minimum(np.maximum(middles, 0.0), float(scene.axis.length)).astype(np.float64)
        x = scene.x(along, number)[shown]
        top = np.stack([x, ground - height], axis=-1)
        floor = np.array([(x[-1], ground), (x[0], ground)])
        colour = mix(style.background, style.shade[side], 0.8 * strength)
        canvas.shape(np.concatenate([top, floor]), colour, is_crisp=True)
        canvas.line(top, mix(style.background, style.hue[side], strength), 0.6 + scale)
    spot = float(scene.x(np.array([scene.axis.at(float(scene.spot[number]))]), number)[0])
    canvas.disc(spot, ground, 2.5 + 2 * scale, mix(style.background, style.text, strength))


def _prices(canvas: Canvas, measures: Frame, scene: _Scene, view: MarketView) -> None:
    newest = len(scene.time_ms) - 1
    style = canvas.theme
    spot = float(scene.x(np.array([scene.axis.at(view.spot)]), newest)[0])
    word: Word = (figures.price(view.spot), style.tag.in_colour(style.background))
    half = width(word) / 2 + 8
    for price in ticks(scene.axis, _PRICE_APART):
        x = float(scene.x(np.array([scene.axis.at(price)]), newest)[0])
        canvas.fill(round(x), measures.bottom, round(x) + 1, measures.bottom + 5, style.soft)
        label = (words.compact(price), style.tick)
        if abs(x - spot) > half + width(label) / 2 + 6:
            canvas.text(x, measures.axis_line, label, align="middle")
    canvas.fill(round(spot - half), measures.bottom + 3, round(spot + half), measures.bottom + 35, style.text)
    canvas.text(spot, measures.bottom + 29, word, align="middle")


def _times(canvas: Canvas, scene: _Scene) -> None:
    """Say when the oldest slice was, where it begins."""
    left = float(scene.x(np.zeros(1), 0)[0])
    word = (words.day(int(scene.time_ms[0])), canvas.theme.legend)
    canvas.text(left - 10, scene.ground(0), word, align="right", halo=canvas.theme.background)


def _names(canvas: Canvas, measures: Frame, scene: _Scene, view: MarketView) -> list[Cluster]:
    """Name the clusters that matter over the newest slice, none over another; return them."""
    style, newest = canvas.theme, len(scene.time_ms) - 1
    named: list[Cluster] = []
    taken: list[Box] = [Box(0, 0, measures.width, measures.top + 50)]
    for side in (Side.LONG, Side.SHORT):
        near = labels.nearest_heavy(view, side)
        own = [it for it in view.clusters.of(side) if scene.axis.holds(it.price)]
        first = [near] if near is not None and near in own else []
        chosen = list(dict.fromkeys([*first, *own]))[:_NAMED]
        for cluster in chosen:
            x = float(scene.x(np.array([scene.axis.at(cluster.price)]), newest)[0])
            row = min(int(scene.axis.at(cluster.price) // scene.axis.pixels), scene.axis.rows - 1)
            share = min(float(scene.usd[side][newest][row]) / scene.cap, 1.0) ** 0.7
            peak = scene.ground(newest) - share * _TALL * scene.tall
            usd: Word = (labels.usd_words(view, cluster), style.cluster_usd)
            place: Word = (
                f"{figures.price(cluster.price)} {words.away(cluster)}",
                style.cluster_place.in_colour(style.tint[side]),
            )
            half = max(width(usd), width(place)) / 2 + 6
            x_text = min(max(x, measures.left + half), measures.right - half)
            y = peak - 16
            box = Box(x_text - half, y - 64, x_text + half, y + 6)
            while any(box.overlaps(other) for other in taken) and y > measures.top + 110:
                y -= 12
                box = Box(x_text - half, y - 64, x_text + half, y + 6)
            if any(box.overlaps(other) for other in taken):
                continue
            taken.append(box)
            canvas.line(np.array([(x, peak - 2), (x, y + 8)]), style.tint[side], 1.4, share=0.8)
            canvas.text(x_text, y - 31, usd, align="middle", halo=style.background)
            canvas.text(x_text, y, place, align="middle", halo=style.background)
            named.append(cluster)
    return named


def _scale(canvas: Canvas, measures: Frame, scene: _Scene) -> None:
    """Say what height means, in words."""
    per = figures.percent(round(scene.axis.row_pct, 1))
    said = f"tallest: {figures.usd(scene.cap)}+ per {per}"
    word = (said, canvas.theme.legend)
    canvas.text(measures.right, measures.top + 30, word, align="right", halo=canvas.theme.background)
