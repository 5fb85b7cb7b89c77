"""Why a delivery is held stands by itself, and what a database of November 2026 may lack is made.

`0002_alerts` was changed after it had landed: a database that had it before got no heads of queues, and with
them no delivery. So they are made anew here, whatever was there. A landed migration is never changed again.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0014_queue_heads")
def queue_heads(db: Database) -> None:
    """Make the heads of queues anew; give the reason of a hold its column; forget who subscribed a chat."""
    db.executescript(_LACKING)
    db.executescript(_HELD_FOR)
    db.executescript("ALTER TABLE subscriptions DROP COLUMN created_by")
    db.executescript(_QUEUE_HEADS)


_LACKING = """
    DROP TRIGGER IF EXISTS heads_insert;
    DROP TRIGGER IF EXISTS heads_update;
    DROP TRIGGER IF EXISTS heads_delete;
    DROP TABLE IF EXISTS heads;
    CREATE TABLE IF NOT EXISTS communities (
        chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
        community TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS communities_by_name ON communities (community);
"""

_HELD_FOR = """
    ALTER TABLE deliveries ADD COLUMN held_for TEXT;
    UPDATE deliveries SET held_for = error, error = NULL
        WHERE status = 'held' OR (carrier IS NOT NULL AND status IN ('due', 'sending', 'unknown'));
"""

_QUEUE_HEADS = """
    -- Of each chat the first of its open deliveries: what is due next must be found at once, also where a
    -- hundred thousand chats are owed something, or one chat ten thousand. Triggers keep it, so that no
    -- change of a delivery can forget it.
    CREATE TABLE queue_heads (
        chat_id INTEGER PRIMARY KEY,
        delivery_id INTEGER NOT NULL,
        platform TEXT NOT NULL,
        due_ms INTEGER NOT NULL,
        is_sending INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX queue_heads_due ON queue_heads (platform, due_ms, delivery_id) WHERE NOT is_sending;
    INSERT INTO queue_heads
        SELECT chat_id, min(deliveries.id), platform, due_ms, status = 'sending'
        FROM deliveries JOIN chats ON chats.id = chat_id
        WHERE status IN ('due', 'sending', 'unknown') GROUP BY chat_id;

    -- A new delivery is the last of its chat: numbers only grow while there are others.
    CREATE TRIGGER queue_heads_insert AFTER INSERT ON deliveries
    WHEN NEW.status IN ('due', 'sending', 'unknown')
    BEGIN
        INSERT INTO queue_heads SELECT NEW.chat_id, NEW.id, platform, NEW.due_ms, NEW.status = 'sending'
            FROM chats WHERE id = NEW.chat_id
            ON CONFLICT (chat_id) DO NOTHING;
    END;
    CREATE TRIGGER queue_heads_update AFTER UPDATE OF chat_id, status, due_ms ON deliveries
    WHEN OLD.status IN ('due', 'sending', 'unknown') OR NEW.status IN ('due', 'sending', 'unknown')
    BEGIN
        DELETE FROM queue_heads WHERE chat_id IN (OLD.chat_id, NEW.chat_id);
        INSERT INTO queue_heads
            SELECT chat_id, deliveries.id, platform, due_ms, status = 'sending'
            FROM deliveries JOIN chats ON chats.id = chat_id
            WHERE deliveries.id IN (
                (SELECT min(id) FROM deliveries
                    WHERE chat_id = OLD.chat_id AND status IN ('due', 'sending', 'unknown')),
                (SELECT min(id) FROM deliveries
                    WHERE chat_id = NEW.chat_id AND status IN ('due', 'sending', 'unknown'))
            );
    END;
    CREATE TRIGGER queue_heads_delete AFTER DELETE ON deliveries
    WHEN OLD.status IN ('due', 'sending', 'unknown')
    BEGIN
        DELETE FROM queue_heads WHERE chat_id = OLD.chat_id;
        INSERT INTO queue_heads
            SELECT chat_id, deliveries.id, platform, due_ms, status = 'sending'
            FROM deliveries JOIN chats ON chats.id = chat_id
            WHERE deliveries.id = (SELECT min(id) FROM deliveries
                WHERE chat_id = OLD.chat_id AND status IN ('due', 'sending', 'unknown'));
    END;
"""
