"""wall: one cluster heavier than all that usually stands there, wherever it is."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import Help, Hit, MarketView, Usd, percent, price, rule, usd


@rule("wall")
def wall(view: MarketView, *, at_least: Annotated[Usd, Help("minimum size")] = 50_000_000) -> Iterator[Hit]:
    """A single cluster holds at least `at_least`, however far from spot."""
    for cluster in view.clusters:
        if cluster.usd < 0.8 * at_least:  # below this an alert that is on is over
            continue
        where = f"{price(cluster.price)} ({percent(cluster.distance_pct, signed=True)})"
        yield Hit(
            key=cluster.id,
            text=f"a wall of {usd(cluster.usd)}: {cluster.side} liquidations at {where}",
            means="If price gets there, this much is forced into the market at once.",
            caveat="Says nothing of whether price will get there.",
            value=cluster.usd,
            side=cluster.side,
            holding=cluster.usd < at_least,
        )
