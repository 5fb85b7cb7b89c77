"""The ladder: one map, bar by bar, price upwards as in the heatmap; shorts above spot and longs below."""

import numpy as np

from liqbot.charts import frame, labels, strip, theme, words
from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.frame import BOTTOM, LEFT, RIGHT, TOP
from liqbot.charts.price_axis import PriceAxis, fitted, ticks, worth_seeing
from liqbot.charts.strip import Strip
from liqbot.charts.theme import Rgb
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Picture

_TOP = TOP + 24
_STRIP_RIGHT = 850
_WORDS = 886
_BARS = 0.72
_CURVES = 0.97
"""Lengths of the longest bar and of the longer curve, as shares of the strip's width."""
_MONEY = 0.75
"""The price axis reaches as far as the nearest 75% of each side's money."""
_FINE, _COARSE = (10, 8, 6, 5, 4), (5, 4)
"""Pixels that a bar may be high, with the gap to the next: where it is one bin, and where it is more."""
_PRICE_APART = 36
_NOTCH = 9


def draw(view: MarketView) -> Picture:
    """Return the map of a view as a picture.

    The same view gives the same bytes, with the same versions of matplotlib and zlib.
    """
    canvas = Canvas()
    low, high = worth_seeing(view.map, _MONEY)
    axis = fitted(low, high, BOTTOM - _TOP, fine=_FINE, coarse=_COARSE)
    today = Strip.of(view, axis, left=_left(view, axis), right=_STRIP_RIGHT, bottom=BOTTOM)
    placed = labels.placed(view, today)
    strip.ground(canvas, today, RIGHT)
    if today.most > 0:
        _depth(canvas, today)
        _amounts(canvas, today)
        strip.bars(canvas, today, _bars_length(today))
        strip.curves(canvas, today, _curves_length(today), 2.0)
        for label in placed:
            _leader(canvas, today, label.cluster)
        _fuel(canvas, view, today)
    strip.spot_line(canvas, today, RIGHT)
    _prices(canvas, view, today)
    for label in placed:
        labels.draw(canvas, today, label, _WORDS)
    labels.name_sides(canvas, today, {side: _cohorts(view, side) for side in Side})
    labels.tell_beyond(canvas, view, today)
    _fine_print(canvas, view)
    frame.header(canvas, view)
    return Picture(
        png=canvas.png(),
        alt=words.alt(view, "liquidation map", [label.cluster for label in placed]),
        name=words.file_name(view.coin, "map"),
    )


def _left(view: MarketView, axis: PriceAxis) -> int:
    """Return where the strip begins, so that spot and the labels of prices fit beside it."""
    shown = [width((words.compact(price), theme.TICK)) + 10 for price in ticks(axis, _PRICE_APART)]
    spot = width((figures.price(view.spot), theme.TAG)) + 24
    return LEFT + round(max(spot, *shown, 0)) + 4


def _bars_length(today: Strip) -> int:
    return round((today.right - today.left) * _BARS)


def _curves_length(today: Strip) -> int:
    return round((today.right - today.left) * _CURVES)


def _depth(canvas: Canvas, today: Strip) -> None:
    """Fill what lies beneath the curves."""
    for side in Side:
        y, usd = today.totals(side)
        x = today.left + usd * (_curves_length(today) / today.most)
        corners = [(float(today.left), float(y[-1])), (float(today.left), float(y[0]))]
        canvas.shape([*zip(x.tolist(), y.tolist(), strict=True), *corners], theme.WASH[side])


def _amounts(canvas: Canvas, today: Strip) -> None:
    """Label what bars amount to, beneath them, and what the curves do, above."""
    per_row = (f"per {figures.percent(round(today.axis.row_pct, 1))}", theme.FINE)
    canvas.text(today.left - 8, BOTTOM + 20, per_row, align="right")
    for usd in strip.round_steps(today.longest, 4):
        x = today.left + round(usd * _bars_length(today) / today.longest)
        canvas.fill(x, today.top, x + 1, BOTTOM, theme.RULE)
        canvas.text(x, BOTTOM + 22, (figures.usd(usd), theme.TICK), align="middle")
    canvas.text(today.left - 8, today.top - 8, ("total", theme.FINE), align="right")
    for usd in strip.round_steps(today.most, 5):
        x = today.left + round(usd * _curves_length(today) / today.most)
        canvas.fill(x, today.top - 5, x + 1, today.top, theme.SOFT)
        canvas.text(x, today.top - 9, (figures.usd(usd), theme.TICK), align="middle")


def _leader(canvas: Canvas, today: Strip, cluster: Cluster) -> None:
    """Lead the eye from the bars of a cluster to its name."""
    y = today.y(cluster.price)
    row = min(int((today.bottom - y) // today.axis.pixels), today.axis.rows - 1)
    length = float(today.usd[cluster.side][:, row].sum()) * _bars_length(today) / today.longest
    points = np.array([(today.left + length + 5, y), (_WORDS - 20, y)])
    canvas.line(points, theme.HUE[cluster.side], 1.0, share=0.35)


def _fuel(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Mark on each curve where it leaves the zone in which fuel is counted, and how much that is."""
    for side, usd in ((Side.SHORT, view.up_usd), (Side.LONG, view.down_usd)):
        if usd <= 0:
            continue
        percent = -side.sign * FUEL_PCT
        y = today.y(view.spot * (1 + percent / 100))
        x = today.left + usd * _curves_length(today) / today.most
        canvas.line(np.array([(x, y), (today.right, y)]), theme.TINT[side], 1.0, share=0.7, dash=(2, 4))
        _dot(canvas, x, y, theme.TINT[side])
        said = f"{figures.percent(percent, signed=True)}: {figures.usd(usd)}"
        outside = y + (20 if side is Side.LONG else -6)
        word = (said, theme.LEGEND.in_colour(theme.TINT[side]))
        canvas.text(today.right, outside, word, align="right", halo=theme.PANEL)


def _dot(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for radius, shade in ((6.5, theme.PANEL), (4.5, colour)):
        canvas.shape([(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in turn], shade)


def _prices(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Label round prices and, on white, spot."""
    for price in ticks(today.axis, _PRICE_APART):
        y = today.y(price)
        if abs(y - today.spot_y) > 25 and today.top + 6 < y < BOTTOM - 6:
            word = (words.compact(price), theme.TICK)
            canvas.text(today.left - 10, baseline(y, theme.TICK.size), word, align="right")
            canvas.fill(today.left - 6, int(y), today.left, int(y) + 1, theme.SOFT)
    spot = (figures.price(view.spot), theme.TAG.in_colour(theme.BACKGROUND))
    strip.spot_tag(canvas, today.left - 1, today.spot_y, spot, towards_right=True)


def _cohorts(view: MarketView, side: Side) -> list[Word]:
    """Return the share of each cohort in a side, beside its tone."""
    total = float(view.map.of(side).sum())
    told: list[Word] = []
    for cohort, colour in theme.COHORT_COLOUR.items():
        usd = float(view.map.of(side, cohort).sum())
        if usd > 0 and cohort is not Cohort.UNKNOWN:
            share = f"{cohort.words} {figures.share(usd / total)}"
            told += [("   ■ ", theme.LEGEND.in_colour(colour[side])), (share, theme.LEGEND)]
    return told


def _fine_print(canvas: Canvas, view: MarketView) -> None:
    """Say where the picture comes from, and what is in no map."""
    frame.footer(canvas, view)
    canvas.text(RIGHT, BOTTOM + 22, (words.unplaced(view), theme.FINE), align="right")
    tags = words.tags(view)
    if tags:
        frame.tag(canvas, RIGHT - frame.tag_width(*tags), _TOP - frame.TAG_HEIGHT - 3, *tags)
