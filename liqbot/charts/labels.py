"""Names of clusters beside their bars: the heaviest of each side, none covering another."""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.charts import theme, words
from liqbot.charts.canvas import Box, Canvas
from liqbot.charts.frame import fitting
from liqbot.charts.strip import Strip
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.side import Side
from liqbot.market.view import MarketView

MOST = 3
"""At most this many clusters of a side are named."""
APART = 54
"""Labels are at least this many pixels apart."""
CLEAR = 36
"""Room on each side of spot, where the two sides are named."""
NOTE = 24
"""Room at the ends of the panel, where it is told what lies beyond."""
_HALF = 25
"""Half a label's height."""
_BRACKET, _EDGE = 18, 8
"""From where a bracket begins to the words, and from its label's edge to them."""


@dataclass(frozen=True, slots=True)
class Label:
    """A cluster and where its name stands."""

    cluster: Cluster
    middle: float
    """The y of its middle."""

    def box(self, left: float, right: float) -> Box:
        """Return the box that the words may fill."""
        return Box(left, self.middle - _HALF, right, self.middle + _HALF)


def placed(view: MarketView, strip: Strip) -> list[Label]:
    """Return the labels of both sides, from the highest down."""
    labels: list[Label] = []
    for side in (Side.SHORT, Side.LONG):
        top, bottom = strip.top + NOTE + _HALF, strip.spot_y - CLEAR - _HALF
        if side is Side.LONG:
            top, bottom = strip.spot_y + CLEAR + _HALF, strip.bottom - NOTE - _HALF
        clusters = named(view, side, strip, int((bottom - top) // APART) + 1)
        middles = spread([strip.y(cluster.price) for cluster in clusters], APART, top, bottom)
        labels += [Label(cluster, middle) for cluster, middle in zip(clusters, middles, strict=True)]
    return labels


def named(view: MarketView, side: Side, strip: Strip, room: int) -> list[Cluster]:
    """Return the heaviest clusters of a side that are in sight, at most `room`, from the highest down."""
    seen = [cluster for cluster in view.clusters.of(side) if strip.axis.holds(cluster.price)]
    return sorted(seen[: max(min(MOST, room), 0)], key=lambda cluster: -cluster.price)


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


def draw(canvas: Canvas, strip: Strip, label: Label, left: int, right: int) -> None:
    """Draw the dollars and the place of a cluster from `left` to `right`, and a bracket to its bars."""
    cluster, middle = label.cluster, label.middle
    high, low = strip.y(cluster.high) - 1, strip.y(cluster.low) + 1
    top, bottom = middle - _HALF + 3, middle + _HALF - 3
    start, end = left - _BRACKET, left - _EDGE
    canvas.shape([(start, high), (start, low), (end, bottom), (end, top)], theme.DEEP[cluster.side])
    canvas.fill(end, round(top), end + 3, round(bottom), theme.HUE[cluster.side])
    tint = theme.TINT[cluster.side]
    usd = (figures.usd(cluster.usd), theme.CLUSTER_USD)
    options = [(usd, (f"  {said}", theme.FINE.in_colour(tint))) for said in words.holders(cluster)]
    canvas.text(left, middle - 3, *fitting([*options, (usd,)], right - left))
    place = (f"@ {words.place(cluster)}", theme.CLUSTER_PLACE.in_colour(tint))
    canvas.text(left, middle + 21, *fitting([(place,)], right - left))
