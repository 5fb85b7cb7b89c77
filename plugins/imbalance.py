"""imbalance: the fuel around spot is lopsided."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import Between, Help, Hit, MarketView, Percent, Policy, Side, Usd, rule, share, usd


@rule("imbalance", policy=Policy(hold=300, recover=900, cooldown=4 * 3_600))
def imbalance(
    view: MarketView,
    *,
    over: Annotated[
        Percent,
        Between(1, 99),
        Help("difference between fuel above and below, divided by their sum, within 5% of spot"),
    ] = 60.0,
    at_least: Annotated[Usd, Help("minimum fuel of both sides together")] = 5_000_000,
) -> Iterator[Hit]:
    """One side has so much more fuel within 5% of spot that the imbalance is over `over`."""
    both = view.up_usd + view.down_usd
    if both < at_least or both <= 0:
        return
    lopsided = abs(view.up_usd - view.down_usd) / both
    if lopsided < 0.9 * over / 100:
        return
    side = Side.SHORT if view.up_usd > view.down_usd else Side.LONG
    yield Hit(
        key=side,
        text=f"imbalance {share(lopsided)}: {usd(view.up_usd)} above spot, {usd(view.down_usd)} below",
        means="A move towards the heavier side would feed itself more than one away from it.",
        caveat="Fuel says how far a move could run once it has begun, not whether it begins.",
        value=lopsided,
        side=side,
        holding=lopsided <= over / 100,
    )
