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
    """The regime that stands, and what has been seen since it was left."""

    confirmed: Regime = Regime.NO_READING
    candidate: Regime = Regime.NO_READING
    """What has been seen without a break since `since_ms`; the confirmed regime itself while that stands."""
    since_ms: int = 0
    left_ms: int = 0
    """Since when the confirmed regime has not been seen."""


@rule("regime-flip", policy=Policy(cooldown=0), memory=Flips)
def regime_flip(
    view: MarketView,
    flips: Flips,
    *,
    band: Annotated[
        Ratio, Between(0, 1), Help("dead band: how far the ratio must come back, as a share")
    ] = 0.2,
    confirm: Annotated[Duration, Help("how long the new regime must last")] = 600,
    at_least: Annotated[Usd, Help("least fuel within 5% of spot, both sides together")] = 5_000_000,
) -> Remembered[Flips]:
    """The regime has changed: the fuel within 5% of spot has moved to the other side, or evened out.

    Above a ratio of 2.0 the regime is a short-squeeze setup, below 0.5 a long-liquidation setup. It is left
    only when the ratio has come back by the dead band, and the new one must last, so that a ratio that hovers
    at 2.0 does not chatter. Less fuel than `at_least` is no reading: the last regime stands.
    """
    stands = Remembered((), Flips(flips.confirmed, flips.confirmed))
    if view.up_usd + view.down_usd < at_least or view.regime is Regime.NO_READING:
        return stands
    if flips.confirmed is Regime.NO_READING:
        return Remembered((), Flips(view.regime, view.regime))
    if _stays(view, flips.confirmed, band):
        return stands
    left_ms = view.time_ms if flips.candidate is flips.confirmed else flips.left_ms
    since_ms = flips.since_ms if view.regime is flips.candidate else view.time_ms
    # Where the ratio goes on to hover at the other setup's threshold, only the end of the first one lasts.
    began_ms = left_ms if view.regime is Regime.BALANCED else since_ms
    if view.time_ms - began_ms < confirm * 1000:
        return Remembered((), Flips(flips.confirmed, view.regime, since_ms, left_ms))
    return Remembered((_hit(view, flips.confirmed),), Flips(view.regime, view.regime))


def _stays(view: MarketView, confirmed: Regime, band: float) -> bool:
    """Return whether the confirmed regime still stands: one that leans is left only beyond the dead band."""
    staying = SQUEEZE_RATIO / (1 + band)
    if confirmed is Regime.SHORT_SQUEEZE:
        return view.up_usd > staying * view.down_usd
    if confirmed is Regime.LONG_LIQUIDATION:
        return view.down_usd > staying * view.up_usd
    return view.regime is confirmed


def _hit(view: MarketView, before: Regime) -> Hit:
    return Hit(
        key=f"flip-{view.time_ms}",
        text=f"{before} → {view.regime}: {_fuel(view)} within 5% of spot",
        means=_MEANING[view.regime],
        caveat="Says where the fuel lies, not which way price will go, nor when.",
        value=view.ratio,
        side={Regime.SHORT_SQUEEZE: Side.SHORT, Regime.LONG_LIQUIDATION: Side.LONG}.get(view.regime),
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
