"""Who holds a position: whales, retail, market makers, or unknown."""

from dataclasses import dataclass
from enum import IntEnum

from liqbot.market.side import BySide, Side


class Cohort(IntEnum):
    """The kind of account behind a position; its number is the cohort's row in a map."""

    UNKNOWN = 0
    """Nobody's accounts are known, as in every modelled layer."""
    RETAIL = 1
    """All accounts that are neither whales nor market makers."""
    WHALE = 2
    """The largest accounts that together hold the top half of the coin's money."""
    MARKET_MAKER = 3
    """Accounts with both sides and a near-flat book: their inventory is hedged."""

    @property
    def words(self) -> str:
        """The cohort's name in a sentence: `whales`, `market makers`."""
        return {0: "unknown", 1: "retail", 2: "whales", 3: "market makers"}[self.value]


@dataclass(frozen=True, slots=True)
class CohortReading:
    """What one cohort holds of one coin. All figures in USD at the view's spot."""

    accounts: int
    open_usd: BySide[float]
    """Open size by side, with or without a reachable liquidation price."""
    fuel_usd: BySide[float]
    """Notional of the long liquidations in [0.95 spot, spot) and of the short ones in (spot, 1.05 spot]."""
    underwater: BySide[float | None]
    """Share (0 to 1) of each side's open size that is underwater; None where the side is empty."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One account's position in one coin."""

    account: str
    side: Side
    usd: float
    """Notional in USD at the view's spot."""
    entry: float
    liquidation: float | None
    """Liquidation price in USD, None where the position has no reachable level."""
    leverage: float | None
    cohort: Cohort
