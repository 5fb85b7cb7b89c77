"""What the leaderboard says that accounts of the simulated market gained and traded.

What an account holds has gained what its coin moved, and what it closed meanwhile has gained or lost besides.
How well a day's gain tells an account's size is set by real ones: in a recording of Hyperliquid's leaders (4
to 16 February 2026) the logarithm of one over the other has a spread of 1.2. It is no less here.
"""

import math

import numpy as np

from liqbot.sources.simulator import SimulatedMarket

HOURS = {"day": 24, "week": 7 * 24, "month": 30 * 24, "allTime": 365 * 24}
CLOSING = 0.003
"""How many positions an account of common restlessness closes an hour, for each that it may have."""
CLOSED_GAIN = 0.05
"""What a closed position has gained or lost, as a share of its size."""
STALE = 1.25
"""By so much (of the logarithm) what is held differs from what has gained: positions were changed since."""
VOLUME_SPREAD = 0.45
LONGEST_HELD_H = 480
"""Nothing that is open is older: what it has gained since is known by its entry."""


def performances(
    market: SimulatedMarket, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return gain and volume by window, USD, each of shape (accounts,)."""
    accounts, ledger, count = market._accounts, market._ledger, len(market.names)
    account, coin = accounts.slot_account, accounts.slot_coin
    usual = market._crowd._openings._usd
    restless = accounts.restless[account] * accounts.slot_of_crowd
    daily = np.array([one.volatility for one in market._coins]) / math.sqrt(365)
    value = ledger.size * market.marks[coin]
    since_entry = np.where(ledger.size != 0, ledger.size * (market.marks[coin] - ledger.entry), 0.0)
    told = {}
    for window, hours in HOURS.items():
        moved = rng.standard_normal(len(daily)) * daily * math.sqrt(hours / 24)
        held = since_entry if hours >= LONGEST_HELD_H else value * moved[coin]
        closed = rng.poisson(CLOSING * restless * hours)
        realised = usual * np.sqrt(closed) * CLOSED_GAIN * rng.standard_normal(len(usual))
        changed = np.exp(STALE * rng.standard_normal(len(usual)))
        traded = 2 * closed * usual * np.exp(VOLUME_SPREAD * rng.standard_normal(len(usual)))
        told[window] = (
            np.bincount(account, held * changed + realised, count),
            np.bincount(account, traded, count),
        )
    return told
