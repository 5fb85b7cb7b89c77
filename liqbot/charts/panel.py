"""The side panel of a heatmap: today's map as bars, what a move would set off, the heaviest clusters."""

from liqbot.charts import labels, strip, theme
from liqbot.charts.canvas import Canvas, Word
from liqbot.charts.frame import BOTTOM, RIGHT
from liqbot.charts.price_axis import PriceAxis
from liqbot.charts.strip import Strip
from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort
from liqbot.market.side import Side
from liqbot.market.view import MarketView

LEFT = 898
_BARS = 84
"""Length of the longest bar."""
_WORDS = LEFT + _BARS + 24


def draw(canvas: Canvas, view: MarketView, axis: PriceAxis) -> list[Cluster]:
    """Draw the panel, and return the clusters that it names."""
    today = Strip.of(view, axis, left=LEFT, right=LEFT + _BARS, bottom=BOTTOM)
    strip.ground(canvas, today, RIGHT)
    strip.bars(canvas, today, _BARS)
    strip.curves(canvas, today, _BARS, 1.7)
    strip.spot_line(canvas, today, RIGHT)
    placed = labels.placed(view, today)
    for label in placed:
        labels.draw(canvas, today, label, _WORDS)
    labels.name_sides(canvas, today, {})
    labels.tell_beyond(canvas, view, today)
    return [label.cluster for label in placed]


def tones(view: MarketView) -> list[Word]:
    """Return whose bars are bright and whose are dark, in the colours of the sides that have any."""
    told: list[Word] = []
    for cohort in (Cohort.WHALE, Cohort.RETAIL):
        colour = theme.COHORT_COLOUR[cohort]
        sides = [side for side in Side if view.map.of(side, cohort).any()]
        if sides:
            squares = [("■", theme.FINE.in_colour(colour[side])) for side in sides]
            told += [("  ", theme.FINE), *squares, (f" {cohort.words}", theme.FINE)]
    return told
