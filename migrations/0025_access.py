"""Who may use the bot: who was let in or blocked, invite codes, quotas of their own."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0025_access")
def access(db: Database) -> None:
    """Make the tables. Times are ms since 1970 UTC; what they mean is told in `store/access.py`."""
    db.executescript("""
    CREATE TABLE standings (
        platform TEXT NOT NULL,
        native_id TEXT NOT NULL,
        standing TEXT NOT NULL CHECK (standing IN ('allowed', 'blocked')),
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (platform, native_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE invitations (
        code TEXT PRIMARY KEY,
        uses_left INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quotas (
        platform TEXT NOT NULL,
        native_id TEXT NOT NULL,
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (platform, native_id, name)
    ) STRICT, WITHOUT ROWID;
    """)
