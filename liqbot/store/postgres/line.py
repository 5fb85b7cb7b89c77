"""One connection that waits on the event loop, for what must not queue behind the store: leases, the bus."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import TupleRow

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.database import connect_async, told

_LOCK = 0x6C69_7163  # "liqc"


class Line:
    """Asks one thing after the other. A connection that breaks, or is given up, is made anew at the next."""

    def __init__(self, url: PostgresUrl, name: str) -> None:
        """`name` is what the server's administrator sees."""
        self.url = url
        self._name = name
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[TupleRow] | None = None

    async def ask(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[TupleRow]:
        """Execute one statement, as a transaction of its own; return its rows. Raises `StoreError`.

        Where the wait is given up, so is the connection: nobody knows what it is at.
        """
        async with self._lock:
            try:
                connection = await self._connected()
                cursor = connection.cursor(binary=True)
                await cursor.execute(cast("LiteralString", statement), values)
                return await cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                if error.sqlstate is None or error.sqlstate[:2] in ("57", "08"):
                    self.drop()
                raise told(error) from error
            except BaseException:
                self.drop()
                raise

    async def connected(self) -> psycopg.AsyncConnection[TupleRow]:
        """Return the connection itself, to listen on. Raises `StoreError`."""
        async with self._lock:
            return await self._connected()

    def drop(self) -> None:
        """Give the connection up, whatever it is at."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()

    async def _connected(self) -> psycopg.AsyncConnection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect_async(self.url, name=self._name)
        return self._connection


async def make_tables(line: Line) -> None:
    """Make the tables of what processes tell each other, where they are not there. Raises `StoreError`."""
    script = files("liqbot.store.postgres").joinpath("cluster.sql").read_text(encoding="utf-8")
    connection = await line.connected()
    try:
        cursor = await connection.execute("SELECT to_regclass('processes')")
        if await cursor.fetchone() != (None,):
            return
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            await connection.execute(cast("LiteralString", script))
    except psycopg.Error as error:
        raise told(error) from error
