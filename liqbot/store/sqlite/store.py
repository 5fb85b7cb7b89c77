"""The store in one SQLite database."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from liqbot.market.layer import Layer
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sqlite.absences import SqliteAbsences
from liqbot.store.sqlite.access import SqliteAccess
from liqbot.store.sqlite.alerts import SqliteAlerts
from liqbot.store.sqlite.cases import SqliteCases
from liqbot.store.sqlite.chats import SqliteChats
from liqbot.store.sqlite.clock_repair import SqliteClockRepair
from liqbot.store.sqlite.communities import SqliteCommunities
from liqbot.store.sqlite.connections import Connections
from liqbot.store.sqlite.database import Claim
from liqbot.store.sqlite.deliveries import SqliteDeliveries
from liqbot.store.sqlite.events import SqliteEvents
from liqbot.store.sqlite.history import SqliteHistory
from liqbot.store.sqlite.journal import SqliteJournal
from liqbot.store.sqlite.memories import SqliteMemories
from liqbot.store.sqlite.notes import SqliteNotes
from liqbot.store.sqlite.observations import SqliteObservations
from liqbot.store.sqlite.scores import SqliteScores
from liqbot.store.sqlite.subscriptions import SqliteSubscriptions


class SqliteStore:
    """Everything that outlives a restart, for one bot at a time."""

    def __init__(self, path: Path, *, read_only: bool = False, retention: Retention = DEFAULT) -> None:
        """Open or create the database at `path`; `read_only`: beside its bot. Raises `DatabaseError`."""
        self.path = path
        self._claim = None if read_only else Claim(path)
        try:
            self.connections = Connections(path, read_only=read_only)
        except BaseException:
            if self._claim is not None:
                self._claim.release()
            raise
        self.history = SqliteHistory(self.connections, retention)
        self.events = SqliteEvents(self.connections, retention)
        self.observations = SqliteObservations(self.connections, retention)
        self.journal = SqliteJournal(self.connections)
        self.scores = SqliteScores(self.connections)
        self.cases = SqliteCases(self.connections, retention)
        self.chats = SqliteChats(self.connections)
        self.subscriptions = SqliteSubscriptions(self.connections)
        self.memories = SqliteMemories(self.connections)
        self.communities = SqliteCommunities(self.connections)
        self.notes = SqliteNotes(self.connections)
        self.alerts = SqliteAlerts(self.connections)
        self.deliveries = SqliteDeliveries(self.connections)
        self.absences = SqliteAbsences(self.connections)
        self.access = SqliteAccess(self.connections)

    async def begin_anew(self, layer: Layer) -> None:
        await self.history.forget(layer)
        await self.observations.forget(layer)
        await self.events.forget(layer)
        await self.cases.forget(layer)
        await self.memories.forget(layer)
        await self.alerts.forget_states(layer.key)

    async def put_back(self, now_ms: int) -> int:
        ahead_ms = await SqliteClockRepair(self.connections).put_back(now_ms)
        if ahead_ms:
            self.history.forget_cached()
            self.observations.forget_cached()
        return ahead_ms

    async def close(self) -> None:
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Let go of the database; blocks until all that was asked is done."""
        self.connections.close()
        if self._claim is not None:
            self._claim.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_now()

    @property
    def _db(self) -> sqlite3.Connection:
        """The writer's connection, for tests that look behind the door while nothing is written."""
        if self.connections.writer is None:
            raise ValueError("this store is for reading")
        return self.connections.writer


@asynccontextmanager
async def reading(path: Path) -> AsyncGenerator[SqliteStore]:
    """Give the store at `path` for reading, beside the bot that may be at work on it.

    Raises `DatabaseError` where there is none, or none of this version.
    """
    store = await asyncio.to_thread(lambda: SqliteStore(path, read_only=True))
    try:
        yield store
    finally:
        await store.close()
