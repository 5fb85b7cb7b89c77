"""Watched accounts of the simulated market: listeners hear of each with every step."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from liqbot.market.accounts import AccountState
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.source import AccountListener

LARGE_USD = 1_000_000.0
"""From this worth on an account is an example."""


class SimulatedAccounts:
    """Who is watched. As `liqbot.sources.source.AccountWatch`, but that nothing can be silent here."""

    def __init__(self, market: SimulatedMarket, interval_s: Callable[[], float]) -> None:
        """`interval_s` tells how many seconds a step takes at present."""
        self._market = market
        self._interval_s = interval_s
        self._places = {name: place for place, name in enumerate(market.names)}
        self._listeners: list[AccountListener] = []
        self._watched: Counter[str] = Counter()
        self._newest: dict[str, AccountState] = {}

    @property
    def interval_s(self) -> float:
        """After how many seconds each watched account is looked at again."""
        return self._interval_s()

    @property
    def oldest_s(self) -> float:
        """How many seconds old a state gets."""
        return self._interval_s()

    def watch(self, account: str, known: AccountState | None = None) -> float:
        """Look at an account from now on. Raises `ValueError` for what is no account of this market."""
        del known  # a simulated market starts over: what was so before is of another one
        name = self._name(account)
        self._watched[name] += 1
        if name not in self._newest:
            [self._newest[name]] = self._market.states([self._places[name]])
        return self.oldest_s

    def unwatch(self, account: str) -> None:
        """End one wish to watch an account; nothing happens where there is none."""
        name = account.lower()
        self._watched[name] -= 1
        if self._watched[name] <= 0:
            del self._watched[name]
            self._newest.pop(name, None)

    def newest(self, account: str) -> AccountState | None:
        """Return the newest state of a watched account."""
        return self._newest.get(account.lower())

    def is_pushed(self, account: str) -> bool:
        """Return whether it is told of with every step, as all that are watched are."""
        return account.lower() in self._watched

    def knows(self, account: str) -> bool:
        """Return whether there is such an account."""
        return account.lower() in self._places

    def examples(self, count: int) -> Sequence[str]:
        """Return the large accounts that somebody found, those nearest to a liquidation first."""
        worth = np.where(self._market.found, self._market.worth(), 0.0)
        large = np.flatnonzero(worth >= LARGE_USD)
        order = np.argsort(self._market.cushions()[large], kind="stable")[:count]
        chosen: list[int] = large[order].tolist()
        return [self._market.names[place] for place in chosen]

    async def look(self, account: str) -> AccountState | None:
        """Look at any account. Raises `ValueError` for what is no account of this market."""
        [state] = self._market.states([self._places[self._name(account)]])
        return state

    async def past_trades(self, account: str, since_ms: int) -> None:
        """Return nothing: the simulated market does not remember who traded what."""
        del account, since_ms

    def listen(self, listener: AccountListener) -> None:
        """Tell `listener` of watched accounts from now on."""
        self._listeners.append(listener)

    def step(self) -> None:
        """Tell of all that are watched, after a step of the market."""
        names = list(self._watched)
        if not names:
            return
        places = [self._places[name] for name in names]
        for place, state in zip(places, self._market.states(places), strict=True):
            self._newest[state.account] = state
            for told in (*self._market.forced(place), state):
                for listener in self._listeners:
                    listener(told)

    def _name(self, account: str) -> str:
        name = account.lower()
        if name not in self._places:
            raise ValueError(f"{account[:80]!r} is no account of the simulated market")
        return name
