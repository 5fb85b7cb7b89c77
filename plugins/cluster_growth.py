"""cluster-growth: a cluster has gained a share of its size within a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from liqbot.plugin import (
    Between,
    Cluster,
    Duration,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Usd,
    duration,
    percent,
    price,
    rule,
    usd,
)

SAMPLES = 24
"""So many sizes of a cluster are remembered over the time that is looked at."""


@dataclass
class Sizes:
    """What each cluster weighed, as (ms, USD), the oldest first."""

    by_id: dict[str, list[tuple[int, float]]] = field(default_factory=dict[str, list[tuple[int, float]]])


@rule("cluster-growth", policy=Policy(cooldown=4 * 3_600))
class ClusterGrowth:
    """A cluster of at least `at_least` has grown by `by` within `span`."""

    State = Sizes

    def read(
        self,
        view: MarketView,
        state: Sizes,
        *,
        by: Annotated[Percent, Between(1, 1000), Help("minimum growth")] = 50.0,
        span: Annotated[Duration, Between(300, 7 * 86_400), Help("period over which it is measured")] = 3_600,
        at_least: Annotated[Usd, Help("minimum size now")] = 5_000_000,
    ) -> Iterator[Hit]:
        """Compare each cluster with the least that it weighed within the span."""
        kept: dict[str, list[tuple[int, float]]] = {}
        for cluster in view.clusters:
            sizes = [
                (at, size) for at, size in state.by_id.get(cluster.id, []) if at >= view.time_ms - span * 1000
            ]
            least_at, least = min(sizes, key=lambda item: item[1], default=(view.time_ms, cluster.usd))
            grown = 100 * (cluster.usd / least - 1)
            if grown >= 0.8 * by and cluster.usd >= 0.8 * at_least:
                took = duration((view.time_ms - least_at) / 1000)
                yield _hit(cluster, grown, took, holding=grown < by or cluster.usd < at_least)
            if not sizes or view.time_ms - sizes[-1][0] >= span * 1000 / SAMPLES:
                sizes.append((view.time_ms, cluster.usd))
            kept[cluster.id] = sizes
        state.by_id = kept


def _hit(cluster: Cluster, grown: float, took: str, *, holding: bool) -> Hit:
    where = f"{price(cluster.price)} ({percent(cluster.distance_pct, signed=True)})"
    return Hit(
        key=cluster.id,
        text=f"{cluster.side} liquidations at {where} grew {percent(grown)} to {usd(cluster.usd)} in {took}",
        means="Positions are being opened whose stop-outs would meet at one price.",
        caveat="Dollars are counted at spot: a small part of the growth can be price itself.",
        value=grown,
        side=cluster.side,
        holding=holding,
    )
