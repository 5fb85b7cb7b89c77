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
    largest_first = np.sort(held)[::-1]
    up_to = largest_first.cumsum()
    whales = int(np.count_nonzero(up_to - largest_first < held.sum() / 2))
    whale = np.zeros(len(positions), dtype=np.bool_)
    if whales:
        least = largest_first[whales - 1]
        whale = held > least
        equal = (held == least).nonzero()[0]
        rest = whales - int(np.count_nonzero(whale))
        if rest < len(equal):
            equal = equal[positions.account[equal].argsort()][:rest]
        whale[equal] = True
    cohort = np.where(whale, np.int8(Cohort.WHALE), np.int8(Cohort.RETAIL))
    cohort[maker] = Cohort.MARKET_MAKER
    return cohort
