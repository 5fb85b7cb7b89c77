"""Who is a whale, who is a market maker, who is retail."""

import numpy as np
from numpy.typing import NDArray

from liqbot.market.cohort import Cohort
from liqbot.market.positions import Bools, Floats, Ints, Positions

NEAR_FLAT = 0.1
"""A book is near flat when its longs and shorts cancel to less than this share of their sum."""


def market_makers(account: Ints, notional: Floats, accounts: int) -> Bools:
    """Return which of `accounts` accounts hold both sides of the market in a near-flat book.

    `account` (n,) numbers the holder of each position in any coin, `notional` (n,) is its signed value, USD.
    """
    net = np.bincount(account, weights=notional, minlength=accounts)
    gross = np.bincount(account, weights=np.abs(notional), minlength=accounts)
    both_sides = np.abs(net) < gross
    return both_sides & (np.abs(net) <= NEAR_FLAT * gross)


def cohorts(positions: Positions, makers: Bools) -> NDArray[np.int8]:
    """Return the `Cohort` of each position of one coin.

    `makers` tells by account number who is a market maker. Whales are the fewest accounts that together hold
    half of what is left, in one coin's money: so the answer does not depend on its price. Of equally large
    ones the account with the lower number goes first, so that it does not depend on who was seen last either.
    """
    maker = makers[positions.account]
    held = np.where(maker, 0.0, np.abs(positions.size))
    order = np.lexsort((positions.account, -held))
    held_by_larger = np.cumsum(held[order]) - held[order]
    whale = np.zeros(len(positions), dtype=np.bool_)
    whale[order] = held_by_larger < held.sum() / 2
    cohort = np.where(whale, Cohort.WHALE, Cohort.RETAIL)
    return np.where(maker, Cohort.MARKET_MAKER, cohort).astype(np.int8)
