"""The path of a price, step by step: when it first came somewhere, how much it moves, where it has gaps."""

import math
from dataclasses import dataclass, field

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints

DAY_MS = 86_400_000
LONGEST_STEP_MS = 1_800_000
"""A longer time between two steps is a gap, unless the steps around it are as long."""
GAP_STEPS = 4
"""A time of more than so many of the steps around it is a gap."""
AROUND = 4
"""So many times between steps on each side of one tell how far apart steps usually are there."""
FEWEST_STEPS = 12
"""A volatility needs so many steps."""
NEVER = 2**62
"""In a column of times: it did not happen."""
_BLOCK = 32
"""So many steps are passed over at once where price was nowhere near."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """What price did, step by step, in the order of time. Step i says what happened since step i - 1."""

    time_ms: Ints
    """Shape (n,), rising."""
    low: Floats
    high: Floats
    """Shape (n,), USD: the lowest and highest price since the step before."""
    close: Floats
    """Shape (n,), USD: price at `time_ms`."""
    step_ms: int = field(init=False, default=0)
    """How far apart its steps usually are: the median."""
    _squares: Floats = field(init=False, repr=False, default_factory=lambda: np.zeros(0))
    """Shape (n,): sums of the squared moves of ln price up to each step."""
    _gaps: Ints = field(init=False, repr=False, default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Places of the steps before which there is a gap, rising."""

    def __post_init__(self) -> None:
        columns = (self.low, self.high, self.close)
        if any(len(column) != len(self.time_ms) for column in columns):
            raise ValueError("the columns of a path differ in length")
        apart = np.diff(self.time_ms)
        if np.any(apart <= 0):
            raise ValueError("the times of a path must rise")
        step_ms = int(np.median(apart)) if len(apart) else 0
        moves = np.diff(np.log(self.close)) ** 2
        long = np.flatnonzero(apart > LONGEST_STEP_MS)
        gaps = long[apart[long] > GAP_STEPS * _usual(apart, long)] + 1
        object.__setattr__(self, "step_ms", step_ms)
        object.__setattr__(
            self, "_squares", np.concatenate([np.zeros(min(len(columns[0]), 1)), np.cumsum(moves)])
        )
        object.__setattr__(self, "_gaps", gaps.astype(np.int64))

    @staticmethod
    def empty() -> "Path":
        """Return a path of which nothing is known."""
        none = np.zeros(0)
        return Path(np.zeros(0, dtype=np.int64), none, none, none)

    def __len__(self) -> int:
        return len(self.time_ms)

    @property
    def until_ms(self) -> int:
        """Up to when it is known; -1 where it is empty."""
        return int(self.time_ms[-1]) if len(self.time_ms) else -1

    def until(self, time_ms: int) -> "Path":
        """Return what was known at a time."""
        count = int(np.searchsorted(self.time_ms, time_ms, side="right"))
        return Path(self.time_ms[:count], self.low[:count], self.high[:count], self.close[:count])

    def reached_ms(self, price: float, since_ms: int, until_ms: int) -> int | None:
        """Return when price first came to `price` in (since_ms, until_ms]; None where it did not."""
        at = int(self.reached(np.array([price]), np.array([since_ms]), np.array([until_ms]))[0])
        return None if at == NEVER else at

    def reached(self, prices: Floats, since_ms: Ints, until_ms: Ints) -> Ints:
        """Return the same of each price, shapes (n,); `NEVER` where it did not come."""
        found = np.full(len(prices), NEVER, dtype=np.int64)
        begin = np.searchsorted(self.time_ms, since_ms, side="right")
        end = np.searchsorted(self.time_ms, until_ms, side="right")
        low, high = _blocks(self.low, np.inf), _blocks(self.high, -np.inf)
        lowest, highest = low.min(axis=1), high.max(axis=1)
        left = np.flatnonzero(begin < end)
        block, last = begin // _BLOCK, (end - 1) // _BLOCK
        while len(left):
            own, price = block[left], prices[left]
            near = np.flatnonzero((lowest[own] <= price) & (price <= highest[own]))
            rows, sought = left[near], price[near, None]
            steps = own[near, None] * _BLOCK + np.arange(_BLOCK)
            hit = (low[own[near]] <= sought) & (sought <= high[own[near]])
            hit &= (begin[rows, None] <= steps) & (steps < end[rows, None])
            came = hit.any(axis=1)
            found[rows[came]] = self.time_ms[steps[came, hit[came].argmax(axis=1)]]
            left = left[(found[left] == NEVER) & (own < last[left])]
            block[left] += 1
        return found

    def is_seen(self, since_ms: int, until_ms: int) -> bool:
        """Return whether price is known throughout: from a step near `since_ms` on, to `until_ms`, no gap."""
        return bool(self.seen(np.array([since_ms]), np.array([until_ms]))[0])

    def seen(self, since_ms: Ints, until_ms: Ints) -> Bools:
        """Return the same of each span of time, shapes (n,)."""
        if not len(self):
            return np.zeros(len(since_ms), dtype=np.bool_)
        begin = np.searchsorted(self.time_ms, since_ms, side="right")
        end = np.searchsorted(self.time_ms, until_ms, side="right")
        first_ms = max(LONGEST_STEP_MS, GAP_STEPS * int(self.steps_at(self.time_ms[:1])[0]))
        late = (begin == 0) & (self.time_ms[0] - since_ms > first_ms)
        # A gap that begins within the time ends with the step that follows it.
        last = np.where((end == 0) | (self.time_ms[end - 1] < until_ms), end + 1, end)
        touched = np.not_equal(np.searchsorted(self._gaps, begin), np.searchsorted(self._gaps, last))
        return (until_ms <= self.until_ms) & ~late & ~touched

    def steps_at(self, time_ms: Ints) -> Ints:
        """Return how far apart its steps usually are around each time, ms, shape (n,); 0 of fewer than two.

        A path may be finer in one part than in another, as one whose past was filled in.
        """
        if len(self) < 2:
            return np.zeros(len(time_ms), dtype=np.int64)
        apart = np.diff(self.time_ms)
        place = np.searchsorted(self.time_ms, time_ms, side="right") - 1
        return _usual(apart, np.clip(place, 0, len(apart) - 1))

    def close_at(self, time_ms: int) -> float | None:
        """Return the newest price at or before a time, None where the path is not known up to it."""
        close = float(self.closes_at(np.array([time_ms]))[0])
        return None if math.isnan(close) else close

    def closes_at(self, time_ms: Ints) -> Floats:
        """Return the same of each time, shape (n,); NaN where it is not known."""
        found = np.full(len(time_ms), np.nan)
        if len(self):
            known = (self.time_ms[0] <= time_ms) & (time_ms <= self.until_ms)
            found[known] = self.close[np.searchsorted(self.time_ms, time_ms[known], side="right") - 1]
        return found

    def volatilities(self, until_ms: Ints, lookback_ms: int = 3 * DAY_MS) -> Floats:
        """Return the standard deviation of ln price by the square root of a ms, of the time up to each.

        Shapes (n,). NaN where fewer than `FEWEST_STEPS` steps are known.
        """
        found = np.full(len(until_ms), np.nan)
        end = np.searchsorted(self.time_ms, until_ms, side="right")
        begin = np.searchsorted(self.time_ms, until_ms - lookback_ms, side="left")
        known = end - begin >= FEWEST_STEPS
        begin, last = begin[known], end[known] - 1
        span_ms = self.time_ms[last] - self.time_ms[begin]
        found[known] = np.sqrt((self._squares[last] - self._squares[begin]) / span_ms)
        return found


def _usual(apart: Ints, places: Ints) -> Ints:
    """Return the median of the times between steps around each place, shape (n,)."""
    width = min(2 * AROUND + 1, len(apart))
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    first = np.clip(places - AROUND, 0, len(apart) - width)
    return np.median(apart[first[:, None] + np.arange(width)], axis=1).astype(np.int64)


def _blocks(column: Floats, beyond: float) -> Floats:
    """Return a column in rows of `_BLOCK`, filled up with what price never comes to."""
    missing = -len(column) % _BLOCK
    return np.concatenate([column, np.full(missing, beyond)]).reshape(-1, _BLOCK)
