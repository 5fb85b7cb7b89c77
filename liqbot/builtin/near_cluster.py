"""near-cluster: a heavy cluster close to spot."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Cluster,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Side,
    SideChoice,
    Usd,
    percent,
    price,
    rule,
    share,
    usd,
)

LEAVING = 1.25
"""An alert stays on until the cluster is this many times `within` away, or below `at_least` by as much."""
NO_DISTANCE = 0.05
"""Nearer than this, in percent, a distance would read as 0%."""


@rule("near-cluster", policy=Policy(cooldown=4 * 3_600, escalate=2))
def near_cluster(
    view: MarketView,
    *,
    within: Annotated[Percent, Between(0.1, 90), Help("how near to spot, in percent of it")] = 2.0,
    at_least: Annotated[Usd, Help("how heavy the cluster must be")] = 5_000_000,
    side: Annotated[SideChoice, Help("whose liquidations: longs below spot, shorts above it")] = "either",
) -> Iterator[Hit]:
    """A cluster of at least `at_least` lies within `within` of spot."""
    for cluster in view.clusters.within(within * LEAVING):
        if side not in ("either", cluster.side) or cluster.usd * LEAVING < at_least:
            continue
        yield Hit(
            cluster.id,
            _seen(cluster),
            means=_meaning(cluster),
            caveat="Says where forced orders sit, not that price will go there or turn there.",
            value=cluster.usd,
            side=cluster.side,
            holding=abs(cluster.distance_pct) > within or cluster.usd < at_least,
        )


def _seen(cluster: Cluster) -> str:
    way = "below" if cluster.side is Side.LONG else "above"
    distance = abs(cluster.distance_pct)
    where = f"{percent(distance)} {way}" if distance >= NO_DISTANCE else f"just {way}"
    held = f"{usd(cluster.usd)} of {cluster.side} liquidations at {price(cluster.price)}, {where}"
    return f"{held} ({_holders(cluster)})"


def _holders(cluster: Cluster) -> str:
    if cluster.accounts is None or cluster.whale_share is None:
        return "modelled"
    if cluster.accounts == 1:
        return "1 account, a whale" if cluster.whale_share else "1 account"
    whales = f", {share(cluster.whale_share)} whales" if cluster.whale_share else ""
    return f"{cluster.accounts} accounts{whales}"


def _meaning(cluster: Cluster) -> str:
    low, high = price(cluster.low), price(cluster.high)
    if low == high:
        move, orders = ("fall", "selling") if cluster.side is Side.LONG else ("rise", "buying")
        return f"A {move} to {low} sets off its forced {orders} all at once."
    if cluster.side is Side.LONG:
        return f"A fall to {high} starts forced selling, which can feed itself down to {low}."
    return f"A rise to {low} starts forced buying, which can feed itself up to {high}."
