"""funding-stretched: one side pays dearly to stay in."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Side,
    percent,
    rule,
    usd,
)

HOURS = 24 * 365


@rule(
    "funding-stretched",
    policy=Policy(hold=600, recover=1_800, cooldown=8 * 3_600),
    needs=[Need.FUNDING],
)
def funding_stretched(
    view: MarketView,
    *,
    over: Annotated[Percent, Between(1, 100), Help("minimum funding per year, whichever side pays")] = 50.0,
) -> Iterator[Hit]:
    """Funding runs at more than `over` a year, whichever side pays."""
    if view.funding is None:
        return
    yearly = view.funding * HOURS * 100
    if abs(yearly) < 0.8 * over:
        return
    payer = Side.LONG if yearly > 0 else Side.SHORT
    fuel = view.down_usd if payer is Side.LONG else view.up_usd
    way = "fall" if payer is Side.LONG else "rise"
    yield Hit(
        key=payer,
        text=f"{payer}s pay {percent(abs(yearly))} a year ({100 * abs(view.funding):.4f}% an hour)",
        means=f"They are crowded: {usd(fuel)} of them would be force-closed by a {way} of 5%.",
        caveat="Funding can stay stretched for days; it is a cost, not a signal to turn.",
        value=yearly,
        side=payer,
        holding=abs(yearly) < over,
    )
