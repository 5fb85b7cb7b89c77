"""The ratio of fuel above and below spot, and what it is called."""

from enum import StrEnum

FUEL_PCT = 5.0
"""Fuel is the notional within this many percent of spot."""
SQUEEZE_RATIO = 2.0
"""Above this ratio the fuel lies above spot; below its inverse, below spot."""


class Regime(StrEnum):
    """Where the fuel lies. The words are the field's own."""

    SHORT_SQUEEZE = "short-squeeze setup"
    LONG_LIQUIDATION = "long-liquidation setup"
    BALANCED = "balanced"
    NO_READING = "no reading"


def ratio_of(up_usd: float, down_usd: float) -> float | None:
    """Return `up_usd / down_usd`, or None where either is zero: then there is no finite ratio."""
    return up_usd / down_usd if up_usd > 0 and down_usd > 0 else None


def regime_of(up_usd: float, down_usd: float) -> Regime:
    """Return the regime of `up_usd` of short liquidations above spot and `down_usd` of long ones below.

    One side empty is a clean direction without a finite ratio; both empty is no reading.
    """
    if up_usd <= 0 and down_usd <= 0:
        return Regime.NO_READING
    if up_usd > SQUEEZE_RATIO * down_usd:
        return Regime.SHORT_SQUEEZE
    if down_usd > SQUEEZE_RATIO * up_usd:
        return Regime.LONG_LIQUIDATION
    return Regime.BALANCED
