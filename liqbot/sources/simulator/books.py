"""The order books of the simulated market: what its prices are pushed through, as levels.

Forced orders move the simulated price by their size over the depth of the book, whatever the distance, so the
book is as dense at every distance: `Prices.depth_usd` for each percent on either side. Its levels lie farther
apart the farther away they are, and scatter around that; now and then one is a wall.
"""

import numpy as np

from liqbot.market.depth import Depth
from liqbot.market.positions import Floats

NEAREST, STEP, FARTHEST = 1e-4, 1e-3, 0.10
"""Distances of the first level and of the last from the price, and between those that are not near it, as
shares of it."""
SCATTER = 0.35
"""Standard deviation of the logarithm of what stands at a level, beside what its distance has."""
WALL_CHANCE, WALL = 0.03, 4.0
"""How often a level is a wall, and how many times as much stands there."""
REQUOTED_MS = 60_000
"""So long the scatter stays as it is: a book is re-quoted a little at a time."""

_EDGES: Floats = np.concatenate(
    [np.geomspace(NEAREST, STEP, 7)[:-1], np.arange(STEP, FARTHEST + STEP / 2, STEP)]
)
LEVELS = len(_EDGES) - 1
"""Levels a side."""


def book(coin: str, venue: str, time_ms: int, *, mark: float, usd_a_percent: float, seed: int) -> Depth:
    """Return the book around a `mark` that has `usd_a_percent` of USD for each percent on either side.

    The same arguments give the same book; it scatters anew every `REQUOTED_MS`.
    """
    rng = np.random.default_rng([seed, time_ms // REQUOTED_MS, *coin.encode()])
    wide = np.diff(_EDGES)
    scatter = np.exp(SCATTER * rng.standard_normal((2, LEVELS)) - SCATTER**2 / 2)
    walls = np.where(rng.random((2, LEVELS)) < WALL_CHANCE, WALL, 1.0) / (1 + WALL_CHANCE * (WALL - 1))
    usd = usd_a_percent * 100 * wide * scatter * walls
    away = np.sqrt(_EDGES[:-1] * _EDGES[1:])
    bids, asks = mark * (1 - away), mark * (1 + away)
    return Depth(coin, venue, time_ms, bids, usd[0] / bids, asks, usd[1] / asks)
