"""The heatmap: price by time, brighter where more would be force-closed, and today's map beside it."""

import numpy as np

from liqbot.charts import frame, heat, overlays, panel, strip, theme, words
from liqbot.charts.canvas import Box, Canvas, baseline, width
from liqbot.charts.frame import BOTTOM, LEFT, RIGHT, TOP
from liqbot.charts.heat import HeatScale
from liqbot.charts.price_axis import PriceAxis, fitted, ticks, worth_seeing
from liqbot.charts.time_axis import NO_DATA, TimeAxis
from liqbot.market import figures
from liqbot.market.grid import Grid
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide
from liqbot.market.view import MarketView
from liqbot.message import Picture

_MONEY = 0.7
"""The price axis reaches as far as the nearest 70% of each side's money."""
_PRICE_APART = 36
_TIME_APART = 96


def draw(view: MarketView, *, window: str) -> Picture:
    """Return the heatmap of a view that has a grid; `window` names how far back it goes: `7d`.

    Raises `ValueError` for a view without a grid. The same view gives the same bytes, with the same versions
    of matplotlib and zlib.
    """
    grid = view.grid
    if grid is None or not len(grid):
        raise ValueError(f"a heatmap of {view.coin} needs a view with past maps: view.with_grid(...)")
    canvas = Canvas()
    prices = _price_axis(view, grid)
    right = _heat_right(view, prices)
    times = TimeAxis.of(grid, right - LEFT)
    scale = _heat(canvas, grid, prices, times)
    _axes(canvas, view, prices, times)
    overlays.draw(canvas, view.marks, prices, times)
    _price_line(canvas, grid, prices, times)
    spot = (figures.price(view.spot), theme.TAG.in_colour(theme.BACKGROUND))
    strip.spot_tag(canvas, right + 1, round(BOTTOM - prices.at(view.spot)), spot, towards_right=False)
    named = panel.draw(canvas, view, prices)
    if scale is not None:
        _colour_bar(canvas, scale, prices)
    frame.header(canvas, view)
    frame.tag(canvas, LEFT + 10, BOTTOM - prices.length + 10, window, *words.tags(view))
    frame.footer(canvas, view, *panel.tones(view))
    return Picture(
        png=canvas.png(),
        alt=words.alt(view, f"liquidation heatmap, {window}", named, _path(grid)),
        name=words.file_name(view.coin, "heatmap", window),
    )


def _path(grid: Grid) -> str:
    low, high = float(grid.low.min()), float(grid.high.max())
    return f", between {figures.price(low)} and {figures.price(high)} in that time"


def _price_axis(view: MarketView, grid: Grid) -> PriceAxis:
    """Return the axis that holds the whole price path, and most of today's money."""
    low, high = worth_seeing(view.map, _MONEY, (float(grid.low.min()), float(grid.high.max())))
    return fitted(low, high, BOTTOM - TOP, fine=(8, 6, 5, 4, 3, 2), coarse=(3,))


def _heat_right(view: MarketView, prices: PriceAxis) -> int:
    """Return where the heat ends, so that spot and the labels of prices fit between it and the panel."""
    shown = [width((words.compact(price), theme.TICK)) for price in ticks(prices, _PRICE_APART)]
    spot = width((figures.price(view.spot), theme.TAG))
    return panel.LEFT - 6 - round(max(spot + 16, *shown, 0) + 8)


def _heat(canvas: Canvas, grid: Grid, prices: PriceAxis, times: TimeAxis) -> HeatScale | None:
    """Draw the heat, and return what its colours mean; None where there is no money to show."""
    columns = times.columns(grid)
    shown, places = np.unique(columns, return_inverse=True)
    usd = heat.by_side(grid.usd[shown], grid.bins, grid.spot[shown], prices)
    scale = HeatScale.of(usd.long + usd.short)
    levels = BySide(long=scale.levels(usd.long), short=scale.levels(usd.short))
    spot = prices.along(grid.spot)
    line = np.interp(np.arange(times.length) + 0.5, times.along(grid.time_ms), spot)
    area = canvas.pixels[BOTTOM - prices.length : BOTTOM, LEFT : LEFT + times.length]
    area[:] = heat.pixels(levels, np.where(columns == NO_DATA, NO_DATA, places), spot[columns], line, prices)
    _name_gaps(canvas, columns, prices)
    return scale if usd.long.any() or usd.short.any() else None


def _name_gaps(canvas: Canvas, columns: Ints, prices: PriceAxis) -> None:
    """Say what the hatching means, where there is room for it."""
    word = ("no data", theme.LEGEND)
    bounds = np.flatnonzero(np.diff(columns == NO_DATA, prepend=False, append=False))
    for start, end in zip(bounds[::2].tolist(), bounds[1::2].tolist(), strict=True):
        if end - start > width(word) + 12:
            y = BOTTOM - prices.length // 2
            canvas.text(LEFT + (start + end) / 2, y, word, align="middle", halo=theme.GAP)


def _axes(canvas: Canvas, view: MarketView, prices: PriceAxis, times: TimeAxis) -> None:
    """Draw the labels of both axes, and lines that lead the eye to prices without hiding heat."""
    right, top = LEFT + times.length, BOTTOM - prices.length
    spot = BOTTOM - prices.at(view.spot)
    taken = [Box(right, spot - 25, panel.LEFT, spot + 25)]
    for price in ticks(prices, _PRICE_APART):
        y = BOTTOM - prices.at(price)
        canvas.blend((LEFT, int(y), right, int(y) + 1), theme.TEXT, 0.1)
        if top + 6 < y < BOTTOM - 6 and abs(y - spot) > 25:
            word = (words.compact(price), theme.TICK)
            taken.append(canvas.text(right + 8, baseline(y, theme.TICK.size), word))
    for percent in (FUEL_PCT, -FUEL_PCT):
        y = BOTTOM - prices.at(view.spot * (1 + percent / 100))
        word = (figures.percent(percent, signed=True), theme.FINE)
        box = Box(panel.LEFT - 8 - width(word), y - 10, panel.LEFT - 4, y + 10)
        if not any(box.overlaps(other) for other in taken):
            canvas.text(box.right, baseline(y, theme.FINE.size), word, align="right")
    for place, label in times.ticks(_TIME_APART):
        x = LEFT + round(place)
        canvas.fill(x, BOTTOM, x + 1, BOTTOM + 5, theme.SOFT)
        half = width((label, theme.TICK)) / 2
        canvas.text(min(max(x, LEFT + half), right - half), BOTTOM + 22, (label, theme.TICK), align="middle")


def _price_line(canvas: Canvas, grid: Grid, prices: PriceAxis, times: TimeAxis) -> None:
    """Draw spot as a line, broken where nothing is known, and how far it went where that is farther."""
    x = LEFT + times.along(grid.time_ms)
    y, low, high = (BOTTOM - prices.along(price) for price in (grid.spot, grid.low, grid.high))
    before = np.concatenate((y[:1], y[:-1]))
    farther = (low > np.maximum(y, before) + 2) | (high < np.minimum(y, before) - 2)
    wicks = np.full((3 * len(grid), 2), np.nan)
    wicks[0::3], wicks[1::3] = np.stack([x, low], axis=-1), np.stack([x, high], axis=-1)
    wicks = wicks[np.repeat(farther, 3)]
    until = LEFT + times.along(grid.until_ms)
    line = _broken(grid, np.stack([x, y], axis=-1), until, float(LEFT + times.length))
    canvas.line(wicks, theme.BACKGROUND, 3.5, share=0.6)
    canvas.line(line, theme.BACKGROUND, 5.5, share=0.8)
    canvas.line(wicks, theme.TEXT, 1.3, share=0.75)
    canvas.line(line, theme.TEXT, 2.4)


def _broken(grid: Grid, points: Floats, until: Floats, right: float) -> Floats:
    """Return the points of the price line, with a break after each column that a gap follows."""
    pieces: list[Floats] = []
    gaps = [*(grid.until_ms[:-1] < grid.time_ms[1:]), False]
    for place, end, gap in zip(points, until, gaps, strict=True):
        pieces.append(place)
        if gap:
            pieces += [np.array([end, place[1]]), np.array([np.nan, np.nan])]
    return np.array([*pieces, [right, points[-1, 1]]])


def _colour_bar(canvas: Canvas, scale: HeatScale, prices: PriceAxis) -> None:
    """Draw what the colours mean, beneath the panel: from nothing to the cap, and what a cell is."""
    top, wide = BOTTOM + 9, 110
    letters = theme.FINE.in_colour(theme.SOFT)
    more = f"{figures.usd(scale.cap)}+ per {figures.percent(round(prices.row_pct, 1))}"
    canvas.text(RIGHT, top + 12, (more, letters), align="right")
    bar = round(RIGHT - width((more, letters)) - 8 - wide)
    ramp = theme.packed(theme.HEAT[scale.levels(np.linspace(0, scale.cap, wide))])
    canvas.pixels[top : top + 13, bar : bar + wide] = ramp
    canvas.text(bar - 6, top + 12, ("$0", letters), align="right")
