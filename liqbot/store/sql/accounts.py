"""The accounts of an exchange that are known, in SQL."""

import asyncio
from collections.abc import Iterable, Sequence

from liqbot.store.accounts import KnownAccount
from liqbot.store.sql.rooms import Connection, Connections, Records, reads, writes_beside


class SqlAccounts(Records):
    """The known accounts of one venue."""

    def __init__(self, connections: Connections, venue: str) -> None:
        """`connections` are its own: they end with it."""
        super().__init__(connections)
        self._venue = venue

    async def close(self) -> None:
        await asyncio.to_thread(self.connections.close)

    @reads
    def load(self, db: Connection) -> list[KnownAccount]:
        rows = db.execute(
            "SELECT address, first_seen_ms, polled_ms, lively_ms, notional_usd FROM accounts "
            "WHERE venue = ? ORDER BY notional_usd DESC, address",
            [self._venue],
        )
        return [KnownAccount(*row) for row in rows]

    async def save(self, accounts: Iterable[KnownAccount]) -> None:
        await self._save(list(accounts))

    async def forget(self, addresses: Iterable[str]) -> None:
        await self._forget(list(addresses))

    @writes_beside
    def _save(self, db: Connection, accounts: Sequence[KnownAccount]) -> None:
        db.executemany(
            "INSERT INTO accounts (venue, address, first_seen_ms, polled_ms, lively_ms, notional_usd) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (venue, address) DO UPDATE SET "
            "polled_ms = excluded.polled_ms, lively_ms = excluded.lively_ms, "
            "notional_usd = excluded.notional_usd",
            [(self._venue, *account) for account in accounts],
        )

    @writes_beside
    def _forget(self, db: Connection, addresses: Sequence[str]) -> None:
        db.executemany(
            "DELETE FROM accounts WHERE venue = ? AND address = ?",
            [(self._venue, address) for address in addresses],
        )
