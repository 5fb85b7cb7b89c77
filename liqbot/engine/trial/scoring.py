"""How good a map is: against another map, and against what was liquidated."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.positions import Floats, Ints

TRUST = (0.0, 0.05, *(round(0.1 * tenth, 1) for tenth in range(1, 10)), 0.95)
"""Shares that a map may have in a forecast, the baseline having the rest: a map that says nothing of a cell
does not make a liquidation there impossible. Which share, is fitted on an earlier period."""
TOP = 0.2
"""Lift is told for this share of the cells, those of the highest score."""
RESAMPLES = 1000


def rank_correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's rho of two columns of shape (n,): the correlation of their ranks, ties shared.

    NaN where either is constant.
    """
    first: Floats = _ranks(one)
    second: Floats = _ranks(other)
    first, second = first - float(first.mean()), second - float(second.mean())
    spread = float(first @ first) * float(second @ second)
    return float(first @ second) / math.sqrt(spread) if spread else math.nan


def overlap(one: Floats, other: Floats) -> float:
    """Return the mass that two maps have in common, 0 to 1: of both as shares, the smaller in each cell.

    NaN where either is empty.
    """
    if not (one.sum() > 0 and other.sum() > 0):
        return np.nan
    return float(np.minimum(one / one.sum(), other / other.sum()).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells that price reached after one forecast, in columns of shape (n,)."""

    distance: Ints
    """How many cells from spot, 0 for the nearest."""
    side: Ints
    """`Side.row`."""
    volume: Floats
    """USD that were liquidated in it."""

    def __len__(self) -> int:
        return len(self.distance)


def fitted_baseline(past: Sequence[Cells], cells: int) -> Floats:
    """Return by distance, shape (cells,), the mean volume of the cells that price reached.

    Known from `past`, which must lie before whatever it is compared with. Where few were reached, neighbours
    speak too, and a little is everywhere: a distance never seen before is possible.
    """
    volume, reached = np.zeros(cells), np.zeros(cells)
    for one in past:
        np.add.at(volume, one.distance, one.volume)
        np.add.at(reached, one.distance, 1.0)
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
    volume, reached = (
        np.convolve(np.pad(column, 2, "edge"), kernel, "valid") for column in (volume, reached)
    )
    overall = float(volume.sum() / reached.sum()) if reached.sum() else 1.0
    return (volume + 0.5 * overall) / (reached + 0.5) if overall else np.ones(cells)


@dataclass(frozen=True, slots=True)
class Score:
    """How one forecast fared among the cells that price reached. Sums, so that days can be pooled."""

    volume: float
    """USD liquidated in these cells."""
    gained: float
    """Bits gained over the baseline, times USD."""
    ranked: float
    """Area under the curve, times USD: how often a liquidated dollar lies in a cell of higher score than a
    reached cell taken at random; 0.5 is chance."""
    caught: float
    """USD in the best fifth of the cells."""


def forecast_of(found: Floats, baseline: Floats, trust: float) -> Floats:
    """Return the shares of what will be liquidated in each reached cell, shape (n,), that sum up to 1.

    `found` is what a map has in the cells and `baseline` what distance alone says (above 0), of which the
    map gets `trust`, 0 to 1.
    """
    expected, total = baseline / baseline.sum(), float(found.sum())
    return expected if total <= 0 else (1 - trust) * expected + trust * found / total


def fitted_trust(past: Sequence[tuple[Cells, Floats]], baseline: Floats) -> float:
    """Return the share in the forecast with which a map would have gained most, in `past`: cells and map."""

    def gained(trust: float) -> float:
        scores = [
            score(cells, forecast_of(found, baseline[cells.distance], trust), baseline[cells.distance])
            for cells, found in past
        ]
        return sum(one.gained for one in scores)

    return max(TRUST, key=gained)


def score(cells: Cells, forecast: Floats, baseline: Floats) -> Score:
    """Return how `forecast` fared, shape (n,), all above 0, by the protocol of the field.

    Only cells that price reached count, so that knowing which way price goes is no skill here. As shares of
    what was liquidated in them, the forecast is compared with `baseline`, shape (n,), all above 0.
    """
    said, expected = forecast / forecast.sum(), baseline / baseline.sum()
    order = np.argsort(-forecast, kind="stable")
    weight = np.clip(TOP * len(cells) - np.arange(len(cells)), 0.0, 1.0)
    return Score(
        volume=float(cells.volume.sum()),
        gained=float((cells.volume * np.log2(said / expected)).sum()),
        ranked=float((cells.volume * _chances(forecast)).sum()),
        caught=float((_tie_shared(forecast, cells.volume)[order] * weight).sum()),
    )


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it may lie: 95% of the resamples."""

    value: float
    low: float
    high: float


def by_days(
    days: Ints, rows: Floats, figure: Callable[[Floats], float], rng: np.random.Generator
) -> Interval:
    """Return `figure` of the sums of `rows`, shape (n, k), with a bootstrap that draws whole days.

    What happens on one day hangs together: drawing forecasts one by one would claim too much. `figure` gets
    one row of sums of shape (k,). NaN without days.
    """
    blocks = np.array([rows[days == day].sum(axis=0) for day in np.unique(days)])
    if not len(blocks):
        return Interval(np.nan, np.nan, np.nan)
    draws = rng.integers(0, len(blocks), (RESAMPLES, len(blocks)))
    values = np.array([figure(blocks[draw].sum(axis=0)) for draw in draws])
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
    return Interval(figure(blocks.sum(axis=0)), float(low), float(high))


def _ranks(column: Floats) -> Floats:
    """Return the rank of each value, equal values sharing the mean of theirs."""
    _, place, count = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def _chances(values: Floats) -> Floats:
    """Return for each value the share of the others that are smaller, equal ones counting half."""
    others = max(len(values) - 1, 1)
    return (_ranks(values) - 1) / others if len(values) > 1 else np.full(len(values), 0.5)


def _tie_shared(scores: Floats, volume: Floats) -> Floats:
    """Return `volume` with cells of equal score sharing theirs, so that their order does not matter."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.bincount(place, volume) / count)[place]
