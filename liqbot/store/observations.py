"""Observations: exactly what rules have read, so that a preview reads the same.

Rules read one observation a minute of each coin and layer: the first view of the minute, with everything that
happened since the observation before. All of them are kept for `FINE_MS`. After that one is kept for each
`COARSE_STEP_MS`, the newest, up to `LONGEST_MS`; what happened stays in the event log, so that an observation
of that age tells of all that happened since the one kept before it.

On disk an observation takes 5 to 15 kB: of a coin in one layer some 15 MB for the day, and 4 MB for the week.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from liqbot.market.events import MarketEvent, Observation
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView
from liqbot.store.retention import DEFAULT

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
STEP_MS = MINUTE_MS
"""Rules read one view for each step of market time."""
FINE_MS = 25 * HOUR_MS
"""So long every observation is kept: a day, and an hour in which to ask about it."""
COARSE_STEP_MS = 30 * MINUTE_MS
LONGEST_MS = DEFAULT.views_ms
"""By default, see `retention.py`."""
EVENTS_MS = 7 * DAY_MS
"""What happened longer ago is not news any more, even after a long time without observations."""


def step_at(age_ms: int) -> int:
    """Return how far apart, in ms, observations of this age are kept."""
    return STEP_MS if age_ms <= FINE_MS else COARSE_STEP_MS


class Observations(Protocol):
    """What rules have read, by layer and coin."""

    async def record(self, views: Sequence[MarketView]) -> list[Observation]:
        """Keep those of `views` that begin a new minute; return them as observations, for rules to read.

        What happened is taken from the event log, where it has to be by now. A view that is older than what
        is kept is not kept. One transaction.
        """
        ...

    def since(self, layer: Layer, coin: str, since_ms: int) -> AsyncIterator[Observation]:
        """Yield the observations of `coin` from `since_ms` on, the oldest first.

        Raises `DamagedError` for one that is damaged or was written by another version.
        """
        ...

    async def next_of(self, layer: Layer, since_ms: Mapping[str, int | None]) -> list[Observation]:
        """Return of each coin its first observation from its time on, the newest where that is None.

        Coins without one are left out. All of them cost hardly more than one. Raises `DamagedError`.
        """
        ...

    async def newest(self, layer: Layer, coin: str) -> Observation | None:
        """Return the newest observation of `coin`; None without one."""
        ...

    async def events_since_newest(self, layer: Layer, coin: str) -> list[MarketEvent]:
        """Return what the log has of `coin` since its newest observation; nothing without one."""
        ...

    async def layers(self, coin: str) -> list[Layer]:
        """Return the layers that have told of `coin`, the one that told last first."""
        ...

    async def forget(self, layer: Layer) -> None:
        """Remove everything of a layer, as when a simulated market begins anew."""
        ...
