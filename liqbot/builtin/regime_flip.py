"""regime-flip: the fuel has moved to the other side of spot."""

from dataclasses import dataclass
from typing import Annotated

from liqbot.plugin import (
    SQUEEZE_RATIO,
    Between,
    Duration,
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
    """The regime that was last confirmed, and the one that may follow it."""

    confirmed: Regime = Regime.NO_READING
    candidate: Regime = Regime.NO_READING
    since_ms: int = 0
    """When the candidate was first seen."""
    flipped_ms: int = 0
    """When the confirmed regime was confirmed."""


@rule("regime-flip", policy=Policy(cooldown=0), memory=Flips)
def regime_flip(
    view: MarketView,
    flips: Flips,
    *,
    band: Annotated[
        Ratio, Between(0, 1), Help("dead band: how far the ratio must come back, as a share")
    ] = 0.2,
    confirm: Annotated[Duration, Help("how long the new regime must last")] = 600,
    at_least: Annotated[Usd, Help("least fuel within ±5% on both sides together")] = 5_000_000,
) -> Remembered[Flips]:
    """The ratio of fuel above and below spot has changed regime.

    A regime is entered where the published threshold is crossed, and left only when the ratio has come back
    by the dead band, so that a ratio that hovers at 2.0 does not chatter. Less fuel than `at_least` is no
    reading: the last regime stands.
    """
    seen = _regime(view, flips.confirmed, band)
    if view.up_usd + view.down_usd < at_least or seen is Regime.NO_READING:
        return Remembered((), Flips(flips.confirmed, flips.confirmed, view.time_ms, flips.flipped_ms))
    if flips.confirmed is Regime.NO_READING:
        return Remembered((), Flips(seen, seen, view.time_ms, view.time_ms))
    if seen is flips.confirmed:
        return Remembered((), Flips(seen, seen, view.time_ms, flips.flipped_ms))
    since_ms = flips.since_ms if seen is flips.candidate else view.time_ms
    if view.time_ms - since_ms < confirm * 1000:
        return Remembered((), Flips(flips.confirmed, seen, since_ms, flips.flipped_ms))
    hit = _hit(view, flips.confirmed, seen)
    return Remembered((hit,), Flips(seen, seen, view.time_ms, view.time_ms))


def _regime(view: MarketView, confirmed: Regime, band: float) -> Regime:
    """Return the regime, one that is already confirmed being left only beyond the dead band."""
    staying = SQUEEZE_RATIO / (1 + band)
    if confirmed is Regime.SHORT_SQUEEZE and view.up_usd > staying * view.down_usd:
        return confirmed
    if confirmed is Regime.LONG_LIQUIDATION and view.down_usd > staying * view.up_usd:
        return confirmed
    return view.regime


def _hit(view: MarketView, before: Regime, now: Regime) -> Hit:
    return Hit(
        key=f"flip-{view.time_ms}",
        text=f"{before} → {now}: {usd(view.up_usd)} above, {usd(view.down_usd)} below within ±5%"
        f" (ratio {ratio(view.ratio)})",
        means=_MEANING[now],
        caveat="Says where the fuel lies, not which way price will go, nor when.",
        value=view.ratio,
        side={Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}.get(now),
    )


_MEANING = {
    Regime.SHORT_SQUEEZE: "Shorts are the fuel: a rise would force more buying than a fall would selling.",
    Regime.LONG_LIQUIDATION: "Longs are the fuel: a fall would force more selling than a rise would buying.",
    Regime.BALANCED: "Neither side stands out: forced buying above and forced selling below are of a kind.",
}
