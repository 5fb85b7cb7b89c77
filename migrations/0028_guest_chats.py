"""Chats that get alerts though they were not let in themselves: somebody who was has set them up there."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0028_guest_chats")
def guest_chats(db: Database) -> None:
    """Make the table. Times are ms since 1970 UTC."""
    db.executescript("""
    CREATE TABLE guest_chats (
        platform TEXT NOT NULL,
        native_id TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (platform, native_id)
    ) STRICT, WITHOUT ROWID;
    """)
