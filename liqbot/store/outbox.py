"""States of watches, and the alerts that they raised: written together with what is owed, or not at all."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from liqbot.market import wire
from liqbot.market.view import MarketView
from liqbot.rules.rule import Hit
from liqbot.store.chats import ChatKey
from liqbot.store.database import transaction
from liqbot.store.subscriptions import Watch

EXPIRES_MS = 6 * 3_600_000
"""An alert that could not be delivered for so long is stale, and goes to nobody any more."""


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
    """The canonical text of the rule's form."""
    reason: str
    hit: Hit
    time_ms: int
    """When it was so, in the market's time."""
    sample: bool = False
    """Whether somebody asked for it, to see what an alert is like."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an alert in one chat."""

    alert: Alert
    status: str
    """`sent`, or where it is: `due`, `held`, `unknown`, `failed`, `expired`."""
    sent_ms: int | None
    """When it arrived, by the clock; None where it has not."""
    attempts: int


class Outbox:
    """What watches remember, and the alerts that they raised."""

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
        view: MarketView | None,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Iterable[NewAlert],
        now_ms: int,
    ) -> int:
        """Write the new `states` and a delivery of each alert for each subscriber, in one transaction.

        `view` is the market that the alerts were raised in, None only where there are none. `now_ms` is the
        clock's time from which deliveries are due. Returns the number of deliveries.
        """
        due = 0
        with transaction(self._db):
            self._db.executemany(
                "UPDATE watches SET state = ? WHERE id = ?", [(state, watch.id) for watch, state in states]
            )
            blob: bytes | None = None
            for alert in alerts:
                if view is None:
                    raise ValueError("an alert is raised in a view")
                blob = blob or zlib.compress(wire.to_bytes(view), level=1)
                due += self._owe(self._add(alert, view, blob, sample=False), alert.watch, now_ms)
        return due

    def sample(self, chat: ChatKey, watch: Watch, hit: Hit, view: MarketView, now_ms: int) -> int:
        """Write down a sample alert that is owed to `chat` alone; return its number."""
        blob = zlib.compress(wire.to_bytes(view), level=1)
        with transaction(self._db):
            alert_id = self._add(NewAlert(watch, hit, "sample"), view, blob, sample=True)
            self._db.execute(
                "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
                "SELECT ?, id, 'due', ?, ? FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)",
                [alert_id, now_ms, now_ms + EXPIRES_MS, *chat],
            )
        return alert_id

    def alert(self, alert_id: int) -> Alert | None:
        """Return an alert by its number; None where there is none."""
        row = self._db.execute(
            "SELECT id, rule, coin, parameters, reason, hit, time_ms, sample FROM alerts WHERE id = ?",
            [alert_id],
        ).fetchone()
        if row is None:
            return None
        hit = msgspec.json.decode(row[5], type=Hit)
        return Alert(*row[:5], hit=hit, time_ms=row[6], sample=bool(row[7]))

    def told(self, chat: ChatKey, alert_id: int) -> Told | None:
        """Return what became of an alert in `chat`; None where the chat was not to get it."""
        row = self._db.execute(
            "SELECT status, sent_ms, attempts FROM deliveries JOIN chats ON chats.id = chat_id "
            "WHERE alert_id = ? AND (platform, native_id, thread) = (?, ?, ?)",
            [alert_id, *chat],
        ).fetchone()
        alert = self.alert(alert_id)
        return None if row is None or alert is None else Told(alert, *row)

    def newest_of(self, chat: ChatKey, limit: int) -> list[int]:
        """Return the numbers of the newest alerts that have arrived in `chat`."""
        rows = self._db.execute(
            "SELECT DISTINCT alert_id FROM deliveries JOIN chats ON chats.id = chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?) AND status = 'sent' "
            "ORDER BY sent_ms DESC LIMIT ?",
            [*chat, limit],
        )
        return [alert_id for (alert_id,) in rows]

    def view_of(self, alert: Alert) -> MarketView:
        """Return the market as it was when the alert went out. Raises `WireError` where it is damaged."""
        (blob,) = self._db.execute("SELECT view FROM alerts WHERE id = ?", [alert.id]).fetchone()
        try:
            return wire.from_bytes(zlib.decompress(blob))
        except zlib.error as error:
            raise wire.WireError(f"alert {alert.id} has a damaged view: {error}") from error

    def upload(self, alert_id: int, platform: str) -> str | None:
        """Return the handle under which a platform has the alert's picture; None where it has not."""
        row = self._db.execute(
            "SELECT handle FROM uploads WHERE (alert_id, platform) = (?, ?)", [alert_id, platform]
        ).fetchone()
        return None if row is None else row[0]

    def forget_states(self) -> None:
        """Let every watch begin anew, as when a simulated or recorded market starts over."""
        self._db.execute("UPDATE watches SET state = NULL")

    def prune(self, before_ms: int) -> int:
        """Remove alerts from before then, by the clock, of which nothing is owed; return how many.

        One that no chat was to get, as where all had paused it, goes as well: nobody can ask for it.
        """
        return self._db.execute(
            "DELETE FROM alerts WHERE id IN (SELECT alert_id FROM deliveries GROUP BY alert_id "
            "HAVING max(due_ms) < ? AND max(status IN ('due', 'sending', 'unknown', 'held')) = 0) "
            "OR NOT EXISTS (SELECT 1 FROM deliveries WHERE alert_id = alerts.id)",
            [before_ms],
        ).rowcount

    def _add(self, alert: NewAlert, view: MarketView, blob: bytes, *, sample: bool) -> int:
        watch, hit = alert.watch, msgspec.json.encode(alert.hit)
        written = self._db.execute(
            "INSERT INTO alerts (rule, coin, parameters, key, reason, time_ms, hit, view, sample) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
                watch.rule,
                watch.coin,
                watch.parameters,
                alert.hit.key,
                alert.reason,
                view.time_ms,
                hit,
                blob,
                sample,
            ],
        )
        return written.fetchone()[0]

    def _owe(self, alert_id: int, watch: Watch, now_ms: int) -> int:
        """Write down a delivery for each chat that subscribes to `watch` and is to be spoken to."""
        return self._db.execute(
            "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
            "SELECT ?, chat_id, 'due', ?, ? FROM subscriptions JOIN chats ON chats.id = chat_id "
            "WHERE watch_id = ? AND NOT paused AND inactive IS NULL",
            [alert_id, now_ms, now_ms + EXPIRES_MS, watch.id],
        ).rowcount
