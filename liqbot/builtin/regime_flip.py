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
from liqbot.text import N_, _


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
        text=_seen(flips),
        means=_(
            "{meaning} Before, it was {regime}. Within 5% of spot: {fuel}.",
            meaning=_(_MEANING[regime]),
            regime=_(_NAMED[flips.before]),
            fuel=_fuel(view),
        ),
        caveat=_("Says where the fuel lies, not which way price will go, nor when."),
        value=view.ratio,
        side=_SIDES.get(regime),
        holding=not has_reading,
        known=not is_new,
    )


def _seen(flips: Flips) -> str:
    """Return where the fuel went, and how the ratio did, as far as there is one."""
    moved = _(_MOVED[flips.confirmed])
    if flips.ratio is None:
        return moved
    if flips.ratio_before is None:
        return _("{moved}: ratio {ratio}", moved=moved, ratio=ratio(flips.ratio))
    return _(
        "{moved}: ratio {before} → {ratio}",
        moved=moved,
        before=ratio(flips.ratio_before),
        ratio=ratio(flips.ratio),
    )


def _fuel(view: MarketView) -> str:
    above, below = usd(view.up_usd), usd(view.down_usd)
    if view.ratio is None and view.up_usd:
        return _("{above} of shorts above, nothing below", above=above)
    if view.ratio is None:
        return _("{below} of longs below, nothing above", below=below)
    return _(
        N_("{above} of shorts above and {below} of longs below, the ratio scaled by coverage")
        if view.fuel.is_scaled
        else N_("{above} of shorts above and {below} of longs below"),
        above=above,
        below=below,
    )


_SIDES = {Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}
_MOVED = {
    Regime.SHORT_SQUEEZE: N_("fuel moved above price"),
    Regime.LONG_LIQUIDATION: N_("fuel moved below price"),
    Regime.BALANCED: N_("fuel evened out"),
}
_NAMED = {
    Regime.SHORT_SQUEEZE: N_("a short-squeeze setup"),
    Regime.LONG_LIQUIDATION: N_("a long-liquidation setup"),
    Regime.BALANCED: N_("balanced"),
    Regime.NO_READING: N_("no reading"),
}
_MEANING = {
    Regime.SHORT_SQUEEZE: N_(
        "Shorts are the fuel: a rise would force more buying than a fall would selling."
    ),
    Regime.LONG_LIQUIDATION: N_(
        "Longs are the fuel: a fall would force more selling than a rise would buying."
    ),
    Regime.BALANCED: N_(
        "Neither side holds twice the fuel of the other: a move either way would be fed alike."
    ),
}
