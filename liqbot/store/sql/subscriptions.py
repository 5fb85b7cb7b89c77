"""Watches and subscriptions in SQL."""

from collections.abc import Sequence

from liqbot.store.chats import ChatKey
from liqbot.store.sql.chats import meet
from liqbot.store.sql.rooms import Connection, Records, reads, writes
from liqbot.store.sql.statuses import OWED, SENDING
from liqbot.store.subscriptions import DEFAULT_MANNER, Manner, Subscription, Watch


class SqlSubscriptions(Records):
    """Who wishes to hear of what."""

    @writes
    def subscribe(
        self,
        db: Connection,
        chat: ChatKey,
        *,
        rule: str,
        coin: str,
        parameters: str,
        now_ms: int,
        venue: str = "",
        manner: Manner = DEFAULT_MANNER,
    ) -> tuple[Subscription, bool]:
        meet(db, chat, now_ms)
        db.execute(
            "INSERT INTO watches (rule, coin, venue, parameters) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [rule, coin, venue, parameters],
        )
        chat_id, number = db.execute(
            "SELECT id, last_number + 1 FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)", chat
        ).fetchone()
        (given,) = db.execute(
            "INSERT INTO subscriptions "
            "(chat_id, watch_id, number, created_ms, silent, role, digest, once, until_ms) "
            "SELECT ?, watches.id, ?, ?, ?, ?, ?, ?, ? FROM watches "
            "WHERE (rule, coin, venue, parameters) = (?, ?, ?, ?) "
            "ON CONFLICT (chat_id, watch_id) DO UPDATE SET silent = excluded.silent, "
            "role = excluded.role, digest = excluded.digest, once = excluded.once, "
            "until_ms = excluded.until_ms, paused = 0 RETURNING number",
            [
                chat_id,
                number,
                now_ms,
                manner.silent,
                manner.role,
                manner.digest,
                manner.once,
                manner.until_ms,
                rule,
                coin,
                venue,
                parameters,
            ],
        ).fetchone()
        is_new = given == number
        if is_new:
            db.execute("UPDATE chats SET last_number = ? WHERE id = ?", [number, chat_id])
        return next(item for item in _of(db, chat) if item.number == given), is_new

    @writes
    def unsubscribe(self, db: Connection, chat: ChatKey, number: int) -> Subscription | None:
        ended = next((item for item in _of(db, chat) if item.number == number), None)
        if ended is None:
            return None
        watch = ended.watch
        (chat_id,) = db.execute(
            "SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)", chat
        ).fetchone()
        db.execute("DELETE FROM subscriptions WHERE (chat_id, number) = (?, ?)", [chat_id, number])
        db.execute(
            f"DELETE FROM deliveries WHERE chat_id = ? AND {OWED} AND status != {SENDING} AND alert_id IN "
            "(SELECT id FROM alerts WHERE (rule, coin, venue, parameters) = (?, ?, ?, ?) AND sample = 0)",
            [chat_id, watch.rule, watch.coin, watch.venue, watch.parameters],
        )
        _drop_watch(db, watch.id)
        return ended

    @writes
    def change(
        self,
        db: Connection,
        chat: ChatKey,
        number: int,
        *,
        parameters: str,
        venue: str,
        manner: Manner,
    ) -> Subscription | None:
        before = next((item for item in _of(db, chat) if item.number == number), None)
        if before is None:
            return None
        watch = before.watch
        if (watch.parameters, watch.venue) != (parameters, venue):
            wanted = [watch.rule, watch.coin, venue, parameters]
            db.execute(
                "INSERT INTO watches (rule, coin, venue, parameters) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                wanted,
            )
            chat_id, watch_id = db.execute(
                "SELECT chats.id, watches.id FROM chats, watches WHERE (platform, native_id, thread) = "
                "(?, ?, ?) AND (rule, coin, venue, parameters) = (?, ?, ?, ?)",
                [*chat, *wanted],
            ).fetchone()
            mine = "SELECT 1 FROM subscriptions WHERE (chat_id, watch_id) = (?, ?)"
            if db.execute(mine, [chat_id, watch_id]).fetchone():
                return None
            db.execute(
                "UPDATE subscriptions SET watch_id = ? WHERE (chat_id, number) = (?, ?)",
                [watch_id, chat_id, number],
            )
            if watch.is_of_account:
                _go_on(db, watch.id, watch_id)
            _drop_watch(db, watch.id)
        db.execute(
            "UPDATE subscriptions SET silent = ?, role = ?, digest = ?, once = ?, until_ms = ?, paused = 0 "
            "WHERE number = ? AND chat_id = "
            "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
            [manner.silent, manner.role, manner.digest, manner.once, manner.until_ms, number, *chat],
        )
        return next(item for item in _of(db, chat) if item.number == number)

    async def end_over(self, now_ms: int) -> int:
        return await self._end_over(now_ms) if await self._has_over(now_ms) else 0

    @reads
    def _has_over(self, db: Connection, now_ms: int) -> bool:
        row = db.execute("SELECT 1 FROM subscriptions WHERE until_ms <= ? LIMIT 1", [now_ms]).fetchone()
        return row is not None

    @writes
    def _end_over(self, db: Connection, now_ms: int) -> int:
        over = db.execute("SELECT id, watch_id FROM subscriptions WHERE until_ms <= ?", [now_ms]).fetchall()
        for row, watch_id in over:
            db.execute("DELETE FROM subscriptions WHERE id = ?", [row])
            _drop_watch(db, watch_id)
        return len(over)

    @writes
    def pause(self, db: Connection, chat: ChatKey, numbers: Sequence[int], *, paused: bool) -> int:
        return sum(
            db.execute(
                "UPDATE subscriptions SET paused = ? WHERE number = ? AND paused != ? AND chat_id = "
                "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
                [paused, number, paused, *chat],
            ).rowcount
            for number in numbers
        )

    @reads
    def of(self, db: Connection, chat: ChatKey) -> list[Subscription]:
        return _of(db, chat)

    @reads
    def count(self, db: Connection) -> int:
        return db.execute("SELECT count(*) FROM subscriptions").fetchone()[0]


def _go_on(db: Connection, before: int, after: int) -> None:
    """Let a watch that has seen nothing yet go on from what another one of the same account has seen."""
    db.execute(
        "INSERT INTO states (watch_id, layer, state) SELECT ?, layer, state FROM states WHERE watch_id = ? "
        "ON CONFLICT DO NOTHING",
        [after, before],
    )
    db.execute(
        "UPDATE watches SET layer = (SELECT layer FROM watches AS old WHERE old.id = ?) "
        "WHERE id = ? AND layer = ''",
        [before, after],
    )


def _drop_watch(db: Connection, watch_id: int) -> None:
    """Remove a watch that nobody subscribes to any more, with its state."""
    db.execute(
        "DELETE FROM watches WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM subscriptions WHERE watch_id = watches.id)",
        [watch_id],
    )


def _of(db: Connection, chat: ChatKey) -> list[Subscription]:
    rows = db.execute(
        "SELECT number, watches.id, rule, coin, parameters, venue, subscriptions.created_ms, "
        "silent, role, digest, once, until_ms, paused "
        "FROM subscriptions JOIN watches ON watches.id = watch_id JOIN chats ON chats.id = chat_id "
        "WHERE (platform, native_id, thread) = (?, ?, ?) ORDER BY number",
        chat,
    )
    return [
        Subscription(
            number=row[0],
            watch=Watch(*row[1:6]),
            created_ms=row[6],
            manner=Manner(bool(row[7]), row[8], row[9], bool(row[10]), row[11]),
            paused=bool(row[12]),
        )
        for row in rows
    ]
