"""The screener as a picture: a table of coins, with bars for fuel and lean.

Each row is a coin. What one would otherwise compare digit by digit is a bar beside its figure: fuel below and
above spot on one scale for all rows, and the lean from its middle. A square picture is for phones: its rows
have two lines, and larger letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from liqbot.charts import frame, words
from liqbot.charts.canvas import Canvas, baseline, fitting, width
from liqbot.charts.request import Shape
from liqbot.charts.screener_input import ScreenedCoin, ScreenerInput
from liqbot.charts.theme import Letters
from liqbot.market import figures
from liqbot.market.side import Side
from liqbot.message import Picture
from liqbot.text import _

_HEAD = 44
"""Height of the row of headings."""
_TALLEST = {Shape.WIDE: 64, Shape.SQUARE: 96}
_BAR = 0.42
"""Height of a bar, as a share of its row."""
_COLUMNS = {
    Shape.WIDE: (0.0, 0.125, 0.245, 0.458, 0.705, 0.86),
    Shape.SQUARE: (0.0, 0.2, 0.385, 0.7, 0.87),
}
"""Where coin, spot, nearest cluster, fuel, lean and trapped shares begin, as shares of the width; of a square
picture spot stands beneath the coin."""
_APART = 24
"""Room between fuel and what is beside it."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The place of one row, in pixels."""

    top: int
    height: int

    @property
    def line(self) -> float:
        """The baseline of its words."""
        return baseline(self.top + self.height / 2, self.size)

    @property
    def size(self) -> int:
        """Its letters."""
        return max(20, min(30, round(self.height * 0.62)))

    @property
    def bar(self) -> tuple[int, int]:
        """The upper and lower edge of a bar in it."""
        half = round(self.height * _BAR / 2)
        middle = self.top + self.height // 2
        return middle - half, middle + half

    @property
    def lines(self) -> tuple[float, float]:
        """The baselines of its words, where it has two lines."""
        upper, lower = (baseline(self.top + share * self.height, 28) for share in (0.29, 0.73))
        return upper, lower

    @property
    def upper_bar(self) -> tuple[int, int]:
        """The upper and lower edge of a bar in its upper line."""
        return self.top + round(0.16 * self.height), self.top + round(0.42 * self.height)


def draw(asked: ScreenerInput) -> Picture:
    """Return the picture. The same input gives the same bytes."""
    canvas, measures = frame.sheet(asked.look), frame.of(asked.look)
    wide = measures.right - measures.left
    columns = [round(measures.left + 2 + part * wide) for part in _COLUMNS[asked.look.shape]]
    edges = [*columns[1:], measures.right]
    top = measures.lines[0] + 16
    _headings(canvas, asked, columns, top + _HEAD - 14)
    room = measures.last_line - 34 - (top + _HEAD)
    height = min(_TALLEST[asked.look.shape], room // max(1, len(asked.rows)))
    most = max((max(row.up_usd, row.down_usd) for row in asked.rows), default=0.0)
    for place, one in enumerate(asked.rows):
        row = _Row(top + _HEAD + place * height, height)
        if place % 2 == 0:
            canvas.fill(measures.left, row.top, measures.right, row.top + height, canvas.theme.panel)
        if asked.look.shape is Shape.SQUARE:
            _two_lines(canvas, one, row, list(zip(columns, edges, strict=True)), most)
            continue
        _coin(canvas, one, row, columns, edges)
        _fuel(canvas, one, row, (columns[3], edges[3] - _APART), most)
        _lean(canvas, one.lean, row, (columns[4], edges[4] - _APART))
        _trapped(canvas, one, row, (columns[5], measures.right - 6))
    title = fitting([((asked.title, canvas.theme.lead),)], wide)
    canvas.text(measures.left + 2, measures.lines[0], *title)
    when = f"{datetime.fromtimestamp(asked.time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    said = words.closings(asked.label, when)
    options = [((one, canvas.theme.provenance),) for one in said]
    canvas.text(measures.left + 2, measures.last_line, *fitting(options, wide))
    return Picture(png=canvas.png(), alt=_alt(asked), name=f"screener-{asked.sort}.png")


def _headings(canvas: Canvas, asked: ScreenerInput, columns: Sequence[int], line: int) -> None:
    style = canvas.theme.tick
    fuel = _("fuel within {percent}", percent=figures.percent(asked.within_pct))
    names = (_("coin"), _("spot"), _("nearest cluster"), fuel, _("lean"), _("trapped"))
    if asked.look.shape is Shape.SQUARE:
        names = (_("coin"), _("nearest"), fuel, _("lean"), _("trapped"))
    for left, name in zip(columns, names, strict=True):
        canvas.text(left, line, (name, style))


def _coin(canvas: Canvas, one: ScreenedCoin, row: _Row, columns: Sequence[int], edges: Sequence[int]) -> None:
    style = canvas.theme
    plain = Letters(row.size, style.text)
    coin = fitting([((one.coin, Letters(row.size, style.text, bold=True)),)], edges[0] - columns[0] - 8)
    canvas.text(columns[0], row.line, *coin)
    spot = fitting([((figures.price(one.spot), plain.in_colour(style.soft)),)], edges[1] - columns[1] - 8)
    canvas.text(columns[1], row.line, *spot)
    if one.side is None or one.distance_pct is None or one.cluster_usd is None:
        canvas.text(columns[2], row.line, (_("none"), plain.in_colour(style.soft)))
        return
    mark = "▲" if one.side is Side.SHORT else "▼"
    away = (f"{mark} {figures.percent(one.distance_pct, signed=True)}", plain.in_colour(style.hue[one.side]))
    usd = (f"  {figures.usd(one.cluster_usd)}", plain)
    canvas.text(columns[2], row.line, *fitting([(away, usd)], edges[2] - columns[2] - 8))


def _two_lines(
    canvas: Canvas, one: ScreenedCoin, row: _Row, places: Sequence[tuple[int, int]], most: float
) -> None:
    """Draw a row of a square picture: what stands first above what belongs to it."""
    style, (upper, lower) = canvas.theme, row.lines
    columns, edges = [place[0] for place in places], [place[1] for place in places]
    large, small = Letters(30, style.text, bold=True), Letters(27, style.soft)
    room = edges[0] - columns[0] - 12
    canvas.text(columns[0], upper, *fitting([((one.coin, large),)], room))
    canvas.text(columns[0], lower, *fitting([((figures.price(one.spot), small),)], room))
    if one.side is None or one.distance_pct is None or one.cluster_usd is None:
        canvas.text(columns[1], upper, (_("none"), small))
    else:
        mark = "▲" if one.side is Side.SHORT else "▼"
        away = f"{mark} {figures.percent(one.distance_pct, signed=True)}"
        canvas.text(columns[1], upper, (away, replace(large, colour=style.hue[one.side])))
        canvas.text(columns[1], lower, (figures.usd(one.cluster_usd), small.in_colour(style.text)))
    left, right = columns[2], edges[2] - _APART
    middle, (top, bottom) = (left + right) // 2, row.upper_bar
    for usd, side, sign in ((one.down_usd, Side.LONG, -1), (one.up_usd, Side.SHORT, 1)):
        begin, end = sorted(
            (middle, middle + sign * round((right - left) / 2 * usd / most) if most else middle)
        )
        canvas.fill(begin, top, end, bottom, style.hue[side])
        edge, align = (left, "left") if sign < 0 else (right, "right")
        canvas.text(edge, lower, (figures.usd(usd), small.in_colour(style.tint[side])), align=align)
    canvas.fill(middle, top - 4, middle + 1, bottom + 4, style.soft)
    left, right = columns[3], edges[3] - _APART
    middle = (left + right) // 2
    if one.lean is not None:
        begin, end = sorted((middle, middle + round((right - left) / 2 * one.lean)))
        canvas.fill(begin, top, end, bottom, style.hue[Side.SHORT if one.lean > 0 else Side.LONG])
        canvas.text(middle, lower, (_signed(one.lean), small.in_colour(style.text)), align="middle")
    canvas.fill(middle, top - 4, middle + 1, bottom + 4, style.soft)
    shares = ((upper, one.trapped_short, Side.SHORT, "▲"), (lower, one.trapped_long, Side.LONG, "▼"))
    for line, share, side, mark in shares:
        said = "–" if share is None else figures.share(share)
        letters = small.in_colour(style.hue[side])
        canvas.text(columns[4], line, (mark, letters))
        canvas.text(edges[4] - 6, line, (said, letters), align="right")


def _signed(lean: float) -> str:
    return f"{lean:+.2f}".replace("-", "−")


def _fuel(canvas: Canvas, one: ScreenedCoin, row: _Row, place: tuple[int, int], most: float) -> None:
    """Draw fuel below spot to the left of the middle, above it to the right; figures stand at the ends."""
    left, right = place
    middle, (top, bottom) = (left + right) // 2, row.bar
    small = Letters(max(20, row.size - 5), canvas.theme.text)
    longest = (right - left) / 2 - width(("$88.8M ", small))
    for usd, side, sign in ((one.down_usd, Side.LONG, -1), (one.up_usd, Side.SHORT, 1)):
        begin, end = sorted((middle, middle + sign * round(longest * usd / most) if most else middle))
        canvas.fill(begin, top, end, bottom, canvas.theme.hue[side])
        edge, align = (left, "left") if sign < 0 else (right, "right")
        canvas.text(edge, row.line, (figures.usd(usd), small), align=align)
    canvas.fill(middle, row.top + 3, middle + 1, row.top + row.height - 3, canvas.theme.soft)


def _lean(canvas: Canvas, lean: float | None, row: _Row, place: tuple[int, int]) -> None:
    left, right = place
    middle, (top, bottom) = (left + right) // 2, row.bar
    canvas.fill(middle, row.top + 3, middle + 1, row.top + row.height - 3, canvas.theme.soft)
    if lean is None:
        return
    begin, end = sorted((middle, middle + round((right - left) / 2 * lean)))
    side = Side.SHORT if lean > 0 else Side.LONG
    canvas.fill(begin, top, end, bottom, canvas.theme.hue[side])
    told = (_signed(lean), Letters(max(20, row.size - 5), canvas.theme.text))
    align = "left" if lean <= 0 else "right"
    canvas.text(middle + (6 if lean <= 0 else -6), row.line, told, align=align)


def _trapped(canvas: Canvas, one: ScreenedCoin, row: _Row, place: tuple[int, int]) -> None:
    """Write the shares of longs and of shorts, each in the hue of its side."""
    left, right = place
    ends = (((left + right) // 2 - 4, one.trapped_long, Side.LONG), (right, one.trapped_short, Side.SHORT))
    for edge, share, side in ends:
        said = "–" if share is None else figures.share(share)
        letters = Letters(max(20, row.size - 5), canvas.theme.hue[side])
        canvas.text(edge, row.line, (said, letters), align="right")


def _alt(asked: ScreenerInput) -> str:
    """Return the picture in words."""
    said = [
        _(
            "{coin}: nearest cluster {away}, fuel {below} below and {above} above",
            coin=one.coin,
            away=_away(one),
            below=figures.usd(one.down_usd),
            above=figures.usd(one.up_usd),
        )
        for one in asked.rows
    ]
    return f"{asked.title}. " + "; ".join(said[:10]) + "."


def _away(one: ScreenedCoin) -> str:
    return _("none") if one.distance_pct is None else figures.percent(one.distance_pct, signed=True)
