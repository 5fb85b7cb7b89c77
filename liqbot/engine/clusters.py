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
    edges = liquidation_map.bins.edges
    here = liquidation_map.bins.place(liquidation_map.spot)
    for side in Side:
        runs = sorted(_runs(liquidation_map.of(side), is_smooth=is_smooth), key=lambda run: -run.usd)
        told, column = _worth_telling(runs, here), columns[side]
        # The ends of all runs are looked up at once: each call on its own costs more than the search.
        bounds = edges[[(run.first, run.last + 1) for run in told]].reshape(-1, 2) if told else edges[:0]
        ends: list[list[int]] = np.searchsorted(column.price, bounds).tolist()
        found += [
            _measure(column, side, run, (first, after), liquidation_map)
            for run, (first, after) in zip(told, ends, strict=True)
        ]
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
    stands_out, lasts = np.full(len(density), np.inf), np.full(len(density), np.inf)
    heavy = HEAVY * _DENSEST * float(density.sum())
    for begin in range(0, len(density), BLOCK):
        around = density[max(0, begin - BLOCK) : begin + 2 * BLOCK]
        held = around[around > 0]
        if len(held):
            usual = min(ABOVE_MEDIAN * _median(held), ABOVE_MEAN * float(around.sum()) / len(around))
            stands_out[begin : begin + BLOCK] = min(usual, heavy)
            lasts[begin : begin + BLOCK] = min(LASTS * usual, HEAVY_LASTS * heavy)
    return stands_out, lasts


def _median(values: Floats) -> float:
    """Return what `np.median` does of a few numbers, at a fraction of its cost."""
    ordered, middle = np.sort(values), len(values) // 2
    if len(values) % 2:
        return float(ordered[middle])
    return float(ordered[middle - 1] + ordered[middle]) / 2


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


def _measure(column: LevelColumn, side: Side, run: _Run, rows: tuple[int, int], of: LiquidationMap) -> Found:
    (first, after), edges, spot = rows, of.bins.edges, of.spot
    price, coins = column.price[first:after], column.coins[first:after]
    total, nobody = float(coins.sum()), column.account is None
    return Found(
        side=side,
        # Of an estimate the slope of a higher hill beside it may hold most, but its own peak is meant.
        price=float(price[np.abs(price - edges[run.peak]).argmin()]) if nobody else _peak_price(price, coins),
        low=float(price[0]),
        high=float(price[-1]),
        usd=total * spot,
        whale_share=None if nobody else float(coins[column.is_whale[first:after]].sum()) / total,
        account=_NOBODY if column.account is None else column.account[first:after],
        coins=coins[:0] if nobody else coins,
        stands_out=run.stands_out,
    )


def _peak_price(price: Floats, coins: Floats) -> float:
    """Return the middle level (half the coins on either side) of the 0.2% in which most coins liquidate."""
    if len(price) == 1:
        return float(price[0])
    held = np.concatenate(([0.0], np.cumsum(coins)))
    before = held[np.searchsorted(price, price * 0.999, side="left")]
    within = held[np.searchsorted(price, price * 1.001, side="right")]
    most = np.argmax(within - before)
    middle = float(before[most] + within[most]) / 2
    return float(price[int(np.searchsorted(held[1:], middle, side="left"))])
