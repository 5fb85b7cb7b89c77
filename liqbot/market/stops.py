"""Stop-loss and take-profit orders that wait for their price: a layer of its own beside the liquidations.

A stop that is reached becomes a market order, as a liquidation does: stops sell below the price and buy above
it. Take-profits push the other way. People withdraw both as they please, so they are never added to what an
exchange would force.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liqbot.market.layer import Layer
from liqbot.market.maps import BIN_WIDTH, LiquidationMap
from liqbot.market.positions import Floats
from liqbot.market.side import Side

BINS_A_STEP = 2
"""So many bins of a liquidation map are one step here: 0.2% of price."""
STEP_WIDTH = BINS_A_STEP * BIN_WIDTH
"""Width of a step in ln(price)."""
REACH, ANCHOR = 100, 20
"""A map of stops reaches at least so many steps to each side, 20% of price; it begins at a multiple of the
second, so that it changes seldom while price moves."""
FRESH_MS = 15 * 60_000
"""Orders that were told longer ago say nothing of what waits now."""


class StopKind(StrEnum):
    """What an order that waits for its price is for."""

    STOP_LOSS = "stop-loss"
    """It sells when price has fallen to it, or buys when price has risen to it."""
    TAKE_PROFIT = "take-profit"
    """It sells when price has risen to it, or buys when price has fallen to it."""

    @property
    def row(self) -> int:
        """Its row in arrays."""
        return list(StopKind).index(self)


@dataclass(frozen=True, slots=True, eq=False)
class StopMap:
    """What waits for its price in one coin, by steps of 0.2%. Sales are of `Side.LONG`: they close longs."""

    time_ms: int
    """When these orders stood so, ms since 1970 UTC."""
    first: int
    """Which step is the first: step k holds the prices from exp(k STEP_WIDTH) to exp((k + 1) STEP_WIDTH)."""
    coins: Floats
    """Shape (2 kinds, 2 sides, steps), coins; see `StopKind.row` and `Side.row`."""
    beyond: Floats
    """Shape (2 kinds, 2 sides): coins of orders out of reach."""
    orders: int
    """How many orders there are."""
    accounts: int
    """How many accounts have placed them."""
    unsized: int = 0
    """Orders for as much as the account holds, where that is not known: they are counted, and in no step."""

    @property
    def edges(self) -> Floats:
        """The prices that bound the steps, rising, USD; shape (steps + 1,)."""
        return np.exp(np.arange(self.first, self.first + self._count + 1) * STEP_WIDTH)

    @property
    def _count(self) -> int:
        return int(self.coins.shape[-1])

    def waiting(self, kind: StopKind, side: Side, spot: float) -> Floats:
        """Return the USD at `spot` by step of the orders of a kind and side that price has not reached yet.

        Of the step that holds `spot` all counts: its orders lie within 0.2% of it.
        """
        steps = np.arange(self.first, self.first + self._count)
        here = step_of(spot)
        is_below = (kind is StopKind.STOP_LOSS) == (side is Side.LONG)
        ahead = steps <= here if is_below else steps >= here
        return np.where(ahead, self.coins[kind.row, side.row] * spot, 0.0)

    def usd_within(self, kind: StopKind, side: Side, share: float, spot: float) -> float:
        """Return the USD at `spot` of what waits within `share` of it, to the middle of the last step."""
        middle = (np.arange(self.first, self.first + self._count) + 0.5) * STEP_WIDTH
        within = np.abs(np.exp(middle) / spot - 1) <= share
        return float(self.waiting(kind, side, spot)[within].sum())

    def if_fresh(self, now_ms: int, most_ms: int = FRESH_MS) -> "StopMap | None":
        """Return the map, or None where it is older than `most_ms`: then no stops are known."""
        return self if now_ms - self.time_ms <= most_ms else None


def stops_label(layer: Layer) -> str:
    """Return how the stops beside a layer are labelled: `Hyperliquid, measured, stops`."""
    return f"{layer.label}, stops"


def step_of(price: float) -> int:
    """Return the number of the step that holds `price` (USD, above 0)."""
    return math.floor(math.log(price) / STEP_WIDTH)


def first_step(spot: float) -> int:
    """Return the first step of a map around `spot`."""
    return (step_of(spot) - REACH) // ANCHOR * ANCHOR


def step_count() -> int:
    """Return how many steps a map has."""
    return 2 * REACH + ANCHOR + 1


def liquidations_in(liquidations: LiquidationMap, side: Side, step: int) -> float:
    """Return the USD of a side's liquidations at the prices of a step; 0 out of the map's reach."""
    begin = step * BINS_A_STEP - liquidations.bins.first
    return float(liquidations.of(side)[max(begin, 0) : max(begin + BINS_A_STEP, 0)].sum())
