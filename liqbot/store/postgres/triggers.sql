-- The heads of queues, as migrations/0014_queue_heads.py says what they are: of each chat the first of its open
-- deliveries. Here a trigger runs once a statement, and writers work beside each other: whoever changes what is
-- open in a chat holds the lock of its head, and looks only then. Heads are locked in the order of their chats.

CREATE OR REPLACE FUNCTION queue_heads_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO queue_heads AS head (chat_id, delivery_id, platform, due_ms, is_sending)
        SELECT DISTINCT ON (added.chat_id)
            added.chat_id, added.id, chats.platform, added.due_ms, (added.status = 'sending')::int
        FROM added JOIN chats ON chats.id = added.chat_id
        WHERE added.status IN ('due', 'sending', 'unknown')
        ORDER BY added.chat_id, added.id
        -- A row that is not updated is locked as well: who is about to take the head away waits, and sees ours.
        ON CONFLICT (chat_id) DO UPDATE SET delivery_id = excluded.delivery_id, due_ms = excluded.due_ms,
            is_sending = excluded.is_sending
        WHERE head.is_sending = 0 AND excluded.delivery_id < head.delivery_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION queue_heads_renew(chat_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM queue_heads WHERE chat_id = ANY (chat_ids) ORDER BY chat_id FOR UPDATE;
    DELETE FROM queue_heads AS head WHERE chat_id = ANY (chat_ids) AND NOT EXISTS (
        SELECT 1 FROM deliveries
        WHERE deliveries.chat_id = head.chat_id AND status IN ('due', 'sending', 'unknown'));
    INSERT INTO queue_heads (chat_id, delivery_id, platform, due_ms, is_sending)
        SELECT chats.id, 0, chats.platform, 0, 1
        FROM chats
        WHERE chats.id = ANY (chat_ids) AND EXISTS (
            SELECT 1 FROM deliveries WHERE chat_id = chats.id AND status IN ('due', 'sending', 'unknown'))
        ORDER BY chats.id
        ON CONFLICT (chat_id) DO NOTHING;
    UPDATE queue_heads AS head
        SET delivery_id = first.id, platform = first.platform, due_ms = first.due_ms,
            is_sending = (first.status = 'sending')::int
        FROM unnest(chat_ids) AS wanted (chat_id) CROSS JOIN LATERAL (
            SELECT deliveries.id, chats.platform, deliveries.due_ms, deliveries.status
            FROM deliveries JOIN chats ON chats.id = deliveries.chat_id
            WHERE deliveries.chat_id = wanted.chat_id AND deliveries.status IN ('due', 'sending', 'unknown')
            ORDER BY deliveries.id LIMIT 1) AS first
        WHERE head.chat_id = wanted.chat_id;
END $$;

CREATE OR REPLACE FUNCTION queue_heads_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chat_ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT touched.chat_id) INTO chat_ids FROM (
        SELECT before.chat_id, before.status FROM before JOIN after USING (id)
        WHERE (before.chat_id, before.status, before.due_ms) <> (after.chat_id, after.status, after.due_ms)
        UNION ALL
        SELECT after.chat_id, after.status FROM before JOIN after USING (id)
        WHERE (before.chat_id, before.status, before.due_ms) <> (after.chat_id, after.status, after.due_ms)
    ) AS touched WHERE touched.status IN ('due', 'sending', 'unknown');
    IF chat_ids IS NOT NULL THEN
        PERFORM queue_heads_renew(chat_ids);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION queue_heads_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chat_ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT chat_id) INTO chat_ids FROM before WHERE status IN ('due', 'sending', 'unknown');
    IF chat_ids IS NOT NULL THEN
        PERFORM queue_heads_renew(chat_ids);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER queue_heads_insert AFTER INSERT ON deliveries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION queue_heads_insert();
CREATE OR REPLACE TRIGGER queue_heads_update AFTER UPDATE ON deliveries
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION queue_heads_update();
CREATE OR REPLACE TRIGGER queue_heads_delete AFTER DELETE ON deliveries
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION queue_heads_delete();
