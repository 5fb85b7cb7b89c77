"""The accounts that a live source knows."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0006_accounts")
def accounts(db: Database) -> None:
    """Make the table. Times are ms since 1970 UTC; what they mean is told in `store/accounts.py`."""
    db.executescript("""
    CREATE TABLE accounts (
        venue TEXT NOT NULL,
        address TEXT NOT NULL,
        first_seen_ms INTEGER NOT NULL,
        polled_ms INTEGER NOT NULL,
        lively_ms INTEGER NOT NULL,
        notional_usd REAL NOT NULL,
        PRIMARY KEY (venue, address)
    ) STRICT, WITHOUT ROWID;
    """)
