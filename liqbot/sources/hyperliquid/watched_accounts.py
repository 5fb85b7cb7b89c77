"""Watched accounts on Hyperliquid: looked at often within a share of the budget; listeners hear of each look.

This is the door for whoever tells of an account: which one is to be watched, how often it is looked at, and
every state of it as it comes (`liqbot.sources.source.AccountWatch` says what holds).

Not here: accounts pushed by the stream (`account_stream.py`), the simulated ones (`simulator/watched.py`).
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from liqbot.market.accounts import AccountState, HeldPosition, PastTrades
from liqbot.market.updates import Liquidation
from liqbot.rules.wording import counted
from liqbot.sources.hyperliquid.batches import Batches
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.client import LIGHT, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.discovery import address_of
from liqbot.sources.hyperliquid.fills import past_trades
from liqbot.sources.hyperliquid.payloads import Fill
from liqbot.sources.hyperliquid.reading import Reading
from liqbot.sources.source import AccountListener

_log = structlog.get_logger()

SHARE = 0.2
"""At most this share of the budget goes to accounts that are watched."""
SHORTEST_S = 5.0
"""Nobody is looked at more often: views are not made more often either."""
QUEUED = 16
"""So many requests may be waiting for the budget already."""


async def _no_past(account: str) -> Sequence[Fill]:
    raise RequestFailed(f"nobody is asked for the fills of {account}")


def _none(count: int) -> Sequence[str]:
    del count
    return ()


class WatchedAccounts:
    """Who is watched, and what was last seen of each."""

    def __init__(
        self,
        budget: Budget,
        dexes: int,
        clock: Clock,
        *,
        ask_soon: Callable[[str], None],
        ask_now: Callable[[str], Awaitable[Reading | None]],
        batches: Batches | None = None,
        largest: Callable[[int], Sequence[str]] = _none,
        ask_past: Callable[[str], Awaitable[Sequence[Fill]]] = _no_past,
    ) -> None:
        """Have `ask_soon` ask for an account before all others, `ask_now` at once and for its answer.

        `largest` names the accounts that hold most, `ask_past` returns the newest fills of one, or raises
        `RequestFailed`. A look costs a request a dex, or a part of one where `batches` are served.
        """
        self._budget = budget
        self._dexes = dexes
        self._clock = clock
        self._ask_soon = ask_soon
        self._ask_now = ask_now
        self._batches = batches
        self._largest = largest
        self._ask_past = ask_past
        self._listeners: list[AccountListener] = []
        self._watched: dict[str, int] = {}
        """How many times each is wanted."""
        self._newest: dict[str, AccountState] = {}
        self._doubted: dict[str, AccountState] = {}
        """By account: a state in which something is gone that was there; it is told if the next agrees."""
        self._liquidated: dict[str, set[str]] = {}
        """By account: coins of which a liquidation was told since its newest state."""
        self.pushed: frozenset[str] = frozenset()
        """Who is told of by the venue itself."""

    def add_dexes(self, count: int) -> None:
        """Reckon with so many more requests a look."""
        self._dexes += count

    def __contains__(self, account: str) -> bool:
        """Return whether an account is watched."""
        return account in self._watched

    @property
    def accounts(self) -> tuple[str, ...]:
        """Who is watched, those that are wanted most often first."""
        return tuple(sorted(self._watched, key=lambda account: -self._watched[account]))

    @property
    def words(self) -> str:
        """How many are watched, and how often each is looked at; empty for none. Never who."""
        if not self._watched:
            return ""
        return f"{counted(len(self._watched), 'account')} watched, looked at every {self.interval_s:.0f} s"

    @property
    def interval_s(self) -> float:
        """After how many seconds each watched account is looked at again, as many as they are now."""
        if not self._budget.limit:
            return SHORTEST_S
        per_s = SHARE * self._budget.limit / 60
        return max(SHORTEST_S, len(self._watched) * self._weight() / per_s)

    @property
    def oldest_s(self) -> float:
        """How many seconds old a state gets before the next one.

        Requests that wait for the budget already go first: in a small budget that takes some seconds.
        """
        if not self._budget.limit:
            return self.interval_s
        return self.interval_s + QUEUED * self._dexes * LIGHT / (self._budget.limit / 60)

    def watch(self, account: str, known: AccountState | None = None) -> float:
        """Watch an account from now on; return how old its state gets at most, in seconds."""
        address = _address(account)
        self._watched[address] = self._watched.get(address, 0) + 1
        if known is not None:
            self._newest.setdefault(address, known)
        self._ask_soon(address)
        return self.oldest_s

    def unwatch(self, account: str) -> None:
        """End one wish to watch an account; when it was the last, what was seen of it is dropped."""
        address = address_of(account) or account
        wanted = self._watched.get(address, 0) - 1
        if wanted > 0:
            self._watched[address] = wanted
            return
        for kept in (self._watched, self._newest, self._doubted, self._liquidated):
            kept.pop(address, None)

    def newest(self, account: str) -> AccountState | None:
        """Return the newest state of a watched account, None before the first look."""
        return self._newest.get(address_of(account) or account)

    def is_pushed(self, account: str) -> bool:
        """Return whether the exchange streams the account at the moment."""
        return (address_of(account) or account) in self.pushed

    def knows(self, account: str) -> bool:
        """Return whether it is an address: every one may be an account, also one that nobody has seen."""
        return address_of(account) is not None

    def examples(self, count: int) -> Sequence[str]:
        """Return the accounts that held most when they were asked last, the largest first."""
        return self._largest(count)

    async def look(self, account: str) -> AccountState | None:
        """Look at any account once."""
        reading = await self._ask_now(_address(account))
        return None if reading is None else state_of(reading)

    async def past_trades(self, account: str, since_ms: int) -> PastTrades | None:
        """Return what an account has traded since; None where the exchange does not say."""
        address = _address(account)
        try:
            fills = await self._ask_past(address)
        except RequestFailed as error:
            _log.info("past_trades_not_told", reason=str(error))
            return None
        return past_trades(address, fills, since_ms, self._clock.now_ms())

    def listen(self, listener: AccountListener) -> None:
        """Hand every further state and liquidation of a watched account to `listener`, on the event loop."""
        self._listeners.append(listener)

    def take(self, reading: Reading) -> None:
        """Take up a reading of any account."""
        address = reading.account
        if address not in self._watched:
            return
        state, before = state_of(reading), self._newest.get(address)
        if before is not None and state.time_ms < before.time_ms:
            return
        gone = _gone(before, state) - self._liquidated.get(address, set())
        doubted = self._doubted.pop(address, None)
        if gone and (doubted is None or not gone <= _gone(before, doubted)):
            self._doubted[address] = state
            self._ask_soon(address)
            return
        self._newest[address] = state
        self._liquidated.pop(address, None)
        self._tell(state)

    def take_liquidation(self, liquidation: Liquidation) -> None:
        """Take up a liquidation of any account; a watched one is looked at at once."""
        address = liquidation.account
        if address is None or address not in self._watched:
            return
        self._liquidated.setdefault(address, set()).add(liquidation.coin)
        self._tell(liquidation)
        self._ask_soon(address)

    async def run(self) -> None:
        """Ask for all of them again and again until cancelled; who is streamed need not be asked."""
        while True:
            for address in self.accounts:
                if address not in self.pushed:
                    self._ask_soon(address)
            await self._clock.sleep(self.interval_s)

    def _tell(self, told: AccountState | Liquidation) -> None:
        for listener in self._listeners:
            listener(told)

    def _weight(self) -> float:
        """Return what a look at one of them weighs."""
        together = len(self._watched)
        if self._batches is not None and self._batches.is_worth_it(together):
            return self._dexes * self._batches.weight_of(together) / together
        return self._dexes * LIGHT


def state_of(reading: Reading) -> AccountState:
    """Return a reading in the words of the rest of the house."""
    positions = tuple(
        HeldPosition(
            coin=row.coin,
            size=row.size,
            entry=row.entry,
            liquidation=_or_none(row.liquidation),
            leverage=_or_none(row.leverage),
            mode=row.mode,
            mark=row.mark,
        )
        for row in reading.rows
    )
    return AccountState(reading.account, reading.time_ms, positions, reading.kept, reading.equity_usd)


def _gone(before: AccountState | None, after: AccountState) -> set[str]:
    """Return the coins that were held and, as it seems, are not any more."""
    if before is None:
        return set()
    held = {one.coin for one in before.positions}
    return held - {one.coin for one in after.positions} - set(after.unread)


def _address(account: str) -> str:
    address = address_of(account)
    if address is None:
        raise ValueError(f"{account[:80]!r} is no address (0x and 40 digits)")
    return address


def _or_none(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN
