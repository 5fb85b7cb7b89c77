"""Up to where sources have been read that can be read again, such as a node's files."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0021_source_cursors")
def source_cursors(db: Database) -> None:
    """Make the table: a cursor a layer, in the source's own words, written with the events up to it."""
    db.executescript("""
    CREATE TABLE source_cursors (
        layer TEXT PRIMARY KEY,
        cursor TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """)
