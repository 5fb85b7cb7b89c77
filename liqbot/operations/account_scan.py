"""`liqbot scan`: one look at every Hyperliquid account that can be found, and what is covered by that."""

from collections.abc import Sequence

import numpy as np

from liqbot.engine.board import Board
from liqbot.market.positions import Floats
from liqbot.market.updates import Beat, Update
from liqbot.market.view import MarketView
from liqbot.sources.hyperliquid import Hyperliquid


class AccountScan:
    """One pass over all accounts, as far as it has come."""

    def __init__(self, source: Hyperliquid) -> None:
        self.source = source
        self._board = Board(source.layer)

    def take(self, update: Update) -> bool:
        """Take up an update; return whether everybody who is known has been asked."""
        self._board.apply(update)
        roster = self.source.roster
        return isinstance(update, Beat) and self.source.discovery.looked and roster.asked >= len(roster)

    def views(self) -> Sequence[MarketView]:
        """Return the coins as they are known, those with the most open size first."""
        views = [self._board.view(coin) for coin in self._board.coins]
        return sorted(views, key=lambda view: -(view.open_usd.long + view.open_usd.short))

    def ages_s(self) -> Floats:
        """Return how old each account's answer is, in seconds; shape (answers,)."""
        polled_ms = self.source.roster.column("polled_ms")
        return np.maximum((self._board.time_ms - polled_ms[polled_ms > 0]) / 1000, 0)
