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


def find_clusters(liquidation_map: LiquidationMap, levels: Levels) -> list[Found]:
    """Return the clusters of both sides of a map made from `levels`, each side's heaviest first.

    Peaks of the smoothed density are taken from the highest down; each claims its neighbourhood down to
    `FOOT` of its height, so that no level is in two clusters. A cluster's bounds are real levels, and its
    dollars are summed over positions, not bins.
    """
    found: list[Found] = []
    for side in Side:
        usd = liquidation_map.of(side)
        runs = _runs(usd)
        clusters = [_measure(liquidation_map, levels, side, first, last) for first, last in runs]
        found += sorted(clusters, key=lambda cluster: -cluster.usd)[:MOST]
    return found


def _runs(usd: Floats) -> list[tuple[int, int]]:
    """Return first and last bin of each run that stands out; runs do not overlap."""
    density = np.convolve(usd, _kernel, mode="same")
    if not density.any():
        return []
    threshold = _threshold(density, usd)
    padded = np.concatenate(([0.0], density, [0.0]))
    is_peak = (density >= threshold) & (density > padded[:-2]) & (density >= padded[2:])
    peaks = np.flatnonzero(is_peak)
    claimed = np.zeros(len(usd), dtype=np.bool_)
    runs: list[tuple[int, int]] = []
    for peak in peaks[np.argsort(-density[peaks], kind="stable")]:
        if claimed[peak]:
            continue
        free = ~claimed & (density >= FOOT * density[peak])
        first, last = _run_around(free, int(peak))
        claimed[first : last + 1] = True
        held = np.flatnonzero(usd[first : last + 1])
        if len(held):
            runs.append((first + int(held[0]), first + int(held[-1])))
    return runs


def _threshold(density: Floats, usd: Floats) -> float:
    """Return the density from which a peak stands out; a single level always does."""
    mean = float(density[density > 0].mean())
    lone = np.count_nonzero(usd) == 1
    return 0.0 if lone else STANDS_OUT * mean


def _run_around(free: np.ndarray[tuple[int], np.dtype[np.bool_]], place: int) -> tuple[int, int]:
    taken = np.flatnonzero(~free)
    after = int(np.searchsorted(taken, place))
    first = int(taken[after - 1]) + 1 if after else 0
    last = int(taken[after]) - 1 if after < len(taken) else len(free) - 1
    return first, last


def _measure(liquidation_map: LiquidationMap, levels: Levels, side: Side, first: int, last: int) -> Found:
    edges, spot = liquidation_map.bins.edges, liquidation_map.spot
    rows = levels.rows_between(side, edges[first], np.nextafter(edges[last + 1], 0.0), spot)
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
    )


def _peak_price(level: Floats, coins: Floats) -> float:
    """Return the level around which most coins liquidate, within one bin either way."""
    order = np.argsort(level, kind="stable")
    price, held = level[order], np.cumsum(coins[order])
    low = np.searchsorted(price, price * 0.999, side="left")
    high = np.searchsorted(price, price * 1.001, side="right")
    near = held[high - 1] - np.where(low > 0, held[low - 1], 0.0)
    return float(price[int(np.argmax(near))])
