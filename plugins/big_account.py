"""big-account: one account's liquidation price is near."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    Holding,
    MarketView,
    Percent,
    Policy,
    Side,
    Usd,
    percent,
    price,
    rule,
    usd,
)

LEAVING = 1.25
"""An alert stays on until the level is this many times as far as was asked for."""


@rule("big-account", policy=Policy(cooldown=6 * 3_600))
def big_account(
    view: MarketView,
    *,
    within: Annotated[
        Percent, Between(0.1, 50), Help("maximum distance of its liquidation price from spot")
    ] = 2.0,
    at_least: Annotated[Usd, Help("minimum size of the position")] = 10_000_000,
) -> Iterator[Hit]:
    """One account with at least `at_least` would be liquidated by a move of `within`."""
    for holding in view.holdings:
        if holding.liquidation is None or holding.usd < at_least:
            continue
        distance = 100 * (holding.liquidation / view.spot - 1)
        is_ahead = distance < 0 if holding.side is Side.LONG else distance > 0
        if not is_ahead or abs(distance) > LEAVING * within:
            continue
        yield Hit(
            key=f"{holding.account}-{holding.side}",
            text=(
                f"{_name(holding)} is {holding.side} {usd(holding.usd)} from {price(holding.entry)}, "
                f"liquidated at {price(holding.liquidation)} ({percent(distance, signed=True)})"
            ),
            means="One forced order of that size moves price by itself where the book is thin.",
            caveat="It can add margin or close at any moment, and may be hedged elsewhere.",
            value=abs(distance),
            side=holding.side,
            holding=abs(distance) > within,
        )


def _name(holding: Holding) -> str:
    account = holding.account
    return account if len(account) <= 12 else f"{account[:6]}…{account[-4:]}"
