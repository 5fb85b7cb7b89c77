"""Mending times that a wrong clock has written: what lies in the future, and when things end."""

from liqbot.market.layer import Origin
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.sql.rooms import Connection, Records, writes
from liqbot.store.sql.statuses import HELD, OPEN

TOLERANCE_MS = 120_000
"""Clocks differ a little; what is so little ahead does no harm."""
_OF_MARKETS = ("observations", "history", "events")
_OF_PEOPLE = (
    ("deliveries", "sent_ms"),
    ("absences", "since_ms"),
    ("chats", "created_ms"),
    ("chats", "inactive_ms"),
    ("subscriptions", "created_ms"),
    ("accounts", "first_seen_ms"),
    ("accounts", "polled_ms"),
    ("accounts", "lively_ms"),
)
"""Times at which something was done."""
_ENDS = (("chats", "mute_until_ms"), ("subscriptions", "until_ms"))
"""Times at which something ends that people asked for."""
_SAME_MS = 60_000
"""Errors of a clock that differ by no more are one: platforms tell whole seconds, and ways take time."""
_NOTE = "clock.error"
"""By how much the clock was ahead, ms, by which ends are dated; there is none where nobody has said."""
_OF_LIVE = f"layer LIKE '%/{Origin.LIVE}'"
"""Simulated and recorded markets have a time of their own."""


class SqlClockRepair(Records):
    """Mends times."""

    @writes
    def put_back(self, db: Connection, now_ms: int) -> int:
        """Put back what lies in the future; return by how much it did at most, ms, 0 for nothing.

        What was seen of markets at times that are still to come would keep out what is seen now, and is
        removed. What is owed is due now. Where nobody has ever said how wrong that clock is, what is held is
        held again where its chat wants that, and a mute or a subscription that ends later than that clock's
        present is taken to have been set by it, and ends so much earlier; else `date_by_clock` moves these.
        """
        after = now_ms + TOLERANCE_MS
        ahead_ms = 0
        for table in _OF_MARKETS:
            ahead_ms = max(ahead_ms, _newest(db, table, "time_ms", after, _OF_LIVE) - now_ms)
            db.execute(f"DELETE FROM {table} WHERE {_OF_LIVE} AND time_ms > ?", [after])
        for table, column in _OF_PEOPLE:
            ahead_ms = max(ahead_ms, _newest(db, table, column, after, "TRUE") - now_ms)
        if ahead_ms > 0:
            if _error(db) is None:
                self._put_ends_back(db, now_ms, ahead_ms)
            self._put_back(db, now_ms, after)
        return max(ahead_ms, 0)

    @writes
    def date_by_clock(self, db: Connection, now_ms: int, error_ms: int) -> int:
        """Date what is still to come by a clock of that error; return by how much it was moved, ms.

        What is owed is due by now at the latest, and nothing expires sooner: some of it may have been written
        since that clock was set.
        """
        before_ms = _error(db)
        by_ms = 0 if before_ms is None else error_ms - before_ms
        if abs(by_ms) <= _SAME_MS:
            by_ms = 0
        if by_ms or before_ms is None:
            db.execute(
                "INSERT INTO notes (name, text) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                [_NOTE, str(error_ms)],
            )
        if by_ms:
            for table, column in (*_ENDS, ("absences", "next_ms")):
                db.execute(f"UPDATE {table} SET {column} = {column} + ? WHERE {column} > 0", [by_ms])
            later_ms = max(by_ms, 0)
            db.execute(
                "UPDATE deliveries SET due_ms = CASE WHEN due_ms + ? < ? THEN due_ms + ? ELSE ? END, "
                f"expires_ms = expires_ms + ? WHERE {OPEN}",
                [by_ms, now_ms, by_ms, now_ms, later_ms],
            )
            db.execute(
                "UPDATE deliveries SET due_ms = due_ms + ?, expires_ms = expires_ms + ? "
                f"WHERE status = {HELD}",
                [by_ms, later_ms],
            )
        return by_ms

    def _put_ends_back(self, db: Connection, now_ms: int, ahead_ms: int) -> None:
        after = now_ms + TOLERANCE_MS
        db.execute("UPDATE absences SET next_ms = ? WHERE since_ms > ?", [now_ms, after])
        db.execute(f"UPDATE deliveries SET due_ms = ? WHERE status = {HELD} AND due_ms > ?", [now_ms, after])
        for table, column in _ENDS:
            db.execute(
                f"UPDATE {table} SET {column} = {column} - ? WHERE {column} > ?",
                [ahead_ms, now_ms + ahead_ms],
            )

    def _put_back(self, db: Connection, now_ms: int, after: int) -> None:
        for table, column in _OF_PEOPLE:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} > ?", [now_ms, after])
        db.execute(f"UPDATE alerts SET time_ms = ? WHERE {_OF_LIVE} AND time_ms > ?", [now_ms, after])
        db.execute(
            f"UPDATE deliveries SET due_ms = ?, expires_ms = ? WHERE {OPEN} AND due_ms > ?",
            [now_ms, now_ms + EXPIRES_MS, after],
        )


def _error(db: Connection) -> int | None:
    """Return the error of the clock by which ends are dated, ms; None where nobody has said."""
    row = db.execute("SELECT text FROM notes WHERE name = ?", [_NOTE]).fetchone()
    return None if row is None else int(row[0])


def _newest(db: Connection, table: str, column: str, after: int, where: str) -> int:
    """Return the newest time that is later than `after`; 0 where none is."""
    sql = f"SELECT max({column}) FROM {table} WHERE {where} AND {column} > ?"
    return db.execute(sql, [after]).fetchone()[0] or 0
