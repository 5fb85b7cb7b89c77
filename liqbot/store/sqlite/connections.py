"""The threads on which SQLite runs: one writes, a few read beside it. The event loop waits for none."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from liqbot.store.errors import StoreError
from liqbot.store.sql.dialect import SQLITE
from liqbot.store.sqlite.database import open_database, open_reader, transaction
from liqbot.store.urgency import Jobs, UrgentFirst

READERS = 3
"""So many questions may be answered at the same time: a long one, as a grid, holds up no other."""
GROUP = 64
"""At most so many writes share one commit where they queue up, as on a slow disk: one fsync for all."""
BESIDE_URGENT = 8
"""So many that are not urgent share it with one that is."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    """Something to be written, and who waits for what comes of it."""

    work: Callable[[sqlite3.Connection], Result]
    done: Future[Result] = field(default_factory=Future[Result])

    def alone(self, connection: sqlite3.Connection) -> None:
        """Write it in a transaction of its own."""
        try:
            with transaction(connection):
                result = self.work(connection)
        except Exception as error:  # noqa: BLE001 - it is for who waits
            self.done.set_exception(_told(error))
        else:
            self.done.set_result(result)


class Connections:
    """A database's connections. What is read, is read of what was committed before the question."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open or create the database at `path`; `read_only`: beside its bot. Raises `DatabaseError`."""
        self.path = path
        self.dialect = SQLITE
        self.writer: sqlite3.Connection | None = None if read_only else open_database(path).conn
        self._readers = [open_reader(path) for _ in range(READERS)]
        self._free_readers: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for connection in self._readers:
            connection.isolation_level = None
            self._free_readers.put(connection)
        self._reading = UrgentFirst(READERS, "store-read")
        self._to_write = Jobs[_Job[Any]]()
        self._writing: threading.Thread | None = None
        if self.writer is not None:
            self._writing = threading.Thread(
                target=self._write_on, args=[self.writer], name="store-write", daemon=True
            )
            self._writing.start()
        self._is_closed = False

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what `work` reads; all of it sees one state of the database. Raises `StoreError`."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, work)

    async def write(self, work: Callable[[sqlite3.Connection], Result], *, beside: bool = False) -> Result:
        """Do `work` in a transaction; return when it is committed. Raises `StoreError`.

        Nobody writes beside it, asked for or not: SQLite has one writer. It may be done twice, the first time
        without effect: where it shared a transaction with another that failed.
        """
        del beside
        self._require_open()
        job = _Job(work)
        self._to_write.put(job)
        return await asyncio.wrap_future(job.done)

    def close(self) -> None:
        """Finish what was asked, and let go of the database. Blocks."""
        if self._is_closed:
            return
        self._is_closed = True
        self._to_write.close()
        if self._writing is not None:
            self._writing.join()
        self._reading.shutdown()
        for connection in self._readers:
            connection.close()
        if self.writer is not None:
            self.writer.close()

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreError(f"{self.path}: is closed")

    def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        connection = self._free_readers.get()
        try:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.rollback()
        except sqlite3.Error as error:
            raise _told(error) from error
        finally:
            self._free_readers.put(connection)

    def _write_on(self, connection: sqlite3.Connection) -> None:
        while jobs := self._to_write.group(GROUP, BESIDE_URGENT):
            _write_together(connection, [job for job in jobs if job.done.set_running_or_notify_cancel()])


def _write_together(connection: sqlite3.Connection, jobs: Sequence[_Job[Any]]) -> None:
    """Commit all as one; where any fails, each by itself, so that it harms only itself."""
    if len(jobs) > 1:
        with contextlib.suppress(Exception):  # each meets its own error below
            with transaction(connection):
                results = [job.work(connection) for job in jobs]
            for job, result in zip(jobs, results, strict=True):
                job.done.set_result(result)
            return
    for job in jobs:
        job.alone(connection)


def _told(error: Exception) -> Exception:
    """Return an error as the rest of the house knows it: nobody else speaks SQLite."""
    if not isinstance(error, sqlite3.Error):
        return error
    told = StoreError(str(error))
    told.__cause__ = error
    return told
