"""The simulated exchange's liquidations: market orders in fills of random size first, a backstop behind.

Whoever is below maintenance margin is closed by market orders, which push price. Of a position above $100k
only a fifth goes first; what is still below maintenance after a pause of 30 seconds goes whole. An account
below two thirds of its maintenance is taken over by the vault instead, and no order reaches the book.

A market order meets many resting ones, and each fill is told by itself, as in the exchange's stream.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from liqbot.market.positions import Bools, Floats
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.simulator.accounts import Accounts, Places
from liqbot.sources.simulator.ledger import Ledger, Standing, sums
from liqbot.sources.simulator.prices import Prices

PARTIAL_ABOVE_USD, FIRST_SHARE = 100_000.0, 0.2
"""Of a position larger than this, this share is closed first."""
PAUSE_S = 30.0
"""Then nothing happens to it for so long."""
BACKSTOP = 2 / 3
"""Below this share of maintenance margin the vault takes over."""
FILL_USD, FILL_SPREAD = 250.0, 1.95
"""Median and spread (standard deviation of the logarithm) of the fills of a market order, USD: as sizes that
were published of quiet days spread."""
MOST_FILLS = 500
"""An order is told in no more fills than this; those of a larger one are larger."""


class LiquidationEngine:
    """Closes what is used up, and remembers which large positions it has begun with."""

    def __init__(
        self,
        accounts: Accounts,
        ledger: Ledger,
        prices: Prices,
        coins: Sequence[str],
        rng: np.random.Generator,
    ) -> None:
        self._rng = rng
        self._ledger, self._prices, self._coins = ledger, prices, tuple(coins)
        self._of_crowd, self._slot_coin = accounts.slot_of_crowd, accounts.slot_coin
        self._begun: Bools = np.zeros(len(accounts.slot_coin), dtype=np.bool_)
        self._paused_until_s: Floats = np.zeros(len(accounts.slot_coin))
        self._began_s = self._now_s = 0.0
        self._time_ms = 0
        self.forced: list[tuple[int, float, float]] = []
        """What the newest run closed by force: slot, price in USD, coins (shorts below 0)."""

    def run(
        self, before: Floats, time_ms: int, seconds: float, on_gone: Callable[[Places], None]
    ) -> tuple[list[Liquidation], Standing]:
        """Close what is used up; that pushes prices, which may use up more; go on until nothing is.

        `before` are the marks of the step before (USD, shape (coins,)), `seconds` ago; `on_gone` is told of
        the slots that were closed whole. Return what was closed, and what all is worth after it.
        """
        self._time_ms = time_ms
        self._began_s, self._now_s = self._now_s, self._now_s + seconds
        events: list[Liquidation] = []
        self.forced.clear()
        while True:
            standing = self._ledger.standing(self._prices.marks)
            used_up = self._ledger.used_up(standing) & self._of_crowd
            self._begun &= used_up
            slot = np.flatnonzero(used_up & (self._paused_until_s <= self._now_s))
            if not len(slot):
                return events, standing
            share = self._shares(slot, standing)
            backstop = self._ledger.used_up(standing, BACKSTOP)[slot]
            share[backstop] = 1.0
            events += self._events(slot, share, backstop, before, standing)
            self._close(slot, share, backstop, standing)
            on_gone(slot[share == 1])

    def _shares(self, slot: Places, standing: Standing) -> Floats:
        """Return how much of each position is to be closed now."""
        usd = np.abs(self._ledger.size[slot]) * standing.marks[slot]
        return np.where((usd > PARTIAL_ABOVE_USD) & ~self._begun[slot], FIRST_SHARE, 1.0)

    def _close(self, slot: Places, share: Floats, backstop: Bools, standing: Standing) -> None:
        sold = np.zeros(len(self._slot_coin))
        ordered = slot[~backstop]
        sold[ordered] = self._ledger.size[ordered] * share[~backstop] * standing.marks[ordered]
        in_part = slot[share < 1]
        self._begun[in_part] = True
        # It may have begun right after the step before: in a step that is long enough the pause is over.
        self._paused_until_s[in_part] = self._began_s + PAUSE_S
        self._begun[slot[share == 1]] = False
        self._ledger.reduce(in_part, FIRST_SHARE, standing)
        self._ledger.settle(slot[(share == 1) & ~backstop], standing)
        self._ledger.seize(slot[backstop])
        self._prices.force(-self._ledger.by_coin(sold))

    def _events(
        self, slot: Places, share: Floats, backstop: Bools, before: Floats, standing: Standing
    ) -> list[Liquidation]:
        """Return the liquidations, each at its level, as far as the mark went through it."""
        then, now = self._ledger.standing(before), standing.marks[slot]
        level = self._ledger.levels(slot, then)
        level = np.where(np.isnan(level), now, level)
        low, high = np.minimum(now, then.marks[slot]), np.maximum(now, then.marks[slot])
        price = np.clip(level, low, high)
        size = self._ledger.size[slot] * share
        self.forced += zip(slot.tolist(), price.tolist(), size.tolist(), strict=True)
        counts, fills = self._fills(np.abs(size) * price, backstop)
        place: list[int] = np.repeat(self._slot_coin[slot], counts).tolist()
        size = np.repeat(size, counts) * fills
        return [
            Liquidation(
                self._coins[which], self._time_ms, Side.LONG if coins > 0 else Side.SHORT, at, abs(coins)
            )
            for which, at, coins in zip(place, np.repeat(price, counts).tolist(), size.tolist(), strict=True)
        ]

    def _fills(self, usd: Floats, whole: Bools) -> tuple[Places, Floats]:
        """Return how many fills each order of `usd` has, shape (n,), and each fill's share of its order.

        The fills, shape (sum of counts,), are in the order of the orders. One that is `whole` has one.
        """
        mean = FILL_USD * math.exp(FILL_SPREAD**2 / 2)
        counts = np.where(whole, 1, np.clip(np.ceil(usd / mean), 1, MOST_FILLS)).astype(np.int64)
        order = np.repeat(np.arange(len(usd)), counts)
        weight = np.exp(FILL_SPREAD * self._rng.standard_normal(len(order)))
        return counts, weight / sums(weight, order, len(usd))[order]
