"""The realised share: which part of what the model sweeps is really liquidated, with an interval.

Liquidations come in clumps: those of a bad day hang together. So a day's worth of them counts as one event,
of Poisson's law, and the share has a gamma distribution: that of a venue that tells nothing is the prior, and
what a venue tells sharpens it and moves it (gamma-Poisson conjugacy, Gelman et al., Bayesian Data Analysis,
2.6).
"""

import math

from liqbot.market.positions import Floats
from liqbot.market.realised import RealisedShare

PRIOR_SHARE = 0.15
"""Without any liquidations of the venue itself. Two ways lead there. On real BTC candles of January to June
2023 the model sweeps 1.4% of open interest a day, and published sums of liquidations are 0.17% to 0.23%. Of
recorded positions within 10% of spot that price reached within three days, 16% were gone by liquidation
(February 2026; 22% of those reached within one day)."""
PRIOR_EVENTS = 4.0
"""The prior counts as much as so many events: it may be off by half (one standard deviation)."""
Z = 1.959964
"""The normal distribution's 97.5% quantile."""


def realised_share(swept: float, by_day: Floats, *, days: float, is_lower_bound: bool) -> RealisedShare:
    """Return the share, from what was `swept` by the model and what was liquidated `by_day`, shape (n,), USD.

    Days without a liquidation may be left out of `by_day`; both are of the same `days` (above 0).
    """
    liquidated = float(by_day.sum())
    clump = max(float(by_day @ by_day) / liquidated if liquidated else 0.0, PRIOR_SHARE * swept / days)
    if not clump > 0:
        return PRIOR
    events, exposure = PRIOR_EVENTS + liquidated / clump, PRIOR_EVENTS / PRIOR_SHARE + swept / clump
    return RealisedShare(
        value=events / exposure,
        low=_gamma_quantile(events, -Z) / exposure,
        high=_gamma_quantile(events, Z) / exposure,
        days=days,
        is_lower_bound=is_lower_bound,
    )


def _gamma_quantile(shape: float, z: float) -> float:
    """Return the quantile of the standard gamma distribution at the normal quantile `z` (Wilson-Hilferty)."""
    return shape * (1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3


PRIOR = RealisedShare(
    value=PRIOR_SHARE,
    low=PRIOR_SHARE * _gamma_quantile(PRIOR_EVENTS, -Z) / PRIOR_EVENTS,
    high=PRIOR_SHARE * _gamma_quantile(PRIOR_EVENTS, Z) / PRIOR_EVENTS,
    days=0.0,
    is_lower_bound=False,
)
"""What is known where a venue tells of no liquidations."""
