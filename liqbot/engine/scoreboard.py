"""What became of clusters: how often price reached them, beside fair rivals, and what came after.

A cluster is counted once, at the first moment at which it stood near enough and was heavy enough; whatever
becomes of it later, it stays in the count. So nothing survives into the statistics. It is compared with

- the mirrored price, as far on the other side of spot;
- empty levels on its own side, one a little nearer and one as much farther, with no cluster at them;
- a random walk with the coin's own volatility of the days before, which reaches a level at a distance d
  (in ln price) within a time T with probability 2 Phi(-d / (sigma sqrt(T))): the reflection principle.

Each difference has an interval by days. Nothing of the future is seen: a case is open until its horizon is
over, and where nobody saw the price for a while, the case is left out whatever is known of it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from liqbot.engine.intervals import DAY_MS, Interval, mean_of
from liqbot.engine.liquidation_sums import LiquidationSums
from liqbot.market.clusters import Cluster
from liqbot.market.positions import Floats
from liqbot.market.price_path import Path
from liqbot.market.side import Side

__all__ = ["DAY_MS", "HOUR_MS", "Case", "Interval", "Outcome", "Path", "Score", "outcome", "score"]

HOUR_MS = 3_600_000
HORIZONS_MS = (HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS)
"""Within which a cluster may be reached: 1 h, 4 h, 24 h, 3 d."""
AFTER_MS = (HOUR_MS, 4 * HOUR_MS)
"""After which what followed a reach is looked at."""
_CLEAR = 0.003
"""A level is empty where no cluster lies within this distance of it, in ln price."""
_FARTHEST = 1.6
"""Empty levels are looked for at up to this many times the cluster's distance."""


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

    @property
    def identity(self) -> tuple[str, int]:
        """What makes it the same cluster as another case of its layer and coin."""
        return self.cluster.id, self.cluster.since_ms


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
    ended: bool
    """Whether it was closed or merged within the horizon, and price had not come to it."""
    mirrored: float
    """1 where the mirrored price was reached, else 0."""
    empty: float | None
    """Share of the empty levels that were reached; None where there are none."""
    walk: float | None
    """Probability that a random walk reaches it; None where the volatility is unknown."""
    overshoot_pct: float | None
    """How far price went beyond it in the hour after, percent of it; None where that is not over."""
    after_pct: tuple[float | None, ...]
    """How far price stood beyond it (+, follow) or back (-, fade) after each of `AFTER_MS`, percent of it."""
    liquidated_usd: float | None
    """Its side's liquidations from the step in which price came there until an hour later; None: untold."""

    @property
    def reached(self) -> float:
        """1 where it was reached, else 0."""
        return float(self.reached_ms is not None)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a case by now: the same whatever the horizon, so that it is found out once."""

    case: Case
    path: Path
    reached_ms: int | None
    mirrored_ms: int | None
    empty_ms: tuple[int | None, ...]
    sigma: float | None
    overshoot_pct: float | None
    after_pct: tuple[float | None, ...]
    liquidated_usd: float | None

    @staticmethod
    def of(
        case: Case,
        path: Path,
        longest_ms: int = HORIZONS_MS[-1],
        liquidations: LiquidationSums | None = None,
    ) -> "Fate":
        """Return what `path` and `liquidations` say of a case within `longest_ms`."""
        until_ms = case.time_ms + longest_ms
        reached_ms = path.reached_ms(case.cluster.price, case.time_ms, until_ms)
        came = reached_ms is not None
        return Fate(
            case=case,
            path=path,
            reached_ms=reached_ms,
            mirrored_ms=path.reached_ms(case.mirrored, case.time_ms, until_ms),
            empty_ms=tuple(path.reached_ms(price, case.time_ms, until_ms) for price in case.empty),
            sigma=path.volatility(case.time_ms),
            overshoot_pct=_overshoot_pct(case.cluster, path, reached_ms) if came else None,
            after_pct=tuple(
                None if reached_ms is None else _beyond_pct(case.cluster, path.close_at(reached_ms + after))
                for after in AFTER_MS
            ),
            liquidated_usd=(
                liquidations.between(case.cluster.side, reached_ms - path.step_ms, reached_ms + HOUR_MS)
                if came and liquidations is not None
                else None
            ),
        )

    def is_over(self, horizon_ms: int) -> bool:
        """Return whether a horizon is over."""
        return self.case.time_ms + horizon_ms <= self.path.until_ms

    def is_seen(self, horizon_ms: int) -> bool:
        """Return whether price is known throughout a horizon."""
        return self.path.is_seen(self.case.time_ms, self.case.time_ms + horizon_ms)

    def within(self, horizon_ms: int) -> Outcome | None:
        """Return what became of the case within a horizon; None where that is not over, or was not seen."""
        if not self.is_over(horizon_ms) or not self.is_seen(horizon_ms):
            return None
        case, until_ms = self.case, self.case.time_ms + horizon_ms
        reached_ms = self.reached_ms if _by(self.reached_ms, until_ms) else None
        came = reached_ms is not None
        empty = [_by(time_ms, until_ms) for time_ms in self.empty_ms]
        sigma = self.sigma
        return Outcome(
            case=case,
            reached_ms=reached_ms,
            was_gone=came and _by(case.ended_ms, reached_ms - 1),
            ended=not came and _by(case.ended_ms, until_ms),
            mirrored=float(_by(self.mirrored_ms, until_ms)),
            empty=sum(empty) / len(empty) if empty else None,
            walk=None if sigma is None else reach_probability(case.distance, sigma, horizon_ms),
            overshoot_pct=self.overshoot_pct if came else None,
            after_pct=self.after_pct if came else (None,) * len(AFTER_MS),
            liquidated_usd=self.liquidated_usd if came else None,
        )


def outcome(case: Case, path: Path, horizon_ms: int) -> Outcome | None:
    """Return what became of `case` within `horizon_ms`; None where that is not over, or was not seen."""
    return Fate.of(case, path, horizon_ms).within(horizon_ms)


def reach_probability(distance: float, sigma: float, horizon_ms: int) -> float:
    """Return how probably a random walk without drift comes as far as `distance` (ln price) to one side.

    `sigma`: standard deviation by the square root of a ms. Reflection principle: 2 Phi(-d / sigma sqrt T).
    """
    spread = sigma * math.sqrt(horizon_ms)
    if spread <= 0:
        return float(distance <= 0)
    return min(1.0, 2 * NormalDist().cdf(-distance / spread))


@dataclass(frozen=True, slots=True)
class Score:
    """How often clusters were reached within a horizon, and how much more often than their rivals."""

    horizon_ms: int
    count: int
    reached: int
    gone: int
    """Of those reached, how many had been closed or merged before."""
    ended: int
    """How many were closed or merged within the horizon, and not reached. They count as not reached."""
    rate: Interval | None
    """Share (0 to 1) that was reached; None without a case."""
    mirrored: Interval | None
    empty: Interval | None
    walk: Interval | None
    """Share of each rival that was reached, over cases that have the rival; None without any."""
    over_mirrored: Interval | None
    over_empty: Interval | None
    over_walk: Interval | None
    """How much larger the clusters' share is than the rival's, over the same cases."""
    overshoot_pct: Interval | None
    after_pct: tuple[Interval | None, ...]
    """Means over what was reached."""
    liquidated: Interval | None
    """USD really liquidated at what was reached, over what the map had there; None where it is not told."""


def score(outcomes: Sequence[Outcome], horizon_ms: int, *, seed: int = 0) -> Score:
    """Return the score of outcomes of one horizon. `seed` is that of the draws of days."""
    reached = [one for one in outcomes if one.reached_ms is not None]
    time_ms = np.array([one.case.time_ms for one in outcomes], dtype=np.int64)
    came = np.array([one.reached for one in outcomes])

    def column(value: Callable[[Outcome], float | None]) -> Floats:
        return np.array([value(one) for one in outcomes], dtype=np.float64)  # None is NaN

    mirrored, empty = column(lambda one: one.mirrored), column(lambda one: one.empty)
    walk, usd = column(lambda one: one.walk), column(lambda one: one.liquidated_usd)
    sizes = column(lambda one: one.case.cluster.usd)
    return Score(
        horizon_ms=horizon_ms,
        count=len(outcomes),
        reached=len(reached),
        gone=sum(one.was_gone for one in reached),
        ended=sum(one.ended for one in outcomes),
        rate=mean_of(time_ms, came, seed=seed),
        mirrored=mean_of(time_ms, mirrored, seed=seed),
        empty=mean_of(time_ms, empty, seed=seed),
        walk=mean_of(time_ms, walk, seed=seed),
        over_mirrored=mean_of(time_ms, came - mirrored, seed=seed),
        over_empty=mean_of(time_ms, came - empty, seed=seed),
        over_walk=mean_of(time_ms, came - walk, seed=seed),
        overshoot_pct=mean_of(time_ms, column(lambda one: one.overshoot_pct), seed=seed),
        after_pct=tuple(
            mean_of(time_ms, column(lambda one, at=place: one.after_pct[at]), seed=seed)
            for place in range(len(AFTER_MS))
        ),
        liquidated=mean_of(time_ms, usd, sizes, seed),
    )


def _by(time_ms: int | None, until_ms: int) -> bool:
    """Return whether something took place by then."""
    return time_ms is not None and time_ms <= until_ms


def _overshoot_pct(cluster: Cluster, path: Path, reached_ms: int) -> float | None:
    if reached_ms + HOUR_MS > path.until_ms:
        return None
    begin = int(np.searchsorted(path.time_ms, reached_ms, side="left"))
    end = int(np.searchsorted(path.time_ms, reached_ms + HOUR_MS, side="right"))
    if cluster.side is Side.LONG:
        return max(0.0, (1 - float(path.low[begin:end].min()) / cluster.price) * 100)
    return max(0.0, (float(path.high[begin:end].max()) / cluster.price - 1) * 100)


def _beyond_pct(cluster: Cluster, close: float | None) -> float | None:
    if close is None:
        return None
    return (close / cluster.price - 1) * (-100 if cluster.side is Side.LONG else 100)
