"""How much of open interest the model expects to be liquidated a day, on candles alone."""

from dataclasses import dataclass

import numpy as np

from liqbot.engine.assumptions import Assumptions, rungs_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.realised_share import PRIOR
from liqbot.engine.trial.scoring import Interval, by_days
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Floats, Ints
from liqbot.market.realised import RealisedShare

DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What is swept and what of it is liquidated, as shares of open interest a day, both sides together."""

    days: int
    swept: Interval
    """Its interval is from a bootstrap that draws whole days."""
    liquidated: Interval
    """The same times the realised share, whose own doubt is in the interval instead."""


def swept_by_day(steps: Steps, assumed: Assumptions, tiers: MarginTiers) -> tuple[Ints, Floats]:
    """Return the days since 1970 UTC, shape (days,), and which share of open interest was swept in each."""
    first, interest, price = int(steps.end_ms[0]), float(steps.interest[0]), float(steps.close[0])
    begin = Model.begin(first, interest, rungs_of(assumed, tiers), assumed, price)
    model = begin.then(steps.take(slice(1, None)))
    swept = sum((flow.swept for flow in model.flows), start=np.zeros(len(model.steps)))
    days, place = np.unique(model.steps.end_ms // DAY_MS, return_inverse=True)
    return days, np.bincount(place, swept / model.steps.interest).astype(np.float64)


def expected(days: Ints, swept: Floats, share: RealisedShare = PRIOR) -> Expected:
    """Return what is expected on `days`: all or some of what `swept_by_day` tells, both of shape (days,)."""
    rows = np.column_stack([swept, np.ones(len(swept))])
    mean = by_days(days, rows, lambda sums: float(sums[0] / sums[1]), np.random.default_rng(1))
    liquidated = Interval(*(mean.value * part for part in (share.value, share.low, share.high)))
    return Expected(len(swept), mean, liquidated)
