"""Deliveries in SQL. The head of each chat's queue stands in a table of its own, kept by triggers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from liqbot.store.absences import Absence
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import (
    DIGEST_EXPIRES_MS,
    DIGEST_MOST,
    HOUR_MS,
    MOMENT_MS,
    Delivery,
    DeliveryStatus,
    HoldReason,
    Outcome,
)
from liqbot.store.sql.absences import end_absence, hold_owed, write_absence
from liqbot.store.sql.chats import deactivate, move, read_settings
from liqbot.store.sql.rooms import Connection, Records, reads, writes, writes_beside
from liqbot.store.sql.statuses import DUE, EXPIRED, HELD, OPEN, OWED, SENDING, SENT, UNKNOWN, WAITING

_CHAT = "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))"


class SqlDeliveries(Records):
    """What is owed to chats. One dispatcher takes from it."""

    @reads
    def queue_heads(
        self, db: Connection, platform: str, limit: int, now_ms: int, *, but_not: Collection[str]
    ) -> list[Delivery]:
        dialect = self.connections.dialect
        rows = db.execute(
            f"""
            SELECT d.id, d.alert_id, d.chat_id, c.platform, c.native_id, c.thread, d.attempts,
                d.status = {UNKNOWN}, d.carrier, d.held_for, s.number, s.silent, s.role,
                CASE WHEN a.sample = 1 THEN 'off' ELSE s.digest END,
                c.time_zone, c.quiet_from, c.quiet_to, c.mute_until_ms, c.hourly_limit,
                c.grouped, c.inactive, c.look,
                (SELECT count(*) FROM deliveries AS e WHERE e.chat_id = d.chat_id AND e.status = {SENT}
                    AND e.sent_ms > :hour_ago AND (e.carrier IS NULL OR e.carrier = e.id)),
                (SELECT min(sent_ms) FROM deliveries AS e WHERE e.chat_id = d.chat_id AND e.status = {SENT}
                    AND e.sent_ms > :hour_ago),
                b.reason, b.since_ms, b.tries, b.next_ms, d.unclear_ms,
                EXISTS (SELECT 1 FROM deliveries AS e WHERE e.chat_id = d.chat_id AND e.id != d.id
                    AND {OPEN})
            FROM queue_heads AS h
            {dialect.ordered_join} deliveries AS d ON d.id = h.delivery_id  -- in their order, and no further
            JOIN chats AS c ON c.id = d.chat_id
            JOIN alerts AS a ON a.id = d.alert_id
            LEFT JOIN watches AS w
                ON (w.rule, w.coin, w.venue, w.parameters) = (a.rule, a.coin, a.venue, a.parameters)
            LEFT JOIN subscriptions AS s ON (s.chat_id, s.watch_id) = (d.chat_id, w.id)
            LEFT JOIN absences AS b ON b.chat_id = d.chat_id
            WHERE h.platform = :platform AND h.is_sending = 0 AND h.due_ms <= :now
                AND c.native_id NOT IN ({dialect.json_texts(":but_not")})
            ORDER BY h.due_ms, h.delivery_id LIMIT :limit
            """,
            {
                "hour_ago": now_ms - HOUR_MS,
                "now": now_ms,
                "platform": platform,
                "but_not": msgspec.json.encode(list(but_not)).decode(),
                "limit": limit,
            },
        ).fetchall()
        heads = [(self._delivery(db, row), row[29]) for row in rows]
        # Most chats are owed one thing, and are not asked about the rest.
        return [self._grouped(db, head, now_ms) if has_more else head for head, has_more in heads]

    @writes_beside
    def claim(self, db: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
        claimed: list[Delivery] = []
        for delivery in deliveries:
            rows = [row for row in zip(delivery.ids, delivery.alerts, strict=True) if _claim(db, row[0])]
            if rows:
                ids, alerts = zip(*rows, strict=True)
                claimed.append(replace(delivery, ids=ids, alerts=alerts))
                if len(rows) > 1:  # tried again, it is the same message
                    db.executemany(
                        "UPDATE deliveries SET carrier = coalesce(carrier, ?) WHERE id = ?",
                        [(rows[0][0], row) for row, _ in rows],
                    )
        return claimed

    @reads
    def is_claimed(self, db: Connection, delivery: Delivery) -> bool:
        one = f"SELECT 1 FROM deliveries WHERE id = ? AND chat_id = ? AND status = {SENDING}"
        return any(db.execute(one, [row, delivery.chat_id]).fetchone() for row in delivery.ids)

    async def settle(self, outcomes: Iterable[Outcome]) -> None:
        told = list(outcomes)
        if any(one.gone is not None or one.moved is not None for one in told):
            await self._settle_alone(told)
        elif told:
            await self._settle_beside(told)

    @writes
    def _settle_alone(self, db: Connection, outcomes: Sequence[Outcome]) -> None:
        self._settle_all(db, outcomes)  # no chat is to be owed anything meanwhile that goes or moves

    @writes_beside
    def _settle_beside(self, db: Connection, outcomes: Sequence[Outcome]) -> None:
        self._settle_all(db, outcomes)

    def _settle_all(self, db: Connection, outcomes: Sequence[Outcome]) -> None:
        self._settle_rows(db, outcomes)
        for outcome in outcomes:
            _note_upload(db, outcome)
            _learn(db, outcome)

    @writes_beside
    def hold(self, db: Connection, held: Sequence[tuple[Delivery, int, HoldReason]]) -> None:
        _hold(db, held)

    async def release(self, now_ms: int) -> int:
        return await self._release(now_ms) if await self._has_held(now_ms) else 0

    @reads
    def _has_held(self, db: Connection, now_ms: int) -> bool:
        held = f"SELECT 1 FROM deliveries WHERE status = {HELD} AND due_ms <= ? LIMIT 1"
        return db.execute(held, [now_ms]).fetchone() is not None

    @writes_beside
    def _release(self, db: Connection, now_ms: int) -> int:
        chats = db.execute(
            f"SELECT DISTINCT chat_id FROM deliveries WHERE status = {HELD} AND due_ms <= ?",
            [now_ms],
        ).fetchall()
        for (chat_id,) in chats:
            rows = db.execute(
                f"SELECT id FROM deliveries WHERE chat_id = ? AND status = {HELD} AND due_ms <= ? "
                "ORDER BY id LIMIT ?",
                [chat_id, now_ms, DIGEST_MOST],
            ).fetchall()
            db.executemany(
                f"UPDATE deliveries SET status = {DUE}, due_ms = ?, carrier = ? "
                f"WHERE id = ? AND status = {HELD}",
                [(now_ms, rows[0][0], row) for (row,) in rows],
            )
        return len(chats)

    @writes_beside
    def wake_held(self, db: Connection, chat: ChatKey, now_ms: int, reason: HoldReason) -> None:
        db.execute(
            f"UPDATE deliveries SET due_ms = ? WHERE status = {HELD} AND held_for = ? AND due_ms > ? "
            "AND chat_id = (SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
            [now_ms, reason, now_ms, *chat],
        )

    @writes
    def withdraw(self, db: Connection, chat: ChatKey) -> None:
        db.execute(f"UPDATE subscriptions SET paused = 1 WHERE chat_id = {_CHAT}", [*chat])
        db.execute(
            f"UPDATE deliveries SET status = {EXPIRED} WHERE chat_id = {_CHAT} AND {OWED} "
            f"AND status != {SENDING}",
            [*chat],
        )

    @reads
    def is_sending(self, db: Connection, chat: ChatKey) -> bool:
        one = f"SELECT 1 FROM deliveries WHERE chat_id = {_CHAT} AND {OPEN} AND status = {SENDING}"
        return db.execute(one, [*chat]).fetchone() is not None

    @writes_beside
    def expire(self, db: Connection, now_ms: int) -> int:
        _keep_for_the_absent(db, now_ms)
        return db.execute(
            f"UPDATE deliveries SET status = {EXPIRED} WHERE {OPEN} AND status != {SENDING} "
            "AND expires_ms <= ?",
            [now_ms],
        ).rowcount

    @writes
    def recover(self, db: Connection, platform: str | None = None) -> int:
        return db.execute(
            f"UPDATE deliveries SET status = {UNKNOWN}, attempts = attempts - 1, "
            f"unclear_ms = coalesce(unclear_ms, due_ms) WHERE {OPEN} "
            f"AND status = {SENDING} AND (CAST(? AS TEXT) IS NULL "
            "OR EXISTS (SELECT 1 FROM chats WHERE chats.id = chat_id AND platform = ?))",
            [platform, platform],
        ).rowcount

    @reads
    def sent_lately(
        self, db: Connection, platform: str, since_ms: int
    ) -> list[tuple[ChatKey, int | None]] | None:
        if db.execute("SELECT 1 FROM chats WHERE platform = ? LIMIT 1", [platform]).fetchone() is None:
            return None
        join = self.connections.dialect.ordered_join  # by chat: there is no index of times alone
        rows = db.execute(
            "SELECT c.platform, c.native_id, c.thread, d.sent_ms "
            f"FROM chats AS c {join} deliveries AS d ON d.chat_id = c.id "
            f"WHERE c.platform = ? AND d.status = {SENT} AND d.sent_ms > ? "
            "AND (d.carrier IS NULL OR d.carrier = d.id) ORDER BY d.sent_ms",
            [platform, since_ms],
        ).fetchall()
        rows += db.execute(
            "SELECT DISTINCT c.platform, c.native_id, c.thread, NULL "
            "FROM deliveries AS d JOIN chats AS c ON c.id = d.chat_id "
            f"WHERE {OPEN} AND d.status IN ({SENDING}, {UNKNOWN}) AND c.platform = ?",
            [platform],
        ).fetchall()
        return [(ChatKey(*row[:3]), row[3]) for row in rows]

    @reads
    def owed(self, db: Connection) -> int:
        return db.execute(f"SELECT count(*) FROM deliveries WHERE {OPEN}").fetchone()[0]

    @reads
    def oldest_due(self, db: Connection) -> dict[str, int]:
        return dict(db.execute("SELECT platform, min(due_ms) FROM queue_heads GROUP BY platform").fetchall())

    def _delivery(self, db: Connection, row: tuple[Any, ...]) -> Delivery:
        ids, alerts = (row[0],), (row[1],)
        if row[8] is not None:
            group = db.execute(
                f"SELECT id, alert_id FROM deliveries WHERE chat_id = ? AND {OPEN} "
                "AND carrier = ? ORDER BY id",
                [row[2], row[8]],
            ).fetchall()
            ids, alerts = zip(*group, strict=True)
        is_single = len(ids) == 1
        return Delivery(
            ids=ids,
            alerts=alerts,
            chat_id=row[2],
            chat=ChatKey(*row[3:6]),
            attempts=row[6],
            is_repeat=bool(row[7]),
            held=None if row[8] is None or row[9] is None else HoldReason(row[9]),
            number=row[10] if is_single else None,
            silent=bool(row[11]),
            role=row[12] if is_single else None,
            digest=row[13] or "off",
            settings=read_settings(row[14:22]),
            sent_lately=row[22],
            first_sent_ms=row[23],
            absence=None if row[24] is None else Absence(*row[24:28]),
            unclear_ms=row[28],
            carrier=row[8],
        )

    def _grouped(self, db: Connection, head: Delivery, now_ms: int) -> Delivery:
        """Return a delivery together with what else its chat is to hear at that moment, unless it wants not.

        What may have arrived, what is held for another time, samples, and what is kept up to date in its
        message come by themselves.
        """
        first = head.ids[0]
        alone = len(head.ids) > 1 or head.is_repeat or head.held is not None or head.digest != "off"
        if alone or not head.settings.grouped:
            return head
        is_live = self.connections.dialect.json_truth("a.hit", "live")
        rows = db.execute(
            f"""
            SELECT d.id, d.alert_id, coalesce(s.silent, 0), s.role
            FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert_id
            LEFT JOIN watches AS w
                ON (w.rule, w.coin, w.venue, w.parameters) = (a.rule, a.coin, a.venue, a.parameters)
            LEFT JOIN subscriptions AS s ON (s.chat_id, s.watch_id) = (d.chat_id, w.id)
            WHERE d.chat_id = ? AND {OPEN} AND d.status = {DUE} AND d.due_ms <= ? AND d.carrier IS NULL
                AND d.due_ms <= (SELECT due_ms FROM deliveries WHERE id = ?) + {MOMENT_MS}
                AND a.sample = 0 AND coalesce(s.digest, 'off') = 'off' AND NOT {is_live}
            ORDER BY d.id LIMIT ?
            """,
            [head.chat_id, now_ms, first, DIGEST_MOST],
        ).fetchall()
        if len(rows) < 2 or first not in [row[0] for row in rows]:
            return head
        return replace(
            head,
            ids=tuple(row[0] for row in rows),
            alerts=tuple(row[1] for row in rows),
            number=None,
            silent=all(row[2] for row in rows),
            role=next((row[3] for row in rows if row[3]), None),
        )

    def _settle_rows(self, db: Connection, outcomes: Sequence[Outcome]) -> None:
        """Note how far rows have come that are being sent."""
        db.executemany(
            "UPDATE deliveries SET status = ?, due_ms = coalesce(?, due_ms), sent_ms = ?, "
            f"unclear_ms = CASE WHEN ? = {UNKNOWN} THEN coalesce(unclear_ms, due_ms) ELSE unclear_ms END, "
            f"attempts = attempts - ?, error = ?, message_id = ? WHERE id = ? AND status = {SENDING}",
            [
                (
                    outcome.status,
                    None if outcome.status == DeliveryStatus.SENT else outcome.at_ms,
                    outcome.at_ms if outcome.status == DeliveryStatus.SENT else None,
                    outcome.status,
                    not outcome.counts,
                    None if outcome.status == DeliveryStatus.SENT else outcome.error,
                    outcome.message_id,
                    row,
                )
                for outcome in outcomes
                for row in outcome.delivery.ids
            ],
        )


def _note_upload(db: Connection, outcome: Outcome) -> None:
    delivery = outcome.delivery
    if outcome.upload is not None and len(delivery.alerts) == 1:
        db.execute(
            "INSERT INTO uploads (alert_id, platform, handle) SELECT id, ?, ? FROM alerts WHERE id = ? "
            "ON CONFLICT (alert_id, platform) DO UPDATE SET handle = excluded.handle",
            [delivery.picture_key, outcome.upload, delivery.alerts[0]],
        )


def _claim(db: Connection, row: int) -> bool:
    """Note that a delivery is about to be sent; return whether it is still to be."""
    claimed = db.execute(
        f"UPDATE deliveries SET status = {SENDING}, attempts = attempts + 1 WHERE id = ? AND {WAITING}",
        [row],
    )
    return claimed.rowcount > 0


def _hold(db: Connection, held: Sequence[tuple[Delivery, int, HoldReason]]) -> None:
    db.executemany(
        f"UPDATE deliveries SET status = {HELD}, carrier = NULL, due_ms = ?, held_for = ?, "
        f"error = NULL, expires_ms = ? WHERE id = ? AND {WAITING}",
        [
            (until_ms, reason, until_ms + DIGEST_EXPIRES_MS, row)
            for delivery, until_ms, reason in held
            for row in delivery.ids
            if reason is not HoldReason.AWAY
        ],
    )
    for chat_id, until_ms in {(one.chat_id, ms) for one, ms, reason in held if reason is HoldReason.AWAY}:
        hold_owed(db, chat_id, until_ms)


def _keep_for_the_absent(db: Connection, now_ms: int) -> None:
    """Hold what would be too old, of chats that take nothing: they are told of it once they are back.

    It came while the chat was away, and waits behind what may have arrived.
    """
    db.execute(
        f"UPDATE deliveries SET status = {HELD}, carrier = NULL, due_ms = a.next_ms, held_for = ?, "
        f"expires_ms = a.next_ms + {DIGEST_EXPIRES_MS} FROM absences AS a "
        f"WHERE a.chat_id = deliveries.chat_id AND a.next_ms + {DIGEST_EXPIRES_MS} > ? "
        f"AND {OPEN} AND status = {DUE} AND expires_ms <= ?",
        [HoldReason.AWAY, now_ms, now_ms],
    )


def _learn(db: Connection, outcome: Outcome) -> None:
    """Write down what a try says of its chat."""
    delivery = outcome.delivery
    if outcome.absence is not None:
        write_absence(db, delivery.chat_id, outcome.absence)
        hold_owed(db, delivery.chat_id, outcome.absence.next_ms)
    elif outcome.status == DeliveryStatus.SENT and delivery.absence is not None:
        end_absence(db, delivery.chat, outcome.at_ms)
    if outcome.gone is not None:
        deactivate(db, delivery.chat, outcome.gone, outcome.at_ms)
    if outcome.moved is not None:
        move(db, delivery.chat, outcome.moved)
