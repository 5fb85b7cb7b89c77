"""Absences in SQLite."""

import sqlite3
from collections.abc import Mapping

from liqbot.store.absences import Absence
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DIGEST_EXPIRES_MS, DeliveryStatus, HoldReason
from liqbot.store.sqlite.connections import Records, reads, writes

_WRITE = (
    "INSERT INTO absences (chat_id, reason, since_ms, tries, next_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (chat_id) DO UPDATE SET reason = excluded.reason, since_ms = excluded.since_ms, "
    "tries = excluded.tries, next_ms = excluded.next_ms"
)
_IDS = "SELECT id FROM chats WHERE (platform, native_id) = (?, ?) AND ? IN ('', thread)"


class SqliteAbsences(Records):
    """Which chats take nothing at present."""

    @reads
    def of_chat(self, db: sqlite3.Connection, chat: ChatKey) -> Absence | None:
        row = db.execute(
            "SELECT reason, since_ms, tries, next_ms FROM absences JOIN chats ON chats.id = chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?)",
            chat,
        ).fetchone()
        return None if row is None else Absence(*row)

    @writes
    def begin(self, db: sqlite3.Connection, chat: ChatKey, absence: Absence) -> None:
        for (chat_id,) in db.execute(_IDS, chat).fetchall():
            write_absence(db, chat_id, absence)
            db.execute(
                "UPDATE deliveries SET status = ?, carrier = NULL, due_ms = ?, held_for = ?, expires_ms = ? "
                "WHERE chat_id = ? AND status IN (?, ?)",
                [
                    DeliveryStatus.HELD,
                    absence.next_ms,
                    HoldReason.AWAY,
                    absence.next_ms + DIGEST_EXPIRES_MS,
                    chat_id,
                    DeliveryStatus.DUE,
                    DeliveryStatus.UNKNOWN,
                ],
            )

    async def end(self, chat: ChatKey, now_ms: int) -> bool:
        return await self._end(chat, now_ms) if await self._is_away(chat) else False

    @reads
    def _is_away(self, db: sqlite3.Connection, chat: ChatKey) -> bool:
        away = f"SELECT 1 FROM absences WHERE chat_id IN ({_IDS}) LIMIT 1"  # noqa: S608 - a constant
        return db.execute(away, chat).fetchone() is not None

    @writes
    def _end(self, db: sqlite3.Connection, chat: ChatKey, now_ms: int) -> bool:
        return end_absence(db, chat, now_ms)

    @reads
    def reasons(self, db: sqlite3.Connection) -> Mapping[str, int]:
        return dict(db.execute("SELECT reason, count(*) FROM absences GROUP BY reason ORDER BY 2 DESC, 1"))


def write_absence(db: sqlite3.Connection, chat_id: int, absence: Absence) -> None:
    """Write an absence in place of what was written of the chat before. For use within a transaction."""
    db.execute(_WRITE, [chat_id, absence.reason, absence.since_ms, absence.tries, absence.next_ms])


def end_absence(db: sqlite3.Connection, chat: ChatKey, now_ms: int) -> bool:
    """Note that a chat can be reached; return whether it was away. For use within a transaction."""
    ended = db.execute(f"DELETE FROM absences WHERE chat_id IN ({_IDS})", chat).rowcount  # noqa: S608 - a constant
    db.execute(
        f"UPDATE deliveries SET due_ms = min(due_ms, ?) WHERE status = ? AND held_for = ? "  # noqa: S608 - a constant
        f"AND chat_id IN ({_IDS})",
        [now_ms, DeliveryStatus.HELD, HoldReason.AWAY, *chat],
    )
    return ended > 0
