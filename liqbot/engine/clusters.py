"""Finding the clusters of a map: runs of bins of one side that stand out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.measured import Levels
from liqbot.market.cohort import Cohort
from liqbot.market.maps import BIN_WIDTH, LiquidationMap
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import BySide, Side

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
WITHIN = 0.3
"""Of clusters whose peak is this near to spot, in ln(price), all that stand out are found."""
MOST_BEYOND = 8
"""Beyond that at most this many a side, the heaviest."""
MOST_FADING = 24
"""And of those that no longer stand out, at most so many: only what is known already is looked for there."""

_reach = int(3 * SMOOTHING)
_kernel = np.exp(-0.5 * (np.arange(-_reach, _reach + 1) / SMOOTHING) ** 2)
_kernel /= _kernel.sum()
_DENSEST = 0.9 * float(_kernel.max())
"""Density of the peak of a run of two or three bins that weighs 1, about."""
_NOBODY: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A cluster found in one map, before it is known whether it was there already."""

    side: Side
    price: float
    low: float
    high: float
    usd: float
    whale_share: float | None
    """None where nobody's accounts are known."""
    account: Ints
    """Who liquidates in it, shape (n,): numbers in the board's register; none where nobody is known."""
    coins: Floats
    """How many coins each of them, shape (n,), positive."""
    stands_out: bool = True
    """False: only worth keeping where it is known already."""


def find_clusters(liquidation_map: LiquidationMap, levels: Levels) -> list[Found]:
    """Return the clusters of both sides of a map made from `levels`.

    Of each side those that stand out come first, the heaviest first; then those that no longer do.

    Peaks of the smoothed density are taken from the highest down; each claims its neighbourhood down to
    `FOOT` of its height, so that no level is in two clusters. A cluster's bounds are real levels, and its
    dollars are summed over positions, not bins.
    """
    spot = liquidation_map.spot
    columns = BySide(*(LevelColumn.of(levels, side, spot) for side in Side))
    return find_among(liquidation_map, columns)


def find_among(
    liquidation_map: LiquidationMap, columns: BySide["LevelColumn"], *, is_smooth: bool = False
) -> list[Found]:
    """Return the same of a map made from the levels in `columns`; `is_smooth` where it is an estimate."""
    found: list[Found] = []
    here = liquidation_map.bins.place(liquidation_map.spot)
    for side in Side:
        runs = sorted(_runs(liquidation_map.of(side), is_smooth=is_smooth), key=lambda run: -run.usd)
        told, column = _worth_telling(runs, here), columns[side]
        found += _measured(column, side, told, liquidation_map)
    return found


def _worth_telling(runs: Sequence["_Run"], here: int) -> list["_Run"]:
    """Return all that stand out near bin `here`, the heaviest beyond; then those that no longer do."""
    near = round(WITHIN / BIN_WIDTH)
    standing = [run for run in runs if run.stands_out]
    beyond = {run for run in standing if abs(run.peak - here) > near}
    kept = set(sorted(beyond, key=lambda run: -run.usd)[:MOST_BEYOND])
    fading = [run for run in runs if not run.stands_out]
    return [run for run in standing if run not in beyond or run in kept] + fading[:MOST_FADING]


def find_in_bins(liquidation_map: LiquidationMap) -> list[Found]:
    """Return the same of a map of nobody in particular: each bin counts as one level, in its middle."""

    def column(side: Side) -> LevelColumn:
        usd = liquidation_map.of(side)
        held = np.flatnonzero(usd)
        return LevelColumn(
            price=liquidation_map.bins.centers[held],
            coins=usd[held] / liquidation_map.spot,
            account=None,
            is_whale=np.zeros(len(held), dtype=np.bool_),
        )

    return find_among(liquidation_map, BySide(column(Side.LONG), column(Side.SHORT)), is_smooth=True)


@dataclass(frozen=True, slots=True)
class _Run:
    """Adjacent bins, from the first to the last that holds anything."""

    first: int
    last: int
    peak: int
    """The bin of the greatest density."""
    usd: float
    stands_out: bool


def _runs(usd: Floats, *, is_smooth: bool) -> list[_Run]:
    """Return the runs around peaks that stand out, or nearly do; runs do not overlap."""
    density = np.convolve(usd, _kernel, mode="same")
    if not density.any():
        return []
    foot = SMOOTH_FOOT if is_smooth else FOOT
    if is_smooth:
        stands_out = np.full(len(density), SMOOTH_ABOVE * float(density[density > 0].mean()))
        lasts = LASTS * stands_out
    else:
        stands_out, lasts = _outstanding_density(density)
    padded = np.concatenate(([0.0], density, [0.0]))
    is_peak = (density >= lasts) & (density > padded[:-2]) & (density >= padded[2:])
    peaks = np.flatnonzero(is_peak)
    # Plain lists: a walk of a few bins from each peak is quicker in them than in arrays.
    heights: list[float] = density.tolist()
    held: list[float] = usd.tolist()
    claimed, runs = bytearray(len(usd)), list[_Run]()
    highest_first: list[int] = peaks[np.argsort(-density[peaks], kind="stable")].tolist()
    for peak in highest_first:
        if claimed[peak]:
            continue
        first, last = _claim(heights, claimed, peak, foot)
        while first <= last and not held[first]:
            first += 1
        while first <= last and not held[last]:
            last -= 1
        if first <= last:
            total = math.fsum(held[first : last + 1])
            runs.append(_Run(first, last, peak, total, bool(heights[peak] >= stands_out[peak])))
    return runs


def _outstanding_density(density: Floats) -> tuple[Floats, Floats]:
    """Return for each bin the density from which a peak there stands out, and down to which it lasts.

    Both are infinite where nothing is near.
    """
    size = len(density)
    blocks = -(-size // BLOCK)
    heavy = HEAVY * _DENSEST * float(density.sum())
    # A row a block: the block and its neighbours, with -1 where there is none.
    padded = np.full((blocks + 2) * BLOCK, -1.0)
    padded[BLOCK : BLOCK + size] = density
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 3 * BLOCK)[::BLOCK], axis=1)
    bins, held = (windows >= 0).sum(axis=1), (windows > 0).sum(axis=1)
    row, last = np.arange(blocks), 3 * BLOCK
    upper = windows[row, np.minimum(last - held + held // 2, last - 1)]
    lower = windows[row, np.minimum(last - held + (held - 1) // 2, last - 1)]
    mean = np.where(windows > 0, windows, 0.0).sum(axis=1) / bins
    usual = np.where(held > 0, np.minimum(ABOVE_MEDIAN * (lower + upper) / 2, ABOVE_MEAN * mean), np.inf)
    stands_out = np.where(held > 0, np.minimum(usual, heavy), np.inf)
    lasts = np.where(held > 0, np.minimum(LASTS * usual, HEAVY_LASTS * heavy), np.inf)
    return np.repeat(stands_out, BLOCK)[:size], np.repeat(lasts, BLOCK)[:size]


def _claim(heights: list[float], claimed: bytearray, peak: int, share: float) -> tuple[int, int]:
    """Claim the free bins around `peak` down to its foot; return the first and the last."""
    foot = share * heights[peak]
    first = last = peak
    while first > 0 and heights[first - 1] >= foot and not claimed[first - 1]:
        first -= 1
    while last + 1 < len(heights) and heights[last + 1] >= foot and not claimed[last + 1]:
        last += 1
    claimed[first : last + 1] = b"\x01" * (last + 1 - first)
    return first, last


@dataclass(frozen=True, slots=True, eq=False)
class LevelColumn:
    """The live levels of one side, in the order of their price, in columns of shape (n,)."""

    price: Floats
    coins: Floats
    account: Ints | None
    """None where nobody's accounts are known."""
    is_whale: Bools

    @staticmethod
    def of(levels: Levels, side: Side, spot: float) -> "LevelColumn":
        """Return those of one side of `levels`."""
        rows = levels.rows_by_price(side, spot)
        return LevelColumn(
            price=levels.positions.liquidation[rows],
            coins=np.abs(levels.positions.size[rows]),
            account=levels.positions.account[rows],
            is_whale=levels.cohort[rows] == Cohort.WHALE,
        )


def _measured(column: LevelColumn, side: Side, runs: Sequence[_Run], of: LiquidationMap) -> list[Found]:
    """Return what the runs hold, all of a side at once: a call for each costs more than what it does."""
    if not runs:
        return []
    edges, spot = of.bins.edges, of.spot
    bounds = np.searchsorted(column.price, edges[[(run.first, run.last + 1) for run in runs]])
    first, after = bounds[:, 0], bounds[:, 1]
    total = _sums(column.coins, bounds)
    nobody = column.account is None
    if nobody:
        # Of an estimate the slope of a higher hill beside it may hold most, but its own peak is meant.
        prices = [
            float(column.price[begin:end][np.abs(column.price[begin:end] - edges[run.peak]).argmin()])
            for run, (begin, end) in zip(runs, bounds.tolist(), strict=True)
        ]
        whales = [None] * len(runs)
    else:
        prices = column.price[_peaks(column, first, after)].tolist()
        whales = (_sums(np.where(column.is_whale, column.coins, 0.0), bounds) / total).tolist()
    ends = zip(bounds.tolist(), column.price[first].tolist(), column.price[after - 1].tolist(), strict=True)
    figures = zip(runs, ends, prices, (total * spot).tolist(), whales, strict=True)
    return [
        Found(
            side=side,
            price=price,
            low=low,
            high=high,
            usd=usd,
            whale_share=whale,
            account=_NOBODY if column.account is None else column.account[begin:end],
            coins=column.coins[:0] if nobody else column.coins[begin:end],
            stands_out=run.stands_out,
        )
        for run, ((begin, end), low, high), price, usd, whale in figures
    ]


def _sums(values: Floats, bounds: Ints) -> Floats:
    """Return the sum of `values` from each first to before each last of `bounds`, shape (n, 2)."""
    padded = np.append(values, 0.0)  # lets the last one end behind the last value
    return np.add.reduceat(padded, bounds.reshape(-1))[::2]


def _peaks(column: LevelColumn, first: Ints, after: Ints) -> Ints:
    """Return of each run the row of the middle level (half the coins on either side) of its densest 0.2%."""
    price, length = column.price, after - first
    starts = np.cumsum(length) - length
    run = np.repeat(np.arange(len(first)), length)
    rows = np.arange(len(run)) + (first - starts)[run]
    held = np.concatenate(([0.0], np.cumsum(column.coins)))
    at = price[rows]
    low = np.maximum(np.searchsorted(price, at * 0.999, side="left"), first[run])
    high = np.minimum(np.searchsorted(price, at * 1.001, side="right"), after[run])
    before, within = held[low], held[high]
    mass = within - before
    most = np.maximum.reduceat(mass, starts)
    # Of equal ones, but for what adding up leaves, the lowest.
    is_most = mass >= (most * (1 - 1e-12))[run]
    densest = np.minimum.reduceat(np.where(is_most, np.arange(len(run)), len(run)), starts)
    middle = (before[densest] + within[densest]) / 2
    return np.clip(np.searchsorted(held[1:], middle, side="left"), low[densest], high[densest] - 1)
