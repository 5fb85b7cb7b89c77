"""Levels of the modelled map that survive: coins left by bin after many steps at once, by price's crossings.

What a bin holds is all that was ever opened in it, less all that had been opened in it when price last went
through. Both are sums over steps, of runs of equal bins: two cumulative sums over a grid of columns give the
first. Price comes to a bin from above only so often as it falls: a few thousand crossings in a month of
candles, and for each of them the first sum, at its step, is the second.

Not here: one step at a time (`model_state.py`), how much is opened and closed (`model_flow.py`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.engine.model_steps import Boxes
from liqbot.market.positions import Floats, Ints

NOTHING = 1e-12
"""A remainder below this share of the most that was ever opened in a bin is rounding."""

_Places = NDArray[np.intp]


def surviving(boxes: Boxes, units: Floats, column: Ints, *, held: Floats, first: int) -> Floats:
    """Return the units of the longs that no step has swept, shape (columns, bins); shorts in the mirror.

    `units`, shape (steps,), are opened in each step, in the runs of bins that `boxes` tells. `column`, shape
    (steps,), rises from 0 without a gap: the steps of column c lie between the ends of columns c - 1 and c.
    `held`, shape (bins,) from bin `first` up, is there at the beginning. Exact but for rounding.
    """
    bins = len(held)
    runs = _Runs(boxes.first - first, boxes.stop - first, boxes.share * units[:, np.newaxis], column)
    opened = _opened(runs, bins)
    opened += held
    step, place = _crossings(boxes.reach - first, bins)
    at = column[step]
    before = np.where(at > 0, opened[at - 1, place], held[place])
    before += _opened_since(runs, step, place)
    lost = np.zeros(bins)
    begin: list[int] = np.searchsorted(at, np.arange(len(opened) + 1)).tolist()
    for left, start, end in zip(opened, begin, begin[1:], strict=False):
        # Of several crossings in a column the last one counts.
        lost[place[start:end]] = before[start:end]
        rounding = float(left.max()) * NOTHING
        np.subtract(left, lost, out=left)
        left[left <= rounding] = 0.0
    return opened


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Runs of equal bins, shape (steps, tiers), with places of bins instead of their numbers."""

    bottom: Ints
    stop: Ints
    each: Floats
    column: Ints
    """Shape (steps,)."""


def _opened(runs: _Runs, bins: int) -> Floats:
    """Return all that was opened until the end of each column, swept or not, shape (columns, bins)."""
    columns = int(runs.column[-1]) + 1
    start = runs.column[:, np.newaxis] * (bins + 1)
    size, each = columns * (bins + 1), runs.each.reshape(-1)
    slope = np.zeros(size)
    slope += np.bincount((start + runs.bottom).reshape(-1), each, size)
    slope -= np.bincount((start + runs.stop).reshape(-1), each, size)
    return np.cumsum(np.cumsum(slope.reshape(columns, bins + 1)[:, :bins], axis=1), axis=0)


def _crossings(reach: Ints, bins: int) -> tuple[_Places, _Places]:
    """Return the steps and bins at which price came down into a bin that it had been above, by step."""
    reach = np.clip(reach, 0, bins)
    above = np.concatenate(([bins], reach[:-1]))
    count = np.maximum(above - reach, 0)
    step = np.repeat(np.arange(len(reach)), count)
    within = np.arange(len(step)) - np.repeat(np.cumsum(count) - count, count)
    return step, reach[step] + within


def _opened_since(runs: _Runs, step: _Places, place: _Places) -> Floats:
    """Return what the earlier steps of the same column had opened in bin `place` before each `step`."""
    total = np.zeros(len(step))
    at = np.arange(len(step))
    back = 0
    while len(at):
        back += 1
        row = step[at] - back
        same = (row >= 0) & (runs.column[row] == runs.column[step[at]])
        at, row = at[same], row[same]
        here = place[at, np.newaxis]
        inside = (runs.bottom[row] <= here) & (here < runs.stop[row])
        total[at] += np.sum(runs.each[row] * inside, axis=1)
    return total
