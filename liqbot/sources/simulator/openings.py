"""Openings in the simulated market: size, margin and leverage of a new position, hiding its liquidation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.positions import Floats
from liqbot.sources.simulator.accounts import Accounts, Kind, Places
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger, Opening

OCCUPIED = 0.7
"""Share of slots that hold a position at any time, about."""
SIZE_SPREAD, BOLDNESS_SPREAD = 0.45, 0.3
"""How much one account's positions differ (standard deviations of the logarithm)."""
ISOLATED, ISOLATED_SPREAD = 18.0, 1.0
"""Median and spread of the leverage of isolated positions, whoever opens them."""
HIDING = 0.5
"""Share of openings whose margin is chosen to put the liquidation just behind a round price or an extreme."""
GREEDY = 0.7
"""Who uses more than this share of the maximal leverage does not hide."""
BEHIND = 0.0012
"""How far behind, on average, as a fraction of price."""
MENU = (1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 40.0)
"""Leverages that people set."""
SETTING, SETTING_SPREAD = 7.0, 1.1
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
    """Drafts positions for slots that want one. All arrays are of shape (n,) unless said otherwise."""

    def __init__(
        self, accounts: Accounts, ledger: Ledger, coins: Sequence[Coin], rng: np.random.Generator
    ) -> None:
        account, coin = accounts.slot_account, accounts.slot_coin
        usual = OCCUPIED * accounts.usd[account]
        small = accounts.kind[account] == Kind.SMALL
        both_sides = np.array([2 * coin.open_interest * coin.spot for coin in coins])
        scale = (both_sides - ledger.by_coin(usual * small)) / ledger.by_coin(usual * ~small)
        highest = np.array([coin.tiers.max_leverages[0] for coin in coins])
        self._usd: Floats = accounts.usd[account] * np.where(small, 1.0, scale[coin])
        self._boldness: Floats = accounts.boldness[account]
        self._isolated: Floats = accounts.isolated[account]
        self._highest: Floats = highest[coin]
        self._round: Floats = np.array([coin.round_step for coin in coins])[coin]
        self._ledger, self._rng = ledger, rng

    def usual_usd(self, slot: Places) -> Floats:
        """Return what would be opened in slots, drawn anew each time; USD."""
        spread = np.exp(SIZE_SPREAD * self._rng.standard_normal(len(slot)) - SIZE_SPREAD**2 / 2)
        return self._usd[slot] * spread

    def draft(self, slot: Places, side: Floats, usd: Floats, seen: Surroundings) -> Opening:
        """Return positions of `usd` on `side` (+1 long, -1 short)."""
        rng, n = self._rng, len(slot)
        most = CLOSEST * self._highest[slot]
        bold = self._boldness[slot] * np.exp(BOLDNESS_SPREAD * rng.standard_normal(n))
        isolated = (rng.random(n) < self._isolated[slot]) & (bold > 1.5)
        alone = ISOLATED * np.exp(ISOLATED_SPREAD * rng.standard_normal(n))
        bold = np.clip(np.where(isolated, alone, bold), 0.02, most)
        level = self._hidden(slot, side, seen, seen.price * (1 - side / bold))
        hides = (rng.random(n) < HIDING) & (bold > 2) & (bold < GREEDY * most)
        size = side * usd / seen.price
        needed = size * (seen.price - level) + self._ledger.maintenance_of(slot, np.abs(size * level))
        margin = np.maximum(np.where(hides, needed, usd / bold), usd / most)
        wanted = np.maximum(usd / margin, SETTING * np.exp(SETTING_SPREAD * rng.standard_normal(n)))
        menu = np.array(MENU)
        leverage = menu[np.minimum(np.searchsorted(menu, wanted), len(menu) - 1)]
        return Opening(slot, size, seen.price, margin, np.minimum(leverage, self._highest[slot]), isolated)

    def _hidden(self, slot: Places, side: Floats, seen: Surroundings, level: Floats) -> Floats:
        """Return liquidation prices near `level`, just behind the next round price or the last extreme."""
        step = self._round[slot]
        round_price = np.where(side > 0, np.floor(level / step), np.ceil(level / step)) * step
        extreme = np.where(side > 0, seen.low, seen.high)
        in_reach = np.abs(extreme - level) < 0.5 * np.abs(seen.price - level)
        anchor = np.where(in_reach & (self._rng.random(len(level)) < 0.5), extreme, round_price)
        return anchor * (1 - side * self._rng.exponential(BEHIND, len(level)))
