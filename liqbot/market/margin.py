"""Margin tiers: how much margin a position of a size needs, as every exchange publishes it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from liqbot.market.positions import Floats


@dataclass(frozen=True)
class MarginTiers:
    """A coin's margin tiers: from `lower_bounds[k]` USD of notional on, `max_leverages[k]` is the most."""

    lower_bounds: tuple[float, ...]
    """Rising; the first is 0."""
    max_leverages: tuple[float, ...]
    """Falling; all above 0.5 where rates follow from them, so that these stay below 1."""
    maintenance_rates: tuple[float, ...] | None = None
    """Maintenance rate of each tier, rising and between 0 and 1, where the exchange publishes it; None where
    it is half the initial margin at the tier's maximal leverage (Hyperliquid)."""

    def __post_init__(self) -> None:
        bounds, leverages, rates = self.lower_bounds, self.max_leverages, self.maintenance_rates
        if not bounds or bounds[0] != 0 or list(bounds) != sorted(set(bounds)):
            raise ValueError(f"tiers must start at 0 and rise, not {bounds}")
        if len(leverages) != len(bounds) or list(leverages) != sorted(leverages, reverse=True):
            raise ValueError(f"one falling leverage for each of {len(bounds)} tiers, not {leverages}")
        if rates is None:
            if len(set(leverages)) != len(leverages):
                raise ValueError(f"one falling leverage for each of {len(bounds)} tiers, not {leverages}")
            if leverages[-1] <= 0.5:
                raise ValueError(f"a leverage of {leverages[-1]} has no maintenance rate below 1")
        elif len(rates) != len(bounds) or list(rates) != sorted(rates):
            raise ValueError(f"one rising maintenance rate for each of {len(bounds)} tiers, not {rates}")
        elif not (rates[0] > 0 and rates[-1] < 1 and leverages[-1] > 0):
            raise ValueError(f"maintenance rates lie between 0 and 1, not {rates}; leverages above 0")

    @staticmethod
    def flat(max_leverage: float, maintenance_rate: float | None = None) -> "MarginTiers":
        """Return a single tier."""
        rates = None if maintenance_rate is None else (maintenance_rate,)
        return MarginTiers((0.0,), (max_leverage,), rates)

    @cached_property
    def rates(self) -> Floats:
        """Maintenance rate of each tier."""
        if self.maintenance_rates is not None:
            return np.asarray(self.maintenance_rates, dtype=np.float64)
        return 1.0 / (2.0 * np.asarray(self.max_leverages, dtype=np.float64))

    @cached_property
    def deductions(self) -> Floats:
        """What each tier takes off `rate * notional`, in USD, so that margin does not jump between tiers."""
        steps = np.diff(self.rates, prepend=self.rates[0]) * np.asarray(self.lower_bounds)
        return np.cumsum(steps)

    def maintenance_margin(self, notional: Floats) -> Floats:
        """Return the maintenance margin in USD of each `notional` (USD, not negative)."""
        tier = np.searchsorted(self.lower_bounds, notional, side="right") - 1
        return notional * self.rates[tier] - self.deductions[tier]
