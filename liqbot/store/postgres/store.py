"""The store in a PostgreSQL database, which several processes may open at once."""

import asyncio
from typing import Self

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.alerts import PostgresAlerts
from liqbot.store.postgres.connections import Connections
from liqbot.store.postgres.database import CLOCK_MS
from liqbot.store.postgres.deliveries import PostgresDeliveries
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.rooms import Connection
from liqbot.store.sql.store import SqlStore


class PostgresStore(SqlStore):
    """Everything that outlives a restart, for as many processes as there are."""

    def __init__(self, url: PostgresUrl, *, read_only: bool = False, retention: Retention = DEFAULT) -> None:
        """Connect, and bring the database up to this version; `read_only`: only look. Blocks.

        Raises `DatabaseError`.
        """
        self.address = url
        self.connections = Connections(url, read_only=read_only)
        super().__init__(self.connections, retention)
        self.alerts = PostgresAlerts(self.connections)
        self.deliveries = PostgresDeliveries(self.connections)

    async def put_back(self, now_ms: int) -> int:
        """Put back what lies in the future also by the server's clock.

        Of several machines one may be behind: what the others have written is right.
        """
        return await super().put_back(max(now_ms, await self.connections.read(_clock_ms)))

    async def size(self) -> int:
        return await self.connections.read(_size)

    async def close(self) -> None:
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Let go of the database; blocks until all that was asked is done."""
        self.connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_now()


def _clock_ms(db: Connection) -> int:
    return db.execute(f"SELECT {CLOCK_MS}").fetchone()[0]


def _size(db: Connection) -> int:
    return db.execute("SELECT pg_database_size(current_database())").fetchone()[0]
