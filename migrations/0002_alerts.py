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
    db.executescript(_HEADS)


_HEADS = """
    -- Of each chat the first of its open deliveries: what is due next must be found at once, also where a
    -- hundred thousand chats are owed something, or one chat ten thousand. Triggers keep it, so that no
    -- change of a delivery can forget it.
    CREATE TABLE heads (
        chat_id INTEGER PRIMARY KEY,
        delivery_id INTEGER NOT NULL,
        platform TEXT NOT NULL,
        due_ms INTEGER NOT NULL,
        is_sending INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX heads_due ON heads (platform, due_ms, delivery_id) WHERE NOT is_sending;
    INSERT INTO heads
        SELECT chat_id, min(deliveries.id), platform, due_ms, status = 'sending'
        FROM deliveries JOIN chats ON chats.id = chat_id
        WHERE status IN ('due', 'sending', 'unknown') GROUP BY chat_id;

    -- A new delivery is the last of its chat: numbers only grow while there are others.
    CREATE TRIGGER heads_insert AFTER INSERT ON deliveries
    WHEN NEW.status IN ('due', 'sending', 'unknown')
    BEGIN
        INSERT INTO heads SELECT NEW.chat_id, NEW.id, platform, NEW.due_ms, NEW.status = 'sending'
            FROM chats WHERE id = NEW.chat_id
            ON CONFLICT (chat_id) DO NOTHING;
    END;
    CREATE TRIGGER heads_update AFTER UPDATE OF chat_id, status, due_ms ON deliveries
    WHEN OLD.status IN ('due', 'sending', 'unknown') OR NEW.status IN ('due', 'sending', 'unknown')
    BEGIN
        DELETE FROM heads WHERE chat_id IN (OLD.chat_id, NEW.chat_id);
        INSERT INTO heads
            SELECT chat_id, deliveries.id, platform, due_ms, status = 'sending'
            FROM deliveries JOIN chats ON chats.id = chat_id
            WHERE deliveries.id IN (
                (SELECT min(id) FROM deliveries
                    WHERE chat_id = OLD.chat_id AND status IN ('due', 'sending', 'unknown')),
                (SELECT min(id) FROM deliveries
                    WHERE chat_id = NEW.chat_id AND status IN ('due', 'sending', 'unknown'))
            );
    END;
    CREATE TRIGGER heads_delete AFTER DELETE ON deliveries
    WHEN OLD.status IN ('due', 'sending', 'unknown')
    BEGIN
        DELETE FROM heads WHERE chat_id = OLD.chat_id;
        INSERT INTO heads
            SELECT chat_id, deliveries.id, platform, due_ms, status = 'sending'
            FROM deliveries JOIN chats ON chats.id = chat_id
            WHERE deliveries.id = (SELECT min(id) FROM deliveries
                WHERE chat_id = OLD.chat_id AND status IN ('due', 'sending', 'unknown'));
    END;
"""
