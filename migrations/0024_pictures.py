"""What pictures need: open interest beside each kept map, and how a chat wants its pictures."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0024_pictures")
def pictures(db: Database) -> None:
    """Add both. Open interest is one-sided in coins, NULL where unknown; an empty look is the default one."""
    db.executescript("""
    ALTER TABLE history ADD COLUMN open_interest REAL;
    ALTER TABLE chats ADD COLUMN look TEXT NOT NULL DEFAULT '';
    """)
