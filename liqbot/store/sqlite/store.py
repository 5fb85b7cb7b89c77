"""The store in one SQLite database."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Self

from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.store import SqlStore
from liqbot.store.sqlite.connections import Connections
from liqbot.store.sqlite.database import Claim


class SqliteStore(SqlStore):
    """Everything that outlives a restart, for one bot at a time."""

    def __init__(self, path: Path, *, read_only: bool = False, retention: Retention = DEFAULT) -> None:
        """Open or create the database at `path`; `read_only`: beside its bot. Raises `DatabaseError`."""
        self.path = self.address = path
        self._claim = None if read_only else Claim(path)
        try:
            self.connections = Connections(path, read_only=read_only)
        except BaseException:
            if self._claim is not None:
                self._claim.release()
            raise
        super().__init__(self.connections, retention)

    async def size(self) -> int:
        return await asyncio.to_thread(_size, self.path)

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


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
