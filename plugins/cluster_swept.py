"""cluster-swept: price has gone through a cluster."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    ClusterEnded,
    End,
    Help,
    Hit,
    MarketEvent,
    MarketView,
    SideChoice,
    Usd,
    event_rule,
    price,
    usd,
)


@event_rule("cluster-swept")
def cluster_swept(
    view: MarketView,
    events: tuple[MarketEvent, ...],
    *,
    at_least: Annotated[Usd, Help("minimum size when last seen")] = 5_000_000,
    side: Annotated[SideChoice, Help("whose liquidations")] = "either",
) -> Iterator[Hit]:
    """Price has gone through a cluster of at least `at_least`."""
    for event in events:
        if not isinstance(event, ClusterEnded) or event.end is not End.SWEPT:
            continue
        cluster = event.cluster
        if cluster.usd < at_least or side not in ("either", cluster.side):
            continue
        yield Hit(
            key=f"{cluster.id}-{event.time_ms}",
            text=f"{usd(cluster.usd)} of {cluster.side} liquidations at {price(cluster.price)} were swept",
            means=f"That fuel is spent. Spot is {price(view.spot)}.",
            caveat="Some of those positions may have been closed or topped up before.",
            value=cluster.usd,
            side=cluster.side,
        )
