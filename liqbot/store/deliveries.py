"""Deliveries: one alert to one chat, and how far each has come.

heads        claim                    settle
due ─────────▶ (chosen) ─────▶ sending ───────────────▶ sent, failed
▲  │                             │   not arrived        expired: nobody wants it any more
│  └──▶ held, until the chat     ├──────────────▶ due, later
│       wants to hear of it      │   nobody knows
└────── again: then with all     └──────────────▶ unknown, tried again as a repeat
others as one digest
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from liqbot.store.chats import ChatKey, ChatSettings, read_settings
from liqbot.store.database import transaction

HOUR_MS = 3_600_000
DIGEST_EXPIRES_MS = 48 * HOUR_MS
"""How long an alert that is held back for a digest is worth telling."""
DIGEST_MOST = 100
"""How many alerts one digest may hold."""
OPEN = "status IN ('due', 'sending', 'unknown')"
"""The condition of the index `deliveries_open`, to the letter: else SQLite reads all that was ever sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one chat: an alert, or a digest of several."""

    ids: tuple[int, ...]
    """Its rows, the first one names it."""
    alerts: tuple[int, ...]
    """The numbers of its alerts, one for each row."""
    chat_id: int
    chat: ChatKey
    attempts: int
    """How often it was tried before."""
    is_repeat: bool
    """Whether an earlier try may have arrived."""
    held: str | None
    """Why it was held back for a digest; None where it was not."""
    number: int | None
    """The chat's subscription that it comes from; None where that has ended, and for a digest."""
    silent: bool
    role: str | None
    digest: str
    """When that subscription wants to hear: `off` for at once, `hourly`, `daily`."""
    settings: ChatSettings
    sent_lately: int
    """How many messages the chat got in the last hour."""
    first_sent_ms: int | None
    """When the first of these arrived."""

    @property
    def key(self) -> str:
        """Its name towards a platform."""
        return f"liqbot-{self.ids[0]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a delivery has come by a try."""

    delivery: Delivery
    status: str
    """`sent`, `due` (again), `unknown` (whether it arrived) or `failed` (given up)."""
    at_ms: int
    """When it was sent, or is due again."""
    error: str | None = None
    message_id: str | None = None
    upload: str | None = None
    """The handle that its picture has on the platform now."""
    counts: bool = True
    """Whether it was a try at all: a platform that asks for a pause has not tried."""


class Deliveries:
    """What is owed to chats. One dispatcher takes from it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def heads(self, platform: str, limit: int, now_ms: int, *, but_not: Collection[str]) -> list[Delivery]:
        """Return what is due next in up to `limit` chats of a platform: of each chat only the first.

        `but_not` are native ids of chats to leave out. What is due for longest comes first.
        """
        rows = self._db.execute(
            """
            SELECT d.id, d.alert_id, d.chat_id, c.platform, c.native_id, c.thread, d.attempts,
                d.status = 'unknown', d.carrier, d.error, s.number, s.silent, s.role,
                iif(a.sample, 'off', s.digest),
                c.time_zone, c.language, c.quiet_from, c.quiet_to, c.mute_until_ms, c.hourly_limit,
                c.inactive,
                (SELECT count(*) FROM deliveries AS e WHERE e.chat_id = d.chat_id AND e.status = 'sent'
                    AND e.sent_ms > :hour_ago AND (e.carrier IS NULL OR e.carrier = e.id)),
                (SELECT min(sent_ms) FROM deliveries AS e WHERE e.chat_id = d.chat_id AND e.status = 'sent'
                    AND e.sent_ms > :hour_ago)
            FROM heads AS h
            CROSS JOIN deliveries AS d ON d.id = h.delivery_id  -- in the order of heads, and no further
            JOIN chats AS c ON c.id = d.chat_id
            JOIN alerts AS a ON a.id = d.alert_id
            LEFT JOIN watches AS w ON (w.rule, w.coin, w.parameters) = (a.rule, a.coin, a.parameters)
            LEFT JOIN subscriptions AS s ON (s.chat_id, s.watch_id) = (d.chat_id, w.id)
            WHERE h.platform = :platform AND NOT h.is_sending AND h.due_ms <= :now
                AND c.native_id NOT IN (SELECT value FROM json_each(:but_not))
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
        return [self._delivery(row) for row in rows]

    def claim(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are about to be sent."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE deliveries SET status = 'sending', attempts = attempts + 1 WHERE id = ?",
                [(row,) for delivery in deliveries for row in delivery.ids],
            )

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Note how far deliveries have come, in one transaction.

        Only rows that are being sent are changed: what a chat has meanwhile said counts for more.
        """
        with transaction(self._db):
            for outcome in outcomes:
                self._settle(outcome)

    def hold(self, held: Iterable[tuple[Delivery, int, str]]) -> None:
        """Keep deliveries back until a time, for a reason that its digest will name."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE deliveries SET status = 'held', carrier = NULL, due_ms = ?, error = ?, "
                "expires_ms = ? WHERE id = ? AND status IN ('due', 'unknown')",
                [
                    (until_ms, reason, until_ms + DIGEST_EXPIRES_MS, row)
                    for delivery, until_ms, reason in held
                    for row in delivery.ids
                ],
            )

    def release(self, now_ms: int) -> int:
        """Make what was held until now due: one digest for each chat. Returns how many digests."""
        with transaction(self._db):
            chats = self._db.execute(
                "SELECT DISTINCT chat_id FROM deliveries WHERE status = 'held' AND due_ms <= ?", [now_ms]
            ).fetchall()
            for (chat_id,) in chats:
                rows = self._db.execute(
                    "SELECT id FROM deliveries WHERE chat_id = ? AND status = 'held' AND due_ms <= ? "
                    "ORDER BY id LIMIT ?",
                    [chat_id, now_ms, DIGEST_MOST],
                ).fetchall()
                self._db.executemany(
                    "UPDATE deliveries SET status = 'due', due_ms = ?, carrier = ? WHERE id = ?",
                    [(now_ms, rows[0][0], row) for (row,) in rows],
                )
        return len(chats)

    def wake_held(self, chat: ChatKey, now_ms: int, reason: str) -> None:
        """Let what is held back for a chat for that `reason` be due now, as when it is no longer muted."""
        self._db.execute(
            "UPDATE deliveries SET due_ms = min(due_ms, ?) WHERE status = 'held' AND error = ? AND chat_id = "
            "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
            [now_ms, reason, *chat],
        )

    def expire(self, now_ms: int) -> int:
        """Give up what is too old to be told; return how many deliveries."""
        return self._db.execute(
            f"UPDATE deliveries SET status = 'expired' WHERE {OPEN} AND status != 'sending' "  # noqa: S608 - a constant
            "AND expires_ms <= ?",
            [now_ms],
        ).rowcount

    def recover(self) -> int:
        """Note of deliveries that were being sent when the bot stopped that nobody knows; return how many.

        The bot's end says nothing of a chat: such a try does not bring a delivery nearer to being given up.
        """
        return self._db.execute(
            f"UPDATE deliveries SET status = 'unknown', attempts = attempts - 1 WHERE {OPEN} "  # noqa: S608 - a constant
            "AND status = 'sending'"
        ).rowcount

    def owed(self) -> int:
        """Return how many deliveries are to be sent by now or soon."""
        return self._db.execute(f"SELECT count(*) FROM deliveries WHERE {OPEN}").fetchone()[0]  # noqa: S608 - a constant

    def oldest_due_ms(self) -> int | None:
        """Return since when the oldest open delivery has been due; None where there is none."""
        return self._db.execute(f"SELECT min(due_ms) FROM deliveries WHERE {OPEN}").fetchone()[0]  # noqa: S608 - a constant

    def _delivery(self, row: tuple[Any, ...]) -> Delivery:
        ids, alerts = (row[0],), (row[1],)
        if row[8] is not None:
            group = self._db.execute(
                f"SELECT id, alert_id FROM deliveries WHERE chat_id = ? AND {OPEN} "  # noqa: S608 - a constant
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
            held=None if row[8] is None else row[9],
            number=row[10] if is_single else None,
            silent=bool(row[11]),
            role=row[12] if is_single else None,
            digest=row[13] or "off",
            settings=read_settings(row[14:21]),
            sent_lately=row[21],
            first_sent_ms=row[22],
        )

    def _settle(self, outcome: Outcome) -> None:
        delivery, sent = outcome.delivery, outcome.status == "sent"
        # A digest that is tried again still names why its alerts were held.
        error = None if sent else delivery.held or outcome.error
        self._db.executemany(
            "UPDATE deliveries SET status = ?, due_ms = iif(?, due_ms, ?), sent_ms = iif(?, ?, NULL), "
            "attempts = attempts - ?, error = ?, message_id = ? WHERE id = ? AND status = 'sending'",
            [
                (
                    outcome.status,
                    sent,
                    outcome.at_ms,
                    sent,
                    outcome.at_ms,
                    not outcome.counts,
                    error,
                    outcome.message_id,
                    row,
                )
                for row in delivery.ids
            ],
        )
        if outcome.upload is not None and len(delivery.alerts) == 1:
            self._db.execute(
                "INSERT INTO uploads (alert_id, platform, handle) SELECT id, ?, ? FROM alerts WHERE id = ? "
                "ON CONFLICT (alert_id, platform) DO UPDATE SET handle = excluded.handle",
                [delivery.chat.platform, outcome.upload, delivery.alerts[0]],
            )
