"""What the processes of a bot share: the store, the bus and the leases. On SQLite there is one process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from liqbot.bus import Bus, LocalBus
from liqbot.settings import Settings
from liqbot.store.leases import Leases
from liqbot.store.opening import open_store
from liqbot.store.retention import Retention
from liqbot.store.store import Store


@dataclass(frozen=True, slots=True)
class Backend:
    """What a bot stands on."""

    store: Store
    bus: Bus
    leases: Leases | None = None
    """Who does what; None where there is one process, which does everything."""

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """Take notices meanwhile."""
        yield


def open_backend(settings: Settings) -> Backend:
    """Open the database that is set. Raises `DatabaseError`."""
    keep = settings.keep
    retention = Retention.of_days(history=keep.history_days, views=keep.views_days, events=keep.events_days)
    return Backend(open_store(settings.database, retention=retention), LocalBus())
