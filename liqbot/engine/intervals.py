"""Estimates with intervals by days: what happens within a day hangs together, so days are drawn anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from liqbot.market.positions import Floats

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
    rows = [one for one in samples if one.weight > 0]
    if not rows:
        return None
    days, places = np.unique([one.time_ms // DAY_MS for one in rows], return_inverse=True)
    sums = np.bincount(places, weights=[one.value for one in rows])
    weights = np.bincount(places, weights=[one.weight for one in rows])
    drawn = _drawn(len(days), seed)
    low, high = np.quantile((drawn @ sums) / (drawn @ weights), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(sums.sum() / weights.sum()), float(low), float(high), len(rows), len(days))


@lru_cache(maxsize=32)
def _drawn(days: int, seed: int) -> Floats:
    """Return how often each day is drawn, shape (draws, days)."""
    return (
        np.random.default_rng(seed).multinomial(days, np.full(days, 1 / days), size=DRAWS).astype(np.float64)
    )
