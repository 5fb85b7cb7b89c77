"""The store: everything that outlives a restart. Whoever asks awaits: nothing here keeps the event loop."""

from typing import Protocol

from liqbot.market.layer import Layer
from liqbot.store.absences import Absences
from liqbot.store.access import Access
from liqbot.store.address import DatabaseAddress
from liqbot.store.alerts import Alerts
from liqbot.store.cases import Cases
from liqbot.store.chats import Chats
from liqbot.store.communities import Communities
from liqbot.store.deliveries import Deliveries
from liqbot.store.events import Events
from liqbot.store.history import History
from liqbot.store.journal import Journal
from liqbot.store.memories import Memories
from liqbot.store.notes import Notes
from liqbot.store.observations import Observations
from liqbot.store.scores import Scores
from liqbot.store.subscriptions import Subscriptions


class Store(Protocol):
    """One database, and what is kept in it.

    Each call is one transaction: done when it returns, and then seen by every later call. Any may raise
    `StoreError`, and then has changed nothing.
    """

    @property
    def address(self) -> DatabaseAddress:
        """Where it is; as text without a password."""
        ...

    @property
    def history(self) -> History:
        """Views as they were."""
        ...

    @property
    def events(self) -> Events:
        """What happened between views."""
        ...

    @property
    def observations(self) -> Observations:
        """What rules have read."""
        ...

    @property
    def journal(self) -> Journal:
        """What chats wrote down of alerts."""
        ...

    @property
    def scores(self) -> Scores:
        """How the modelled map fares against the truth."""
        ...

    @property
    def cases(self) -> Cases:
        """What the scoreboard counts."""
        ...

    @property
    def chats(self) -> Chats:
        """The address book."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """Who wishes to hear of what."""
        ...

    @property
    def alerts(self) -> Alerts:
        """States of watches, and the alerts that they raised."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """What is owed to chats."""
        ...

    @property
    def absences(self) -> Absences:
        """Which chats take nothing at present."""
        ...

    @property
    def access(self) -> Access:
        """Who was let in, who was blocked, and whose quotas differ."""
        ...

    @property
    def memories(self) -> Memories:
        """What the engine wants to know again."""
        ...

    @property
    def communities(self) -> Communities:
        """Which chats belong together."""
        ...

    @property
    def notes(self) -> Notes:
        """Short texts by name."""
        ...

    async def begin_anew(self, layer: Layer) -> None:
        """Forget a layer's past and what watches remember of it, for a market that starts over."""
        ...

    def look_anew(self, layer: Layer) -> None:
        """Go by the database alone as to what is known of a layer: others have written of it meanwhile."""
        ...

    async def put_back(self, now_ms: int) -> int:
        """Put back what lies in the future at `now_ms`, as a clock that was ahead has written it.

        Return by how much live markets did, ms; 0 for nothing. States of watches are put back when read.
        """
        ...

    async def date_by_clock(self, now_ms: int, error_ms: int) -> int:
        """Date all ends that are still to come by a clock that is ahead by `error_ms`, and shows `now_ms`.

        Until now they were dated by a clock of the error that was given last; what was written before any was
        given stays. Return by how much they were moved, ms.
        """
        ...

    async def size(self) -> int:
        """Return how many bytes it takes."""
        ...

    async def close(self) -> None:
        """Let go of the database, once all that was asked is done."""
        ...
