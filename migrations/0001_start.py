"""The first tables: history, chats, watches, subscriptions, alerts and their deliveries."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0001_start")
def start(db: Database) -> None:
    """Make the tables. Times are ms since 1970 UTC; what they mean is told in ARCHITECTURE.md."""
    db.executescript("""
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        spot REAL NOT NULL,
        low REAL NOT NULL,
        high REAL NOT NULL,
        map BLOB NOT NULL,
        view BLOB,
        UNIQUE (layer, coin, time_ms)
    ) STRICT;

    CREATE TABLE memories (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        memory BLOB NOT NULL,
        PRIMARY KEY (layer, coin)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE chats (
        id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        native_id TEXT NOT NULL,
        thread TEXT NOT NULL DEFAULT '',
        created_ms INTEGER NOT NULL,
        last_number INTEGER NOT NULL DEFAULT 0,
        UNIQUE (platform, native_id, thread)
    ) STRICT;

    CREATE TABLE watches (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        coin TEXT NOT NULL,
        parameters TEXT NOT NULL,
        state BLOB,
        UNIQUE (rule, coin, parameters)
    ) STRICT;
    CREATE INDEX watches_by_coin ON watches (coin);

    CREATE TABLE subscriptions (
        id INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        watch_id INTEGER NOT NULL REFERENCES watches (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        UNIQUE (chat_id, watch_id),
        UNIQUE (chat_id, number)
    ) STRICT;
    CREATE INDEX subscriptions_by_watch ON subscriptions (watch_id);

    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        coin TEXT NOT NULL,
        parameters TEXT NOT NULL,
        key TEXT NOT NULL,
        reason TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        hit BLOB NOT NULL,
        view BLOB NOT NULL
    ) STRICT;
    CREATE INDEX alerts_by_time ON alerts (time_ms);

    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY,
        alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        status TEXT NOT NULL CHECK (status IN ('due', 'sending', 'sent', 'failed')),
        due_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        sent_ms INTEGER,
        UNIQUE (alert_id, chat_id)
    ) STRICT;
    CREATE INDEX deliveries_open ON deliveries (due_ms) WHERE status IN ('due', 'sending');
    """)
