"""Finding the clusters of a map: runs of bins of one side that stand out."""

from dataclasses import dataclass

import numpy as np

from liqbot.engine.measured import Levels
from liqbot.market.cohort import Cohort
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side

SMOOTHING = 2.0
"""Standard deviation in bins (0.1% each) of the kernel in whose density peaks are sought."""
FOOT = 0.3
"""A cluster reaches from its peak outwards to where the density falls below this share of the peak's."""
STANDS_OUT = 1.5
"""A peak stands out if its density is this many times the side's mean over bins that have any."""
LASTS = 0.5
"""A cluster that is known already lasts until its density falls below this share of that."""
MOST = 24
"""At most this many clusters a side are found, the heaviest."""

_reach = int(3 * SMOOTHING)
_kernel = np.exp(-0.5 * (np.arange(-_reach, _reach + 1) / SMOOTHING) ** 2)
_kernel /= _kernel.sum()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A cluster found in one map, before it is known whether it was there already."""

    side: Side
    price: float
    low: float
    high: float
    usd: float
    whale_share: float
    account: Ints
    """Who liquidates in it, shape (n,): numbers in the board's register."""
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
    found: list[Found] = []
    for side in Side:
        runs = _runs(liquidation_map.of(side))
        clusters = [_measure(liquidation_map, levels, side, run) for run in runs]
        for stands_out in (True, False):
            alike = [cluster for cluster in clusters if cluster.stands_out is stands_out]
            found += sorted(alike, key=lambda cluster: -cluster.usd)[:MOST]
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """Adjacent bins, from the first to the last that holds anything."""

    first: int
    last: int
    stands_out: bool


def _runs(usd: Floats) -> list[_Run]:
    """Return the runs around peaks that stand out, or nearly do; runs do not overlap."""
    density = np.convolve(usd, _kernel, mode="same")
    if not density.any():
        return []
    stands_out = STANDS_OUT * float(density[density > 0].mean())
    padded = np.concatenate(([0.0], density, [0.0]))
    is_peak = (density >= LASTS * stands_out) & (density > padded[:-2]) & (density >= padded[2:])
    peaks = np.flatnonzero(is_peak)
    claimed = np.zeros(len(usd), dtype=np.bool_)
    runs: list[_Run] = []
    for peak in peaks[np.argsort(-density[peaks], kind="stable")]:
        if claimed[peak]:
            continue
        free = ~claimed & (density >= FOOT * density[peak])
        first, last = _run_around(free, int(peak))
        claimed[first : last + 1] = True
        held = np.flatnonzero(usd[first : last + 1])
        if len(held):
            runs.append(_Run(first + int(held[0]), first + int(held[-1]), bool(density[peak] >= stands_out)))
    return runs


def _run_around(free: np.ndarray[tuple[int], np.dtype[np.bool_]], place: int) -> tuple[int, int]:
    taken = np.flatnonzero(~free)
    after = int(np.searchsorted(taken, place))
    first = int(taken[after - 1]) + 1 if after else 0
    last = int(taken[after]) - 1 if after < len(taken) else len(free) - 1
    return first, last


def _measure(liquidation_map: LiquidationMap, levels: Levels, side: Side, run: _Run) -> Found:
    edges, spot = liquidation_map.bins.edges, liquidation_map.spot
    rows = levels.rows_between(side, edges[run.first], np.nextafter(edges[run.last + 1], 0.0), spot)
    positions = levels.positions.take(rows)
    coins = np.abs(positions.size)
    whale = levels.cohort[rows] == Cohort.WHALE
    return Found(
        side=side,
        price=_peak_price(positions.liquidation, coins),
        low=float(positions.liquidation.min()),
        high=float(positions.liquidation.max()),
        usd=float(coins.sum()) * spot,
        whale_share=float(coins[whale].sum() / coins.sum()),
        account=positions.account,
        coins=coins,
        stands_out=run.stands_out,
    )


def _peak_price(level: Floats, coins: Floats) -> float:
    """Return the middle level (half the coins on either side) of the 0.2% in which most coins liquidate."""
    order = np.argsort(level, kind="stable")
    price, held = level[order], np.cumsum(coins[order])
    low = np.searchsorted(price, price * 0.999, side="left")
    high = np.searchsorted(price, price * 1.001, side="right")
    before: Floats = np.where(low > 0, held[low - 1], 0.0)
    within: Floats = held[high - 1]
    most = np.argmax(within - before)
    middle = float(before[most] + within[most]) / 2
    return float(price[int(np.searchsorted(held, middle, side="left"))])
