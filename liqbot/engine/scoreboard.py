"""What became of clusters: how often price reached them, beside fair rivals, and what came after.

A cluster is counted once, at the first moment at which it stood near enough and was heavy enough; whatever
becomes of it later, it stays in the count. So nothing survives into the statistics. It is compared with

- the mirrored price, as far on the other side of spot;
- empty levels on its own side, one a little nearer and one as much farther, with no cluster at them;
- a random walk with the coin's own volatility of the days before, which reaches a level at a distance d
  (in ln price) within a time T with probability 2 Phi(-d / (sigma sqrt(T))): the reflection principle.

Each difference has an interval by days. What became of each case is found out in `fates.py`.
"""

from dataclasses import dataclass

from liqbot.engine.cases import Case, empty_levels
from liqbot.engine.fates import (
    AFTER_MS,
    HORIZONS_MS,
    HOUR_MS,
    Fates,
    Outcome,
    Outcomes,
    outcome,
    reach_probability,
)
from liqbot.engine.intervals import DAY_MS, Interval, mean_of, means_of
from liqbot.market.price_path import Path

__all__ = [
    "AFTER_MS",
    "DAY_MS",
    "HORIZONS_MS",
    "HOUR_MS",
    "Case",
    "Fates",
    "Interval",
    "Outcome",
    "Outcomes",
    "Path",
    "Score",
    "empty_levels",
    "outcome",
    "reach_probability",
    "score",
]


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


def score(outcomes: Outcomes, horizon_ms: int, *, seed: int = 0) -> Score:
    """Return the score of outcomes of one horizon. `seed` is that of the draws of days."""
    came = outcomes.reached
    rate, mirrored, empty, walk, over_mirrored, over_empty, over_walk, overshoot, *after = means_of(
        outcomes.time_ms,
        [
            came,
            *(rivals := (outcomes.mirrored, outcomes.empty, outcomes.walk)),
            *(came - rival for rival in rivals),
            outcomes.overshoot_pct,
            *outcomes.after_pct.T,
        ],
        seed,
    )
    return Score(
        horizon_ms=horizon_ms,
        count=len(outcomes),
        reached=int(came.sum()),
        gone=int(outcomes.was_gone.sum()),
        ended=int(outcomes.ended.sum()),
        rate=rate,
        mirrored=mirrored,
        empty=empty,
        walk=walk,
        over_mirrored=over_mirrored,
        over_empty=over_empty,
        over_walk=over_walk,
        overshoot_pct=overshoot,
        after_pct=tuple(after),
        liquidated=mean_of(outcomes.time_ms, outcomes.liquidated_usd, outcomes.usd, seed),
    )
