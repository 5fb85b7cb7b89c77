"""Notes by name, and to which community a chat belongs."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0003_notes")
def notes(db: Database) -> None:
    """Make the tables."""
    db.executescript("""
    CREATE TABLE notes (
        name TEXT NOT NULL PRIMARY KEY,
        text TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE communities (
        chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
        community TEXT NOT NULL
    ) STRICT;
    CREATE INDEX communities_by_name ON communities (community);
    """)
