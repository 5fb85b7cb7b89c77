"""regime-flip: the fuel has moved to the other side of spot."""

from dataclasses import dataclass
from typing import Annotated

from liqbot.plugin import (
    SQUEEZE_RATIO,
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


@rule(
    "regime-flip", policy=Policy(hold=600, cooldown=0, steady=True), memory=Flips, renamed={"confirm": "for"}
)
def regime_flip(
    view: MarketView,
    flips: Flips,
    *,
    band: Annotated[
        Ratio, Between(0, 1), Help("dead band: how far the ratio must come back, as a share")
    ] = 0.2,
    at_least: Annotated[Usd, Help("least fuel within 5% of spot, both sides together")] = 5_000_000,
) -> Remembered[Flips]:
    """The regime has changed: the fuel within 5% of spot has moved to the other side, or evened out.

    Above a ratio of 2.0 the regime is a short-squeeze setup, below 0.5 a long-liquidation setup. It is left
    only when the ratio has come back by the dead band, and the new one must last (`for`), so that a ratio
    that hovers at 2.0 does not chatter. Less fuel than `at_least` is no reading: the last regime stands.
    """
    has_reading = view.up_usd + view.down_usd >= at_least and view.regime is not Regime.NO_READING
    if has_reading:
        if flips.confirmed is Regime.NO_READING:
            flips = Flips(view.regime)
        elif not _stays(view, flips.confirmed, band):
            flips = Flips(view.regime, flips.confirmed)
    hits = () if flips.confirmed is Regime.NO_READING else (_hit(view, flips, has_reading=has_reading),)
    return Remembered(hits, flips)


def _stays(view: MarketView, confirmed: Regime, band: float) -> bool:
    """Return whether the confirmed regime still stands: one that leans is left only beyond the dead band."""
    staying = SQUEEZE_RATIO / (1 + band)
    if confirmed is Regime.SHORT_SQUEEZE:
        return view.up_usd > staying * view.down_usd
    if confirmed is Regime.LONG_LIQUIDATION:
        return view.down_usd > staying * view.up_usd
    return view.regime is confirmed


def _hit(view: MarketView, flips: Flips, *, has_reading: bool) -> Hit:
    regime, is_new = flips.confirmed, flips.before is not Regime.NO_READING
    return Hit(
        key=regime,
        text=f"{flips.before} → {regime}: {_fuel(view)} within 5% of spot",
        means=_MEANING[regime],
        caveat="Says where the fuel lies, not which way price will go, nor when.",
        value=view.ratio,
        side={Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}.get(regime),
        holding=not has_reading,
        known=not is_new,
    )


def _fuel(view: MarketView) -> str:
    above, below = f"{usd(view.up_usd)} of shorts above", f"{usd(view.down_usd)} of longs below"
    if view.ratio is not None:
        return f"ratio {ratio(view.ratio)}, {above} and {below},"
    return f"{above}, nothing below," if view.up_usd else f"{below}, nothing above,"


_MEANING = {
    Regime.SHORT_SQUEEZE: "Shorts are the fuel: a rise would force more buying than a fall would selling.",
    Regime.LONG_LIQUIDATION: "Longs are the fuel: a fall would force more selling than a rise would buying.",
    Regime.BALANCED: "Neither side holds twice the fuel of the other: a move either way would be fed alike.",
}
