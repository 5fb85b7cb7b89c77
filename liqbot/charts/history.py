"""The past of a coin's readings as curves: price, the ratio with its regimes, fuel on both sides, the rest.

Four panels share one time axis. The ratio's axis is logarithmic and symmetric around 1, since 2 and 0.5 are
the same lean; where one side was empty there is no finite ratio, and the curve runs along the edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import numpy as np

from liqbot.charts import alternative_text, frame, words
from liqbot.charts.canvas import Canvas, Word, baseline, fitting, width
from liqbot.charts.history_input import HistoryInput
from liqbot.charts.theme import Rgb
from liqbot.charts.time_axis import TimeAxis
from liqbot.market import figures
from liqbot.market.dated_reading import DatedReading
from liqbot.market.positions import Floats
from liqbot.market.regime import SQUEEZE_RATIO, Regime, regime_name
from liqbot.market.side import Side
from liqbot.message import Picture
from liqbot.text import _

_MOST_RATIO = 8.0
"""The ratio's axis ends here and at its inverse; what lies beyond runs along the edge."""
_HEIGHTS = (0.30, 0.24, 0.22, 0.24)
"""Shares of the plot: price, ratio, fuel, open interest with funding."""
_GAP = 12
_RIGHT = 172
"""Room at the right for names and figures: on the curves they would hide some of them."""
_TICK_APART = 140
_SIDES = {Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}


@dataclass(frozen=True, slots=True)
class _Panel:
    """A part of the plot, in pixels, with the values at its bottom and at its top."""

    left: int
    top: int
    right: int
    bottom: int
    low: float
    high: float

    def y(self, values: Floats) -> Floats:
        """Return how far down values are, kept within the panel."""
        span = (self.high - self.low) or 1.0
        share = np.clip((values - self.low) / span, 0.0, 1.0)
        return self.bottom - share * (self.bottom - self.top)


def draw(asked: HistoryInput) -> Picture:
    """Return the picture. The same input gives the same bytes."""
    canvas, measures = frame.sheet(asked.look), frame.of(asked.look)
    axis = TimeAxis(
        asked.readings[0].time_ms, asked.readings[-1].time_ms, measures.right - _RIGHT - measures.left
    )
    panels = _panels(measures.left, measures.lines[1] + 18, measures.right - _RIGHT, measures.bottom)
    for left, top, right, bottom in panels:
        canvas.fill(left, top, right, bottom, canvas.theme.panel)
    _times(canvas, axis, panels, measures.axis_line)
    x = measures.left + axis.along(np.array([one.time_ms for one in asked.readings]))
    regimes = [one.regime for one in asked.readings]
    _regimes(canvas, regimes, x, panels[1])
    _price(canvas, asked, axis, panels[0])
    _ratio(canvas, asked.readings, regimes, x, panels[1])
    _fuel(canvas, asked.readings, x, panels[2])
    _rest(canvas, asked.readings, x, panels[3])
    shares = _shares(regimes)
    _header(canvas, asked, shares, measures)
    said = words.closings(asked.label, words.utc(asked.readings[-1].time_ms))
    options = [((one, canvas.theme.provenance),) for one in said]
    canvas.text(measures.left + 2, measures.last_line, *fitting(options, measures.right - measures.left))
    return Picture(
        png=canvas.png(), alt=_alt(asked, shares), name=words.file_name(asked.coin, f"history-{asked.window}")
    )


def _panels(left: int, top: int, right: int, bottom: int) -> list[tuple[int, int, int, int]]:
    room = bottom - top - _GAP * (len(_HEIGHTS) - 1)
    found: list[tuple[int, int, int, int]] = []
    for share in _HEIGHTS:
        found.append((left, top, right, top + round(share * room)))
        top += round(share * room) + _GAP
    return found


def _times(canvas: Canvas, axis: TimeAxis, panels: Sequence[tuple[int, int, int, int]], line: int) -> None:
    left, right = panels[0][0], panels[0][2]
    for along, label in axis.ticks(_TICK_APART):
        place = round(left + along)
        for _left, top, _right, bottom in panels:
            canvas.fill(place, top, place + 1, bottom, canvas.theme.rule)
        if left + 30 < place < right - 30:
            canvas.text(place, line, (label, canvas.theme.tick), align="middle")


def _price(canvas: Canvas, asked: HistoryInput, axis: TimeAxis, box: tuple[int, int, int, int]) -> None:
    path = asked.path
    if len(path) > 1:
        time_ms, low, high, close = path.time_ms, path.low, path.high, path.close
    else:
        time_ms = np.array([one.time_ms for one in asked.readings])
        low = high = close = np.array([one.spot for one in asked.readings])
    panel = _Panel(*box, math.log(float(low.min())) - 0.002, math.log(float(high.max())) + 0.002)
    x, lowest, highest, last = _by_pixel(box[0] + axis.along(time_ms), low, high, close)
    _band(canvas, x, panel.y(np.log(lowest)), panel.y(np.log(highest)), canvas.theme.dim)
    canvas.line(np.stack([x, panel.y(np.log(last))], axis=1), canvas.theme.text, 2.0)
    for price in (float(high.max()), float(low.min())):
        _figure(canvas, box, float(panel.y(np.array([math.log(price)]))[0]), figures.price(price))
    _name(canvas, box, "price", (box[1] + box[3]) / 2)


def _by_pixel(x: Floats, low: Floats, high: Floats, close: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return one step for each column of pixels: the lowest, the highest and the last price in it."""
    columns = np.rint(x).astype(np.int64)
    begins = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    lasts = np.append(begins[1:], len(columns)) - 1
    return x[lasts], np.minimum.reduceat(low, begins), np.maximum.reduceat(high, begins), close[lasts]


def _band(canvas: Canvas, x: Floats, low: Floats, high: Floats, colour: Rgb) -> None:
    """Fill what lies between two curves: wicks, one column of pixels each."""
    for place, top, bottom in zip(np.rint(x).astype(np.int64).tolist(), high, low, strict=True):
        canvas.blend((place, int(top), place + 1, math.ceil(bottom)), colour, 0.45)


def _regimes(canvas: Canvas, regimes: Sequence[Regime], x: Floats, box: tuple[int, int, int, int]) -> None:
    """Wash the time of each regime that leans in the hue of its side."""
    ends, begin = np.append(x[1:], x[-1]), 0
    for regime, spell in groupby(regimes):
        end = begin + len(list(spell))
        side, left, right = _SIDES.get(regime), round(x[begin]), round(ends[end - 1])
        if side is not None:
            canvas.fill(left, box[1], max(right, left + 1), box[3], canvas.theme.wash[side])
        begin = end


def _ratio(
    canvas: Canvas,
    readings: Sequence[DatedReading],
    regimes: Sequence[Regime],
    x: Floats,
    box: tuple[int, int, int, int],
) -> None:
    most = math.log(_MOST_RATIO)
    panel = _Panel(*box, -most, most)
    style = canvas.theme
    for value in (1 / SQUEEZE_RATIO, 1.0, SQUEEZE_RATIO):
        y, dash = float(panel.y(np.array([math.log(value)]))[0]), () if value == 1.0 else (6, 5)
        canvas.line(np.array([(box[0], y), (box[2], y)]), style.soft, 1.2, share=0.7, dash=dash)
    logs = np.array([_log_ratio(one.ratio, regime) for one, regime in zip(readings, regimes, strict=True)])
    curve = np.stack([x, panel.y(logs)], axis=1)
    canvas.line(curve, style.text, 2.4)
    for value in (1 / SQUEEZE_RATIO, SQUEEZE_RATIO):
        y = float(panel.y(np.array([math.log(value)]))[0])
        _threshold(canvas, box, y - 5 if value > 1 else y + 22, value, curve)
    newest = readings[-1]
    middle = (box[1] + box[3]) / 2
    label = words.ratio_label(*(one.fuel for one in readings))
    _name(canvas, box, f"{label} ▲/▼", middle - 15, shorter=label)
    is_one_sided = newest.ratio is None and regimes[-1] in _SIDES
    said = "one-sided" if is_one_sided else figures.ratio(newest.ratio)
    _figure(canvas, box, middle + 15, said)


def _threshold(
    canvas: Canvas, box: tuple[int, int, int, int], line: float, value: float, curve: Floats
) -> None:
    """Say at which ratio a setup begins, beside its line, as far to the right as the curve leaves room."""
    word = (f"{value:g}", canvas.theme.fine)
    wide, high = width(word) + 8, canvas.theme.fine.size
    x, y = curve[:, 0], curve[:, 1]
    near = (y > line - high) & (y < line + 8)
    # Between two readings the curve passes through all that lies between them.
    through = near | np.append((y[:-1] < line) & (y[1:] > line) | (y[:-1] > line) & (y[1:] < line), False)
    taken = x[through]
    left = float(box[0] + 6)
    for right in np.arange(box[2] - 6, box[0] + wide, -24.0).tolist():
        if not np.any((taken > right - wide - 12) & (taken < right + 12)):
            left = right - wide
            break
    canvas.text(left, line, word, halo=canvas.theme.panel)


def _log_ratio(ratio: float | None, regime: Regime) -> float:
    """Return ln of the ratio; where one side is empty the edge, and NaN without a reading."""
    if ratio is not None:
        return math.log(ratio)
    if regime is Regime.NO_READING:
        return math.nan
    return math.log(_MOST_RATIO) * (1 if regime is Regime.SHORT_SQUEEZE else -1)


def _fuel(
    canvas: Canvas, readings: Sequence[DatedReading], x: Floats, box: tuple[int, int, int, int]
) -> None:
    up, down = (np.array([getattr(one, name) for one in readings]) for name in ("up_usd", "down_usd"))
    most = max(float(up.max()), float(down.max()), 1.0)
    panel = _Panel(*box, -most, most)
    zero = float(panel.y(np.zeros(1))[0])
    for values, sign, side in ((up, 1, Side.SHORT), (down, -1, Side.LONG)):
        y = panel.y(sign * values)
        edge = [*zip(x.tolist(), y.tolist(), strict=True), (float(x[-1]), zero), (float(x[0]), zero)]
        canvas.shape(edge, canvas.theme.hue[side], share=0.35)
        canvas.line(np.stack([x, y], axis=1), canvas.theme.hue[side], 2.0)
        place = zero - sign * 32
        _figure(canvas, box, place, f"{'▲' if sign > 0 else '▼'} {figures.usd(float(values[-1]))}",
                canvas.theme.hue[side])  # fmt: skip
    canvas.line(np.array([(box[0], zero), (box[2], zero)]), canvas.theme.soft, 1.0, share=0.6)
    _name(canvas, box, _("fuel within {percent}", percent="5%"), zero)


def _rest(
    canvas: Canvas, readings: Sequence[DatedReading], x: Floats, box: tuple[int, int, int, int]
) -> None:
    """Draw open interest, and funding beneath it, each on an axis of its own."""
    middle = (box[1] + box[3]) // 2
    halves = ((box[0], box[1], box[2], middle - 1), (box[0], middle + 1, box[2], box[3]))
    interest = np.array([_or_nan(one.open_interest_usd) for one in readings])
    funding = np.array([_or_nan(one.funding) for one in readings])
    shown = ((_("open interest"), interest, _usd), (_("funding, 1 h"), funding, _percent))
    for (name, values, said), half in zip(shown, halves, strict=True):
        known = values[np.isfinite(values)]
        if not len(known):
            _name(canvas, half, name, half[1] + 12)
            _figure(canvas, half, half[1] + 40, _("not known"))
            continue
        panel = _Panel(*half, float(known.min()), float(known.max()))
        canvas.line(np.stack([x, np.where(np.isfinite(values), panel.y(values), np.nan)], axis=1),
                    canvas.theme.soft, 1.8)  # fmt: skip
        _name(canvas, half, name, half[1] + 12)
        _figure(canvas, half, half[1] + 40, said(float(known[-1])))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _usd(value: float) -> str:
    return figures.usd(value)


def _percent(value: float) -> str:
    return f"{value * 100:.4f}%".replace("-", "−")


def _figure(
    canvas: Canvas, box: tuple[int, int, int, int], y: float, text: str, colour: Rgb | None = None
) -> None:
    letters = canvas.theme.tick if colour is None else canvas.theme.tick.in_colour(colour)
    place = min(max(y, box[1] + 10.0), box[3] - 8.0)
    canvas.text(box[2] + 8, baseline(place, letters.size), (text, letters))


def _name(
    canvas: Canvas, box: tuple[int, int, int, int], text: str, middle: float, *, shorter: str = ""
) -> None:
    """Say beside a panel what it shows; `shorter` where there is no room for that."""
    letters = canvas.theme.fine
    options = [((one, letters),) for one in (text, shorter) if one]
    canvas.text(box[2] + 8, baseline(middle, letters.size), *fitting(options, _RIGHT - 8))


def _header(canvas: Canvas, asked: HistoryInput, shares: str, measures: frame.Frame) -> None:
    style, newest = canvas.theme, asked.readings[-1]
    coin: tuple[Word, ...] = (
        (f"{asked.coin} ", style.coin),
        (f"${figures.price(newest.spot)}", style.spot),
        (f"   {_span(asked)}", style.beside),
    )
    heading = words.ratio_heading(newest)
    value: tuple[Word, ...] = ((f"{heading} ", style.beside), (_ratio_words(newest), style.figure))
    canvas.text(measures.right, measures.lines[0], *value, align="right")
    room = measures.right - measures.left - width(*value) - 24
    canvas.text(measures.left + 2, measures.lines[0], *fitting([coin, coin[:2]], room))
    line = measures.lines[1]
    canvas.text(measures.left + 2, line, *fitting([((shares, style.sentence),)], measures.right - 16))


def _span(asked: HistoryInput) -> str:
    """Return how far back the readings reach: `7 days`, or `3 days of 1 year`."""
    return words.span(asked.readings[-1].time_ms - asked.readings[0].time_ms, asked.window)


def _ratio_words(one: DatedReading) -> str:
    return figures.ratio(one.ratio) if one.ratio is not None else _one_sided(one)


def _one_sided(one: DatedReading) -> str:
    if one.regime is Regime.NO_READING:
        return "—"
    return f"{figures.usd(one.up_usd)} ↑ · {figures.usd(one.down_usd)} ↓"


def _shares(regimes: Sequence[Regime]) -> str:
    shares = [
        f"{regime_name(regime)} {figures.share(regimes.count(regime) / len(regimes))}"
        for regime in (Regime.SHORT_SQUEEZE, Regime.BALANCED, Regime.LONG_LIQUIDATION)
        if regime in regimes
    ]
    if not shares:
        return _("No reading in this time")
    return _("Of the time: {shares}", shares=", ".join(shares))


def _alt(asked: HistoryInput, shares: str) -> str:
    first, last = asked.readings[0], asked.readings[-1]
    begin, end = (
        f"{datetime.fromtimestamp(one.time_ms / 1000, UTC):%d %b %Y %H:%M} UTC" for one in (first, last)
    )
    said = _(
        "{coin}, {layer}: readings from {begin} to {end}. "
        "Price from {first} to {last}, {label} from {first_ratio} to {last_ratio}. {shares}.",
        coin=asked.coin,
        layer=asked.label,
        begin=begin,
        end=end,
        first=figures.price(first.spot),
        last=figures.price(last.spot),
        label=words.ratio_label(*(one.fuel for one in asked.readings)),
        first_ratio=_ratio_words(first),
        last_ratio=_ratio_words(last),
        shares=shares,
    )
    return said[: alternative_text.ALT_LIMIT]
