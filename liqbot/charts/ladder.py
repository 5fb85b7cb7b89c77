"""The ladder: one map, bar by bar, price upwards as in the heatmap; shorts above spot and longs below."""

import re

import numpy as np

from liqbot.charts import frame, labels, strip, theme, words
from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.frame import LEFT, RIGHT, TOP
from liqbot.charts.price_axis import fitted, ticks, worth_seeing
from liqbot.charts.strip import Strip
from liqbot.charts.theme import Rgb
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Picture

_TOP = TOP + 24
_BOTTOM = TOP + 520
_STRIP_RIGHT = 850
_WORDS = 886
_BARS = 0.72
_CURVES = 0.97
"""Lengths of the longest bar and of the longer curve, as shares of the strip's width."""
_MONEY = 0.75
"""The price axis reaches as far as the nearest 75% of each side's money."""
_PRICE_APART = 36
_TAG_HALF = 14


def draw(view: MarketView) -> Picture:
    """Return the map of a view as a picture.

    The same view gives the same bytes, with the same versions of matplotlib and zlib.
    """
    canvas = Canvas()
    low, high = worth_seeing(view.map, _MONEY)
    axis = fitted(low, high, _BOTTOM - _TOP, fine=(10, 8, 6, 5, 4), coarse=(5, 4))
    prices = [price for price in ticks(axis, _PRICE_APART)]
    wide = max(width((words.compact(price), theme.TICK)) for price in [*prices, view.spot])
    spot = width((figures.price(view.spot), theme.TAG)) + 22
    left = LEFT + round(max(wide + 12, spot)) + 8
    today = Strip.of(view, axis, left=left, right=_STRIP_RIGHT, bottom=_BOTTOM)
    strip.ground(canvas, today, RIGHT)
    _depth(canvas, today)
    _amounts(canvas, today)
    strip.bars(canvas, today, _bars_length(today))
    strip.curves(canvas, today, _curves_length(today), 2.2)
    placed = labels.placed(view, today)
    for label in placed:
        _leader(canvas, today, label.cluster)
    _fuel(canvas, view, today)
    strip.spot_line(canvas, today, RIGHT)
    _prices(canvas, view, today, prices)
    for label in placed:
        labels.draw(canvas, today, label, _WORDS, RIGHT - 6)
    _name_sides(canvas, view, today)
    _beside(canvas, view, today)
    frame.header(canvas, view)
    frame.footer(canvas, view)
    tags = words.tags(view)
    if tags:
        frame.tag(canvas, RIGHT - frame.tag_width(*tags), TOP - 7, *tags)
    return Picture(
        png=canvas.png(),
        alt=words.alt(view, "liquidation map", [label.cluster for label in placed]),
        name=f"{re.sub(r'[^A-Za-z0-9]+', '-', f'{view.coin} map')}.png",
    )


def _bars_length(today: Strip) -> int:
    return round((today.right - today.left) * _BARS)


def _curves_length(today: Strip) -> int:
    return round((today.right - today.left) * _CURVES)


def _amounts(canvas: Canvas, today: Strip) -> None:
    """Label what bars amount to, beneath, and what the curves do, above."""
    if today.most <= 0:
        return
    per_row = f"per {figures.percent(round(today.axis.row_pct, 1))}"
    canvas.text(today.left - 8, _BOTTOM + 20, (per_row, theme.FINE), align="right")
    for usd in strip.round_steps(today.longest, 4):
        x = today.left + round(usd * _bars_length(today) / today.longest)
        canvas.fill(x, today.top, x + 1, _BOTTOM, theme.RULE)
        canvas.text(x, _BOTTOM + 22, (figures.usd(usd), theme.TICK), align="middle")
    canvas.text(today.left - 8, _TOP - 7, ("total", theme.FINE), align="right")
    for usd in strip.round_steps(today.most, 5):
        x = today.left + round(usd * _curves_length(today) / today.most)
        canvas.fill(x, today.top - 5, x + 1, today.top, theme.SOFT)
        canvas.text(x, _TOP - 8, (figures.usd(usd), theme.TICK), align="middle")


def _depth(canvas: Canvas, today: Strip) -> None:
    """Fill what lies beneath the curves."""
    if today.most <= 0:
        return
    for side in Side:
        y, usd = today.totals(side)
        x = today.left + usd * (_curves_length(today) / today.most)
        corners = [(float(today.left), float(y[-1])), (float(today.left), float(y[0]))]
        canvas.shape([*zip(x.tolist(), y.tolist(), strict=True), *corners], theme.WASH[side])


def _prices(canvas: Canvas, view: MarketView, today: Strip, prices: list[float]) -> None:
    for price in prices:
        y = today.y(price)
        if abs(y - today.spot_y) > 25 and today.top + 6 < y < _BOTTOM - 6:
            canvas.text(
                today.left - 10,
                baseline(y, theme.TICK.size),
                (words.compact(price), theme.TICK),
                align="right",
            )
            canvas.fill(today.left - 6, int(y), today.left, int(y) + 1, theme.SOFT)
    letters = theme.TAG.in_colour(theme.BACKGROUND)
    text, y = figures.price(view.spot), today.spot_y
    start = today.left - 10 - round(width((text, letters))) - 10
    canvas.fill(start, y - _TAG_HALF, today.left - 8, y + _TAG_HALF, theme.TEXT)
    canvas.shape([(today.left - 1, y), (today.left - 9, y - 8), (today.left - 9, y + 8)], theme.TEXT)
    canvas.text(today.left - 14, baseline(y, letters.size), (text, letters), align="right")


def _name_sides(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Name the sides next to spot, where the map is sparse, and say which tone is whose."""
    names = ((Side.SHORT, -1, "▲ shorts: forced buys"), (Side.LONG, 1, "▼ longs: forced sells"))
    for side, sign, text in names:
        middle = today.spot_y + sign * 17
        letters = theme.LEGEND.in_colour(theme.HUE[side])
        cohorts = _cohorts(view, side)
        y = baseline(middle, letters.size)
        canvas.text(RIGHT - 8, y, (text, letters), *cohorts, align="right", halo=theme.ZONE)


def _cohorts(view: MarketView, side: Side) -> list[Word]:
    """Return the share of each cohort in a side, beside its tone."""
    total = float(view.map.of(side).sum())
    found: list[Word] = []
    for cohort, colour in frame.tones(view, side):
        share = figures.share(float(view.map.of(side, cohort).sum()) / total)
        found += [("   ■ ", theme.LEGEND.in_colour(colour)), (f"{cohort.words} {share}", theme.LEGEND)]
    return found


def _fuel(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Mark on the curves where they leave the zone in which fuel is counted, and how much that is."""
    for side, usd in ((Side.SHORT, view.up_usd), (Side.LONG, view.down_usd)):
        if usd <= 0:
            continue
        y = today.y(view.spot * (1 - side.sign * FUEL_PCT / 100))
        x = today.left + usd * _curves_length(today) / today.most
        canvas.line(np.array([(x, y), (today.right, y)]), theme.TINT[side], 1.0, share=0.7, dash=(2, 4))
        _dot(canvas, x, y, theme.TINT[side])
        said = f"{figures.percent(-side.sign * FUEL_PCT, signed=True)}: {figures.usd(usd)}"
        letters = theme.LEGEND.in_colour(theme.TINT[side])
        where = today.right, y + (20 if side is Side.LONG else -6)
        canvas.text(*where, (said, letters), align="right", halo=theme.PANEL)


def _leader(canvas: Canvas, today: Strip, cluster: Cluster) -> None:
    """Lead the eye from the bars of a cluster to its name."""
    y = today.y(cluster.price)
    row = min(int((today.bottom - y) // today.axis.pixels), today.axis.rows - 1)
    length = float(today.usd[cluster.side][:, row].sum()) * _bars_length(today) / today.longest
    canvas.line(
        np.array([(today.left + length + 5, y), (_WORDS - 20, y)]), theme.HUE[cluster.side], 1.0, share=0.35
    )


def _dot(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    turn = np.linspace(0, 2 * np.pi, 17)[:-1]
    for radius, shade in ((6.5, theme.PANEL), (4.5, colour)):
        canvas.shape([(x + radius * np.cos(a), y + radius * np.sin(a)) for a in turn], shade)


def _beside(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Say what the picture does not show: what lies farther, and what is on no map."""
    for side, y in ((Side.SHORT, today.top + 17), (Side.LONG, today.bottom - 7)):
        letters = theme.FINE.in_colour(theme.TINT[side])
        said = words.beyond(view, side, today.axis.low, today.axis.high)
        canvas.text(RIGHT - 8, y, (said, letters), align="right")
    canvas.text(RIGHT, _BOTTOM + 22, (words.unplaced(view), theme.FINE), align="right")
