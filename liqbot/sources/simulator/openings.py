"""How accounts open positions: how large, with how much margin, and where they hide their liquidation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.positions import Floats
from liqbot.sources.simulator.accounts import Accounts
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Opening, Places

OCCUPIED = 0.7
"""Share of the accounts that trade a coin that hold it at any time, about."""
SIZE_SPREAD, BOLDNESS_SPREAD = 0.45, 0.3
"""How much one account's positions differ (standard deviations of the logarithm)."""
ISOLATED, ISOLATED_SPREAD = 13.0, 0.9
"""Median and spread of the leverage of isolated positions, whoever opens them."""
HIDING = 0.5
"""Share of openings whose margin is chosen to put the liquidation just behind a round price or an extreme."""
BEHIND = 0.0012
"""How far behind, on average, as a fraction of price."""
MENU = (1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 40.0)
"""Leverages that people set."""
SETTING, SETTING_SPREAD = 6.5, 1.1
"""Median and spread of the leverage that they set, where their margin does not ask for more."""
CLOSEST = 0.97
"""Nobody opens at more than this share of the maximal leverage."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What people see when they open, in columns of shape (n,): USD."""

    price: Floats
    low: Floats
    high: Floats


class Openings:
    """Drafts positions for accounts that want one."""

    def __init__(self, accounts: Accounts, coins: Sequence[Coin], rng: np.random.Generator) -> None:
        self._accounts = accounts
        self._coins = coins
        self._rng = rng
        self._most: Floats = CLOSEST * np.array([coin.tiers.max_leverages[0] for coin in coins])
        self._settable: Floats = np.array([coin.tiers.max_leverages[0] for coin in coins])
        self._step: Floats = np.array([coin.round_step for coin in coins])
        usual = OCCUPIED * (accounts.usd[:, None] * accounts.trades).sum(axis=0)
        both_sides = np.array([2 * coin.open_interest * coin.spot for coin in coins])
        self._weight: Floats = both_sides / usual

    def usual_usd(self, row: Places, place: Places) -> Floats:
        """Return what accounts would open in coins, drawn anew each time; USD, shape (n,)."""
        spread = np.exp(SIZE_SPREAD * self._rng.standard_normal(len(row)) - SIZE_SPREAD**2 / 2)
        return self._accounts.usd[row] * self._weight[place] * spread

    def draft(self, row: Places, place: Places, side: Floats, usd: Floats, seen: Surroundings) -> Opening:
        """Return positions of `usd` on `side` (+1 long, -1 short), all of shape (n,)."""
        rng, n = self._rng, len(row)
        bold = self._accounts.boldness[row] * np.exp(BOLDNESS_SPREAD * rng.standard_normal(n))
        isolated = (rng.random(n) < self._accounts.isolated[row]) & (bold > 1.5)
        alone = ISOLATED * np.exp(ISOLATED_SPREAD * rng.standard_normal(n))
        bold = np.clip(np.where(isolated, alone, bold), 0.02, self._most[place])
        level = self._hidden(place, side, seen, seen.price * (1 - side / bold))
        hides = (rng.random(n) < HIDING) & (bold > 2)
        size = side * usd / seen.price
        margin = np.where(hides, self._margin_for(place, size, seen.price, level), usd / bold)
        margin = np.maximum(margin, usd / self._most[place])
        wanted = np.maximum(usd / margin, SETTING * np.exp(SETTING_SPREAD * rng.standard_normal(n)))
        menu = np.array(MENU)
        leverage = menu[np.minimum(np.searchsorted(menu, wanted), len(menu) - 1)]
        leverage = np.minimum(leverage, self._settable[place])
        return Opening(row, place, size, seen.price, margin, leverage, isolated)

    def _hidden(self, place: Places, side: Floats, seen: Surroundings, level: Floats) -> Floats:
        """Return liquidation prices near `level`, just behind the next round price or the last extreme."""
        step = self._step[place]
        round_price = np.where(side > 0, np.floor(level / step), np.ceil(level / step)) * step
        extreme = np.where(side > 0, seen.low, seen.high)
        distance = np.abs(seen.price - level)
        in_reach = np.abs(extreme - level) < 0.5 * distance
        anchor = np.where(in_reach & (self._rng.random(len(level)) < 0.5), extreme, round_price)
        return anchor * (1 - side * self._rng.exponential(BEHIND, len(level)))

    def _margin_for(self, place: Places, size: Floats, price: Floats, level: Floats) -> Floats:
        """Return the margin in USD that puts the liquidation of each position at `level`."""
        maintenance = np.zeros(len(size))
        for which, coin in enumerate(self._coins):
            here = place == which
            maintenance[here] = coin.tiers.maintenance_margin(np.abs(size[here]) * np.abs(level[here]))
        return size * (price - level) + maintenance
