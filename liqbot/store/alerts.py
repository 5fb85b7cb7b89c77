"""States of watches, and the alerts that they raised: written together with what is owed, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from liqbot.market.view import MarketView
from liqbot.rules.rule import Hit
from liqbot.store.chats import ChatKey
from liqbot.store.subscriptions import Watch

EXPIRES_MS = 6 * 3_600_000
"""An alert that could not be delivered for so long is stale, and goes to nobody any more."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be written down, with a delivery for each chat that subscribes to its watch."""

    watch: Watch
    hit: Hit
    reason: str


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


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an alert in one chat."""

    alert: Alert
    status: str
    """`sent`, or where it is: `due`, `held`, `unknown`, `failed`, `expired`."""
    sent_ms: int | None
    """When it arrived, by the clock; None where it has not."""
    attempts: int


class Alerts(Protocol):
    """What watches remember, and the alerts that they raised."""

    async def watches(self, coin: str) -> list[tuple[Watch, bytes | None]]:
        """Return the watches on a coin, each with its state as it was last committed."""
        ...

    async def state(self, watch: Watch) -> bytes | None:
        """Return the state of one watch as it was last committed."""
        ...

    async def commit(
        self,
        view: MarketView | None,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Sequence[NewAlert],
        now_ms: int,
    ) -> int:
        """Write the new `states` and a delivery of each alert for each subscriber, in one transaction.

        `view` is the market that the alerts were raised in, None only where there are none. `now_ms` is the
        clock's time from which deliveries are due. Returns the number of deliveries.
        """
        ...

    async def sample(self, chat: ChatKey, watch: Watch, hit: Hit, view: MarketView, now_ms: int) -> int:
        """Write down a sample alert that is owed to `chat` alone, known before or not; return its number."""
        ...

    async def alert(self, alert_id: int) -> Alert | None:
        """Return an alert by its number; None where there is none."""
        ...

    async def told(self, chat: ChatKey, alert_id: int) -> Told | None:
        """Return what became of an alert in `chat`; None where the chat was not to get it."""
        ...

    async def newest_of(self, chat: ChatKey, limit: int) -> list[Alert]:
        """Return the newest alerts that have arrived in `chat`, the newest first."""
        ...

    async def latest(self, coin: str | None, limit: int) -> list[Alert]:
        """Return the newest alerts of a coin, or of all where that is None; no samples. The newest first."""
        ...

    async def view_of(self, alert: Alert) -> MarketView:
        """Return the market as it was when the alert went out. Raises `WireError` where it is damaged."""
        ...

    async def upload(self, alert_id: int, platform: str) -> str | None:
        """Return the handle under which a platform has the alert's picture; None where it has not."""
        ...

    async def forget_states(self) -> None:
        """Let every watch begin anew, as when a simulated or recorded market starts over."""
        ...

    async def prune(self, before_ms: int) -> int:
        """Remove alerts from before then, by the clock, of which nothing is owed; return how many.

        One that no chat was to get, as where all had paused it, goes as well: nobody can ask for it.
        """
        ...
