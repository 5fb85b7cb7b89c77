"""One connection that waits on the event loop, for what must not queue behind the store: leases, the bus."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, LiteralString, TypeAlias, cast

import psycopg
from psycopg.rows import TupleRow

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.database import connect_async, is_of_connection, told

CLOSE_S = 1.0
_LOCK = 0x6C69_7163  # "liqc"
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


@dataclass(slots=True, eq=False)
class _Wire:
    """A connection, and who is speaking on it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    connection: psycopg.AsyncConnection[TupleRow] | None = None

    def cut(self) -> None:
        """Let go of the connection."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.pgconn.finish()


class Line:
    """Asks one thing after the other. A connection that breaks, or is given up, is made anew at the next."""

    def __init__(self, url: PostgresUrl, name: str) -> None:
        """`name` is what the server's administrator sees."""
        self.url = url
        self._name = name
        self._wire = _Wire()
        self._left: set[asyncio.Task[list[TupleRow]]] = set()

    async def ask(self, statement: str, values: Values = ()) -> list[TupleRow]:
        """Execute one statement, as a transaction of its own; return its rows. Raises `StoreError`.

        Whoever gives up waiting is let go at once, whatever the server is at; a driver that is cancelled
        would wait for the server to take note of that. The question stands, and its answer is nobody's. What
        is asked next is asked on another connection.
        """
        wire = self._wire
        task = asyncio.create_task(self._execute(wire, statement, values))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self._wire = _Wire()
                self._left.add(task)
                task.add_done_callback(lambda done: self._forget(done, wire))
            raise

    async def connected(self) -> psycopg.AsyncConnection[TupleRow]:
        """Return the connection itself, to listen on. Raises `StoreError`."""
        async with self._wire.lock:
            return await self._connected(self._wire)

    def drop(self) -> None:
        """Let go of the connection; nobody may be asking."""
        self._wire.cut()

    async def close(self) -> None:
        """Let go of everything; what the server does not take note of soon is left behind."""
        self.drop()
        if self._left:
            await asyncio.wait(self._left, timeout=CLOSE_S)

    async def _execute(self, wire: _Wire, statement: str, values: Values) -> list[TupleRow]:
        async with wire.lock:
            try:
                connection = await self._connected(wire)
                cursor = connection.cursor(binary=True)
                await cursor.execute(cast("LiteralString", statement), values)
                return await cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                if is_of_connection(error):
                    wire.cut()
                raise told(error) from error
            except asyncio.CancelledError:
                wire.cut()
                raise

    async def _connected(self, wire: _Wire) -> psycopg.AsyncConnection[TupleRow]:
        if wire.connection is None or wire.connection.closed:
            wire.connection = await connect_async(self.url, name=self._name)
        return wire.connection

    def _forget(self, task: "asyncio.Task[list[TupleRow]]", wire: _Wire) -> None:
        self._left.discard(task)
        wire.cut()
        if not task.cancelled():
            task.exception()  # nobody waits for it any more


async def has_tables(line: Line) -> bool:
    """Return whether processes have ever told each other of anything here. Raises `StoreError`."""
    return await line.ask("SELECT to_regclass('remote_calls') IS NOT NULL") == [(True,)]


async def make_tables(line: Line) -> None:
    """Make the tables of what processes tell each other, where they are not there. Raises `StoreError`."""
    if await has_tables(line):
        return
    script = files("liqbot.store.postgres").joinpath("cluster.sql").read_text(encoding="utf-8")
    connection = await line.connected()
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            await connection.execute(cast("LiteralString", script))
    except psycopg.Error as error:
        raise told(error) from error
