"""Protocols of what a source may do besides telling updates: report, checks, watched accounts, coins, cursor.

Not here: watched accounts of a venue (`hyperliquid/watched_accounts.py`, `simulator/watched.py`).
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from liqbot.market.accounts import AccountState, PastTrades
from liqbot.market.source import Elsewhere, NoDataError, Report, Source, SourceError, nowhere
from liqbot.market.updates import Liquidation, Update

__all__ = [
    "STREAM_CHECK_S",
    "AccountListener",
    "AccountWatch",
    "Elsewhere",
    "Followed",
    "NoDataError",
    "Report",
    "Source",
    "SourceError",
    "WithAccounts",
    "WithCheck",
    "WithCoins",
    "WithCursor",
    "WithPresent",
    "WithReport",
    "WithStream",
    "nowhere",
    "unheard",
]

AccountListener: TypeAlias = Callable[[AccountState | Liquidation], None]
"""Is called on the event loop, and must not wait: with every state of a watched account, and with each of its
liquidations as soon as that is told, which is mostly before the state that comes of it."""
STREAM_CHECK_S = 10.0
"""So long a websocket has to say something when an operator checks it."""


@runtime_checkable
class WithReport(Protocol):
    """A source that has more to say of itself than that it runs."""

    def report(self) -> Report:
        """Return how it is doing."""
        ...


@runtime_checkable
class WithPresent(Protocol):
    """A source whose past takes a while to be told, and that can tell the present beforehand."""

    def present(self) -> Sequence[Update]:
        """Return what is known at `live_from_ms`, and a beat; nothing where it cannot be told beforehand.

        It is only looked at: all of it is told again in its turn.
        """
        ...


@runtime_checkable
class WithCheck(Protocol):
    """A source that an operator can check before the bot runs."""

    async def check(self) -> str:
        """Return what to tell the operator. Raises `SourceError` or `NoDataError` that says what is wrong."""
        ...


@runtime_checkable
class WithStream(Protocol):
    """A source that listens at a websocket, which an operator can check before the bot runs.

    It may be kept away, by a firewall or a proxy, where requests are answered.
    """

    async def check_stream(self) -> str:
        """Return what to tell the operator. Raises `SourceError` that says what is wrong, and what to do.

        It is asked after `check`, whatever that has said.
        """
        ...


def unheard(venue: str, why: str, loss: str) -> str:
    """Return in one line why a venue's websocket is mute, what is lost, and what to do about it."""
    variable = f"LIQBOT_{venue.upper()}__WS_URL"
    return f"{why}. {loss}: check {variable}, and that no firewall or proxy keeps websockets away"


class AccountWatch(Protocol):
    """Accounts that somebody cares about, looked at before all others. Everything is on the event loop.

    What happened to an account follows from two of its states (`engine/account_changes.py`). Silence is no
    state: while a venue cannot be asked, or gives an answer that cannot be read, nothing is told at all, and
    the newest state only gets older. A position that is gone is told when two looks in a row say so, or when
    its liquidation was told.
    """

    @property
    def interval_s(self) -> float:
        """After how many seconds each watched account is looked at again, as many as they are now."""
        ...

    @property
    def oldest_s(self) -> float:
        """How many seconds old a state gets before the next one, while the venue answers."""
        ...

    def watch(self, account: str, known: AccountState | None = None) -> float:
        """Look at an account from now on, and return how old its state gets at most, in seconds.

        `known` is its last state from before a restart: what is gone since then is looked at twice as well.
        Whoever watches twice unwatches twice. Raises `ValueError` for what is no account there.
        """
        ...

    def unwatch(self, account: str) -> None:
        """End one wish to watch an account; nothing happens where there is none."""
        ...

    def newest(self, account: str) -> AccountState | None:
        """Return the newest state of a watched account, None before the first look."""
        ...

    def is_pushed(self, account: str) -> bool:
        """Return whether the venue tells of the account by itself at the moment: then it is seconds old."""
        ...

    def knows(self, account: str) -> bool:
        """Return whether an address may be an account there; an exchange cannot tell, and takes every one."""
        ...

    def examples(self, count: int) -> Sequence[str]:
        """Return accounts that are worth a look, for whoever knows none: large ones, or ones in danger."""
        ...

    async def look(self, account: str) -> AccountState | None:
        """Look at any account once, watched or not; None where the venue has no answer that can be read.

        Raises `ValueError` for what is no account there.
        """
        ...

    async def past_trades(self, account: str, since_ms: int) -> PastTrades | None:
        """Return what an account has traded since; None where that cannot be told, or not at present.

        Raises `ValueError` for what is no account there.
        """
        ...

    def listen(self, listener: AccountListener) -> None:
        """Tell `listener` of watched accounts from now on, as long as the bot runs."""
        ...


@runtime_checkable
class WithAccounts(Protocol):
    """A source that knows accounts by name, and can look at one at will."""

    @property
    def watched(self) -> AccountWatch:
        """The accounts that are looked at before all others."""
        ...


class Followed(StrEnum):
    """What came of the wish to follow a coin."""

    FOLLOWED = "followed"
    """From now on: there will be a view as soon as enough is known."""
    ALREADY = "already followed"
    NO_MARKET = "no such market"
    NOT_YET = "not known yet which markets there are"
    FULL = "as many coins are followed as may be"


@runtime_checkable
class WithCoins(Protocol):
    """A source that can follow more coins while it runs."""

    @property
    def coins(self) -> Collection[str]:
        """The coins that are followed now, those of `LIQBOT_COINS` first; views are made of these."""
        ...

    @property
    def listed(self) -> Collection[str]:
        """The coins that could be followed; none before that is known."""
        ...

    async def follow(self, coin: str) -> Followed:
        """Follow one more coin, by its name in liqbot, until the bot stops.

        How many may be followed besides those of `LIQBOT_COINS` is a setting of the source.
        """
        ...

    async def unfollow(self, coin: str) -> None:
        """Follow a coin no longer that was followed for the asking; nothing happens to any other."""
        ...


@runtime_checkable
class WithCursor(Protocol):
    """A source that can go on after a restart exactly where it was: its beats carry a cursor."""

    def resume(self, cursor: str) -> None:
        """Go on behind what `cursor` tells, before it is followed; empty for a first start."""
        ...
