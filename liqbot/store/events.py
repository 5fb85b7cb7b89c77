"""The event log: everything that happened between two views, thinned with age.

Everything is kept for `WHOLE_MS`. After that the liquidations of one side are one sum an hour, single ones
of less than `LARGE_USD` are dropped, and so is every growth of a cluster; births and ends of clusters and
changes of the regime are kept for `LONGEST_MS`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from liqbot.market.events import MarketEvent
from liqbot.market.layer import Layer
from liqbot.store.retention import DEFAULT

DAY_MS = 86_400_000
WHOLE_MS = 8 * DAY_MS
LONGEST_MS = DEFAULT.events_ms
"""By default, see `retention.py`."""
LARGE_USD = 1_000_000.0
MOST = 100_000
"""At most so many events are read at once: the newest."""


class LoggedEvent(NamedTuple):
    """An event with its place in the log."""

    id: int
    """Rises with every event that is written; those of one beat in the order in which they were told."""
    event: MarketEvent


class Events(Protocol):
    """What happened, by layer and coin."""

    async def record(
        self,
        events: Sequence[MarketEvent],
        cursors: Mapping[Layer, str] | None = None,
        memories: Mapping[Layer, Mapping[str, bytes]] | None = None,
    ) -> None:
        """Write events down, in one transaction with up to where the sources of layers have been read.

        And with the engine's `memories` by layer and coin: after a restart it tells nothing a second time.
        """
        ...

    async def cursor(self, layer: Layer) -> str:
        """Return up to where the source of a layer was read, in its own words; empty for nowhere."""
        ...

    async def between(
        self,
        layer: Layer,
        coin: str,
        since_ms: int,
        until_ms: int,
        *,
        kinds: Collection[str] | None = None,
        limit: int = MOST,
    ) -> list[LoggedEvent]:
        """Return what happened in (since_ms, until_ms], the oldest first; of `kinds` alone where given.

        Of more than `limit` the newest. Raises `StoreError` for one that is damaged.
        """
        ...

    async def forget(self, layer: Layer) -> None:
        """Remove everything of a layer, as when a simulated market begins anew."""
        ...

    async def thin(self, now_ms: int) -> None:
        """Thin what has aged, by the market's time `now_ms`."""
        ...
