"""funding-confirms: who pays to hold their positions, and whose liquidations are near."""

from collections.abc import Iterator
from typing import Annotated, Literal

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Regime,
    Side,
    Usd,
    ratio,
    rule,
    usd,
)

LEAVING = 0.8
"""An alert stays on until funding is below its threshold times this."""


@rule("funding-confirms", policy=Policy(hold=600, cooldown=8 * 3_600), needs=[Need.FUNDING])
def funding_confirms(
    view: MarketView,
    *,
    over: Annotated[
        Percent, Between(0.0001, 1), Help("minimum funding per hour, whichever side pays")
    ] = 0.003,
    reading: Annotated[
        Literal["agree", "disagree", "either"],
        Help("agree: the side that pays is the fuel; disagree: the other side is"),
    ] = "agree",
    at_least: Annotated[Usd, Help("minimum fuel within 5% of spot, both sides together")] = 5_000_000,
) -> Iterator[Hit]:
    """Funding is beyond `over` an hour and the map has a clear side: the two agree or disagree (`reading`).

    They agree when the side that pays funding is also the side with liquidations close by: crowded and
    fragile. They disagree when the payers are safe and the other side is the fuel.
    """
    fuel = _FUEL.get(view.regime)
    funding = view.funding
    if fuel is None or funding is None or abs(funding) * 100 < LEAVING * over:
        return
    if view.up_usd + view.down_usd < at_least:
        return
    payers = Side.LONG if funding > 0 else Side.SHORT
    found = "agree" if payers is fuel else "disagree"
    if reading not in ("either", found):
        return
    yield Hit(
        f"{found}-{fuel}",
        f"{payers}s pay {abs(funding) * 100:.4f}% an hour, {_WHO[found].format(fuel)}",
        means=f"{_MEANING[found, fuel]} Within 5% of spot: {_fuel(view)}.",
        caveat="Funding can stay high for days: this says who is fragile, not when.",
        value=funding * 100,
        side=fuel,
        holding=abs(funding) * 100 <= over,
    )


def _fuel(view: MarketView) -> str:
    above, below = f"{usd(view.up_usd)} of shorts above", f"{usd(view.down_usd)} of longs below"
    scaled = " scaled by coverage" if view.fuel.is_scaled else ""
    known = "" if view.ratio is None else f", ratio {ratio(view.ratio)}{scaled}"
    return f"{above} and {below}{known}"


_FUEL = {Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}
_WHO = {"agree": "and are the fuel", "disagree": "but {}s are the fuel"}
_CROWDED = "{}s are crowded, pay for it, and are near their liquidations: a {} would be fed."
_SAFE = "{}s pay, yet {}s are the fuel: the payers sit in profit, and what is left of the {}s is fragile."
_MEANING = {
    ("agree", Side.LONG): _CROWDED.format("Long", "fall"),
    ("agree", Side.SHORT): _CROWDED.format("Short", "rise"),
    ("disagree", Side.LONG): _SAFE.format("Short", "long", "long"),
    ("disagree", Side.SHORT): _SAFE.format("Long", "short", "short"),
}
