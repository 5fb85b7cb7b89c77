"""Estimates with intervals by days: what happens within a day hangs together, so days are drawn anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from liqbot.market.positions import Floats, Ints

DAY_MS = 86_400_000
FEWEST = 20
"""Below so many cases, or below `FEWEST_DAYS` days, nothing is said but that there are too few to tell."""
FEWEST_DAYS = 5
CONFIDENCE = 0.95
DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, between which values it lies with `CONFIDENCE`, and what it rests on."""

    value: float
    low: float
    high: float
    count: int
    days: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough cases and days to say anything."""
        return self.count >= FEWEST and self.days >= FEWEST_DAYS

    def covers(self, value: float) -> bool:
        """Whether `value` may be the true one."""
        return self.low <= value <= self.high


class Sample(NamedTuple):
    """A value, when it was seen, and what it weighs."""

    time_ms: int
    value: float
    weight: float = 1.0


def mean(samples: Iterable[Sample], seed: int = 0) -> Interval | None:
    """Return the sum of the values over that of the weights, by default their mean; None without weight.

    The interval is that of a bootstrap that draws days (UTC) with repetition.
    """
    rows = list(samples)
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3)
    time_ms = np.array([one.time_ms for one in rows], dtype=np.int64)
    return mean_of(time_ms, columns[:, 1], columns[:, 2], seed)


def mean_of(time_ms: Ints, values: Floats, weights: Floats | None = None, seed: int = 0) -> Interval | None:
    """Return the same of columns of shape (n,); what is NaN, or weighs nothing, is left out."""
    weighs = np.ones(len(values)) if weights is None else weights
    told = np.isfinite(values) & (weighs > 0)
    if not told.any():
        return None
    own, weighs = values[told], weighs[told]
    days, places = np.unique(time_ms[told] // DAY_MS, return_inverse=True)
    sums, totals = np.bincount(places, weights=own), np.bincount(places, weights=weighs)
    drawn = _drawn(len(days), seed) @ np.stack([sums, totals], axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(sums.sum() / totals.sum()), float(low), float(high), len(own), len(days))


@lru_cache(maxsize=32)
def _drawn(days: int, seed: int) -> Floats:
    """Return how often each day is drawn, shape (draws, days)."""
    return (
        np.random.default_rng(seed).multinomial(days, np.full(days, 1 / days), size=DRAWS).astype(np.float64)
    )
