"""The ratio of fuel above and below spot, and what it is called."""

from dataclasses import dataclass
from enum import StrEnum

from liqbot.market.side import BySide
from liqbot.text import N_, _

FUEL_PCT = 5.0
"""Fuel is the notional within this many percent of spot."""
SQUEEZE_RATIO = 2.0
"""Above this ratio the fuel lies above spot; below its inverse, below spot."""
LEAST_COVERAGE = 0.1
"""Where less of a side's open interest is known than this share, there is no reading."""


class Regime(StrEnum):
    """Where the fuel lies. The words are the field's own."""

    SHORT_SQUEEZE = "short-squeeze setup"
    LONG_LIQUIDATION = "long-liquidation setup"
    BALANCED = "balanced"
    NO_READING = "no reading"


_NAMES = {
    Regime.SHORT_SQUEEZE: N_("short-squeeze setup"),
    Regime.LONG_LIQUIDATION: N_("long-liquidation setup"),
    Regime.BALANCED: N_("balanced"),
    Regime.NO_READING: N_("no reading"),
}


def regime_name(regime: Regime) -> str:
    """Return what a regime is called, in the language that is spoken."""
    return _(_NAMES[regime])


def ratio_of(up_usd: float, down_usd: float) -> float | None:
    """Return `up_usd / down_usd`, or None where either is zero: then there is no finite ratio."""
    return up_usd / down_usd if up_usd > 0 and down_usd > 0 else None


def lean_of(up_usd: float, down_usd: float) -> float | None:
    """Return the asymmetry of a map: (up - down) / (up + down), from -1 (all below spot) to +1 (all above).

    None where there is no fuel at all. Unlike the ratio it is finite, and alike for both sides.
    """
    total = up_usd + down_usd
    return (up_usd - down_usd) / total if total > 0 else None


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


@dataclass(frozen=True, slots=True)
class Fuel:
    """What would be force-closed within 5% of spot, and how much of each side is known.

    Open interest is equal on both sides, but seldom are both known equally well. Where each side's coverage
    is known, ratio, regime and lean are computed on what the side would have if all of it were like what is
    known: `usd / coverage`. Where it is not, they are computed on what is known.
    """

    up_usd: float
    """Short liquidations above spot that are known."""
    down_usd: float
    """Long liquidations below spot that are known."""
    coverage: BySide[float] | None = None
    """Known share of each side's open interest; None where that is unknown, and of what is modelled."""

    @property
    def is_scaled(self) -> bool:
        """Whether ratio, regime and lean are of each side's whole open interest, by its own coverage."""
        return self.coverage is not None

    @property
    def is_enough(self) -> bool:
        """Whether as much of each side is known as a reading needs."""
        return self.coverage is None or min(self.coverage.long, self.coverage.short) >= LEAST_COVERAGE

    @property
    def weighed(self) -> BySide[float]:
        """USD by side of which ratio, regime and lean are computed; nothing where too little is known."""
        if not self.is_enough:
            return BySide(0.0, 0.0)
        if self.coverage is None:
            return BySide(long=self.down_usd, short=self.up_usd)
        # More than all can be known only where open interest and positions are of different moments.
        long, short = min(self.coverage.long, 1.0), min(self.coverage.short, 1.0)
        return BySide(long=self.down_usd / long, short=self.up_usd / short)

    @property
    def ratio(self) -> float | None:
        """Fuel above over fuel below, None where either is zero."""
        weighed = self.weighed
        return ratio_of(weighed.short, weighed.long)

    @property
    def regime(self) -> Regime:
        """Where the fuel lies."""
        weighed = self.weighed
        return regime_of(weighed.short, weighed.long)

    @property
    def lean(self) -> float | None:
        """Where the fuel lies, as a number, see `lean_of`."""
        weighed = self.weighed
        return lean_of(weighed.short, weighed.long)

    def stays(self, regime: Regime, band: float) -> bool:
        """Return whether `regime` still stands: one that leans is left only beyond the dead band.

        `band` is how far the ratio must come back beyond the threshold, as a share of it.
        """
        staying, weighed = SQUEEZE_RATIO / (1 + band), self.weighed
        if regime is Regime.SHORT_SQUEEZE:
            return weighed.short > staying * weighed.long
        if regime is Regime.LONG_LIQUIDATION:
            return weighed.long > staying * weighed.short
        return self.regime is regime


class OfFuel:
    """Readings of fuel, wherever that is known: of a view, of its past, of another layer."""

    __slots__ = ()

    @property
    def fuel(self) -> Fuel:
        """What would be force-closed within 5% of spot, and how much of each side is known."""
        raise NotImplementedError

    @property
    def ratio(self) -> float | None:
        """Fuel above over fuel below, each scaled by its side's coverage where that is known, see `Fuel`.

        None where either is zero, and where too little is known.
        """
        return self.fuel.ratio

    @property
    def regime(self) -> Regime:
        """Where the fuel lies, by the ratio."""
        return self.fuel.regime

    @property
    def lean(self) -> float | None:
        """Where the fuel lies, from -1 (all below spot) to +1 (all above); None without fuel."""
        return self.fuel.lean
