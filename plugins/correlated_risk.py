"""correlated-risk: several coins have a heavy cluster on the same side, close to spot, at the same time."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Clusters,
    Coin,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Ratio,
    Side,
    Usd,
    percent,
    rule,
    usd,
)


@rule("correlated-risk", policy=Policy(cooldown=4 * 3_600))
def correlated_risk(
    view: MarketView,
    *,
    within: Annotated[Percent, Between(0.1, 10), Help("maximum distance from spot, in each coin")] = 3.0,
    at_least: Annotated[Usd, Help("minimum size, in each coin")] = 5_000_000,
    coins: Annotated[Ratio, Between(2, 20), Help("minimum number of coins, including this one")] = 2,
    also: Annotated[Coin, Help("a coin that must be one of them")] = "",
) -> Iterator[Hit]:
    """At least `coins` coins have a cluster of `at_least` within `within` of spot on the same side."""
    for side in Side:
        own = _heaviest(view.clusters, side, within)
        if own < at_least:
            continue
        found = {view.coin: own}
        for other in view.neighbours:
            heaviest = _heaviest(other.clusters, side, within)
            if heaviest >= at_least:
                found[other.coin] = heaviest
        if len(found) < coins or (also and also.lower() not in {coin.lower() for coin in found}):
            continue
        told = ", ".join(f"{coin} {usd(held)}" for coin, held in found.items())
        way = "fall" if side is Side.LONG else "rise"
        yield Hit(
            key=side,
            text=f"{side} liquidations within {percent(within)} of spot in {len(found)} coins: {told}",
            means=f"A {way} of the whole market would set them off together.",
            caveat="Coins do not have to move together.",
            value=float(len(found)),
            side=side,
        )


def _heaviest(clusters: Clusters, side: Side, within: float) -> float:
    return max((cluster.usd for cluster in clusters.of(side).within(within)), default=0.0)
