"""Putting back what lies in the future, as a clock that was ahead has written it."""

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
_OF_LIVE = f"layer LIKE '%/{Origin.LIVE}'"
"""Simulated and recorded markets have a time of their own."""


class SqlClockRepair(Records):
    """Mends times."""

    @writes
    def put_back(self, db: Connection, now_ms: int) -> int:
        """Put back what lies in the future; return by how much it did at most, ms, 0 for nothing.

        What was seen of markets at times that are still to come would keep out what is seen now, and is
        removed. What is owed is due now, and held again where its chat wants that. A mute or a subscription
        that ends later than that clock's present is taken to have been set by it, and ends so much earlier.
        """
        after = now_ms + TOLERANCE_MS
        ahead_ms = 0
        for table in _OF_MARKETS:
            ahead_ms = max(ahead_ms, _newest(db, table, "time_ms", after, _OF_LIVE) - now_ms)
            db.execute(f"DELETE FROM {table} WHERE {_OF_LIVE} AND time_ms > ?", [after])
        for table, column in _OF_PEOPLE:
            ahead_ms = max(ahead_ms, _newest(db, table, column, after, "TRUE") - now_ms)
        if ahead_ms > 0:
            self._put_back(db, now_ms, after)
            for table, column in _ENDS:
                db.execute(
                    f"UPDATE {table} SET {column} = {column} - ? WHERE {column} > ?",
                    [ahead_ms, now_ms + ahead_ms],
                )
        return max(ahead_ms, 0)

    def _put_back(self, db: Connection, now_ms: int, after: int) -> None:
        db.execute("UPDATE absences SET next_ms = ? WHERE since_ms > ?", [now_ms, after])
        for table, column in _OF_PEOPLE:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} > ?", [now_ms, after])
        db.execute(f"UPDATE alerts SET time_ms = ? WHERE {_OF_LIVE} AND time_ms > ?", [now_ms, after])
        db.execute(
            f"UPDATE deliveries SET due_ms = ?, expires_ms = ? WHERE {OPEN} AND due_ms > ?",
            [now_ms, now_ms + EXPIRES_MS, after],
        )
        db.execute(f"UPDATE deliveries SET due_ms = ? WHERE status = {HELD} AND due_ms > ?", [now_ms, after])


def _newest(db: Connection, table: str, column: str, after: int, where: str) -> int:
    """Return the newest time that is later than `after`; 0 where none is."""
    sql = f"SELECT max({column}) FROM {table} WHERE {where} AND {column} > ?"
    return db.execute(sql, [after]).fetchone()[0] or 0
