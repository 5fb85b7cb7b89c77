"""Estimates with intervals by days: what happens within a day hangs together, so days are drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints

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

    @property
    def has_telling_bounds(self) -> bool:
        """Whether its bounds say anything: one day drawn anew, or few cases all alike, repeat the value."""
        return self.is_enough or (self.days > 1 and self.low < self.high)

    def covers(self, value: float) -> bool:
        """Whether `value` may be the true one."""
        return self.low <= value <= self.high


def mean_of(time_ms: Ints, values: Floats, weights: Floats | None = None, seed: int = 0) -> Interval | None:
    """Return the sum of the values over that of the weights, by default their mean; None without weight.

    Columns of shape (n,); what is NaN, or weighs nothing, is left out. The interval is that of a bootstrap
    that draws days (UTC) with repetition.
    """
    weighs = np.ones(len(values)) if weights is None else weights
    return _means(time_ms, [values], weighs, np.isfinite(values) & (weighs > 0), seed)[0]


def means_of(time_ms: Ints, columns: Sequence[Floats], seed: int = 0) -> list[Interval | None]:
    """Return the same of several columns without weights; those that tell of the same cases share draws."""
    found: list[Interval | None] = [None] * len(columns)
    alike: dict[bytes, list[int]] = {}
    for place, column in enumerate(columns):
        alike.setdefault(np.isfinite(column).tobytes(), []).append(place)
    for places in alike.values():
        own = [columns[place] for place in places]
        intervals = _means(time_ms, own, np.ones(len(time_ms)), np.isfinite(own[0]), seed)
        for place, interval in zip(places, intervals, strict=True):
            found[place] = interval
    return found


def _means(
    time_ms: Ints, columns: Sequence[Floats], weights: Floats, told: Bools, seed: int
) -> list[Interval | None]:
    if not told.any():
        return [None] * len(columns)
    days, places = np.unique(time_ms[told] // DAY_MS, return_inverse=True)
    by_day = np.stack([np.bincount(places, weights=one[told]) for one in (weights, *columns)], axis=1)
    drawn = _drawn(len(days), seed) @ by_day
    sums = by_day.sum(axis=0)
    edges = np.quantile(drawn[:, 1:] / drawn[:, :1], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    count = int(told.sum())
    return [
        Interval(float(total / sums[0]), float(low), float(high), count, len(days))
        for total, low, high in zip(sums[1:], *edges, strict=True)
    ]


@lru_cache(maxsize=32)
def _drawn(days: int, seed: int) -> Floats:
    """Return how often each day is drawn, shape (draws, days)."""
    picked = np.random.default_rng(seed).integers(days, size=(DRAWS, days))
    picked += np.arange(DRAWS)[:, None] * days
    return np.bincount(picked.ravel(), minlength=DRAWS * days).reshape(DRAWS, days).astype(np.float64)
