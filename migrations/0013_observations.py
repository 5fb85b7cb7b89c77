"""Observations: the views that rules have read, each with its place in the event log."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0013_observations")
def observations(db: Database) -> None:
    """Make the table, and take over the whole views of history: what rules had read until now.

    Times are ms since 1970 UTC, the market's; how long it is kept: `store/observations.py`.
    """
    db.executescript("""
    CREATE TABLE observations (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        newest_event INTEGER NOT NULL,
        view BLOB NOT NULL,
        PRIMARY KEY (layer, coin, time_ms)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO observations (layer, coin, time_ms, newest_event, view)
        SELECT layer, coin, time_ms, 0, view FROM history WHERE view IS NOT NULL;
    """)
