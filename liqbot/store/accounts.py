"""The accounts of an exchange that are known, so that a restart need not find them again."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from liqbot.store.database import open_database, transaction


class KnownAccount(NamedTuple):
    """An account as it was last known. Times are ms since 1970 UTC."""

    address: str
    first_seen_ms: int
    polled_ms: int
    """When its positions were last seen, 0 for never."""
    lively_ms: int
    """When it was last seen to hold or to trade something."""
    notional_usd: float
    """Its open size then, both sides; before the first look a guess."""


class Accounts:
    """The known accounts of one venue, on a connection of its own: it may be used from any one thread."""

    def __init__(self, path: Path, venue: str) -> None:
        """Open the database at `path`. Raises `DatabaseError`."""
        self._db: sqlite3.Connection = open_database(path).conn
        self._venue = venue

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def load(self) -> list[KnownAccount]:
        """Return all of them, the largest first."""
        with closing(
            self._db.execute(
                "SELECT address, first_seen_ms, polled_ms, lively_ms, notional_usd FROM accounts "
                "WHERE venue = ? ORDER BY notional_usd DESC, address",
                [self._venue],
            )
        ) as rows:
            return [KnownAccount(*row) for row in rows]

    def save(self, accounts: Iterable[KnownAccount]) -> None:
        """Keep what is now known of `accounts`, all or none."""
        with transaction(self._db):
            self._db.executemany(
                "INSERT INTO accounts (venue, address, first_seen_ms, polled_ms, lively_ms, notional_usd) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (venue, address) DO UPDATE SET "
                "polled_ms = excluded.polled_ms, lively_ms = excluded.lively_ms, "
                "notional_usd = excluded.notional_usd",
                [(self._venue, *account) for account in accounts],
            )

    def forget(self, addresses: Iterable[str]) -> None:
        """Remove accounts."""
        with transaction(self._db):
            self._db.executemany(
                "DELETE FROM accounts WHERE venue = ? AND address = ?",
                [(self._venue, address) for address in addresses],
            )
