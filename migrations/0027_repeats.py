"""Since when a delivery may have arrived: a platform knows a repeat only for so long."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0027_repeats")
def repeats(db: Database) -> None:
    """Widen deliveries. Times are ms since 1970 UTC; of what is unclear already nobody knows since when."""
    db.executescript("""
    ALTER TABLE deliveries ADD COLUMN unclear_ms INTEGER;
    UPDATE deliveries SET unclear_ms = 0 WHERE status = 'unknown';
    """)
