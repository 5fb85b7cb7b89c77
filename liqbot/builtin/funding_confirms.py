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
from liqbot.text import N_, _

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
        _(_SEEN[found, fuel], rate=f"{abs(funding) * 100:.4f}%"),
        means=_("{meaning} Within 5% of spot: {fuel}.", meaning=_(_MEANING[found, fuel]), fuel=_fuel(view)),
        caveat=_("Funding can stay high for days: this says who is fragile, not when."),
        value=funding * 100,
        side=fuel,
        holding=abs(funding) * 100 <= over,
    )


def _fuel(view: MarketView) -> str:
    above, below = usd(view.up_usd), usd(view.down_usd)
    if view.ratio is None:
        return _("{above} of shorts above and {below} of longs below", above=above, below=below)
    return _(
        N_("{above} of shorts above and {below} of longs below, ratio {ratio} scaled by coverage")
        if view.fuel.is_scaled
        else N_("{above} of shorts above and {below} of longs below, ratio {ratio}"),
        above=above,
        below=below,
        ratio=ratio(view.ratio),
    )


_FUEL = {Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}
_SEEN = {
    ("agree", Side.LONG): N_("longs pay {rate} an hour, and are the fuel"),
    ("agree", Side.SHORT): N_("shorts pay {rate} an hour, and are the fuel"),
    ("disagree", Side.LONG): N_("shorts pay {rate} an hour, but longs are the fuel"),
    ("disagree", Side.SHORT): N_("longs pay {rate} an hour, but shorts are the fuel"),
}
"""What is seen, by whether funding agrees and by the side that is the fuel."""
_MEANING = {
    ("agree", Side.LONG): N_(
        "Longs are crowded, pay for it, and are near their liquidations: a fall would be fed."
    ),
    ("agree", Side.SHORT): N_(
        "Shorts are crowded, pay for it, and are near their liquidations: a rise would be fed."
    ),
    ("disagree", Side.LONG): N_(
        "Shorts pay, yet longs are the fuel: the payers sit in profit, and what is left of the longs is"
        " fragile."
    ),
    ("disagree", Side.SHORT): N_(
        "Longs pay, yet shorts are the fuel: the payers sit in profit, and what is left of the shorts is"
        " fragile."
    ),
}
