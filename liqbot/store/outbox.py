"""States of watches, alerts, and the deliveries that they owe: written together, or not at all."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from liqbot.market import wire
from liqbot.market.view import MarketView
from liqbot.rules.rule import Hit
from liqbot.store.database import transaction
from liqbot.store.chats import ChatKey
from liqbot.store.subscriptions import Watch

_OPEN = "status IN ('due', 'sending')"
"""The condition of the index `deliveries_open`, to the letter: else SQLite reads all that was ever sent."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be written down, with a delivery for each chat that subscribes to its watch."""

    watch: Watch
    hit: Hit
    reason: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it stands in the database."""

    id: int
    rule: str
    coin: str
    parameters: str
    reason: str
    hit: Hit
    time_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one chat."""

    id: int
    chat: ChatKey
    alert: Alert
    attempts: int
    """How often it was tried before."""


class Outbox:
    """What watches remember and what is still to be said."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def watches(self, coin: str) -> list[tuple[Watch, bytes | None]]:
        """Return the watches on `coin`, each with its state as it was last committed."""
        rows = self._db.execute(
            "SELECT id, rule, coin, parameters, state FROM watches WHERE coin = ? ORDER BY id", [coin]
        )
        return [(Watch(*row[:4]), row[4]) for row in rows]

    def state(self, watch: Watch) -> bytes | None:
        """Return the state of one watch as it was last committed."""
        row = self._db.execute("SELECT state FROM watches WHERE id = ?", [watch.id]).fetchone()
        return None if row is None else row[0]

    def commit(
        self,
        view: MarketView,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Iterable[NewAlert],
        now_ms: int,
    ) -> int:
        """Write the new `states` and a delivery of each alert for each subscriber, in one transaction.

        `now_ms` is the clock's time from which deliveries are due. Returns the number of deliveries.
        """
        due = 0
        with transaction(self._db):
            self._db.executemany(
                "UPDATE watches SET state = ? WHERE id = ?", [(state, watch.id) for watch, state in states]
            )
            blob: bytes | None = None
            for alert in alerts:
                blob = blob or zlib.compress(wire.to_bytes(view), level=1)
                due += self._add(alert, view, blob, now_ms)
        return due

    def lease(self, platforms: Sequence[str], limit: int, now_ms: int) -> list[Delivery]:
        """Take up to `limit` due deliveries for chats of `platforms`, the oldest first, as being sent."""
        marks = ",".join("?" * len(platforms))
        with transaction(self._db):
            due = self._db.execute(
                "SELECT deliveries.id FROM deliveries JOIN chats ON chats.id = chat_id "  # noqa: S608 - constants, and question marks
                f"WHERE {_OPEN} AND status = 'due' AND due_ms <= ? AND platform IN ({marks}) "
                "ORDER BY due_ms, deliveries.id LIMIT ?",
                [now_ms, *platforms, limit],
            ).fetchall()
            self._db.executemany(
                "UPDATE deliveries SET status = 'sending', attempts = attempts + 1 WHERE id = ?", due
            )
        return [self._delivery(delivery_id) for (delivery_id,) in due]

    def sent(self, delivery: Delivery, now_ms: int) -> None:
        """Note that a delivery has arrived."""
        self._db.execute(
            "UPDATE deliveries SET status = 'sent', sent_ms = ? WHERE id = ?", [now_ms, delivery.id]
        )

    def retry(self, delivery: Delivery, error: str, due_ms: int) -> None:
        """Note that a delivery did not arrive, and is to be tried again at `due_ms`."""
        self._db.execute(
            "UPDATE deliveries SET status = 'due', due_ms = ?, error = ? WHERE id = ?",
            [due_ms, error, delivery.id],
        )

    def failed(self, delivery: Delivery, error: str) -> None:
        """Note that a delivery has been given up."""
        self._db.execute(
            "UPDATE deliveries SET status = 'failed', error = ? WHERE id = ?", [error, delivery.id]
        )

    def forget_states(self) -> None:
        """Let every watch begin anew, as when a simulated or recorded market starts over."""
        self._db.execute("UPDATE watches SET state = NULL")

    def recover(self) -> int:
        """Make deliveries due again that were being sent when the bot stopped; return how many."""
        return self._db.execute(
            f"UPDATE deliveries SET status = 'due' WHERE {_OPEN} AND status = 'sending'"  # noqa: S608 - a constant
        ).rowcount

    def owed(self) -> int:
        """Return how many deliveries are still to be sent."""
        return self._db.execute(f"SELECT count(*) FROM deliveries WHERE {_OPEN}").fetchone()[0]  # noqa: S608 - a constant

    def view_of(self, alert: Alert) -> MarketView:
        """Return the market as it was when the alert went out. Raises `WireError` where it is damaged."""
        (blob,) = self._db.execute("SELECT view FROM alerts WHERE id = ?", [alert.id]).fetchone()
        try:
            return wire.from_bytes(zlib.decompress(blob))
        except zlib.error as error:
            raise wire.WireError(f"alert {alert.id} has a damaged view: {error}") from error

    def _add(self, alert: NewAlert, view: MarketView, blob: bytes, now_ms: int) -> int:
        watch, hit = alert.watch, msgspec.json.encode(alert.hit)
        alert_id = self._db.execute(
            "INSERT INTO alerts (rule, coin, parameters, key, reason, time_ms, hit, view) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [watch.rule, watch.coin, watch.parameters, alert.hit.key, alert.reason, view.time_ms, hit, blob],
        ).lastrowid
        return self._db.execute(
            "INSERT INTO deliveries (alert_id, chat_id, status, due_ms) "
            "SELECT ?, chat_id, 'due', ? FROM subscriptions WHERE watch_id = ?",
            [alert_id, now_ms, watch.id],
        ).rowcount

    def _delivery(self, delivery_id: int) -> Delivery:
        row = self._db.execute(
            "SELECT deliveries.id, platform, native_id, thread, attempts - 1,"
            " alerts.id, rule, coin, parameters, reason, hit, time_ms "
            "FROM deliveries JOIN chats ON chats.id = chat_id JOIN alerts ON alerts.id = alert_id "
            "WHERE deliveries.id = ?",
            [delivery_id],
        ).fetchone()
        alert = Alert(
            id=row[5],
            rule=row[6],
            coin=row[7],
            parameters=row[8],
            reason=row[9],
            hit=msgspec.json.decode(row[10], type=Hit),
            time_ms=row[11],
        )
        return Delivery(row[0], ChatKey(*row[1:4]), alert, row[4])
