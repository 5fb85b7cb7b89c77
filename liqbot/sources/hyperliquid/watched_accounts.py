"""Accounts that somebody cares about: looked at as often as the budget allows, whatever they are worth.

This is the door for whoever tells of an account: which one is to be watched, how often it is looked at, and
every reading of it as it comes.
"""

from collections.abc import Callable

from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.client import LIGHT
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.reading import Reading

SHARE = 0.2
"""At most this share of the budget goes to accounts that are watched."""
SHORTEST_S = 5.0
"""Nobody is looked at more often: views are not made more often either."""
QUEUED = 16
"""So many requests may be waiting for the budget already."""

Listener = Callable[[Reading], None]


class WatchedAccounts:
    """Who is watched, and what was last read of each."""

    def __init__(self, budget: Budget, dexes: int, clock: Clock, ask_soon: Callable[[str], None]) -> None:
        """Have `ask_soon` ask for an account before all others; a look costs `dexes` requests."""
        self._budget = budget
        self._dexes = dexes
        self._clock = clock
        self._ask_soon = ask_soon
        self._listeners: list[Listener] = []
        self._watched: dict[str, int] = {}
        """How many times each is wanted."""
        self._newest: dict[str, Reading] = {}

    @property
    def interval_s(self) -> float:
        """After how many seconds each watched account is looked at again, as many as they are now."""
        if not self._budget.limit:
            return SHORTEST_S
        per_s = SHARE * self._budget.limit / 60
        return max(SHORTEST_S, len(self._watched) * self._dexes * LIGHT / per_s)

    @property
    def oldest_s(self) -> float:
        """How many seconds old a reading of a watched account gets before the next one.

        Requests that wait for the budget already go first: in a small budget that takes some seconds.
        """
        if not self._budget.limit:
            return self.interval_s
        return self.interval_s + QUEUED * self._dexes * LIGHT / (self._budget.limit / 60)

    def watch(self, address: str) -> float:
        """Watch an account from now on; return how old its reading gets at most, in seconds."""
        self._watched[address] = self._watched.get(address, 0) + 1
        self._ask_soon(address)
        return self.oldest_s

    def unwatch(self, address: str) -> None:
        """End one wish to watch an account; when it was the last, what was read of it is dropped."""
        wanted = self._watched.get(address, 0) - 1
        if wanted > 0:
            self._watched[address] = wanted
            return
        self._watched.pop(address, None)
        self._newest.pop(address, None)

    def newest(self, address: str) -> Reading | None:
        """Return what was last read of a watched account, None before the first look."""
        return self._newest.get(address)

    def listen(self, listener: Listener) -> None:
        """Hand every further reading of a watched account to `listener`, on the event loop."""
        self._listeners.append(listener)

    def take(self, reading: Reading) -> None:
        """Take up a reading of any account."""
        if reading.account not in self._watched:
            return
        self._newest[reading.account] = reading
        for listener in self._listeners:
            listener(reading)

    async def run(self) -> None:
        """Ask for all of them again and again until cancelled."""
        while True:
            for address in list(self._watched):
                self._ask_soon(address)
            await self._clock.sleep(self.interval_s)
