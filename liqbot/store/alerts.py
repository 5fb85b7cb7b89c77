"""States of watches, and the alerts that they raised: written together with what is owed, or not at all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from liqbot.market.accounts import AccountState
from liqbot.market.view import MarketView
from liqbot.rules.rule import Hit
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DeliveryStatus
from liqbot.store.subscriptions import ACCOUNT_RULE, Watch

ANNOUNCEMENT = "announcement"
"""The reason of what an operator tells all chats: it goes the way of alerts, and has no market."""
EXPIRES_MS = 6 * 3_600_000
"""An alert that could not be delivered for so long is stale, and goes to nobody any more."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be written down, with a delivery for each chat that subscribes to its watch."""

    watch: Watch
    hit: Hit
    reason: str
    instead_of: str = ""
    """The label of a better layer that tells nothing at present, so that another one was read; else empty."""


@dataclass(frozen=True, slots=True)
class Read:
    """What follows of a view that watches have read."""

    view: MarketView
    states: Sequence[tuple[Watch, bytes]]
    """The new states, by the view's layer."""
    alerts: Sequence[NewAlert] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it stands in the database."""

    id: int
    rule: str
    coin: str
    parameters: str
    """The canonical text of the rule's form."""
    reason: str
    hit: Hit
    time_ms: int
    """When it was so, in the market's time."""
    sample: bool = False
    """Whether somebody asked for it, to see what an alert is like."""
    venue: str = ""
    """Which layer was asked for, as in `Watch.venue`."""
    layer: str = ""
    """The key of the layer that it was seen in; empty for one of before layers were written down."""
    instead_of: str = ""
    """The label of a better layer that told nothing then; empty where there was none."""

    @property
    def is_of_account(self) -> bool:
        """Whether it is about an account, whose address then stands in place of the coin."""
        return self.rule == ACCOUNT_RULE

    @property
    def market(self) -> str:
        """The coin of whose market it tells; of an account that of the position that it is about."""
        return self.hit.key.partition(":")[2] if self.is_of_account else self.coin


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an alert in one chat."""

    alert: Alert
    status: DeliveryStatus
    sent_ms: int | None
    """When it arrived, by the clock; None where it has not."""
    attempts: int


@dataclass(frozen=True, slots=True)
class WatchesOfCoin:
    """The watches on a coin, as both are at one moment."""

    watches: Sequence[tuple[Watch, bytes | None]]
    """Each with its state by the layer that was asked for."""
    last_read: Mapping[int, tuple[str, bytes]]
    """By the id of a watch the key of the layer that it has read last, and its state by that."""


class Alerts(Protocol):
    """What watches remember, and the alerts that they raised."""

    async def watches(self, coin: str, layer: str | None = None) -> list[tuple[Watch, bytes | None]]:
        """Return the watches on a coin, each with its state as it was last committed.

        That is the state by the layer of that key; without one, by the layer that the watch has read last.
        """
        ...

    async def watches_of(self, coins: Collection[str], layer: str) -> dict[str, WatchesOfCoin]:
        """Return by coin what `watches` and `last_read` return; coins without a watch are left out."""
        ...

    async def watches_of_rule(self, rule: str) -> list[Watch]:
        """Return all watches of a rule."""
        ...

    async def last_read(self, coin: str) -> dict[int, tuple[str, bytes]]:
        """Return by the id of a watch the key of the layer that it has read last, and its state by that."""
        ...

    async def states(self, watch: Watch) -> dict[str, bytes]:
        """Return the states of one watch by the keys of their layers."""
        ...

    async def state(self, watch: Watch) -> bytes | None:
        """Return the state of one watch by the layer that it has read last."""
        ...

    async def commit(
        self,
        view: MarketView | AccountState | None,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Sequence[NewAlert],
        now_ms: int,
        *,
        layer: str | None = None,
    ) -> int:
        """Write the new `states` and a delivery of each alert for each subscriber, in one transaction.

        The states are those by the layer of that key; without one, by the view's, and without a view by the
        one that each watch has read last.

        `view` is the market that the alerts were raised in, or the account as it was; None only where there
        are none. `now_ms` is the
        clock's time from which deliveries are due. Returns the number of deliveries.
        """
        ...

    async def commit_all(self, read: Sequence[Read], now_ms: int) -> int:
        """Write what follows of several views, as `commit` does of one, in one transaction for all."""
        ...

    async def sample(
        self,
        chat: ChatKey,
        watch: Watch,
        hit: Hit,
        view: MarketView | AccountState,
        now_ms: int,
        *,
        layer: str = "",
    ) -> int:
        """Write down a sample alert that is owed to `chat` alone, known before or not; return its number.

        `layer` is the key of that in which an account was seen.
        """
        ...

    async def announce(self, text: str, now_ms: int, expires_ms: int) -> tuple[int, int]:
        """Write down what an operator tells all chats that can be reached; return its number, and how many.

        It goes the way of alerts, so that it respects what chats have muted; nobody can ask about it.
        """
        ...

    async def alert(self, alert_id: int) -> Alert | None:
        """Return an alert by its number; None where there is none."""
        ...

    async def told(self, chat: ChatKey, alert_id: int) -> Told | None:
        """Return what became of an alert in `chat`; None where the chat was not to get it."""
        ...

    async def message_of(self, chat_id: int, alert: Alert) -> str | None:
        """Return the platform's id of the message in which a chat was last told what `alert` is about.

        None where it was not told, or among others in a digest.
        """
        ...

    async def newest_of(self, chat: ChatKey, limit: int) -> list[Alert]:
        """Return the newest alerts that have arrived in `chat`, the newest first.

        One that is being sent is among them: people have it before the bot knows.
        """
        ...

    async def latest(self, coin: str | None, limit: int) -> list[Alert]:
        """Return the newest alerts of a coin, or of all where that is None, the newest first.

        No samples, and none of accounts: which ones people watch is theirs.
        """
        ...

    async def of_rule(self, rule: str, coin: str, since_ms: int, limit: int) -> list[Alert]:
        """Return the newest alerts of a rule on a coin since then, no samples, the oldest first."""
        ...

    async def view_of(self, alert: Alert) -> MarketView:
        """Return the market as it was when the alert went out. Raises `WireError` where it is damaged."""
        ...

    async def account_of(self, alert: Alert) -> AccountState:
        """Return the account as it was when an alert about it went out. Raises `WireError`."""
        ...

    async def upload(self, alert_id: int, platform: str) -> str | None:
        """Return the handle under which a platform has the alert's picture; None where it has not."""
        ...

    async def rewrite(self, watch: Watch, layer: str, state: bytes) -> None:
        """Write the state of a watch by the layer of that key, which stays the last one that it has read."""
        ...

    async def forget_states(self, layer: str | None = None) -> None:
        """Let watches begin anew in the layer of that key, or in all, as when a recording starts over."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Remove alerts from before then, by the clock, of which nothing is owed; return how many.

        One that no chat was to get, as where all had paused it, goes as well: nobody can ask for it.
        """
        ...
