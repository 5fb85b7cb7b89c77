"""How much was liquidated of a side within a time, out of sums by the minute or, of older ones, the hour."""

from collections.abc import Iterable

import numpy as np

from liqbot.market.events import LiquidationSum
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class LiquidationSums:
    """Sums of one coin of one layer. What is summed over an hour counts in parts, as if it were spread."""

    def __init__(self, sums: Iterable[LiquidationSum], hourly_before_ms: int) -> None:
        """Sums of before `hourly_before_ms` are of an hour, those since then of a minute."""
        self._hourly_before_ms = hourly_before_ms
        by_side: dict[Side, list[tuple[int, float]]] = {side: [] for side in Side}
        for one in sums:
            by_side[one.side].append((one.time_ms, one.usd))
        self._begin: dict[Side, Ints] = {}
        self._usd: dict[Side, Floats] = {}
        for side, rows in by_side.items():
            rows.sort()
            self._begin[side] = np.array([begin for begin, _ in rows], dtype=np.int64)
            self._usd[side] = np.array([usd for _, usd in rows], dtype=np.float64)

    def __len__(self) -> int:
        return sum(map(len, self._usd.values()))

    def between(self, side: Side, since_ms: int, until_ms: int) -> float:
        """Return the USD of a side within a time."""
        return float(self.between_each(side, np.array([since_ms]), np.array([until_ms]))[0])

    def between_each(self, side: Side, since_ms: Ints, until_ms: Ints) -> Floats:
        """Return the same of each span of time, shapes (n,)."""
        begin = self._begin[side]
        first, last = np.searchsorted(begin, since_ms - HOUR_MS), np.searchsorted(begin, until_ms)
        counts = np.maximum(last - first, 0)
        whose = np.repeat(np.arange(len(counts)), counts)  # a row for each sum that a span may touch
        places = np.arange(len(whose)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        own = begin[places]
        length = np.where(own < self._hourly_before_ms, HOUR_MS, MINUTE_MS)
        overlap = np.minimum(own + length, until_ms[whose]) - np.maximum(own, since_ms[whose])
        usd = self._usd[side][places] * np.maximum(overlap, 0) / length
        return np.bincount(whose, weights=usd, minlength=len(counts)).astype(np.float64)
