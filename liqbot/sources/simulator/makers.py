"""Simulated market makers and the vault behind them: accounts that hold the other side of the crowd."""

from collections.abc import Sequence

import numpy as np

from liqbot.market.positions import Floats
from liqbot.sources.simulator.accounts import Accounts, Kind
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger
from liqbot.sources.simulator.prices import HOUR_S

BOOK_SHARE = 0.05
"""The makers' books, all together, are about this share of the open interest of the coins."""
BOOK_H = 30.0
"""Relaxation time in hours of the books."""
MAKERS_PART = 0.25
"""Share of what the crowd leaves over that makers hold; the vault holds the rest."""
LEVERAGE = 10.0
"""What makers and the vault set; they use far less."""
CUSHION = 0.5
"""Makers and the vault keep at least this share of their positions as equity: nobody liquidates them."""


class Makers:
    """Makers in mirrored pairs, each with books that cancel across coins, and a vault.

    Their sizes follow from the crowd's, so that long and short sizes are always equal.
    """

    def __init__(
        self, accounts: Accounts, ledger: Ledger, coins: Sequence[Coin], rng: np.random.Generator
    ) -> None:
        self._ledger, self._rng = ledger, rng
        slot = np.flatnonzero(~accounts.slot_of_crowd)
        self._slot = slot[np.lexsort((accounts.slot_coin[slot], accounts.slot_account[slot]))]
        makers = accounts.kind[~(accounts.kind < Kind.MAKER)] == Kind.MAKER
        self._part: Floats = np.where(makers, MAKERS_PART / makers.sum(), (1 - MAKERS_PART) / (~makers).sum())
        self._pairs = int(makers.sum()) // 2
        interest = np.array([coin.open_interest * coin.spot for coin in coins])
        self._scale: Floats = BOOK_SHARE * interest / self._pairs
        self._books: Floats = rng.standard_normal((self._pairs, len(coins)))

    def absorb(self, crowd_net: Floats, marks: Floats, seconds: float) -> None:
        """Trade to what the crowd's net position (coins, by coin) leaves over, at `marks`."""
        hours = seconds / HOUR_S
        turn = self._rng.standard_normal(self._books.shape) * np.sqrt(2 * hours / BOOK_H)
        self._books += turn - self._books * (hours / BOOK_H)
        usd = self._books * self._scale
        usd -= usd.mean(axis=1, keepdims=True)
        own = np.zeros((len(self._part), len(marks)))
        own[: 2 * self._pairs : 2], own[1 : 2 * self._pairs : 2] = usd / marks, -usd / marks
        target = (own - self._part[:, None] * crowd_net).reshape(-1)
        self._ledger.trade_to(self._slot, target, np.tile(marks, len(self._part)), LEVERAGE)
        self._ledger.endow(self._slot, CUSHION, marks)
