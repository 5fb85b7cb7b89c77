"""What became of clusters: how often price reached them, beside fair rivals, and what came after.

A cluster is counted once, at the first moment at which it stood near enough and was heavy enough; whatever
becomes of it later, it stays in the count. So nothing survives into the statistics. It is compared with

- the mirrored price, as far on the other side of spot;
- empty levels on its own side, one a little nearer and one as much farther, with no cluster at them;
- a random walk with the coin's own volatility of the days before, which reaches a level at a distance d
  (in ln price) within a time T with probability 2 Phi(-d / (sigma sqrt(T))): the reflection principle.

Each difference has an interval by days: days are drawn anew with repetition, since what happens within a day
hangs together (block bootstrap). Nothing of the future is seen: a case is open until its horizon is over.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from liqbot.market.clusters import Cluster
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HORIZONS_MS = (HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS)
"""Within which a cluster may be reached: 1 h, 4 h, 24 h, 3 d."""
AFTER_MS = (HOUR_MS, 4 * HOUR_MS)
"""After which what followed a reach is looked at."""
FEWEST = 20
"""Below so many cases, or below `FEWEST_DAYS` days, nothing is said but that there are too few to tell."""
FEWEST_DAYS = 5
CONFIDENCE = 0.95
DRAWS = 2_000
_CLEAR = 0.003
"""A level is empty where no cluster lies within this distance of it, in ln price."""
_FARTHEST = 1.6
"""Empty levels are looked for at up to this many times the cluster's distance."""


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

    def __post_init__(self) -> None:
        columns = (self.low, self.high, self.close)
        if any(len(column) != len(self.time_ms) for column in columns):
            raise ValueError("the columns of a path differ in length")
        if np.any(np.diff(self.time_ms) <= 0):
            raise ValueError("the times of a path must rise")

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

    def close_at(self, time_ms: int) -> float | None:
        """Return the newest price at or before a time, None where the path is not known up to it."""
        if not len(self.time_ms) or time_ms > self.until_ms or time_ms < self.time_ms[0]:
            return None
        return float(self.close[int(np.searchsorted(self.time_ms, time_ms, side="right")) - 1])

    def volatility(self, until_ms: int, lookback_ms: int = 3 * DAY_MS) -> float | None:
        """Return the standard deviation of ln price by the square root of a ms, of the time up to `until_ms`.

        None where fewer than 12 steps are known.
        """
        end = int(np.searchsorted(self.time_ms, until_ms, side="right"))
        begin = int(np.searchsorted(self.time_ms, until_ms - lookback_ms, side="left"))
        if end - begin < 12:
            return None
        moves: Floats = np.diff(np.log(self.close[begin:end]))
        span_ms = int(self.time_ms[end - 1] - self.time_ms[begin])
        return math.sqrt(float(np.sum(moves**2)) / span_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cluster at the moment from which it is counted."""

    cluster: Cluster
    spot: float
    time_ms: int
    venue: str
    basis: str
    regime: str
    empty: tuple[float, ...] = ()
    """Prices of empty levels beside it, see `empty_levels`."""
    ended_ms: int | None = None
    """When it was closed or merged away; None where it stands, or was swept."""

    @property
    def distance(self) -> float:
        """|ln(price / spot)|."""
        return abs(math.log(self.cluster.price / self.spot))

    @property
    def mirrored(self) -> float:
        """The price as far on the other side of spot."""
        return self.spot**2 / self.cluster.price


def empty_levels(cluster: Cluster, others: Iterable[Cluster], spot: float) -> tuple[float, ...]:
    """Return two prices on its side with no cluster near: one nearer, one farther by the same factor.

    Together they are reached about as often as an empty level at the cluster's own distance would be.
    Empty where there are none within `_FARTHEST`.
    """
    distance = abs(math.log(cluster.price / spot))
    way = -1 if cluster.side is Side.LONG else 1
    taken = [(math.log(one.low / spot) - _CLEAR, math.log(one.high / spot) + _CLEAR) for one in others]
    for factor in np.arange(1.1, _FARTHEST + 0.01, 0.05):
        places = (way * distance / factor, way * distance * factor)
        if not any(low <= place <= high for low, high in taken for place in places):
            return tuple(spot * math.exp(place) for place in places)
    return ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case within a horizon that is over."""

    case: Case
    reached_ms: int | None
    """When price came to the cluster's price."""
    was_gone: bool
    """Whether the cluster had been closed or merged before: price came to a place that was empty by then."""
    mirrored: float
    """1 where the mirrored price was reached, else 0."""
    empty: float | None
    """Share of the empty levels that were reached; None where there are none."""
    walk: float | None
    """Probability that a random walk reaches it; None where the volatility is unknown."""
    overshoot_pct: float | None
    """How far price went beyond it in the hour after, percent of it."""
    after_pct: tuple[float | None, ...]
    """How far price stood beyond it (+, follow) or back (-, fade) after each of `AFTER_MS`, percent of it."""

    @property
    def reached(self) -> float:
        """1 where it was reached, else 0."""
        return float(self.reached_ms is not None)


def outcome(case: Case, path: Path, horizon_ms: int) -> Outcome | None:
    """Return what became of `case` within `horizon_ms`; None where that is not over yet."""
    until_ms = case.time_ms + horizon_ms
    if until_ms > path.until_ms:
        return None
    reached_ms = path.reached_ms(case.cluster.price, case.time_ms, until_ms)
    sigma = path.volatility(case.time_ms)
    empty = [path.reached_ms(price, case.time_ms, until_ms) is not None for price in case.empty]
    return Outcome(
        case=case,
        reached_ms=reached_ms,
        was_gone=reached_ms is not None and case.ended_ms is not None and case.ended_ms < reached_ms,
        mirrored=float(path.reached_ms(case.mirrored, case.time_ms, until_ms) is not None),
        empty=sum(empty) / len(empty) if empty else None,
        walk=None if sigma is None else reach_probability(case.distance, sigma, horizon_ms),
        overshoot_pct=None if reached_ms is None else _overshoot_pct(case.cluster, path, reached_ms),
        after_pct=tuple(
            None if reached_ms is None else _beyond_pct(case.cluster, path.close_at(reached_ms + after))
            for after in AFTER_MS
        ),
    )


def reach_probability(distance: float, sigma: float, horizon_ms: int) -> float:
    """Return how probably a random walk without drift comes as far as `distance` (ln price) to one side.

    `sigma`: standard deviation by the square root of a ms. Reflection principle: 2 Phi(-d / sigma sqrt T).
    """
    spread = sigma * math.sqrt(horizon_ms)
    if spread <= 0:
        return float(distance <= 0)
    return min(1.0, 2 * NormalDist().cdf(-distance / spread))


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, between which values it lies with `CONFIDENCE`, and what it rests on."""

    value: float
    low: float
    high: float
    count: int
    days: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough cases and days to say anything."""
        return self.count >= FEWEST and self.days >= FEWEST_DAYS

    def covers(self, value: float) -> bool:
        """Whether `value` may be the true one."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Score:
    """How often clusters were reached within a horizon, and how much more often than their rivals."""

    horizon_ms: int
    count: int
    reached: int
    gone: int
    """Of those reached, how many had been closed or merged before."""
    rate: Interval | None
    """Share (0 to 1) that was reached; None without a case."""
    over_mirrored: Interval | None
    over_empty: Interval | None
    over_walk: Interval | None
    """How much larger that share is than the rival's, over cases that have the rival; None without any."""
    overshoot_pct: Interval | None
    after_pct: tuple[Interval | None, ...]
    """Means over what was reached."""


def score(outcomes: Sequence[Outcome], horizon_ms: int, *, seed: int = 0) -> Score:
    """Return the score of outcomes of one horizon. `seed` is that of the draws of days."""
    reached = [one for one in outcomes if one.reached_ms is not None]
    return Score(
        horizon_ms=horizon_ms,
        count=len(outcomes),
        reached=len(reached),
        gone=sum(one.was_gone for one in reached),
        rate=_mean([(one, one.reached) for one in outcomes], seed),
        over_mirrored=_mean([(one, one.reached - one.mirrored) for one in outcomes], seed),
        over_empty=_mean([(o, o.reached - o.empty) for o in outcomes if o.empty is not None], seed),
        over_walk=_mean([(o, o.reached - o.walk) for o in outcomes if o.walk is not None], seed),
        overshoot_pct=_mean([(o, o.overshoot_pct) for o in reached if o.overshoot_pct is not None], seed),
        after_pct=tuple(
            _mean([(o, after) for o in reached if (after := o.after_pct[place]) is not None], seed)
            for place in range(len(AFTER_MS))
        ),
    )


def _mean(values: Sequence[tuple[Outcome, float]], seed: int) -> Interval | None:
    """Return the mean of values with its interval by days; None without any."""
    if not values:
        return None
    days, places = np.unique([one.case.time_ms // DAY_MS for one, _ in values], return_inverse=True)
    sums = np.bincount(places, weights=[value for _, value in values])
    counts = np.bincount(places).astype(np.float64)
    drawn: NDArray[np.int64] = np.random.default_rng(seed).integers(0, len(days), size=(DRAWS, len(days)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), len(values), len(days))


def _overshoot_pct(cluster: Cluster, path: Path, reached_ms: int) -> float:
    begin = int(np.searchsorted(path.time_ms, reached_ms, side="left"))
    end = int(np.searchsorted(path.time_ms, reached_ms + HOUR_MS, side="right"))
    if cluster.side is Side.LONG:
        return max(0.0, (1 - float(path.low[begin:end].min()) / cluster.price) * 100)
    return max(0.0, (float(path.high[begin:end].max()) / cluster.price - 1) * 100)


def _beyond_pct(cluster: Cluster, close: float | None) -> float | None:
    if close is None:
        return None
    return (close / cluster.price - 1) * (-100 if cluster.side is Side.LONG else 100)
