-- The database of a liqbot of 21 November 2026, 11:18 UTC.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'liqbot','0001_start','2026-11-21 12:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'liqbot','0002_alerts','2026-11-21 12:00:00+00:00');
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
    , sample INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "alerts" VALUES(1,'near-cluster','BTC','{}','BTC-L1','first',1000,X'7B226B6579223A20224254432D4C31222C202274657874223A20227365656E222C20226D65616E73223A202274686973222C2022636176656174223A20226E6F742074686174222C202276616C7565223A20312E352C202273696465223A20226C6F6E67227D',X'00',0);
INSERT INTO "alerts" VALUES(2,'near-cluster','BTC','{}','BTC-L1','first',1000,X'7B226B6579223A20224254432D4C31222C202274657874223A20227365656E222C20226D65616E73223A202274686973222C2022636176656174223A20226E6F742074686174222C202276616C7565223A20312E352C202273696465223A20226C6F6E67227D',X'00',0);
INSERT INTO "alerts" VALUES(3,'near-cluster','BTC','{}','BTC-L1','first',1000,X'7B226B6579223A20224254432D4C31222C202274657874223A20227365656E222C20226D65616E73223A202274686973222C2022636176656174223A20226E6F742074686174222C202276616C7565223A20312E352C202273696465223A20226C6F6E67227D',X'00',0);
CREATE TABLE chats (
        id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        native_id TEXT NOT NULL,
        thread TEXT NOT NULL DEFAULT '',
        created_ms INTEGER NOT NULL,
        last_number INTEGER NOT NULL DEFAULT 0, time_zone TEXT NOT NULL DEFAULT 'UTC', language TEXT NOT NULL DEFAULT '', quiet_from INTEGER, quiet_to INTEGER, mute_until_ms INTEGER NOT NULL DEFAULT 0, hourly_limit INTEGER NOT NULL DEFAULT 20, inactive TEXT, inactive_ms INTEGER,
        UNIQUE (platform, native_id, thread)
    ) STRICT;
INSERT INTO "chats" VALUES(1,'paper','ann','',1,2,'Asia/Tokyo','',NULL,NULL,0,3,NULL,NULL);
INSERT INTO "chats" VALUES(2,'paper','bob','7',1,1,'UTC','',NULL,NULL,0,20,NULL,NULL);
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
INSERT INTO "deliveries" VALUES(1,1,1,'sent',1000,1000000000000000,0,NULL,NULL,1001,NULL);
INSERT INTO "deliveries" VALUES(2,1,2,'sending',1000,1000000000000000,1,NULL,NULL,NULL,NULL);
INSERT INTO "deliveries" VALUES(3,2,1,'due',2000,1000000000000000,0,NULL,NULL,NULL,NULL);
INSERT INTO "deliveries" VALUES(4,2,2,'due',2000,1000000000000000,2,NULL,'no answer',NULL,NULL);
INSERT INTO "deliveries" VALUES(5,3,1,'held',9000,1000000000000000,0,NULL,'muted',NULL,NULL);
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
CREATE TABLE subscriptions (
        id INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        watch_id INTEGER NOT NULL REFERENCES watches (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        created_ms INTEGER NOT NULL, created_by TEXT NOT NULL DEFAULT '', silent INTEGER NOT NULL DEFAULT 0, role TEXT, digest TEXT NOT NULL DEFAULT 'off', paused INTEGER NOT NULL DEFAULT 0,
        UNIQUE (chat_id, watch_id),
        UNIQUE (chat_id, number)
    ) STRICT;
INSERT INTO "subscriptions" VALUES(1,1,1,1,1,'4711',0,NULL,'off',0);
INSERT INTO "subscriptions" VALUES(2,1,2,2,1,'4711',0,NULL,'off',0);
INSERT INTO "subscriptions" VALUES(3,2,1,1,1,'4711',0,NULL,'off',0);
CREATE TABLE uploads (
        alert_id INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        platform TEXT NOT NULL,
        handle TEXT NOT NULL,
        PRIMARY KEY (alert_id, platform)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE watches (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        coin TEXT NOT NULL,
        parameters TEXT NOT NULL,
        state BLOB,
        UNIQUE (rule, coin, parameters)
    ) STRICT;
INSERT INTO "watches" VALUES(1,'near-cluster','BTC','{}',X'00');
INSERT INTO "watches" VALUES(2,'near-cluster','ETH','{}',NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX watches_by_coin ON watches (coin);
CREATE INDEX subscriptions_by_watch ON subscriptions (watch_id);
CREATE INDEX alerts_by_time ON alerts (time_ms);
CREATE INDEX deliveries_open ON deliveries (due_ms) WHERE status IN ('due', 'sending', 'unknown');
CREATE INDEX deliveries_held ON deliveries (due_ms) WHERE status = 'held';
CREATE INDEX deliveries_open_by_chat ON deliveries (chat_id, id)
        WHERE status IN ('due', 'sending', 'unknown');
CREATE INDEX deliveries_sent ON deliveries (chat_id, sent_ms) WHERE status = 'sent';
CREATE INDEX deliveries_by_alert ON deliveries (alert_id);
COMMIT;
