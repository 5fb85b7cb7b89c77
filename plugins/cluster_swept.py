"""cluster-swept: price has gone through a cluster."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import End, Help, Hit, MarketView, Policy, SideChoice, Usd, price, rule, usd


@rule("cluster-swept", policy=Policy(cooldown=0))
def cluster_swept(
    view: MarketView,
    *,
    at_least: Annotated[Usd, Help("how heavy it was when last seen")] = 5_000_000,
    side: Annotated[SideChoice, Help("whose liquidations")] = "either",
) -> Iterator[Hit]:
    """Price has gone through a cluster of at least `at_least`."""
    for ended in view.ended:
        cluster = ended.cluster
        if ended.end is not End.SWEPT or cluster.usd < at_least or side not in ("either", cluster.side):
            continue
        yield Hit(
            key=f"{cluster.id}-{ended.time_ms}",
            text=f"{usd(cluster.usd)} of {cluster.side} liquidations at {price(cluster.price)} were swept",
            means=f"That fuel is spent. Spot is {price(view.spot)}.",
            caveat="Some of those positions may have been closed or topped up before.",
            value=cluster.usd,
            side=cluster.side,
        )
