"""The modelled map tilted by funding, the account ratio or traded volume, to see whether that helps."""

from dataclasses import dataclass, replace

import numpy as np

from liqbot.engine.assumptions import Assumptions, Rungs, rungs_of
from liqbot.engine.model_state import stepped
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.trial.asides import Asides
from liqbot.engine.trial.findings import MODEL, REAL, Findings, Truth
from liqbot.engine.trial.judging import Judge
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Floats

MOST = 2.0
"""A figure counts as at most so many standard deviations from its own past."""
FASTEST = 5.0
"""Of a step in which much is traded at most so many times the usual turnover is assumed."""
FEWEST = 6
"""So many steps make a past that a figure is compared with."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """How what is opened depends on the figures of its time; 0 where it does not.

    Where a figure stands one standard deviation above its past, a leverage L has L to the power of this as
    much of the longs that are opened, and of the shorts as much less.
    """

    funding: float = 0.0
    accounts: float = 0.0
    """By the share of accounts that are long, in log odds."""
    by_volume: bool = False
    """Whether positions turn over in proportion to what is traded, instead of evenly."""


def find_tilted(
    steps: Steps,
    truth: Truth,
    asides: Asides,
    tilt: Tilt,
    *,
    tiers: MarginTiers | None,
    assumed: Assumptions,
    first_half: bool = False,
) -> Findings:
    """Return how the tilted map fares, as `find` does of the plain one."""
    maps = {MODEL: _map(steps, truth, asides, tilt, rungs_of(assumed, tiers), assumed), REAL: truth.coins}
    return Judge(steps, truth, first_half=first_half).findings(maps)


def _map(  # noqa: PLR0917 - a trial, and what is assumed of it
    steps: Steps, truth: Truth, asides: Asides, tilt: Tilt, rungs: Rungs, assumed: Assumptions
) -> Floats:
    """Return the tilted map at the steps of the `truth`, shape (n, 2 sides, bins)."""
    lean = tilt.funding * above_the_past(asides.funding)
    with np.errstate(divide="ignore"):
        odds = np.log(asides.long_share) - np.log1p(-asides.long_share)
    lean += tilt.accounts * above_the_past(odds)
    turnover = assumed.turnover_per_hour * (pace_of(asides.traded) if tilt.by_volume else np.ones(len(steps)))
    sides = [_side(steps, truth, rungs, assumed, turnover, lean if row == 0 else -lean) for row in range(2)]
    return np.stack([sides[0][:, 0], sides[1][:, 1]], axis=1)


def _side(  # noqa: PLR0917 - a model, and how each of its steps is tilted
    steps: Steps, truth: Truth, rungs: Rungs, assumed: Assumptions, turnover: Floats, lean: Floats
) -> Floats:
    """Return the map of both sides where both lean alike: of one of them it is the one that is meant."""
    first, interest, price = int(steps.end_ms[0]), float(steps.interest[0]), float(steps.close[0])
    state = Model.begin(first, interest, rungs, assumed, price).state
    wanted = {int(at): place for place, at in enumerate(truth.at)}
    coins = np.zeros((len(truth.at), 2, truth.bins.count))
    for step in range(1, len(steps)):
        share = rungs.shares * rungs.leverages ** lean[step]
        share *= rungs.shares.sum() / share.sum()
        one = steps.take(slice(step, step + 1))
        state, _ = stepped(state, one, replace(rungs, shares=share), float(turnover[step]))
        if step in wanted:
            bins = truth.bins
            coins[wanted[step]] = state.between(bins.first, bins.first + bins.count).sum(axis=1)
    return coins


def above_the_past(column: Floats) -> Floats:
    """Return how many standard deviations each value of a column (n,) is above those until it, bounded.

    0 where it is not known, or its past is too short. Nothing of the future is looked at.
    """
    known = np.isfinite(column)
    value = np.where(known, column, 0.0)
    count = np.maximum(np.cumsum(known), 1)
    mean = np.cumsum(value) / count
    spread = np.sqrt(np.maximum(np.cumsum(value**2) / count - mean**2, 0.0))
    usable = known & (np.cumsum(known) >= FEWEST) & (spread > 1e-9 * np.maximum(np.abs(mean), 1e-12))
    return np.where(usable, np.clip((value - mean) / np.where(usable, spread, 1.0), -MOST, MOST), 0.0)


def pace_of(traded: Floats) -> Floats:
    """Return how many times as much is traded in each step as in the mean of those until it, shape (n,)."""
    known = np.isfinite(traded) & (traded >= 0)
    value = np.where(known, traded, 0.0)
    mean = np.cumsum(value) / np.maximum(np.cumsum(known), 1)
    usable = known & (np.cumsum(known) >= FEWEST) & (mean > 0)
    return np.where(usable, np.minimum(value / np.where(mean > 0, mean, 1.0), FASTEST), 1.0)
