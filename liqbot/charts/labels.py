"""Words beside the bars: what the sides are, and their heaviest clusters, none covering another."""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.charts import theme, words
from liqbot.charts.canvas import Box, Canvas, Word, baseline, fitting
from liqbot.charts.frame import RIGHT
from liqbot.charts.strip import Strip
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.side import Side
from liqbot.market.view import MarketView

MOST = 3
"""At most this many clusters of a side are named."""
APART = 54
"""Labels are at least this many pixels apart."""
_HALF = 25
"""Half a label's height."""
_CLEAR = 36
"""Room on each side of spot, where the sides are named."""
_NOTE = 24
"""Room at both ends, where it is told what lies beyond."""
_BRACKET, _EDGE = 18, 8
"""From where a bracket begins to the words, and from where it ends to them."""
_NAMES = {Side.SHORT: "▲ shorts: forced buys", Side.LONG: "▼ longs: forced sells"}


@dataclass(frozen=True, slots=True)
class Label:
    """A cluster and where its name stands."""

    cluster: Cluster
    middle: float
    """The y of its middle."""

    def box(self, left: float) -> Box:
        """Return the box that its words may fill, from `left` on."""
        return Box(left, self.middle - _HALF, RIGHT - 2, self.middle + _HALF)


def placed(view: MarketView, strip: Strip) -> list[Label]:
    """Return the labels of the heaviest clusters in sight, from the highest down."""
    labels: list[Label] = []
    for side in (Side.SHORT, Side.LONG):
        top, bottom = strip.top + _NOTE + _HALF, strip.spot_y - _CLEAR - _HALF
        if side is Side.LONG:
            top, bottom = strip.spot_y + _CLEAR + _HALF, strip.bottom - _NOTE - _HALF
        room = max(min(MOST, (bottom - top) // APART + 1), 0)
        in_sight = [cluster for cluster in view.clusters.of(side) if strip.axis.holds(cluster.price)]
        clusters = sorted(in_sight[:room], key=lambda cluster: -cluster.price)
        middles = spread([strip.y(cluster.price) for cluster in clusters], APART, top, bottom)
        labels += [Label(cluster, middle) for cluster, middle in zip(clusters, middles, strict=True)]
    return labels


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return places `apart` or more, between `low` and `high`, moved as little as possible from `wanted`.

    `wanted` rises. Least squares: those that would collide share the mean of what they want. All must fit
    between `low` and `high`.
    """
    blocks: list[tuple[float, int]] = []
    for number, place in enumerate(wanted):
        mean, size = place - number * apart, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    free = [mean for mean, size in blocks for _ in range(size)]
    top = high - (len(wanted) - 1) * apart
    return [min(max(place, low), top) + number * apart for number, place in enumerate(free)]


def draw(canvas: Canvas, strip: Strip, label: Label, left: int) -> None:
    """Draw the dollars and the place of a cluster from `left` on, and a bracket that spans its bars."""
    cluster, middle = label.cluster, label.middle
    top, bottom = round(middle) - _HALF + 3, round(middle) + _HALF - 3
    start, end = left - _BRACKET, left - _EDGE
    span = [(start, strip.y(cluster.high) - 1), (start, strip.y(cluster.low) + 1)]
    canvas.shape([*span, (end, bottom), (end, top)], theme.DEEP[cluster.side])
    canvas.fill(end, top, end + 3, bottom, theme.HUE[cluster.side])
    tint = theme.TINT[cluster.side]
    room = RIGHT - 2 - left
    usd = (figures.usd(cluster.usd), theme.CLUSTER_USD)
    holders = [(usd, (f"  {said}", theme.FINE.in_colour(tint))) for said in words.holders(cluster)]
    canvas.text(left, middle - 3, *fitting([*holders, (usd,)], room))
    place = (f"@ {words.place(cluster)}", theme.CLUSTER_PLACE.in_colour(tint))
    canvas.text(left, middle + 21, *fitting([(place,)], room))


def name_sides(canvas: Canvas, strip: Strip, beside: dict[Side, list[Word]]) -> None:
    """Say what each side is, next to spot, where the map is sparse; `beside` follows the name of its side."""
    for side, text in _NAMES.items():
        middle = strip.spot_y + side.sign * 17
        if strip.top + 8 < middle < strip.bottom - 8:
            name = (text, theme.LEGEND.in_colour(theme.HUE[side]))
            y = baseline(middle, theme.LEGEND.size)
            canvas.text(RIGHT - 8, y, name, *beside.get(side, []), align="right", halo=theme.ZONE)


def tell_beyond(canvas: Canvas, view: MarketView, strip: Strip) -> None:
    """Say what lies farther than the strip reaches, where that matters."""
    for side, y in ((Side.SHORT, strip.top + 17), (Side.LONG, strip.bottom - 7)):
        said = words.beyond(view, side, strip.axis.low, strip.axis.high)
        word = (said, theme.FINE.in_colour(theme.TINT[side]))
        canvas.text(RIGHT - 8, y, word, align="right", halo=theme.PANEL)
