"""Subscriptions that end by themselves, and chats that want alerts of one moment one by one."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0026_manners")
def manners(db: Database) -> None:
    """Widen subscriptions and chats. Times are ms since 1970 UTC."""
    db.executescript("""
    ALTER TABLE subscriptions ADD COLUMN once INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE subscriptions ADD COLUMN until_ms INTEGER;
    ALTER TABLE chats ADD COLUMN grouped INTEGER NOT NULL DEFAULT 1;
    CREATE INDEX subscriptions_until ON subscriptions (until_ms) WHERE until_ms IS NOT NULL;
    """)
