"""The heatmap: its layout, cells, price line with wicks, axes, tags, the named band of an alert.

Not here: candles (`candlesticks.py`), bars at the right (`panel.py`, `strip.py`), their labels (`labels.py`).
"""

from dataclasses import dataclass

import numpy as np

from liqbot.charts import (
    alternative_text,
    candlesticks,
    classes,
    event_marks,
    frame,
    heat,
    labels,
    level_mark,
    overlays,
    panel,
    second_layer,
    strip,
    time_strip,
    words,
)
from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Box, Canvas, Word, baseline, width
from liqbot.charts.classes import Classes
from liqbot.charts.frame import Frame
from liqbot.charts.labels import Label
from liqbot.charts.price_axis import PriceAxis, around, fitted, ticks, worth_seeing
from liqbot.charts.request import HeatmapInput, SecondLayer, Series, Zoom
from liqbot.charts.strip import Strip
from liqbot.charts.time_axis import NO_DATA, TimeAxis
from liqbot.charts.time_strip import Beneath
from liqbot.market import figures
from liqbot.market.candles import Candles
from liqbot.market.clusters import Cluster
from liqbot.market.grid import Grid
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.message import Picture
from liqbot.text import _

_MONEY = 0.7
"""Zoomed out, the price axis reaches as far as the nearest 70% of each side's money."""
_FARTHEST = 0.30
"""A heavy cluster farther than this share from spot does not widen the axis: its label stands at the edge."""
_FINE, _COARSE = (8, 6, 5, 4), (4, 5)
"""Pixels that a row may be high: where it is one bin, and where it is more."""
_NAME = 38
"""Height of the name of the cluster that a picture is about."""
_PRICE_APART, _TIME_APART = 52, 132
_PERCENT = {Zoom.NEAR: 5.0, Zoom.WIDE: 20.0}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a heatmap shows and where, before a pixel is drawn."""

    frame: Frame
    place: Place
    today: Strip
    levels: BySide[Classes | None]
    usd: BySide[Floats]
    """Money by shown column and row."""
    shown: Ints
    """The columns that are shown."""
    columns: Ints
    """Shape (w,): which of `shown` each pixel shows, or `NO_DATA`."""
    labels: list[Label]
    about: Cluster | None
    """The cluster that the picture is about."""
    badge: str
    """How far back the data reach."""
    candles: Candles | None
    """None where there are too few: price is a line then."""
    beneath: Beneath | None
    """What stands beneath the heat."""


def layout(asked: HeatmapInput) -> Layout:
    """Return what a heatmap shows and where. Raises `ValueError` for a past without a column."""
    view, grid = asked.view, asked.grid
    if not len(grid):
        raise ValueError(f"a heatmap of {view.coin} needs past maps: its grid is empty")
    measures = frame.of(asked.look, asked.facts)
    beneath = time_strip.chosen(asked)
    if beneath is not None:
        measures = measures.shortened(time_strip.HEIGHT + time_strip.GAP)
    prices = _price_axis(asked, measures)
    times = TimeAxis.of(grid, _heat_right(asked, prices, measures) - measures.left)
    place = Place(measures.left, measures.bottom, prices, times)
    every = times.columns(grid)
    shown, columns = np.unique(every, return_inverse=True)
    usd = heat.by_side(grid.usd[shown], grid.bins, grid.spot[shown], prices)
    levels = classes.by_side(BySide(long=usd.long[shown != NO_DATA], short=usd.short[shown != NO_DATA]))
    today = Strip.of(
        view, prices, left=measures.panel, right=measures.panel + measures.bars, bottom=place.bottom
    )
    return Layout(
        frame=measures,
        place=place,
        today=today,
        levels=levels,
        usd=usd,
        shown=shown,
        columns=np.where(every == NO_DATA, NO_DATA, columns),
        labels=labels.placed(view, today, asked.highlight, levels),
        about=labels.highlighted(view, asked.highlight),
        badge=words.span(int(grid.time_ms[-1] - grid.time_ms[0]), asked.window),
        candles=candlesticks.fitted(asked.candles, grid, times),
        beneath=beneath,
    )


def draw(asked: HeatmapInput) -> Picture:
    """Return a heatmap as a picture. Raises `ValueError` for a past without a column.

    The same input gives the same bytes, with the same versions of matplotlib and zlib.
    """
    plan = layout(asked)
    canvas = frame.sheet(asked.look)
    place, view = plan.place, asked.view
    _heat(canvas, plan, asked.grid)
    if asked.second is not None and asked.second.grid is not None:
        second_layer.draw(canvas, asked.second.grid, place, _line(asked.grid, place))
    _axes(canvas, asked, plan)
    overlays.draw(canvas, view.marks, place)
    if plan.about is not None:
        _band(canvas, plan, plan.about)
    level_mark.line(canvas, asked.level, place)
    _price(canvas, asked, plan)
    taken = _taken(canvas, asked, plan)
    heaviest = max((own.starts[-1] for own in (plan.levels.long, plan.levels.short) if own), default=0.0)
    event_marks.draw(canvas, asked.events, place, taken, heaviest)
    _tags(canvas, asked, plan)
    if plan.about is not None:
        _band_name(canvas, asked, plan, plan.about)
    level_mark.name(canvas, asked.level, place, taken[:1])
    _strip(canvas, plan)
    panel.draw(canvas, plan.frame, asked, plan.today, plan.labels)
    spot = (figures.price(view.spot), canvas.theme.tag.in_colour(canvas.theme.background))
    strip.spot_tag(canvas, place.right + 1, plan.today.spot_y, spot, towards_right=False)
    per = _("per {percent}", percent=figures.percent(round(place.prices.row_pct, 1)))
    edges = (place.right + 12, plan.frame.right)
    begins = labels.legend(canvas, plan.levels, edges, plan.frame.legend, per)
    frame.header(canvas, plan.frame, view)
    if asked.facts:
        frame.row_of_facts(canvas, plan.frame, asked.facts, plan.frame.panel - 60)
    room = None if plan.frame.has_room else begins - plan.frame.left - 26
    frame.footer(canvas, plan.frame, view, room)
    return Picture(png=canvas.png(), alt=_alt(asked, plan), name=_file_name(asked))


def _file_name(asked: HeatmapInput) -> str:
    zoom = () if asked.zoom is Zoom.AUTO else (f"zoom{asked.zoom.value.removesuffix('%')}",)
    return words.file_name(asked.view.coin, "heatmap", asked.window, *zoom)


def _alt(asked: HeatmapInput, plan: Layout) -> str:
    low, high = float(asked.grid.low.min()), float(asked.grid.high.max())
    path = _(", between {low} and {high} in that time", low=figures.price(low), high=figures.price(high))
    return alternative_text.alt(
        asked.view,
        _("liquidation heatmap, {span}", span=plan.badge) + level_mark.words(asked.level),
        [
            (label.cluster, labels.class_words(label, plan.levels), label.is_highlighted)
            for label in plan.labels
        ],
        path,
        alternative_text.classes(plan.levels, plan.place.prices.row_pct),
    )


def _price_axis(asked: HeatmapInput, measures: Frame) -> PriceAxis:
    """Return the axis that shows what the zoom asks for."""
    view, length = asked.view, measures.bottom - measures.top
    percent = _PERCENT.get(asked.zoom)
    if percent is not None:
        low, high = around(view.spot, percent)
        return fitted(low, high, length, fine=_FINE, coarse=_COARSE)
    seen = _path(asked)
    for side in Side:
        nearest = labels.nearest_heavy(view, side)
        if nearest is not None and abs(nearest.distance_pct) <= 100 * _FARTHEST:
            seen += [nearest.low, nearest.high]
    about = labels.highlighted(view, asked.highlight)
    if about is not None:
        seen += [about.low, about.high]
    seen += level_mark.seen(asked.level, view.spot)
    if asked.zoom is Zoom.ALL:
        seen += worth_seeing(view.map, _MONEY)
    return fitted(*around(view.spot, FUEL_PCT, seen), length, fine=_FINE, coarse=_COARSE)


def _path(asked: HeatmapInput) -> list[float]:
    """Return the lowest and the highest price of the window."""
    path = [float(asked.grid.low.min()), float(asked.grid.high.max())]
    if asked.candles is not None:
        since = asked.candles.take(asked.candles.begin_ms >= asked.grid.time_ms[0])
        path += [float(since.low.min()), float(since.high.max())] if len(since) else []
    return path


def _heat_right(asked: HeatmapInput, prices: PriceAxis, measures: Frame) -> int:
    """Return where the heat ends, so that spot and the labels of prices fit between it and the panel."""
    style = frame.colours(asked.look)
    shown = [width((words.compact(price), style.tick)) for price in ticks(prices, _PRICE_APART)]
    spot = width((figures.price(asked.view.spot), style.tag))
    return measures.panel - 6 - round(max(spot + 18, *shown, 0) + 8)


def _line(grid: Grid, place: Place) -> Floats:
    """Return where price is at each pixel of the time axis, in pixels from the low end of the price axis."""
    middles = np.arange(place.times.length) + 0.5
    return np.interp(middles, place.times.along(grid.time_ms), place.prices.along(grid.spot))


def _heat(canvas: Canvas, plan: Layout, grid: Grid) -> None:
    place, usd = plan.place, plan.usd

    def levels(side: Side) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        own = plan.levels[side]
        return np.zeros(usd[side].shape, np.uint8) if own is None else own.levels(usd[side])

    # A pixel without a column shows the last one's place, and is hatched.
    spot = place.prices.along(grid.spot)[plan.shown[plan.columns]]
    area = canvas.pixels[place.top : place.bottom, place.left : place.right]
    by_side = BySide(long=levels(Side.LONG), short=levels(Side.SHORT))
    area[:] = heat.pixels(
        canvas.theme, by_side, plan.columns, spot=spot, line=_line(grid, place), axis=place.prices
    )
    _name_gaps(canvas, plan)


def _name_gaps(canvas: Canvas, plan: Layout) -> None:
    """Say what the hatching means, where there is room for it."""
    word = (_("no data"), canvas.theme.legend)
    bounds = np.flatnonzero(np.diff(plan.columns == NO_DATA, prepend=False, append=False))
    for start, end in zip(bounds[::2].tolist(), bounds[1::2].tolist(), strict=True):
        if end - start > width(word) + 12:
            y = plan.place.bottom - plan.place.prices.length // 2
            canvas.text(plan.place.left + (start + end) / 2, y, word, align="middle", halo=canvas.theme.gap)


def _axes(canvas: Canvas, asked: HeatmapInput, plan: Layout) -> None:
    """Draw the labels of both axes, and lines that lead the eye to prices without hiding heat."""
    place, measures, style = plan.place, plan.frame, canvas.theme
    prices, spot = place.prices, plan.today.spot_y
    taken = [Box(place.right, spot - 29, measures.panel, spot + 29)]
    for price in ticks(prices, _PRICE_APART):
        y = place.bottom - prices.at(price)
        canvas.blend((place.left, int(y), place.right, int(y) + 1), style.text, 0.12)
        if place.top + 6 < y < place.bottom - 6 and abs(y - spot) > 36:
            word = (words.compact(price), style.tick)
            taken.append(canvas.text(place.right + 8, baseline(y, style.tick.size), word))
    for percent in (FUEL_PCT, -FUEL_PCT):
        y = place.bottom - prices.at(asked.view.spot * (1 + percent / 100))
        word = (figures.percent(percent, signed=True), style.fine.in_colour(style.dim))
        box = Box(measures.panel - 8 - width(word), y - 13, measures.panel - 4, y + 13)
        if place.top < box.top and box.bottom < place.bottom and not any(box.overlaps(it) for it in taken):
            canvas.text(box.right, baseline(y, word[1].size), word, align="right")
    for at, label in place.times.ticks(_TIME_APART):
        x = place.left + round(at)
        canvas.fill(x, measures.bottom, x + 1, measures.bottom + 5, style.soft)
        half = width((label, style.tick)) / 2
        middle = min(max(x, place.left + half), place.right - half)
        canvas.text(middle, _axis_line(plan), (label, style.tick), align="middle")


def _axis_line(plan: Layout) -> int:
    """Return the baseline of the times: beneath the strip, where there is one."""
    return plan.frame.axis_line + (0 if plan.beneath is None else time_strip.HEIGHT + time_strip.GAP)


def _taken(canvas: Canvas, asked: HeatmapInput, plan: Layout) -> list[Box]:
    """Return what the tags and the name of the alert's cluster cover."""
    place = plan.place
    wide = frame.tag_width(canvas, plan.badge, *words.tags(asked.view))
    tag = Box(place.left + 10, place.top + 10, place.left + 10 + wide, place.top + 10 + frame.TAG_HEIGHT)
    taken = [*level_mark.boxes(canvas, asked.level, place, asked.view.spot, tag), tag]
    if asked.second is not None:
        wide, bottom = frame.tag_width(canvas, _outlined(canvas, asked.second, place)), place.bottom - 10
        taken.append(Box(place.left + 10, bottom - frame.TAG_HEIGHT, place.left + 10 + wide, bottom))
    if plan.about is not None:
        taken.append(_name_box(asked, plan, plan.about, canvas))
    return taken


def _tags(canvas: Canvas, asked: HeatmapInput, plan: Layout) -> None:
    """Draw what must not be overlooked, over everything that happened."""
    place = plan.place
    frame.tag(canvas, place.left + 10, place.top + 10, plan.badge, *words.tags(asked.view))
    if asked.second is not None:
        top = place.bottom - 10 - frame.TAG_HEIGHT
        frame.tag(canvas, place.left + 10, top, _outlined(canvas, asked.second, place))


def _outlined(canvas: Canvas, second: SecondLayer, place: Place) -> str:
    """Return what the outlines are, the longest wording that stays in the plot; the shortest is never cut."""
    layer, room = second.view.layer, place.right - place.left - 20
    short = f"{layer.venue}, {layer.basis}"
    options = [_("outlined: {layer}, not added", layer=name) for name in (layer.label, short)]
    named = _("outlined: {layer}", layer=short)
    return next((it for it in options if frame.tag_width(canvas, it) <= room), named)


def _band_edges(plan: Layout, about: Cluster) -> tuple[int, int]:
    """Return the y of a cluster's upper and lower edge, with room for its levels between them."""
    place = plan.place
    high, low = (place.bottom - place.prices.at(price) for price in (about.high, about.low))
    return max(round(high) - 4, place.top), min(round(low) + 4, place.bottom)


def _band(canvas: Canvas, plan: Layout, about: Cluster) -> None:
    """Frame the cluster that the picture is about."""
    place, style = plan.place, canvas.theme
    for y in _band_edges(plan, about):
        points = np.array([(place.left, y), (place.right, y)], dtype=np.float64)
        canvas.line(points, style.background, 4.5, share=0.7)
        canvas.line(points, style.text, 2.2, dash=(10, 6))


def _band_words(asked: HeatmapInput, about: Cluster, canvas: Canvas) -> Word:
    money = words.of_side(about.side, labels.usd_words(asked.view, about))
    said = _("{money} at {price}", money=money, price=figures.price(about.price))
    return said, canvas.theme.tag.in_colour(canvas.theme.on_hue)


def _name_box(asked: HeatmapInput, plan: Layout, about: Cluster, canvas: Canvas) -> Box:
    """Return where the cluster that the picture is about is named: on the far side of it from spot."""
    place, (top, bottom) = plan.place, _band_edges(plan, about)
    y = top - _NAME - 3 if about.side is Side.SHORT else bottom + 3
    y = min(max(y, place.top + 2), place.bottom - _NAME - 2)
    wide = round(width(_band_words(asked, about, canvas))) + 16
    box = Box(place.right - wide - 10, y, place.right - 10, y + _NAME)
    tag = frame.tag_width(canvas, plan.badge, *words.tags(asked.view))
    tagged = Box(place.left, place.top, place.left + 16 + tag, place.top + 16 + frame.TAG_HEIGHT)
    if not box.overlaps(tagged):
        return box
    y = max(bottom + 3, tagged.bottom)
    return Box(box.left, y, box.right, y + _NAME)


def _band_name(canvas: Canvas, asked: HeatmapInput, plan: Layout, about: Cluster) -> None:
    box, word = _name_box(asked, plan, about, canvas), _band_words(asked, about, canvas)
    left, top, right, bottom = round(box.left), round(box.top), round(box.right), round(box.bottom)
    canvas.fill(left, top, right, bottom, canvas.theme.hue[about.side])
    canvas.text(left + 8, baseline((top + bottom) / 2, word[1].size), word)


def _price(canvas: Canvas, asked: HeatmapInput, plan: Layout) -> None:
    place = plan.place
    with canvas.clipped(place.left, place.top, place.right, place.bottom):
        candles = None if asked.line else plan.candles
        until_ms = None if candles is None else int(candles.begin_ms[0])
        _price_line(canvas, asked.grid, place, until_ms)
    if candles is not None:
        candlesticks.draw(canvas, candles, place)


def _price_line(canvas: Canvas, grid: Grid, place: Place, until_ms: int | None) -> None:
    """Draw spot as a line, broken where nothing is known, and how far it went where that is farther.

    `until_ms` is when candles take over; None where there are none.
    """
    style = canvas.theme
    x, y, low, high = place.x(grid.time_ms), *(place.y(it) for it in (grid.spot, grid.low, grid.high))
    before = np.concatenate((y[:1], y[:-1]))
    farther = (low > np.maximum(y, before) + 2) | (high < np.minimum(y, before) - 2)
    if until_ms is not None:
        known = grid.time_ms <= until_ms
        if known.sum() < 2:
            return
        x, y, low, high, farther = x[known], y[known], low[known], high[known], farther[known]
    wicks = np.full((3 * len(x), 2), np.nan)
    wicks[0::3], wicks[1::3] = np.stack([x, low], axis=-1), np.stack([x, high], axis=-1)
    wicks = wicks[np.repeat(farther, 3)]
    right = float(place.right) if until_ms is None else float(x[-1])
    line = _broken(grid, np.stack([x, y], axis=-1), place.x(grid.until_ms), right)
    canvas.line(wicks, style.background, 4.0, share=0.6)
    canvas.line(line, style.background, 6.5, share=0.85)
    canvas.line(wicks, style.text, 1.6, share=0.75)
    canvas.line(line, style.text, 3.0)


def _broken(grid: Grid, points: Floats, until: Floats, right: float) -> Floats:
    """Return the points of the price line, with a break after each column that a gap follows."""
    pieces: list[Floats] = []
    gaps = [*(grid.until_ms[:-1] < grid.time_ms[1:]), False]
    for place, end, gap in zip(points, until, gaps, strict=False):
        pieces.append(place)
        if gap:
            pieces += [np.array([end, place[1]]), np.array([np.nan, np.nan])]
    return np.array([*pieces, [right, points[-1, 1]]])


def _strip(canvas: Canvas, plan: Layout) -> None:
    if plan.beneath is None:
        return
    top = plan.frame.bottom + time_strip.GAP
    if isinstance(plan.beneath, Series):
        time_strip.series(canvas, plan.beneath, plan.place, top)
    elif plan.candles is not None:
        time_strip.volume(canvas, plan.candles, plan.place, top)
