"""Neighbours: what a view tells of the other coins of its market, for rules that look at several at once."""

from collections.abc import Sequence
from dataclasses import replace

from liqbot.market.clusters import Cluster, Clusters
from liqbot.market.side import Side
from liqbot.market.view import MarketView, Neighbour

MOST = 12
"""A view has at most so many neighbours: those with the most open size."""
NEAR_PCT = 10.0
HEAVIEST = 2
"""Of each side of a neighbour, so many clusters that lie within `NEAR_PCT` of its spot."""


def with_neighbours(views: Sequence[MarketView]) -> list[MarketView]:
    """Return `views`, which belong to one instant, each with the others as its neighbours."""
    # One more than is told: a view is not its own neighbour.
    by_size = sorted(views, key=lambda view: (-(view.open_usd.long + view.open_usd.short), view.coin))
    largest = list(map(_neighbour, by_size[: MOST + 1]))
    return [
        replace(view, neighbours=tuple(other for other in largest if other.coin != view.coin)[:MOST])
        for view in views
    ]


def _neighbour(view: MarketView) -> Neighbour:
    near = view.clusters.within(NEAR_PCT)
    clusters: list[Cluster] = [cluster for side in Side for cluster in near.of(side)[:HEAVIEST]]
    return Neighbour(view.coin, view.spot, view.up_usd, view.down_usd, Clusters(clusters))
