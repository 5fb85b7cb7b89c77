"""The connections of one process to PostgreSQL, on threads of their own: some write, some read.

What is asked is done in a transaction, beside other processes. What writes says how much it wants to itself:

* alone: nobody else writes anything meanwhile, as with SQLite. That is the default.
* beside: others of this kind may write meanwhile. Only what locks the rows it decides by may say so.

A connection that breaks is made anew. What was being read is read again. Of what was being committed the
server is asked, as soon as it answers again, whether it was: nothing is done twice or taken for lost.
"""

import asyncio
import contextlib
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, LiteralString, TypeVar, cast

import psycopg
from psycopg.rows import TupleRow

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import StoreError
from liqbot.store.leases import Lease, LeaseLostError, fence
from liqbot.store.postgres import schema
from liqbot.store.postgres.database import connect, is_of_connection, told
from liqbot.store.sql.dialect import POSTGRESQL
from liqbot.store.urgency import Jobs

READERS = 3
WRITERS = 2
TRIES = 8
"""So often a transaction is begun anew that stood in another one's way, or whose connection broke."""
PAUSE_S = 0.02
"""Each try waits for up to so much longer than the one before."""
UNKNOWN_S = 60.0
"""So long is waited for a server that went away amid a commit, to learn whether it was made."""

Result = TypeVar("Result")


class Database:
    """A connection as rooms of the store see it: statements have `?` where values go, as SQLite's have."""

    def __init__(self, connection: psycopg.Connection[TupleRow]) -> None:
        self.connection = connection

    def execute(
        self, statement: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> psycopg.Cursor[TupleRow]:
        """Execute a statement."""
        return self.connection.cursor(binary=True).execute(_written(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> psycopg.Cursor[TupleRow]:
        """Execute a statement for each row of values."""
        cursor = self.connection.cursor()
        cursor.executemany(_written(statement), list(rows))
        return cursor


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    """Something to be done, and who waits for what comes of it."""

    work: Callable[[Database], Result]
    begin: str
    """What begins its transaction."""
    fence: Lease | None = None
    """The lease under which it is written; None for none."""
    done: Future[Result] = field(default_factory=Future[Result])


class Connections:
    """A database's connections. What is read, is read of what was committed before the question."""

    def __init__(self, url: PostgresUrl, *, read_only: bool = False) -> None:
        """Connect, and bring the database up to this version; `read_only`: only look. Blocks.

        Raises `DatabaseError`.
        """
        self.url = url
        self.dialect = POSTGRESQL
        first = connect(url, writes=not read_only)
        try:
            (schema.require_current if read_only else schema.prepare)(url, first)
        except BaseException:
            first.close()
            raise
        self._is_read_only = read_only
        self._reading, self._writing = Jobs[_Job[Any]](), Jobs[_Job[Any]]()
        writers = 0 if read_only else WRITERS
        self._threads = [
            *(_Worker(self._connect, self._reading, f"store-read-{at}") for at in range(READERS)),
            *(_Worker(self._connect, self._writing, f"store-write-{at}") for at in range(writers)),
        ]
        self._threads[0].connection = first
        for thread in self._threads:
            thread.start()
        self._is_closed = False

    async def read(self, work: Callable[[Database], Result]) -> Result:
        """Return what `work` reads; all of it sees one state of the database. Raises `StoreError`."""
        return await self._done(self._reading, _Job(work, _READ))

    async def write(self, work: Callable[[Database], Result], *, beside: bool = False) -> Result:
        """Do `work` in a transaction; return when it is committed. Raises `StoreError`.

        `beside`: others may write meanwhile. It may be done more than once, all but the last time without
        effect.
        """
        if self._is_read_only:
            raise StoreError(f"{self.url}: is open for reading only")
        return await self._done(self._writing, _Job(work, _BESIDE if beside else _ALONE, fence()))

    def close(self) -> None:
        """Finish what was asked, and let go of the database. Blocks."""
        if self._is_closed:
            return
        self._is_closed = True
        for jobs in (self._reading, self._writing):
            jobs.close(len(self._threads))  # more than there are is none too few
        for thread in self._threads:
            thread.join()

    def _connect(self) -> psycopg.Connection[TupleRow]:
        """Connect to what may be written; also to read there, as one for reading only lags behind."""
        return connect(self.url, writes=not self._is_read_only)

    async def _done(self, jobs: Jobs[_Job[Any]], job: _Job[Result]) -> Result:
        if self._is_closed:
            raise StoreError(f"{self.url}: is closed")
        jobs.put(job)
        return await asyncio.wrap_future(job.done)


class _Worker(threading.Thread):
    """A thread with a connection of its own, which is made when there is something to do."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection[TupleRow]], jobs: Jobs[_Job[Any]], name: str
    ) -> None:
        """`connect` makes a connection. Raises `DatabaseError`."""
        super().__init__(name=name, daemon=True)
        self.jobs = jobs
        self.connection: psycopg.Connection[TupleRow] | None = None
        self._connect = connect
        self._chance = random.Random()  # noqa: S311 - it spreads tries, it keeps no secret

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            if job.done.set_running_or_notify_cancel():
                try:
                    result = self._do(job)
                except Exception as error:  # noqa: BLE001 - it is for who waits
                    job.done.set_exception(told(error) if isinstance(error, psycopg.Error) else error)
                else:
                    job.done.set_result(result)
        if self.connection is not None:
            self.connection.close()

    def _do(self, job: _Job[Result]) -> Result:
        """Do it, again where it stood in another one's way or its connection was broken before the commit."""
        for number in range(TRIES - 1):
            with contextlib.suppress(_AgainError):
                return self._try(job)
            time.sleep(PAUSE_S * number * self._chance.random())  # those who met do not meet again
        return self._try(job)

    def _try(self, job: _Job[Result]) -> Result:
        connection = self._connected()
        try:
            number = _begin(connection, job.begin)
            _pass(connection, job.fence)
            result = job.work(Database(connection))
        except psycopg.Error as error:
            if is_of_connection(error):
                connection.close()
            if connection.closed or _stood_in_the_way(error):
                raise _again(connection, error) from error
            connection.rollback()
            raise
        except BaseException:
            if not connection.closed:
                connection.rollback()
            raise
        try:
            connection.commit()
        except psycopg.OperationalError as error:
            if number is None or not self._was_committed(number):
                raise _again(connection, error) from error
        return result

    def _connected(self) -> psycopg.Connection[TupleRow]:
        if self.connection is None or self.connection.closed:
            self.connection = self._connect()
        return self.connection

    def _was_committed(self, number: int) -> bool:
        """Ask the server whether the transaction of that number was committed. Raises `StoreError`."""
        until, pause_s = time.monotonic() + UNKNOWN_S, 0.05
        while time.monotonic() < until:
            try:
                row = self._connected().execute(_STATUS, [str(number)]).fetchone()
            except (StoreError, psycopg.OperationalError):
                row = None
            if row is not None and row[0] != "in progress":
                return row[0] == "committed"
            time.sleep(pause_s)
            pause_s = min(1.0, 2 * pause_s)
        raise StoreError("the server went away amid a commit; nobody knows whether it was made")


_STATUS = "SELECT pg_xact_status(%s::text::xid8)"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# The number tells later whether a commit was made whose answer got lost.
_ALONE = f"BEGIN; SELECT pg_current_xact_id()::text::bigint, pg_advisory_xact_lock({schema.WRITE_LOCK})"
_BESIDE = (
    f"BEGIN; SELECT pg_current_xact_id()::text::bigint, pg_advisory_xact_lock_shared({schema.WRITE_LOCK})"
)


_FENCE = "SELECT number FROM fences WHERE name = %s FOR SHARE"
_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")


def _begin(connection: psycopg.Connection[TupleRow], statements: str) -> int | None:
    """Begin a transaction; return its number, None for one that only reads."""
    begun = connection.execute(cast("LiteralString", statements))
    while begun.nextset():
        pass
    row = begun.fetchone() if begun.description else None
    return None if row is None else row[0]


def _pass(connection: psycopg.Connection[TupleRow], lease: Lease | None) -> None:
    """Raise `LeaseLostError` where a lease is somebody else's by now; else nobody takes it until the end."""
    if lease is None:
        return
    row = connection.execute(_FENCE, [lease.name]).fetchone()  # none where no process has asked others for it
    if row is not None and row[0] != lease.number:
        raise LeaseLostError(f"{lease.name} belongs to another process by now")


class _AgainError(StoreError):
    """Nothing was committed, and another try may work: the connection broke, or others stood in the way."""


def _again(connection: psycopg.Connection[TupleRow], error: psycopg.Error) -> _AgainError:
    if not connection.closed:
        connection.rollback()
    return _AgainError(str(told(error)))


def _stood_in_the_way(error: psycopg.Error) -> bool:
    """Return whether it was for others that a transaction was given up, such as in a deadlock."""
    return (error.sqlstate or "").startswith("40")


@lru_cache(maxsize=1024)
def _written(statement: str) -> LiteralString:
    """Return a statement as the driver wants it: `%s` and `%(name)s` where values go."""
    parts = statement.replace("%", "%%").split("'")
    for at in range(0, len(parts), 2):  # every other part is text in quotes
        parts[at] = _NAME.sub(r"%(\1)s", parts[at].replace("?", "%s"))
    return cast("LiteralString", "'".join(parts))
