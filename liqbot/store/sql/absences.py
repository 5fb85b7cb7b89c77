"""Absences in SQL."""

from collections.abc import Mapping

from liqbot.store.absences import Absence
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DIGEST_EXPIRES_MS, DeliveryStatus, HoldReason
from liqbot.store.sql.rooms import Connection, Records, reads, writes_beside
from liqbot.store.sql.statuses import DUE, HELD, OPEN, UNKNOWN

_WRITE = (
    "INSERT INTO absences (chat_id, reason, since_ms, tries, next_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (chat_id) DO UPDATE SET reason = excluded.reason, since_ms = excluded.since_ms, "
    "tries = excluded.tries, next_ms = excluded.next_ms"
)
_IDS = "SELECT id FROM chats WHERE (platform, native_id) = (?, ?) AND ? IN ('', thread)"


class SqlAbsences(Records):
    """Which chats take nothing at present."""

    @reads
    def of_chat(self, db: Connection, chat: ChatKey) -> Absence | None:
        row = db.execute(
            "SELECT reason, since_ms, tries, next_ms FROM absences JOIN chats ON chats.id = chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?)",
            chat,
        ).fetchone()
        return None if row is None else Absence(*row)

    @writes_beside
    def begin(self, db: Connection, chat: ChatKey, absence: Absence) -> None:
        for (chat_id,) in db.execute(_IDS, chat).fetchall():
            write_absence(db, chat_id, absence)
            hold_owed(db, chat_id, absence.next_ms)

    async def end(self, chat: ChatKey, now_ms: int) -> bool:
        return await self._end(chat, now_ms) if await self._is_away(chat) else False

    @reads
    def _is_away(self, db: Connection, chat: ChatKey) -> bool:
        away = f"SELECT 1 FROM absences WHERE chat_id IN ({_IDS}) LIMIT 1"
        return db.execute(away, chat).fetchone() is not None

    @writes_beside
    def _end(self, db: Connection, chat: ChatKey, now_ms: int) -> bool:
        return end_absence(db, chat, now_ms)

    @reads
    def reasons(self, db: Connection) -> Mapping[str, int]:
        return dict(db.execute("SELECT reason, count(*) FROM absences GROUP BY reason ORDER BY 2 DESC, 1"))


def write_absence(db: Connection, chat_id: int, absence: Absence) -> None:
    """Write an absence in place of what was written of the chat before. For use within a transaction."""
    db.execute(_WRITE, [chat_id, absence.reason, absence.since_ms, absence.tries, absence.next_ms])


def hold_owed(db: Connection, chat_id: int, until_ms: int) -> None:
    """Hold what is owed to a chat that takes nothing until it is tried again. For use within a transaction.

    What may have arrived waits as well, but by itself: within a digest it would be another message, which no
    platform takes for the one that it may have.
    """
    expires_ms = until_ms + DIGEST_EXPIRES_MS
    owed = f"chat_id = ? AND {OPEN}"
    db.execute(
        f"UPDATE deliveries SET due_ms = ?, expires_ms = ? WHERE {owed} AND status = {UNKNOWN}",
        [until_ms, expires_ms, chat_id],
    )
    db.execute(
        f"UPDATE deliveries SET status = {HELD}, carrier = NULL, due_ms = ?, held_for = ?, error = NULL, "
        f"expires_ms = ? WHERE {owed} AND status = {DUE}",
        [until_ms, HoldReason.AWAY, expires_ms, chat_id],
    )


def end_absence(db: Connection, chat: ChatKey, now_ms: int) -> bool:
    """Note that a chat can be reached; return whether it was away. For use within a transaction."""
    ended = db.execute(f"DELETE FROM absences WHERE chat_id IN ({_IDS})", chat).rowcount > 0
    if ended:  # what came meanwhile was missed like what was held
        db.execute(
            f"UPDATE deliveries SET status = {HELD}, carrier = NULL, due_ms = ?, held_for = ?, "
            "expires_ms = CASE WHEN expires_ms < ? THEN ? ELSE expires_ms END "
            f"WHERE {OPEN} AND status = {DUE} AND chat_id IN ({_IDS})",
            [now_ms, HoldReason.AWAY, *[now_ms + DIGEST_EXPIRES_MS] * 2, *chat],
        )
    waits = "(status = ? AND held_for = ? OR status = ?)"
    db.execute(
        f"UPDATE deliveries SET due_ms = ? WHERE {waits} AND due_ms > ? AND chat_id IN ({_IDS})",
        [now_ms, DeliveryStatus.HELD, HoldReason.AWAY, DeliveryStatus.UNKNOWN, now_ms, *chat],
    )
    return ended
