"""Past maps side by side: what a heatmap is drawn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.market.maps import Bins
from liqbot.market.positions import Floats, Ints

GAP_STEPS = 3
"""A column whose successor is later than this many steps of the columns around it is followed by a gap."""
_AROUND = 5
"""So many steps before, and so many after, tell how far apart columns are there."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The maps of one coin over time: column t holds from `time_ms[t]` until `until_ms[t]`.

    Between `until_ms[t]` and `time_ms[t + 1]` there is no data. In each column the bins below `spot[t]` hold
    long liquidations and those above it short liquidations.
    """

    bins: Bins
    time_ms: Ints
    """Shape (T,), rising."""
    until_ms: Ints
    """Shape (T,)."""
    spot: Floats
    """Shape (T,): spot at `time_ms`, USD."""
    low: Floats
    """Shape (T,): lowest spot since the column before, USD."""
    high: Floats
    """Shape (T,): highest spot since the column before, USD."""
    usd: NDArray[np.float32]
    """Shape (T, bins): notional by bin, both sides, USD."""
    open_interest: Floats | None = None
    """Shape (T,): one-sided open interest at `time_ms`, USD, NaN where unknown; None where all of it is."""

    def __len__(self) -> int:
        return len(self.time_ms)


def thinned(grid: Grid, step_ms: int) -> Grid:
    """Return the newest column of each step of `step_ms`, from 1970 UTC on, and all that spot did in it."""
    number = grid.time_ms // step_ms
    last = np.append(np.flatnonzero(np.diff(number)), len(grid) - 1)
    first = np.append(0, last[:-1] + 1)
    return Grid(
        bins=grid.bins,
        time_ms=grid.time_ms[last],
        until_ms=_bridged(grid, last),
        spot=grid.spot[last],
        low=np.minimum.reduceat(grid.low, first),
        high=np.maximum.reduceat(grid.high, first),
        usd=grid.usd[last],
        open_interest=None if grid.open_interest is None else grid.open_interest[last],
    )


def _bridged(grid: Grid, last: Ints) -> Ints:
    """Return until when the columns `last` hold: until the next of them, unless there is a gap in between."""
    ends = np.append(last[1:], last[-1])
    until_ms = grid.time_ms[ends].copy()
    for place, (start, end) in enumerate(zip(last.tolist(), ends.tolist(), strict=True)):
        gaps = np.flatnonzero(grid.until_ms[start:end] < grid.time_ms[start + 1 : end + 1])
        if len(gaps):
            until_ms[place] = grid.until_ms[start + int(gaps[0])]
    return until_ms


def held_until(time_ms: Ints, least_ms: Ints | int = 0) -> Ints:
    """Return until when each column holds, shape (T,): until the next one, unless that is unusually late.

    `time_ms`, shape (T,), rises. Usual is what the columns around it do, and never less than `least_ms`, a
    number or of shape (T - 1,). A past that grows coarser with age has no gaps where it does, and whether
    there is one depends on the columns near it alone, not on how far the whole of them goes back.
    """
    steps = np.diff(time_ms)
    if not len(steps):
        return time_ms.copy()
    longest = GAP_STEPS * np.maximum(_usual(steps), least_ms)
    return np.append(time_ms[:-1] + np.minimum(steps, longest).astype(np.int64), time_ms[-1])


def _usual(steps: Ints) -> Floats:
    """Return the usual step around each of `steps`: the larger of the medians before and after it."""
    if len(steps) == 1:
        return steps.astype(np.float64)
    return np.fmax(_median_before(steps), _median_before(steps[::-1])[::-1])


def _median_before(steps: Ints) -> Floats:
    """Return of each step the median of the few before it, shape (T,), NaN for the first."""
    padded = np.append(np.full(_AROUND, np.inf), steps)
    before = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _AROUND)[: len(steps)], axis=1)
    count = np.minimum(np.arange(len(steps)), _AROUND)
    row = np.arange(len(steps))
    middle = (before[row, (count - 1) // 2] + before[row, count // 2]) / 2
    return np.where(count > 0, middle, np.nan)
