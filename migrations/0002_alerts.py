"""Alerts that are never lost: how chats want to be spoken to, outcomes of deliveries, uploaded pictures."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0002_alerts")
def alerts(db: Database) -> None:
    """Widen chats and subscriptions, and make the deliveries anew: SQLite cannot change a CHECK."""
    db.executescript("""
    ALTER TABLE chats ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
    ALTER TABLE chats ADD COLUMN language TEXT NOT NULL DEFAULT '';
    ALTER TABLE chats ADD COLUMN quiet_from INTEGER;
    ALTER TABLE chats ADD COLUMN quiet_to INTEGER;
    ALTER TABLE chats ADD COLUMN mute_until_ms INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE chats ADD COLUMN hourly_limit INTEGER NOT NULL DEFAULT 20;
    ALTER TABLE chats ADD COLUMN inactive TEXT;
    ALTER TABLE chats ADD COLUMN inactive_ms INTEGER;

    ALTER TABLE subscriptions ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
    ALTER TABLE subscriptions ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE subscriptions ADD COLUMN role TEXT;
    ALTER TABLE subscriptions ADD COLUMN digest TEXT NOT NULL DEFAULT 'off';
    ALTER TABLE subscriptions ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE alerts ADD COLUMN sample INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE uploads (
        alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        platform TEXT NOT NULL,
        handle TEXT NOT NULL,
        PRIMARY KEY (alert_id, platform)
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE deliveries RENAME TO old_deliveries;
    DROP INDEX deliveries_open;
    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY,
        alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        status TEXT NOT NULL
            CHECK (status IN ('due', 'sending', 'unknown', 'held', 'sent', 'failed', 'expired')),
        due_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        carrier INTEGER,
        error TEXT,
        sent_ms INTEGER,
        message_id TEXT
    ) STRICT;
    INSERT INTO deliveries (id, alert_id, chat_id, status, due_ms, expires_ms, attempts, error, sent_ms)
        SELECT id, alert_id, chat_id, status, due_ms, due_ms + 21600000, attempts, error, sent_ms
        FROM old_deliveries;
    DROP TABLE old_deliveries;
    CREATE INDEX deliveries_open ON deliveries (due_ms) WHERE status IN ('due', 'sending', 'unknown');
    CREATE INDEX deliveries_held ON deliveries (due_ms) WHERE status = 'held';
    CREATE INDEX deliveries_open_by_chat ON deliveries (chat_id, id)
        WHERE status IN ('due', 'sending', 'unknown');
    CREATE INDEX deliveries_sent ON deliveries (chat_id, sent_ms) WHERE status = 'sent';
    CREATE INDEX deliveries_by_alert ON deliveries (alert_id);
    """)
