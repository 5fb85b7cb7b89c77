"""trapped: too many on one side are underwater."""

from collections.abc import Iterator
from typing import Annotated, Literal

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Side,
    SideChoice,
    rule,
    share,
    usd,
)

LEAVING = 0.9
"""An alert stays on until the share is below its threshold times this."""


@rule("trapped", policy=Policy(cooldown=4 * 3_600))
def trapped(
    view: MarketView,
    *,
    over: Annotated[Percent, Between(1, 99), Help("share of the side's open size that is underwater")] = 70.0,
    side: Annotated[SideChoice, Help("whose positions")] = "either",
    depth: Annotated[Literal["0%", "5%"], Help("underwater at all, or by more than 5%")] = "0%",
) -> Iterator[Hit]:
    """More than `over` of one side's open size is underwater."""
    shares = view.trapped.deep if depth == "5%" else view.trapped.underwater
    for one in Side:
        held = shares[one]
        if held is None or side not in ("either", one) or held < LEAVING * over / 100:
            continue
        deep = " by more than 5%" if depth == "5%" else ""
        yield Hit(
            one,
            f"{share(held)} of the {one}s ({usd(held * view.open_usd[one])} of {usd(view.open_usd[one])})"
            f" are underwater{deep}",
            means=_MEANING[one],
            caveat="Underwater is not liquidated: a trapped side can sit out a move, or be hedged elsewhere.",
            value=held,
            side=one,
            holding=held <= over / 100,
        )


_MEANING = {
    Side.LONG: "Trapped longs tend to sell into a bounce, and are force-sold if price falls on.",
    Side.SHORT: "Trapped shorts tend to buy back into a dip, and are force-bought if price rises on.",
}
