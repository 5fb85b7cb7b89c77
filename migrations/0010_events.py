"""The event log: what happened between two views, by layer and coin."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0010_events")
def events(db: Database) -> None:
    """Make the table. Times are ms since 1970 UTC, the market's; how long it is kept: `store/events.py`."""
    db.executescript("""
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        usd REAL,
        event BLOB NOT NULL
    ) STRICT;
    CREATE INDEX events_by_time ON events (layer, coin, time_ms);
    """)
