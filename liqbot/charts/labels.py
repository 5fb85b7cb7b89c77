"""Which clusters are named in a picture, and where their labels stand so that none covers another."""

from collections.abc import Sequence

from liqbot.charts.price_axis import PriceAxis
from liqbot.market.clusters import Cluster
from liqbot.market.side import Side
from liqbot.market.view import MarketView

MOST = 3
"""At most this many clusters of a side are named."""


def named(view: MarketView, side: Side, axis: PriceAxis, room: float, apart: float) -> list[Cluster]:
    """Return the heaviest clusters of a side on the axis, as many as `room` pixels hold, by rising price."""
    many = min(MOST, int(room // apart))
    seen = [cluster for cluster in view.clusters.of(side) if axis.holds(cluster.price)]
    return sorted(seen[: max(many, 0)], key=lambda cluster: cluster.price)


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return places `apart` or more, between `low` and `high`, moved as little as possible from `wanted`.

    `wanted` rises. Least squares: where neighbours would collide they share the mean of what they want. All
    must fit between `low` and `high`.
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
