"""What a book says: imbalance, walls, what market orders would move; and the same book in few levels."""

from dataclasses import dataclass

import numpy as np

from liqbot.market.depth import Depth
from liqbot.market.positions import Floats
from liqbot.market.side import Side

BANDS = (0.005, 0.01, 0.02, 0.05)
"""Within so much of mid (a share) books are compared side by side."""
ORDERS_USD = (1e6, 5e6, 25e6)
"""Market orders that are tried on a book."""
_EDGES: Floats = np.unique(
    np.round(
        np.concatenate(
            [
                np.arange(0.0005, 0.01 + 1e-9, 0.0005),
                np.arange(0.011, 0.02 + 1e-9, 0.001),
                np.arange(0.0225, 0.1 + 1e-9, 0.0025),
                np.arange(0.11, 0.2001, 0.01),
                np.arange(0.25, 0.501, 0.05),
            ]
        ),
        6,
    )
)
"""Distances from mid (shares) at which levels are put together; each of `BANDS` is one of them."""
WALL_SHARE, WALL_TIMES = 0.05, 3.0
"""A wall holds at least this share of what its side shows within 5%, and is so many times as dense as its
side is at the median."""
_WALLS_WITHIN = 0.05
MOST_WALLS = 3
_FEWEST = 5
"""With fewer levels there is no neighbourhood that one could stand out of."""


@dataclass(frozen=True, slots=True)
class Band:
    """What stands within some distance of mid. USD; None where a side of the book ends before."""

    share: float
    """The distance, as a share of mid."""
    bid_usd: float | None
    ask_usd: float | None

    @property
    def imbalance(self) -> float | None:
        """(bids - asks) / (bids + asks), from -1 (all offered) to +1 (all bid for); None where unknown."""
        if self.bid_usd is None or self.ask_usd is None or not self.bid_usd + self.ask_usd:
            return None
        return (self.bid_usd - self.ask_usd) / (self.bid_usd + self.ask_usd)


@dataclass(frozen=True, slots=True)
class Wall:
    """A price at which far more stands than around it."""

    side: Side
    """`Side.LONG`: bids below the price; `Side.SHORT`: offers above it."""
    price: float
    usd: float
    distance_pct: float
    """From mid, in percent of mid; negative below."""


@dataclass(frozen=True, slots=True)
class MarketOrder:
    """What a market order would do to a book as it stands, nothing refilled."""

    side: Side
    """`Side.LONG` buys, `Side.SHORT` sells."""
    usd: float
    """How much is bought or sold, at mid."""
    price: float | None
    """The price of its last fill; None where the book ends before."""
    average: float | None
    """The mean price paid, None likewise."""
    moved_pct: float | None
    """From mid to the last fill, in percent of mid, negative for a sale; None likewise."""
    known_usd: float
    """How much the book shows on that side, at mid: a larger order runs off its end."""


def bands(depth: Depth) -> tuple[Band, ...]:
    """Return what stands within each of `BANDS` on either side."""
    return tuple(
        Band(share, depth.usd_within(Side.LONG, share), depth.usd_within(Side.SHORT, share))
        for share in BANDS
    )


def market_order(depth: Depth, side: Side, usd: float) -> MarketOrder:
    """Return what buying (`Side.LONG`) or selling coins worth `usd` at mid would do. Raises `ValueError`."""
    if not usd > 0:
        raise ValueError(f"an order is of more than $0, not {usd}")
    prices, sizes = depth.column(side.other)
    coins = np.cumsum(sizes)
    wanted = usd / depth.mid
    known_usd = float(coins[-1]) * depth.mid
    if wanted > coins[-1]:
        return MarketOrder(side, usd, None, None, None, known_usd)
    last = int(np.searchsorted(coins, wanted))
    before = float(coins[last - 1]) if last else 0.0
    paid = float(np.sum(prices[:last] * sizes[:last])) + float(prices[last]) * (wanted - before)
    price = float(prices[last])
    return MarketOrder(side, usd, price, paid / wanted, (price / depth.mid - 1) * 100, known_usd)


def walls(depth: Depth) -> tuple[Wall, ...]:
    """Return the walls within 5% of mid, of each side the heaviest `MOST_WALLS`, the heaviest first.

    Density counts, not the level alone: a venue that adds up its book in coarse steps has no walls for that.
    """
    found: list[Wall] = []
    for side in Side:
        prices, sizes = depth.column(side)
        away = np.abs(prices / depth.mid - 1)
        near = away <= _WALLS_WITHIN
        if np.count_nonzero(near) < _FEWEST:
            continue
        prices, away, usd = prices[near], away[near], (prices * sizes)[near]
        wide = np.maximum(np.diff(away, prepend=0.0), _EDGES[0])
        density = usd / wide
        is_wall = (density >= WALL_TIMES * np.median(density)) & (usd >= WALL_SHARE * usd.sum())
        heaviest = sorted(np.flatnonzero(is_wall).tolist(), key=lambda place: -usd[place])[:MOST_WALLS]
        for place in heaviest:
            price = float(prices[place])
            found.append(Wall(side, price, float(usd[place]), (price / depth.mid - 1) * 100))
    return tuple(sorted(found, key=lambda wall: -wall.usd))


def condensed(depth: Depth) -> Depth:
    """Return the same book in at most some eighty levels a side, for whoever keeps it.

    The best and the farthest level stay as they are, so mid and reach do; in between, levels are put together
    between fixed distances from mid: what stands within each of `BANDS` is exact.
    """
    # Both sides in one pass: a tick puts together the books of all coins.
    cut, mid = len(depth.bid_prices), depth.mid
    prices = np.concatenate((depth.bid_prices, depth.ask_prices))
    sizes = np.concatenate((depth.bid_sizes, depth.ask_sizes))
    bucket = np.searchsorted(_EDGES, np.abs(prices / mid - 1), side="left")
    bucket[[0, cut]] = -1
    bucket[[cut - 1, -1]] = len(_EDGES) + 1
    begins = np.diff(bucket, prepend=-2) != 0
    begins[cut] = True
    first = np.flatnonzero(begins)
    coins = np.add.reduceat(sizes, first)
    alone = np.diff(first, append=len(prices)) == 1  # exactly where it was: rounding must not move mid
    levels = np.where(alone, prices[first], np.add.reduceat(prices * sizes, first) / coins)
    asks = int(np.searchsorted(first, cut))
    sides = (levels[:asks], coins[:asks]), (levels[asks:], coins[asks:])
    return Depth.of_checked(depth.coin, depth.venue, depth.time_ms, *sides)
