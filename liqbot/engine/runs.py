"""Finding peaks of a map: runs of bins that stand out of the smoothed density, with their slopes.

All peaks of both sides are worked out at once, in columns: with two hundred coins a plain walk from each of
their thousands of peaks was most of what a tick costs.

Not here: making clusters of them (`clusters.py`).
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Bools, Floats, Ints

SMOOTHING = 2.0
"""Standard deviation in bins (0.1% each) of the kernel in whose density peaks are sought."""
FOOT = 0.3
"""A cluster reaches from its peak outwards to where the density falls below this share of the peak's."""
SMOOTH_FOOT = 0.7
"""The same where levels are known by bins only: an estimate is smooth, and its hills have long slopes."""
ABOVE_MEDIAN, ABOVE_MEAN = 2.5, 3.0
"""A peak stands out if its density is so many times the median of its neighbourhood over bins that have any,
or so many times its mean over all bins, whichever is less: a median, so that a heavy cluster does not hide a
lighter one beside it; a mean, so that where there is little, each of few levels may stand out."""
HEAVY, HEAVY_LASTS = 0.01, 0.8
"""What weighs so much of all that is mapped on its side stands out, also among others as heavy. It lasts
down to this share of that."""
SMOOTH_ABOVE = 1.5
"""Of an estimate, whose levels are known by bins only, a peak stands out if its density is so many times the
side's mean over bins that have any: it is too smooth for its neighbourhood to tell."""
BLOCK = 100
"""That neighbourhood is the block of so many bins (0.1% each) that it lies in, and the one to either side.
What lies at twice the price says nothing of what stands out near spot."""
LASTS = 0.5
"""A cluster that is known already lasts until its density falls below this share of that."""

_reach = int(3 * SMOOTHING)
_kernel = np.exp(-0.5 * (np.arange(-_reach, _reach + 1) / SMOOTHING) ** 2)
_kernel /= _kernel.sum()
_DENSEST = 0.9 * float(_kernel.max())
"""Density of the peak of a run of two or three bins that weighs 1, about."""
_STRIDE = 16
"""So many bins are looked at at once for the foot of a peak."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Adjacent bins, from the first to the last that holds anything; one row a run, in the order of bins."""

    row: Ints
    """Rising."""
    first: Ints
    last: Ints
    peak: Ints
    """The bin of the greatest density."""
    usd: Floats
    stands_out: Bools
    rank: Ints
    """Place in the order of density at the peak, the greatest first."""

    def __len__(self) -> int:
        return len(self.row)

    def take(self, places: Ints) -> "Runs":
        """Return the runs at `places`."""
        return Runs(*[getattr(self, name)[places] for name in _COLUMNS])


_COLUMNS = tuple(field.name for field in fields(Runs))


def find_runs(usd: Floats, *, is_smooth: bool) -> Runs:
    """Return the runs around peaks that stand out, or nearly do, of each row of `usd`, shape (rows, bins).

    Peaks are taken from the highest down; each claims the free bins around it down to its foot, and one that
    is claimed already is none. So runs of a row do not overlap.
    """
    rows, bins = usd.shape
    # Every row lies between empty bins, so that nothing reaches from one into the next.
    stride = bins + 1
    density = np.zeros(rows * stride + 1)
    within = density[1:].reshape(rows, stride)[:, :bins]
    _smooth(usd, within)
    stands_out, lasts = _smooth_outstanding(within) if is_smooth else _outstanding(within)
    at, left, right = density[1:-1], density[:-2], density[2:]
    is_peak = (at > left) & (at >= right)
    is_peak &= at >= np.append(lasts, np.full((rows, 1), np.inf), axis=1).reshape(-1)[:-1]
    peaks = np.flatnonzero(is_peak) + 1
    if not len(peaks):
        return _no_runs()
    height = density[peaks]
    first, last = _slopes(density, peaks, (SMOOTH_FOOT if is_smooth else FOOT) * height)
    rank = np.empty(len(peaks), dtype=np.int64)
    order = np.argsort(-height, kind="stable")
    rank[order] = np.arange(len(peaks))
    own = _unclaimed(peaks, first, last, order)
    peaks, rank = peaks[own], rank[own]
    first, last = _parted(first[own], last[own], rank)
    # What is empty at either end is not part of it.
    held = density * 0
    held[1:].reshape(rows, stride)[:, :bins] = usd
    full = np.flatnonzero(held)
    begin, end = np.searchsorted(full, first), np.searchsorted(full, last, side="right") - 1
    any_held = begin <= end
    if not any_held.all():
        peaks, rank, begin, end = peaks[any_held], rank[any_held], begin[any_held], end[any_held]
    if not len(peaks):
        return _no_runs()
    first, last = full[begin], full[end]
    row = (peaks - 1) // stride
    start = row * stride + 1
    peak = peaks - start
    return Runs(
        row=row,
        first=first - start,
        last=last - start,
        peak=peak,
        usd=np.add.reduceat(held, np.stack((first, last + 1), axis=1).reshape(-1))[::2],
        stands_out=density[peaks] >= stands_out[row, peak],
        rank=rank,
    )


def _smooth(usd: Floats, density: Floats) -> None:
    """Put `usd`, smoothed by the kernel, into `density`, row by row."""
    bins = usd.shape[1]
    padded = np.zeros((len(usd), bins + 2 * _reach))
    padded[:, _reach : _reach + bins] = usd
    np.multiply(usd, _kernel[_reach], out=density)
    both = np.empty_like(usd)
    for away in range(1, _reach + 1):
        left, right = padded[:, _reach - away :][:, :bins], padded[:, _reach + away :][:, :bins]
        np.add(left, right, out=both)
        both *= _kernel[_reach + away]
        density += both


def _no_runs() -> Runs:
    none = np.zeros(0, dtype=np.int64)
    return Runs(none, none, none, none, np.zeros(0), np.zeros(0, dtype=np.bool_), none)


def _slopes(density: Floats, peaks: Ints, foot: Floats) -> tuple[Ints, Ints]:
    """Return how far the bins reach to either side of each peak that are as high as its foot."""
    count = len(peaks)
    start, step = np.concatenate((peaks, peaks)), np.repeat([-1, 1], count)
    least = np.concatenate((foot, foot))
    reach = np.zeros(2 * count, dtype=np.int64)
    todo, offsets = np.arange(2 * count), np.arange(1, _STRIDE + 1)
    while len(todo):
        place = start[todo, None] + step[todo, None] * (reach[todo, None] + offsets)
        np.clip(place, 0, len(density) - 1, out=place)
        below = density[place] < least[todo, None]
        ends = below.any(axis=1)
        reach[todo] += np.where(ends, below.argmax(axis=1), len(offsets))
        todo = todo[~ends]
        offsets = np.arange(1, 2 * len(offsets) + 1)
    return peaks - reach[:count], peaks + reach[count:]


def _unclaimed(peaks: Ints, first: Ints, last: Ints, order: Ints) -> Ints:
    """Return the places of the peaks that no higher one claims, rising."""
    begin = peaks.searchsorted(first)
    end = peaks.searchsorted(last, side="right")
    # Who reaches no other peak, and is reached by none, is free: so are most.
    change = np.bincount(begin, minlength=len(peaks) + 1) - np.bincount(end, minlength=len(peaks) + 1)
    is_free = (end - begin == 1) & (change.cumsum()[:-1] == 1)
    crowded = order[~is_free[order]].tolist()
    begins, ends, claimed = begin.tolist(), end.tolist(), bytearray(len(peaks))
    for place in crowded:
        if claimed[place]:
            continue
        is_free[place] = True
        claimed[place] = 1
        # It reaches no farther than to what another one has claimed.
        other = place - 1
        while other >= begins[place] and not claimed[other]:
            claimed[other] = 1
            other -= 1
        other = place + 1
        while other < ends[place] and not claimed[other]:
            claimed[other] = 1
            other += 1
    return is_free.nonzero()[0]


def _parted(first: Ints, last: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Return the ends of neighbours that overlap: the higher one keeps what both reach."""
    right_first = rank[1:] < rank[:-1]
    cut_last = np.where(right_first, np.minimum(last[:-1], first[1:] - 1), last[:-1])
    cut_first = np.where(right_first, first[1:], np.maximum(first[1:], last[:-1] + 1))
    return np.concatenate((first[:1], cut_first)), np.concatenate((cut_last, last[-1:]))


def _smooth_outstanding(density: Floats) -> tuple[Floats, Floats]:
    """Return the same as `_outstanding` for an estimate; what is empty has no peaks."""
    held = np.count_nonzero(density > 0, axis=1, keepdims=True)
    total = np.where(density > 0, density, 0.0).sum(axis=1, keepdims=True)
    mean = np.where(held > 0, total / np.maximum(held, 1), np.inf)
    stands_out = np.broadcast_to(SMOOTH_ABOVE * mean, density.shape)
    return stands_out, LASTS * stands_out


def _outstanding(density: Floats) -> tuple[Floats, Floats]:
    """Return for each bin the density from which a peak there stands out, and down to which it lasts.

    Shapes (rows, bins). Both are infinite where nothing is near.
    """
    rows, size = density.shape
    blocks = -(-size // BLOCK)
    heavy = HEAVY * _DENSEST * density.sum(axis=1, keepdims=True)
    # The block and its neighbours, with -1 where there is none: shape (rows, blocks, 3 blocks' bins).
    padded = np.full((rows, (blocks + 2) * BLOCK), -1.0)
    padded[:, BLOCK : BLOCK + size] = density
    single = padded.reshape(rows, blocks + 2, BLOCK)
    bins = _of_three(np.count_nonzero(single[:1] >= 0, axis=2))
    held = _of_three(np.count_nonzero(single > 0, axis=2))
    mean = _of_three(np.maximum(single, 0.0).sum(axis=2)) / bins
    windows = np.concatenate((single[:, :-2], single[:, 1:-1], single[:, 2:]), axis=2).reshape(-1, 3 * BLOCK)
    windows.sort(axis=1)
    window, first = np.arange(len(windows)), 3 * BLOCK - held.reshape(-1)
    upper = windows[window, np.minimum(first + held.reshape(-1) // 2, 3 * BLOCK - 1)]
    lower = windows[window, np.minimum(first + (held.reshape(-1) - 1) // 2, 3 * BLOCK - 1)]
    median = ((lower + upper) / 2).reshape(held.shape)
    usual = np.where(held > 0, np.minimum(ABOVE_MEDIAN * median, ABOVE_MEAN * mean), np.inf)
    stands_out = np.where(held > 0, np.minimum(usual, heavy), np.inf)
    lasts = np.where(held > 0, np.minimum(LASTS * usual, HEAVY_LASTS * heavy), np.inf)
    return stands_out.repeat(BLOCK, axis=1)[:, :size], lasts.repeat(BLOCK, axis=1)[:, :size]


def _of_three(blocks: NDArray[Any]) -> NDArray[Any]:
    """Return for each block but the first and the last the sum of it and both neighbours."""
    return blocks[:, :-2] + blocks[:, 1:-1] + blocks[:, 2:]
