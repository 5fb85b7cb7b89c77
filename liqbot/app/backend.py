"""What the processes of a bot share: the store, the bus and the leases. On SQLite there is one process."""

import os
import secrets
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from liqbot.app.background import in_background
from liqbot.bus import Bus, LocalBus
from liqbot.service.processes import Processes, ProcessesAnswer
from liqbot.settings import Settings
from liqbot.store.address import PostgresUrl
from liqbot.store.errors import StoreError
from liqbot.store.leases import Leases
from liqbot.store.opening import open_store
from liqbot.store.presence import Presence
from liqbot.store.remote_calls import RemoteCalls
from liqbot.store.retention import Retention
from liqbot.store.scans import Scans
from liqbot.store.store import Store


@dataclass(frozen=True, slots=True)
class Shared:
    """What several processes have besides a store and a bus."""

    name: str
    """This process: like that of no other, also after a restart."""
    leases: Leases
    """Who does what only one may do."""
    presence: Presence
    """Who is there."""
    scans: Callable[[str], Scans]
    """What is exchanged between those who scan a venue and those who make its maps."""
    calls: RemoteCalls
    """What is asked of each other."""
    run: Callable[[Callable[[], bool]], AbstractAsyncContextManager[None]]
    """Hears other processes meanwhile; views wait a while for what is busy. Raises `StoreError`."""
    trouble: Callable[[], str | None]
    """Why other processes are not heard at present; None where they are."""
    close: Callable[[], Awaitable[None]]
    """Lets go of all connections but the store's."""


@dataclass(frozen=True, slots=True)
class Backend:
    """What a bot stands on."""

    store: Store
    bus: Bus = field(default_factory=LocalBus)
    shared: Shared | None = None
    """None where there is one process, which does everything."""

    @property
    def leases(self) -> Leases | None:
        """Who does what only one may do; None where there is one process."""
        return None if self.shared is None else self.shared.leases

    @asynccontextmanager
    async def at_work(self, is_busy: Callable[[], bool]) -> AsyncGenerator[None]:
        """Hear other processes meanwhile. Raises `StoreError` where the database is out of reach.

        Views of others wait a while where this process `is_busy` with what is more urgent.
        """
        if self.shared is None:
            yield
            return
        try:
            async with self.shared.run(is_busy):
                yield
        finally:
            with suppress(StoreError):
                await self.shared.presence.leave(self.shared.name)
            await self.shared.close()


def open_backend(settings: Settings) -> Backend:
    """Open the database that is set. Raises `DatabaseError`."""
    keep = settings.keep
    retention = Retention.of_days(history=keep.history_days, views=keep.views_days, events=keep.events_days)
    store = open_store(settings.database, retention=retention)
    if not isinstance(settings.database, PostgresUrl):
        return Backend(store)
    return _shared(store, settings.database)


async def processes_of(url: PostgresUrl) -> ProcessesAnswer:
    """Return which processes of a bot work on a database now. Raises `StoreError`."""
    from liqbot.store.postgres.leases import PostgresLeases  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.line import Line, has_tables  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.presence import PostgresPresence  # noqa: PLC0415 - an extra

    line, leases = Line(url, "liqbot doctor"), PostgresLeases(url, "doctor")
    presence = PostgresPresence(url, "liqbot doctor")
    try:
        is_shared = await has_tables(line)
        return await Processes(presence, leases).all() if is_shared else ProcessesAnswer()
    finally:
        await line.close()
        await leases.close()
        await presence.close()


def process_name() -> str:
    """Return a name for this process that no other one has, nor this one after a restart."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


def _shared(store: Store, url: PostgresUrl) -> Backend:
    from liqbot.store.postgres.bus import PostgresBus  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.leases import PostgresLeases  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.presence import PostgresPresence  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.remote_calls import PostgresCalls  # noqa: PLC0415 - an extra
    from liqbot.store.postgres.scans import PostgresScans  # noqa: PLC0415 - an extra

    name = process_name()
    bus = PostgresBus(url, name)
    leases = PostgresLeases(url, name)
    presence = PostgresPresence(url, f"liqbot presence {name}")
    calls = PostgresCalls(url, name)

    @asynccontextmanager
    async def run(is_busy: Callable[[], bool]) -> AsyncGenerator[None]:
        bus.is_busy = is_busy
        await bus.begin()
        async with in_background(bus.run()):
            yield

    async def close() -> None:
        await leases.close()
        await presence.close()
        await calls.close()

    return Backend(
        store,
        bus,
        Shared(
            name,
            leases,
            presence,
            scans=lambda venue: PostgresScans(url, name, venue),
            calls=calls,
            run=run,
            trouble=lambda: bus.trouble,
            close=close,
        ),
    )
