"""Absences: chats that take nothing at present, why, and when they are tried again."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0020_absences")
def absences(db: Database) -> None:
    """Make the table. Times are ms since 1970 UTC; a chat without a row can be reached."""
    db.executescript("""
    CREATE TABLE absences (
        chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
        reason TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        next_ms INTEGER NOT NULL
    ) STRICT;
    """)
