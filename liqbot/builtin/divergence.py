"""divergence: measured positions and modelled ones lean to different sides."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Basis,
    Between,
    Elsewhere,
    Help,
    Hit,
    MarketView,
    Need,
    Policy,
    Ratio,
    Side,
    Usd,
    rule,
    usd,
)
from liqbot.text import N_, _

LEAVING = 0.8
"""An alert stays on until the divergence is below its threshold times this."""


@rule("divergence", policy=Policy(hold=600, cooldown=6 * 3_600), needs=[Need.BOTH_MAPS])
def divergence(
    view: MarketView,
    *,
    over: Annotated[Ratio, Between(0.05, 1), Help("how far apart, from 0 (alike) to 1 (opposite)")] = 0.4,
    at_least: Annotated[Usd, Help("minimum fuel within 5% of spot, on both maps")] = 5_000_000,
) -> Iterator[Hit]:
    """Measured and modelled maps disagree by more than `over` about which side of spot the fuel is on.

    A map's lean is its fuel above spot minus its fuel below, divided by their sum: +1 if all of it is above,
    -1 if all of it is below. Several modelled venues are averaged, weighted by open interest; measured and
    modelled dollars are never added up. The divergence is half the difference between the two leans.
    """
    value = view.divergence
    others = [other for other in view.others if other.layer.basis is not view.layer.basis]
    if value is None or view.lean is None or abs(value) < LEAVING * over:
        return
    fuel = sum(other.up_usd + other.down_usd for other in others)
    if min(view.up_usd + view.down_usd, fuel) < at_least:
        return
    there = view.lean - 2 * value
    higher = view.layer.basis if value > 0 else _other(view.layer.basis)
    yield Hit(
        f"{higher}-higher",
        _(
            "{here}, {there}: divergence {value}",
            here=_leans(view.layer.label, view.lean),
            there=_leans(_named(others), there),
            value=f"{value:+.2f}",
        ),
        means=_(_MEANING[higher] if view.lean * there <= 0 else _SAME_SIDE),
        caveat=_("Modelled maps are upper bounds that infer who closed; they may simply be wrong here."),
        value=value,
        side=Side.SHORT if higher is Basis.MEASURED else Side.LONG,
        holding=abs(value) <= over,
    )


def _other(basis: Basis) -> Basis:
    return Basis.MODELLED if basis is Basis.MEASURED else Basis.MEASURED


def _leans(name: str, lean: float) -> str:
    """Return how a map leans, in words."""
    if abs(lean) < 0.1:
        return _("{map} is even ({lean})", map=name, lean=f"{lean:+.2f}")
    if lean > 0:
        return _("{map} leans up ({lean})", map=name, lean=f"{lean:+.2f}")
    return _("{map} leans down ({lean})", map=name, lean=f"{lean:+.2f}")


def _named(others: list[Elsewhere]) -> str:
    if len(others) == 1:
        return others[0].layer.label
    most = sum(other.open_interest_usd or 0.0 for other in others)
    count, basis = len(others), others[0].layer.basis
    if most:
        return _("{count} {basis} venues of {usd} open interest", count=count, basis=basis, usd=usd(most))
    return _("{count} {basis} venues", count=count, basis=basis)


_SAME_SIDE = N_("Both see their fuel on the same side of spot, but one of them far more of it.")
_MEANING = {
    Basis.MEASURED: N_(
        "A rise would squeeze the known accounts, a fall the crowd elsewhere: which venue moves first decides"
        " whose orders are forced."
    ),
    Basis.MODELLED: N_(
        "A fall would hurt the known accounts, a rise the crowd elsewhere: which venue moves first decides"
        " whose orders are forced."
    ),
}
