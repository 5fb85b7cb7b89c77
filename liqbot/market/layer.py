"""Where a map comes from, and how far it can be trusted."""

from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """Whether positions were seen or estimated. The two are never mixed without labels."""

    MEASURED = "measured"
    MODELLED = "modelled"


class Origin(StrEnum):
    """Whether the market is happening now, was recorded, or is made up."""

    LIVE = "live"
    RECORDED = "recorded"
    SIMULATED = "simulated"
    SIMULATED_RECORDED = "simulated, recorded"


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of a map: a venue with its basis."""

    venue: str
    """The venue's name as people write it: `Hyperliquid`, `Binance`."""
    basis: Basis
    origin: Origin = Origin.LIVE

    @property
    def label(self) -> str:
        """The words that stand on every picture and in every view: `Hyperliquid, measured, recorded`."""
        words = [self.venue, self.basis.value]
        if self.origin is not Origin.LIVE:
            words.append(self.origin.value)
        return ", ".join(words)

    @property
    def key(self) -> str:
        """A name for files and tables: `hyperliquid/measured/recorded`."""
        return f"{self.venue.lower()}/{self.basis}/{self.origin}"
