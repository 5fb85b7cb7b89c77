"""The side panel of a heatmap: today's map as bars, what a move would set off, the heaviest clusters."""

from liqbot.charts import frame, labels, strip, theme, words
from liqbot.charts.canvas import Canvas, Word, baseline
from liqbot.charts.frame import RIGHT
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.strip import Strip
from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort
from liqbot.market.side import Side
from liqbot.market.view import MarketView

LEFT = 898
_BARS = 84
"""Length of the longest bar."""
_STACKED = list(theme.COHORT_COLOUR)
_WORDS = LEFT + _BARS + 24


def draw(canvas: Canvas, view: MarketView, axis: PriceAxis, bottom: int) -> list[Cluster]:
    """Draw the panel, and return the clusters that it names."""
    today = Strip.of(view, axis, left=LEFT, right=LEFT + _BARS, bottom=bottom)
    strip.ground(canvas, today, RIGHT)
    strip.bars(canvas, today, _BARS)
    strip.curves(canvas, today, _BARS, 1.8)
    strip.spot_line(canvas, today, RIGHT)
    placed = labels.placed(view, today)
    for label in placed:
        labels.draw(canvas, today, label, _WORDS, RIGHT - 2)
    _name_sides(canvas, today)
    _tell_beyond(canvas, view, today)
    return [label.cluster for label in placed]


def tones(view: MarketView) -> list[Word]:
    """Return whose bars are bright and whose are dark, in the colours of both sides."""
    shades: dict[Cohort, list[Word]] = {}
    for side in Side:
        for cohort, colour in frame.tones(view, side):
            shades.setdefault(cohort, []).append(("■", theme.FINE.in_colour(colour)))
    return [
        word
        for cohort, squares in sorted(shades.items(), key=lambda item: _STACKED.index(item[0]))
        for word in (("  ", theme.FINE), *squares, (f" {cohort.words}", theme.FINE))
        if cohort is not Cohort.MARKET_MAKER
    ]


def _name_sides(canvas: Canvas, today: Strip) -> None:
    names = ((Side.SHORT, -1, "▲ shorts: forced buys"), (Side.LONG, 1, "▼ longs: forced sells"))
    for side, sign, text in names:
        middle = today.spot_y + sign * 17
        letters = theme.LEGEND.in_colour(theme.HUE[side])
        if today.top + 8 < middle < today.bottom - 8:
            y = baseline(middle, letters.size)
            canvas.text(RIGHT - 8, y, (text, letters), align="right", halo=theme.ZONE)


def _tell_beyond(canvas: Canvas, view: MarketView, today: Strip) -> None:
    """Say what lies farther than the panel reaches, where that matters."""
    for side, y in ((Side.SHORT, today.top + 17), (Side.LONG, today.bottom - 7)):
        said = words.beyond(view, side, today.axis.low, today.axis.high)
        if said:
            letters = theme.FINE.in_colour(theme.TINT[side])
            canvas.text(RIGHT - 8, y, (said, letters), align="right", halo=theme.PANEL)
