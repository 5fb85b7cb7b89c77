"""The strip beneath a heatmap on its time axis: traded volume or open interest.

Not here: bars by price beside it (`strip.py`).
"""

from enum import StrEnum
from typing import TypeAlias

import numpy as np

from liqbot.charts.candlesticks import Place
from liqbot.charts.canvas import Canvas, baseline
from liqbot.charts.request import HeatmapInput, Series
from liqbot.market import figures
from liqbot.market.candles import Candles
from liqbot.market.positions import Floats, Ints
from liqbot.text import _

HEIGHT = 46
GAP = 6
KNOWN = 0.6
"""From this share of a heatmap's time on that a figure is known of, it is worth a strip."""


class Kind(StrEnum):
    """A strip that is drawn from what is drawn anyway."""

    VOLUME = "volume"


Beneath: TypeAlias = Series | Kind
"""What stands beneath a heatmap: a figure over time, or what the candles say was traded."""


def chosen(asked: HeatmapInput) -> Beneath | None:
    """Return what stands beneath a heatmap: what is asked for, else volume, else the grid's open interest.

    None where neither is known of most of its time.
    """
    if asked.open_interest is not None:
        return asked.open_interest
    grid, candles = asked.grid, asked.candles
    begin_ms, end_ms = int(grid.time_ms[0]), int(grid.time_ms[-1])
    if candles is not None:
        traded = np.isfinite(candles.volume) & (candles.end_ms > begin_ms) & (candles.begin_ms <= end_ms)
        if np.count_nonzero(traded) * candles.length_ms >= KNOWN * max(end_ms - begin_ms, 1):
            return Kind.VOLUME
    if grid.open_interest is not None and np.isfinite(grid.open_interest).mean() >= KNOWN:
        return Series(_("open interest"), *_broken(grid.time_ms, grid.until_ms, grid.open_interest))
    return None


def _broken(time_ms: Ints, until_ms: Ints, usd: Floats) -> tuple[Ints, Floats]:
    """Return a figure over time that is unknown after each column that a gap follows."""
    gaps = np.flatnonzero(until_ms[:-1] < time_ms[1:])
    return (
        np.insert(time_ms, gaps + 1, until_ms[gaps]),
        np.insert(usd, gaps + 1, np.nan),
    )


def volume(canvas: Canvas, candles: Candles, place: Place, top: int) -> None:
    """Draw what was traded, in dollars: light where price closed higher, dim where lower."""
    usd = np.nan_to_num(candles.volume * candles.close)
    most = float(usd.max()) if len(usd) else 0.0
    _ground(canvas, place, top)
    if most > 0:
        left, right = place.x(candles.begin_ms), place.x(candles.end_ms)
        height = np.maximum(np.rint(usd / most * (HEIGHT - 4)), (usd > 0).astype(float))
        for start, end, high, up in zip(
            np.rint(left).astype(int).tolist(),
            np.rint(right).astype(int).tolist(),
            height.astype(int).tolist(),
            (candles.close >= candles.open).tolist(),
            strict=True,
        ):
            colour = canvas.theme.soft if up else canvas.theme.dim
            left_px, right_px = max(start, place.left), min(max(end - 2, start + 1), place.right)
            if left_px < right_px:
                canvas.fill(left_px, top + HEIGHT - high, right_px, top + HEIGHT, colour)
    _name(canvas, place, top, _("volume"), most)


def series(canvas: Canvas, shown: Series, place: Place, top: int) -> None:
    """Draw a figure over time as a line from its lowest value, which is not zero, to its highest."""
    _ground(canvas, place, top)
    inside = (shown.time_ms >= place.times.start_ms) & (shown.time_ms <= place.times.end_ms)
    time_ms, usd = shown.time_ms[inside], shown.usd[inside]
    if len(usd) < 2:
        _name(canvas, place, top, _("{figure}: no data", figure=shown.label), 0.0)
        return
    if not np.isfinite(usd).any():
        _name(canvas, place, top, _("{figure}: no data", figure=shown.label), 0.0)
        return
    low, high = float(np.nanmin(usd)), float(np.nanmax(usd))
    share = (usd - low) / (high - low) if high > low else np.full(len(usd), 0.5)
    points = np.stack([place.x(time_ms), top + HEIGHT - 4 - share * (HEIGHT - 8)], axis=-1)
    canvas.line(points, canvas.theme.text, 2.2)
    said = f"{shown.label} {figures.usd(low)}–{figures.usd(high).removeprefix('$')}"
    _name(canvas, place, top, said, 0.0)


def _ground(canvas: Canvas, place: Place, top: int) -> None:
    canvas.fill(place.left, top, place.right, top + HEIGHT, canvas.theme.panel)


def _name(canvas: Canvas, place: Place, top: int, name: str, most: float) -> None:
    """Say beside the strip what it shows: on it a line would run through the words."""
    said = _("{figure}, at most {usd}", figure=name, usd=figures.usd(most)) if most > 0 else name
    letters = canvas.theme.legend
    canvas.text(place.right + 10, baseline(top + HEIGHT / 2, letters.size), (said, letters))
