"""Notes: short texts that outlive a restart, by name."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0003_notes")
def notes(db: Database) -> None:
    """Make the table."""
    db.executescript("""
    CREATE TABLE notes (
        name TEXT NOT NULL PRIMARY KEY,
        text TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """)
