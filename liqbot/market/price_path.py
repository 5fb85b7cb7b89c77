"""The path of a price, step by step: when it first came somewhere, how much it moves, where it has gaps."""

import math
from dataclasses import dataclass, field

import numpy as np

from liqbot.market.positions import Floats, Ints

DAY_MS = 86_400_000
LONGEST_STEP_MS = 1_800_000
"""A longer time between two steps is a gap, unless the path has such steps throughout."""
FEWEST_STEPS = 12
"""A volatility needs so many steps."""


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
        gaps = np.flatnonzero(apart > max(LONGEST_STEP_MS, 4 * step_ms)) + 1
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
        begin, end = np.searchsorted(self.time_ms, [since_ms, until_ms], side="right")
        hit = (self.low[begin:end] <= price) & (price <= self.high[begin:end])
        place = int(np.argmax(hit)) if hit.any() else -1
        return None if place < 0 else int(self.time_ms[begin + place])

    def is_seen(self, since_ms: int, until_ms: int) -> bool:
        """Return whether price is known throughout: from a step near `since_ms` on, to `until_ms`, no gap."""
        if not len(self.time_ms) or until_ms > self.until_ms:
            return False
        begin, end = np.searchsorted(self.time_ms, [since_ms, until_ms], side="right")
        if begin == 0 and int(self.time_ms[0]) - since_ms > max(LONGEST_STEP_MS, 4 * self.step_ms):
            return False
        # A gap that begins within the time ends with the step that follows it.
        last = int(end) + (int(self.time_ms[end - 1]) < until_ms if end else True)
        first, beyond = np.searchsorted(self._gaps, [begin, last], side="left")
        return bool(first == beyond)

    def close_at(self, time_ms: int) -> float | None:
        """Return the newest price at or before a time, None where the path is not known up to it."""
        if not len(self.time_ms) or time_ms > self.until_ms or time_ms < self.time_ms[0]:
            return None
        return float(self.close[int(np.searchsorted(self.time_ms, time_ms, side="right")) - 1])

    def volatility(self, until_ms: int, lookback_ms: int = 3 * DAY_MS) -> float | None:
        """Return the standard deviation of ln price by the square root of a ms, of the time up to `until_ms`.

        None where fewer than `FEWEST_STEPS` steps are known.
        """
        end = int(np.searchsorted(self.time_ms, until_ms, side="right"))
        begin = int(np.searchsorted(self.time_ms, until_ms - lookback_ms, side="left"))
        if end - begin < FEWEST_STEPS:
            return None
        span_ms = int(self.time_ms[end - 1] - self.time_ms[begin])
        return math.sqrt(float(self._squares[end - 1] - self._squares[begin]) / span_ms)
