"""Venues, bases or models of one coin side by side on one price axis, and how far they agree."""

import numpy as np

from liqbot.charts import alternative_text, candlesticks, classes, frame, heat, strip, words
from liqbot.charts.canvas import Canvas, Word, baseline, fitting, width
from liqbot.charts.frame import Frame
from liqbot.charts.labels import nearest_heavy
from liqbot.charts.price_axis import PriceAxis, around, fitted, ticks
from liqbot.charts.request import ComparisonInput, Panel, is_modelled
from liqbot.charts.strip import Strip
from liqbot.charts.time_axis import NO_DATA, TimeAxis
from liqbot.market import figures
from liqbot.market.agreement import AGREE_PCT, Agreement, agreements
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.text import _

FEWEST, MOST = 2, 4
_HEAD = 86
"""Room above a panel's heat, for its name and its figures."""
_GAP = 16
_PRICE_APART = 52
_ROWS = (6, 5, 4, 3)


def draw(asked: ComparisonInput) -> Picture:
    """Return panels side by side. Raises `ValueError` for one, for more than four, or for several coins."""
    panels = asked.panels
    if not FEWEST <= len(panels) <= MOST:
        raise ValueError(f"a comparison is of {FEWEST} to {MOST} layers, not of {len(panels)}")
    if len({panel.view.coin for panel in panels}) > 1:
        raise ValueError("a comparison is of one coin")
    canvas, measures = frame.sheet(asked.look), frame.of(asked.look)
    axis = _price_axis(panels, measures)
    gutter = _gutter(canvas, axis)
    left = measures.left + gutter
    wide = (measures.right - left - _GAP * (len(panels) - 1)) // len(panels)
    for number, panel in enumerate(panels):
        start = left + number * (wide + _GAP)
        _panel(canvas, measures, axis, panel, edges=(start, start + wide), window=asked.window)
    _prices(canvas, measures, axis, left)
    told = agreements([(panel.title, panel.view) for panel in panels])
    _header(canvas, measures, panels, told)
    _footer(canvas, measures, panels)
    return Picture(
        png=canvas.png(),
        alt=_alt(panels, told),
        name=words.file_name(panels[0].view.coin, "comparison", asked.window),
    )


def _price_axis(panels: tuple[Panel, ...], measures: Frame) -> PriceAxis:
    seen: list[float] = []
    for panel in panels:
        seen += [panel.view.spot * (1 + sign * FUEL_PCT / 100) for sign in (-1, 1)]
        if panel.grid is not None and len(panel.grid):
            seen += [float(panel.grid.low.min()), float(panel.grid.high.max())]
        for side in Side:
            near = nearest_heavy(panel.view, side)
            seen += [near.price] if near is not None and abs(near.distance_pct) <= 2 * AGREE_PCT else []
    length = measures.bottom - measures.top - _HEAD
    return fitted(*around(panels[0].view.spot, FUEL_PCT, seen), length, fine=_ROWS, coarse=_ROWS[:3])


def _gutter(canvas: Canvas, axis: PriceAxis) -> int:
    shown = [width((words.compact(price), canvas.theme.tick)) for price in ticks(axis, _PRICE_APART)]
    return round(max(shown, default=0)) + 14


def _prices(canvas: Canvas, measures: Frame, axis: PriceAxis, left: int) -> None:
    for price in ticks(axis, _PRICE_APART):
        y = measures.bottom - axis.at(price)
        canvas.blend((left, int(y), measures.right, int(y) + 1), canvas.theme.text, 0.12)
        word = (words.compact(price), canvas.theme.tick)
        canvas.text(left - 8, baseline(y, canvas.theme.tick.size), word, align="right")


def _panel(
    canvas: Canvas, measures: Frame, axis: PriceAxis, panel: Panel, *, edges: tuple[int, int], window: str
) -> None:
    """Draw one layer: its name, its figures, its past where there is one, and its bars."""
    (left, right), style, view = edges, canvas.theme, panel.view
    title = ((panel.title, style.tag),)
    canvas.text(left, measures.top + 27, *fitting([title], right - left))
    canvas.text(left, measures.top + 67, *fitting(_figures(canvas, view), right - left))
    bars = max(70, round((right - left) * (0.28 if panel.grid is not None else 1.0)))
    today = Strip.of(view, axis, left=right - bars, right=right, bottom=measures.bottom)
    strip.ground(canvas, today, right)
    strip.bars(canvas, today, bars - 6)
    if panel.grid is not None and len(panel.grid):
        _past(canvas, measures, axis, panel, edges=(left, right - bars - 4), window=window)
    strip.spot_line(canvas, today, right)


def _past(
    canvas: Canvas, measures: Frame, axis: PriceAxis, panel: Panel, *, edges: tuple[int, int], window: str
) -> None:
    grid, (left, right), style = panel.grid, edges, canvas.theme
    if grid is None:
        return
    times = TimeAxis.of(grid, right - left)
    place = candlesticks.Place(left, measures.bottom, axis, times)
    every = times.columns(grid)
    shown, columns = np.unique(every, return_inverse=True)
    usd = heat.by_side(grid.usd[shown], grid.bins, grid.spot[shown], axis)
    own = classes.by_side(BySide(long=usd.long[shown != NO_DATA], short=usd.short[shown != NO_DATA]))
    spot = axis.along(grid.spot)
    line = np.interp(np.arange(times.length) + 0.5, times.along(grid.time_ms), spot)
    levels = BySide(
        long=np.zeros(usd.long.shape, np.uint8) if own.long is None else own.long.levels(usd.long),
        short=np.zeros(usd.short.shape, np.uint8) if own.short is None else own.short.levels(usd.short),
    )
    area = canvas.pixels[place.top : place.bottom, left:right]
    area[:] = heat.pixels(
        style,
        levels,
        np.where(every == NO_DATA, NO_DATA, columns),
        spot=spot[every],
        line=line,
        axis=axis,
    )
    points = np.stack([place.x(grid.time_ms), place.y(grid.spot)], axis=-1)
    with canvas.clipped(left, place.top, right, place.bottom):
        canvas.line(points, style.background, 5.5, share=0.85)
        canvas.line(points, style.text, 2.6)
    said = words.span(int(grid.time_ms[-1] - grid.time_ms[0]), window)
    canvas.text(left, measures.axis_line, *fitting([((said, style.tick),)], right - left))


def _figures(canvas: Canvas, view: MarketView) -> list[tuple[Word, ...]]:
    style = canvas.theme
    most = "≤" if is_modelled(view) else ""
    small = style.figure.sized(30)
    up, down = (small.in_colour(style.hue[side]) for side in (Side.SHORT, Side.LONG))
    both: tuple[Word, ...] = (
        (f"▲ {most}{figures.usd(view.up_usd)}  ", up),
        (f"▼ {most}{figures.usd(view.down_usd)}", down),
    )
    ratio = (f"  {words.ratio_heading(view)} {words.ratio(view)}", style.beside.sized(28))
    return [(*both, ratio), both]


def _header(canvas: Canvas, measures: Frame, panels: tuple[Panel, ...], told: list[Agreement]) -> None:
    style, view = canvas.theme, panels[0].view
    room = measures.right - measures.left - 2
    coin: tuple[Word, ...] = ((f"{view.coin} ", style.coin), (f"${figures.price(view.spot)}", style.spot))
    options = [
        (*coin, (f"   {said}", style.beside)) for said in (_("side by side, never added"), _("side by side"))
    ]
    canvas.text(measures.left + 2, measures.lines[0], *fitting([*options, coin], room))
    known = [it for it in told if it.overlap is not None]
    full = ", ".join(f"{it.one} – {it.other} {figures.share(it.overlap or 0)}" for it in known)
    best = max(known, key=lambda it: it.overlap or 0.0, default=None)
    said = [_("Nothing to compare")]
    if best is not None:
        mean = figures.share(sum(it.overlap or 0.0 for it in known) / len(known))
        most = f"{figures.share(best.overlap or 0)}: {best.one} – {best.other}"
        percent = f"{AGREE_PCT:.0f}"
        said = [
            _("Money at the same prices within ±{percent}%: {pairs}", percent=percent, pairs=full),
            _("On average {mean} of the money is at the same prices, at most {most}", mean=mean, most=most),
            _("On average {mean} of money at the same prices, at most {most}", mean=mean, most=most),
            _("On average {mean} of the money is at the same prices", mean=mean),
        ]
    line = measures.lines[1] if len(measures.lines) == 2 else measures.lines[2]
    canvas.text(measures.left + 2, line, *fitting([((it, style.sentence),) for it in said], room))


def _footer(canvas: Canvas, measures: Frame, panels: tuple[Panel, ...]) -> None:
    newest = max(panel.view.time_ms for panel in panels)
    origins = list(dict.fromkeys(tag for panel in panels for tag in words.origin_tags(panel.view)))
    modelled = any(is_modelled(panel.view) for panel in panels)
    bounds = [_("≤ modelled: upper bounds")] if modelled else []
    options = [
        [*origins, words.utc(newest), *bounds, _("not a forecast")],
        [*origins, words.utc(newest), *bounds],
        [*origins, words.utc(newest), *([_("≤ modelled")] if modelled else [])],
    ]
    said = [((" · ".join(parts), canvas.theme.provenance),) for parts in options]
    canvas.text(measures.left + 2, measures.last_line, *fitting(said, measures.right - measures.left - 2))


def _alt(panels: tuple[Panel, ...], told: list[Agreement]) -> str:
    each = " ".join(
        _(
            "{title}: {up} of shorts above, {down} of longs below, {label} {ratio}; {layer}.",
            title=panel.title,
            up=words.at_most(panel.view, figures.usd(panel.view.up_usd)),
            down=words.at_most(panel.view, figures.usd(panel.view.down_usd)),
            label=words.ratio_label(panel.view.fuel),
            ratio=figures.ratio(panel.view.ratio),
            layer=panel.view.layer.label,
        )
        for panel in panels
    )
    known = [it for it in told if it.overlap is not None]
    same = ", ".join(
        _("{one} and {other} {share}", one=it.one, other=it.other, share=figures.share(it.overlap or 0))
        for it in known
    )
    view = panels[0].view
    said = [
        _(
            "{coin} at ${price}, {count} layers side by side, never added.",
            coin=view.coin,
            price=figures.price(view.spot),
            count=len(panels),
        ),
        _("Within ±{percent}%: {layers}", percent=f"{FUEL_PCT:.0f}", layers=each),
        *([_("Money at the same prices: {pairs}.", pairs=same)] if same else []),
        f"{words.utc(view.time_ms)}.",
    ]
    return " ".join(said)[: alternative_text.ALT_LIMIT]
