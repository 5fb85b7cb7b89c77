"""A dated reading: what is kept of a view for long, a few figures without its map."""

from dataclasses import dataclass

from liqbot.market.regime import Fuel, OfFuel
from liqbot.market.side import BySide
from liqbot.market.view import MarketView


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedReading(OfFuel):
    """The figures of one coin of one layer at one instant. USD are at its spot."""

    time_ms: int
    spot: float
    up_usd: float
    """Short liquidations within 5% above spot."""
    down_usd: float
    """Long liquidations within 5% below spot."""
    coverage: float | None
    coverage_long: float | None
    """Known share (0 to 1) of each side's open interest; None where unknown, and of what is modelled."""
    coverage_short: float | None
    funding: float | None
    """Fraction per hour, positive where longs pay."""
    open_interest: float | None
    """One-sided, in coins."""

    @staticmethod
    def of(view: MarketView) -> "DatedReading":
        """Return the figures of a view."""
        sides = view.side_coverage
        return DatedReading(
            time_ms=view.time_ms,
            spot=view.spot,
            up_usd=view.up_usd,
            down_usd=view.down_usd,
            coverage=view.coverage,
            coverage_long=None if sides is None else sides.long,
            coverage_short=None if sides is None else sides.short,
            funding=view.funding,
            open_interest=view.open_interest,
        )

    @property
    def fuel(self) -> Fuel:
        """What would be force-closed within 5% of spot, and how much of each side is known."""
        long, short = self.coverage_long, self.coverage_short
        sides = None if long is None or short is None else BySide(long, short)
        return Fuel(self.up_usd, self.down_usd, sides)

    @property
    def open_interest_usd(self) -> float | None:
        """One-sided open interest in USD, None where unknown."""
        return None if self.open_interest is None else self.open_interest * self.spot
