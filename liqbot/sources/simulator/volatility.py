"""Volatility that remembers: a fast and a slow factor, and what news leaves behind.

The logarithm of volatility is the sum of two Ornstein-Uhlenbeck processes, one that relaxes within hours and
one that relaxes within ten days: a common two-factor model of stochastic volatility. News excites it on top,
as in a Hawkes process: what was moved far goes on moving.
"""

import math

import numpy as np

from liqbot.market.positions import Floats

FAST_H, FAST_SPREAD = 3.0, 0.5
"""Relaxation time in hours of the fast part of log volatility, and its standard deviation."""
SLOW_H, SLOW_SPREAD = 240.0, 0.4
"""The same of the slow part."""
EXCITED_BY, EXCITED_H = 0.2, 2.0
"""News of so many hourly standard deviations times this adds its square to the variance; that fades within so
many hours."""
MOST_EXCITED = 40.0
"""Variance never becomes more than about so many times the usual one by news."""
MOST_ACTIVE = 4.0
"""News comes at most so many times as often in volatile times."""


class Volatility:
    """The volatility of some factors, in units of each one's usual volatility. Arrays are of (factors,)."""

    def __init__(self, factors: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self._fast: Floats = FAST_SPREAD * rng.standard_normal(factors)
        self._slow: Floats = SLOW_SPREAD * rng.standard_normal(factors)
        self._excited: Floats = np.zeros(factors)

    @property
    def now(self) -> Floats:
        """How many times the usual volatility."""
        return self._calm() * np.sqrt(1 + self._excited)

    @property
    def activity(self) -> Floats:
        """How many times as often as usual news comes."""
        return np.minimum(self._calm() ** 2, MOST_ACTIVE)

    def step(self, hours: float) -> None:
        """Let `hours` pass."""
        draws = self._rng.standard_normal((2, len(self._fast)))
        self._fast = _relaxed(self._fast, hours / FAST_H, FAST_SPREAD, draws[0])
        self._slow = _relaxed(self._slow, hours / SLOW_H, SLOW_SPREAD, draws[1])
        self._excited *= math.exp(-hours / EXCITED_H)

    def excite(self, factor: int, deviations: float) -> None:
        """Tell of news that moves `factor` by so many of its hourly standard deviations."""
        more = self._excited[factor] + (EXCITED_BY * deviations) ** 2
        self._excited[factor] = min(more, MOST_EXCITED)

    def _calm(self) -> Floats:
        # A log-normal's mean square is exp(2 spread²): divided by that, the mean variance is the usual one.
        return np.exp(self._fast + self._slow - (FAST_SPREAD**2 + SLOW_SPREAD**2))


def _relaxed(part: Floats, times: float, spread: float, draws: Floats) -> Floats:
    """Return an Ornstein-Uhlenbeck process after so many relaxation times, exactly."""
    return part * math.exp(-times) + spread * math.sqrt(-math.expm1(-2 * times)) * draws
