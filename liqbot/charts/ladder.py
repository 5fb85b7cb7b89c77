"""The ladder: one map, bar by bar, price upwards as in the heatmap; shorts above spot and longs below."""

import numpy as np

from liqbot.charts import alternative_text, frame, labels, strip, words
from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.frame import Frame
from liqbot.charts.labels import Label
from liqbot.charts.price_axis import PriceAxis, around, fitted, ticks, worth_seeing
from liqbot.charts.request import MapInput
from liqbot.charts.strip import Strip
from liqbot.charts.theme import Rgb
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import Side
from liqbot.message import Picture
from liqbot.text import _

_ABOVE = 32
"""Room above the strip, for what the curves come to."""
_WORDS_WIDE = 0.27
"""Room for words, as a share of the width."""
_BARS, _CURVES, _DEPTH = 0.72, 0.97, 0.26
"""Lengths of the longest bar, of the longer curve and of the book, as shares of the strip's width."""
_MONEY = 0.6
"""The price axis reaches as far as the nearest 60% of each side's money."""
_FINE, _COARSE = (10, 8, 6, 5, 4), (5, 4)
"""Pixels that a bar may be high, with the gap to the next: where it is one bin, and where it is more."""
_PRICE_APART = 52


def draw(asked: MapInput) -> Picture:
    """Return the map of a view as a picture.

    The same input gives the same bytes, with the same versions of matplotlib and zlib.
    """
    view, canvas = asked.view, frame.sheet(asked.look)
    measures = frame.of(asked.look, asked.facts)
    axis = price_axis(asked, measures)
    today = strip_of(asked, measures, axis)
    placed = labels.placed(view, today, asked.highlight)
    strip.ground(canvas, today, measures.right)
    if asked.depth is not None:
        _book(canvas, asked, today)
    if today.most > 0:
        _depth(canvas, today)
        _amounts(canvas, measures, today)
        strip.bars(canvas, today, _bars_length(today))
        strip.curves(canvas, today, _curves_length(today), 2.2)
        for label in placed:
            _leader(canvas, today, label.cluster)
        _fuel(canvas, asked, today)
    strip.spot_line(canvas, today, measures.right)
    _prices(canvas, asked, today)
    for label in placed:
        labels.draw(canvas, view, today, label, left=today.right + 36, right=measures.right - 2)
    # A book stands where the cohorts would.
    beside = {} if asked.depth is not None else {side: _cohorts(canvas, asked, side) for side in Side}
    labels.name_sides(canvas, today, measures.right, 262, beside)
    labels.tell_beyond(canvas, view, today, measures.right, 16 if words.tags(view) else 0)
    _fine_print(canvas, measures, asked)
    frame.header(canvas, measures, view)
    return Picture(png=canvas.png(), alt=_alt(asked, placed), name=words.file_name(view.coin, "map"))


def price_axis(asked: MapInput, measures: Frame) -> PriceAxis:
    """Return the axis that holds the nearest money, clusters that matter and what the picture is about."""
    view = asked.view
    seen = list(worth_seeing(view.map, _MONEY))
    must = [labels.nearest_heavy(view, side) for side in Side]
    near = [it for it in must if it is not None and abs(it.distance_pct) <= labels.NEARBY_PCT]
    about = labels.highlighted(view, asked.highlight)
    seen += [price for it in (*near, about) if it is not None for price in (it.low, it.high)]
    low, high = around(view.spot, FUEL_PCT, seen)
    return fitted(low, high, measures.bottom - measures.top - _ABOVE, fine=_FINE, coarse=_COARSE)


def strip_of(asked: MapInput, measures: Frame, axis: PriceAxis) -> Strip:
    """Return the strip, so wide that spot and the labels of prices fit beside it, and words at its right."""
    style = frame.colours(asked.look)
    shown = [width((words.compact(price), style.tick)) + 12 for price in ticks(axis, _PRICE_APART)]
    spot = width((figures.price(asked.view.spot), style.tag)) + 26
    left = measures.left + round(max(spot, *shown, 0)) + 4
    right = round(measures.right - max(_WORDS_WIDE * measures.width, 290))
    return Strip.of(asked.view, axis, left=left, right=right, bottom=measures.bottom)


def _alt(asked: MapInput, placed: list[Label]) -> str:
    shown = [(label.cluster, "", label.is_highlighted) for label in placed]
    return alternative_text.alt(asked.view, _("liquidation map"), shown)


def _bars_length(today: Strip) -> int:
    return round((today.right - today.left) * _BARS)


def _curves_length(today: Strip) -> int:
    return round((today.right - today.left) * _CURVES)


def _book(canvas: Canvas, asked: MapInput, today: Strip) -> None:
    """Draw the book at the right of the strip, and say what it is and how much its longest bar stands for."""
    book = asked.depth
    if book is None:
        return
    most = strip.depth(canvas, today, book, today.right, round((today.right - today.left) * _DEPTH))
    if most > 0:
        said = _("book of {venue}, at most {usd} a bar", venue=book.venue, usd=figures.usd(most))
        word = (said, canvas.theme.fine)
        beneath = today.y(float(book.bid_prices.min())) + 24 if len(book.bid_prices) else today.spot_y + 40
        line = min(beneath, today.bottom - 10)
        canvas.text(today.right - 6, line, word, align="right", halo=canvas.theme.panel)


def _depth(canvas: Canvas, today: Strip) -> None:
    """Fill what lies beneath the curves."""
    for side in Side:
        y, usd = today.totals(side)
        x = today.left + usd * (_curves_length(today) / today.most)
        corners = [(float(today.left), float(y[-1])), (float(today.left), float(y[0]))]
        points = [*zip(x.tolist(), y.tolist(), strict=True), *corners]
        canvas.shape(points, canvas.theme.hue[side], share=0.13)


def _amounts(canvas: Canvas, measures: Frame, today: Strip) -> None:
    """Label what bars amount to, beneath them, and what the curves do, above."""
    style = canvas.theme
    per_row = (_("per {percent}", percent=figures.percent(round(today.axis.row_pct, 1))), style.fine)
    canvas.text(today.left - 8, measures.axis_line - 2, per_row, align="right")
    for usd in strip.round_steps(today.longest, 4):
        x = today.left + round(usd * _bars_length(today) / today.longest)
        canvas.fill(x, today.top, x + 1, today.bottom, style.rule)
        canvas.text(x, measures.axis_line, (figures.usd(usd), style.tick), align="middle")
    canvas.text(today.left - 8, today.top - 8, (_("total"), style.fine), align="right")
    for usd in strip.round_steps(today.most, 4):
        x = today.left + round(usd * _curves_length(today) / today.most)
        canvas.fill(x, today.top - 5, x + 1, today.top, style.soft)
        canvas.text(x, today.top - 9, (figures.usd(usd), style.tick), align="middle")


def _leader(canvas: Canvas, today: Strip, cluster: Cluster) -> None:
    """Lead the eye from the bars of a cluster to its name."""
    y = today.y(cluster.price)
    row = min(int((today.bottom - y) // today.axis.pixels), today.axis.rows - 1)
    length = float(today.usd[cluster.side][:, row].sum()) * _bars_length(today) / today.longest
    points = np.array([(today.left + length + 5, y), (today.right + 16, y)])
    canvas.line(points, canvas.theme.hue[cluster.side], 1.2, share=0.4)


def _fuel(canvas: Canvas, asked: MapInput, today: Strip) -> None:
    """Mark on each curve where it leaves the zone in which fuel is counted, and how much that is."""
    view, style = asked.view, canvas.theme
    for side, usd in ((Side.SHORT, view.up_usd), (Side.LONG, view.down_usd)):
        if usd <= 0:
            continue
        percent = -side.sign * FUEL_PCT
        y = today.y(view.spot * (1 + percent / 100))
        x = today.left + usd * _curves_length(today) / today.most
        canvas.line(np.array([(x, y), (today.right, y)]), style.tint[side], 1.2, share=0.7, dash=(2, 4))
        _dot(canvas, x, y, style.tint[side])
        said = f"{figures.percent(percent, signed=True)}: {words.at_most(view, figures.usd(usd))}"
        outside = y + (23 if side is Side.LONG else -7)
        word = (said, style.legend.in_colour(style.tint[side]))
        book = 0 if asked.depth is None else round((today.right - today.left) * _DEPTH)
        right = today.right - 4 - book
        # A curve that comes this far must not strike the words through.
        ground = round(right - width(word) - 6), round(outside) - 23, right + 4, round(outside) + 5
        canvas.blend(ground, style.panel, 0.85)
        canvas.text(right, outside, word, align="right", halo=style.panel)


def _dot(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for radius, shade in ((7.5, canvas.theme.panel), (5.5, colour)):
        canvas.shape([(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in turn], shade)


def _prices(canvas: Canvas, asked: MapInput, today: Strip) -> None:
    """Label round prices and, on white, spot."""
    style = canvas.theme
    for price in ticks(today.axis, _PRICE_APART):
        y = today.y(price)
        if abs(y - today.spot_y) > 36 and today.top + 6 < y < today.bottom - 6:
            word = (words.compact(price), style.tick)
            canvas.text(today.left - 10, baseline(y, style.tick.size), word, align="right")
            canvas.fill(today.left - 6, int(y), today.left, int(y) + 1, style.soft)
    spot = (figures.price(asked.view.spot), style.tag.in_colour(style.background))
    strip.spot_tag(canvas, today.left - 1, today.spot_y, spot, towards_right=True)


def _cohorts(canvas: Canvas, asked: MapInput, side: Side) -> list[Word]:
    """Return the share of each cohort in a side, beside its tone."""
    style, view = canvas.theme, asked.view
    total = float(view.map.of(side).sum())
    told: list[Word] = []
    for cohort, colour in style.cohorts.items():
        usd = float(view.map.of(side, cohort).sum())
        if usd > 0 and cohort is not Cohort.UNKNOWN:
            share = f"{cohort.words} {figures.share(usd / total)}"
            told += [("   ■ ", style.fine.in_colour(colour[side])), (share, style.fine)]
    return told


def _fine_print(canvas: Canvas, measures: Frame, asked: MapInput) -> None:
    """Say where the picture comes from, and what is in no map."""
    view, style = asked.view, canvas.theme
    if asked.facts:
        frame.row_of_facts(canvas, measures, asked.facts, measures.right)
    frame.footer(canvas, measures, view)
    unplaced = (words.unplaced(view), style.fine)
    canvas.text(measures.right, measures.axis_line - 2, unplaced, align="right")
    tags = words.tags(view)
    if tags:
        wide = frame.tag_width(canvas, *tags)
        frame.tag(canvas, measures.right - wide - 4, measures.top - 2, *tags)
