"""The journal in SQL: a row an entry, removed with its chat."""

import msgspec

from liqbot.store.chats import ChatKey
from liqbot.store.errors import DatabaseError
from liqbot.store.journal import JournalEntry
from liqbot.store.sql.chats import meet
from liqbot.store.sql.rooms import Connection, Records, reads, writes

_MINE = "chat_id = (SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))"


class SqlJournal(Records):
    """What chats wrote down."""

    @writes
    def add(self, db: Connection, chat: ChatKey, entry: JournalEntry, now_ms: int) -> int:
        meet(db, chat, now_ms)
        return db.execute(
            "INSERT INTO journal (chat_id, created_ms, entry) SELECT id, ?, ? FROM chats "
            "WHERE (platform, native_id, thread) = (?, ?, ?) RETURNING id",
            [now_ms, msgspec.msgpack.encode(entry), *chat],
        ).fetchone()[0]

    @reads
    def of(self, db: Connection, chat: ChatKey, limit: int) -> list[tuple[int, JournalEntry]]:
        rows = db.execute(
            f"SELECT id, entry FROM journal WHERE {_MINE} ORDER BY id DESC LIMIT ?",
            [*chat, limit],
        )
        try:
            return [(number, msgspec.msgpack.decode(blob, type=JournalEntry)) for number, blob in rows]
        except msgspec.DecodeError as error:
            raise DatabaseError(f"an entry of a journal cannot be read: {error}") from error

    @reads
    def count(self, db: Connection, chat: ChatKey) -> int:
        return db.execute(f"SELECT count(*) FROM journal WHERE {_MINE}", [*chat]).fetchone()[0]
