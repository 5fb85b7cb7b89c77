"""regime-flip: the fuel has moved to the other side of spot."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    MarketView,
    Policy,
    Ratio,
    Regime,
    Remembered,
    Side,
    Usd,
    ratio,
    rule,
    usd,
)


@dataclass(frozen=True)
class Flips:
    """The regime that stands, and the one before it."""

    confirmed: Regime = Regime.NO_READING
    before: Regime = Regime.NO_READING
    """No reading where the regime has not changed since somebody began to look."""
    leaning: Regime = Regime.NO_READING
    """The last one that leaned, whatever came between."""
    ratio: float | None = None
    """The newest ratio of the regime that stands."""
    ratio_before: float | None = None
    """The last ratio of the one before it."""


@rule(
    "regime-flip", policy=Policy(hold=600, cooldown=0, steady=True), memory=Flips, renamed={"confirm": "for"}
)
def regime_flip(
    view: MarketView,
    flips: Flips,
    *,
    band: Annotated[
        Ratio,
        Between(0, 1),
        Help("dead band: how far the ratio must come back, as a fraction of the threshold"),
    ] = 0.2,
    at_least: Annotated[Usd, Help("minimum fuel within 5% of spot, both sides together")] = 5_000_000,
    balanced: Annotated[
        Literal["no", "yes"], Help("yes: also alert when it evens out, and when it returns to the same side")
    ] = "no",
) -> Remembered[Flips]:
    """The regime has changed: the fuel within 5% of spot has moved to the other side.

    Above a ratio of 2.0 the regime is a short-squeeze setup, below 0.5 a long-liquidation setup. It changes
    only once the ratio has come back by the dead band and the new regime has held for `for`, so a ratio
    hovering around 2.0 does not chatter. With less fuel than `at_least` the last regime stands.

    Only `balanced=yes` also alerts when the fuel evens out, or returns to the side it was on.
    """
    has_reading = view.up_usd + view.down_usd >= at_least and view.regime is not Regime.NO_READING
    if has_reading:
        after = _followed(view, flips, band, tells_balanced=balanced == "yes")
        has_changed = after.confirmed is not flips.confirmed
        before = flips.ratio if has_changed else flips.ratio_before
        flips = replace(after, ratio=view.ratio, ratio_before=before)
    is_silent = flips.confirmed is Regime.BALANCED and balanced == "no"
    if is_silent or flips.confirmed is Regime.NO_READING:
        return Remembered((), flips)
    return Remembered((_hit(view, flips, has_reading=has_reading),), flips)


def _followed(view: MarketView, flips: Flips, band: float, *, tells_balanced: bool) -> Flips:
    """Return the regime that stands now, and the one before it."""
    now, confirmed = view.regime, flips.confirmed
    leaning = confirmed if confirmed in _SIDES else flips.leaning
    if confirmed is Regime.NO_READING:
        return Flips(now, leaning=now if now in _SIDES else leaning)
    if view.fuel.stays(confirmed, band):
        return flips
    if tells_balanced or now is Regime.BALANCED:
        return Flips(now, confirmed, leaning)
    # From side to side, however long it was even in between; back on the old side nothing has flipped.
    before = leaning if leaning in _SIDES else confirmed
    return Flips(now, Regime.NO_READING if before is now else before, leaning)


def _hit(view: MarketView, flips: Flips, *, has_reading: bool) -> Hit:
    regime, is_new = flips.confirmed, flips.before is not Regime.NO_READING
    return Hit(
        key=regime,
        text=f"{_MOVED[regime]}{_ratios(flips)}",
        means=f"{_MEANING[regime]} Before, it was {_named(flips.before)}. Within 5% of spot: {_fuel(view)}.",
        caveat="Says where the fuel lies, not which way price will go, nor when.",
        value=view.ratio,
        side=_SIDES.get(regime),
        holding=not has_reading,
        known=not is_new,
    )


def _ratios(flips: Flips) -> str:
    """Return how the ratio went, as far as there is one."""
    if flips.ratio is None:
        return ""
    if flips.ratio_before is None:
        return f": ratio {ratio(flips.ratio)}"
    return f": ratio {ratio(flips.ratio_before)} → {ratio(flips.ratio)}"


def _named(regime: Regime) -> str:
    return f"a {regime}" if regime in _SIDES else str(regime)


def _fuel(view: MarketView) -> str:
    above, below = f"{usd(view.up_usd)} of shorts above", f"{usd(view.down_usd)} of longs below"
    if view.ratio is not None:
        scaled = ", the ratio scaled by coverage" if view.fuel.is_scaled else ""
        return f"{above} and {below}{scaled}"
    return f"{above}, nothing below" if view.up_usd else f"{below}, nothing above"


_SIDES = {Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}
_MOVED = {
    Regime.SHORT_SQUEEZE: "fuel moved above price",
    Regime.LONG_LIQUIDATION: "fuel moved below price",
    Regime.BALANCED: "fuel evened out",
}
_MEANING = {
    Regime.SHORT_SQUEEZE: "Shorts are the fuel: a rise would force more buying than a fall would selling.",
    Regime.LONG_LIQUIDATION: "Longs are the fuel: a fall would force more selling than a rise would buying.",
    Regime.BALANCED: "Neither side holds twice the fuel of the other: a move either way would be fed alike.",
}
