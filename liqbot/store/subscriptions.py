"""Watches, and which chat wishes to hear of which."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.store.chats import ChatKey, meet
from liqbot.store.database import transaction
from liqbot.store.deliveries import OPEN


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule with its parameters on a coin; chats that ask for the same share one watch."""

    id: int
    rule: str
    coin: str
    parameters: str
    """The canonical text of the rule's form."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a subscription's alerts are brought."""

    silent: bool = False
    """Without a sound."""
    role: str | None = None
    """The platform's id of a role to ping."""
    digest: str = "off"
    """`off` for each alert at once, `hourly` or `daily` for all of the time in one message."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A chat's wish to hear of a watch."""

    number: int
    """How the chat calls it: 1, 2, 3 …, never given twice."""
    watch: Watch
    created_ms: int
    manner: Manner = Manner()
    paused: bool = False


_USUAL = Manner()


class Subscriptions:
    """Who wishes to hear of what."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def subscribe(
        self,
        chat: ChatKey,
        *,
        rule: str,
        coin: str,
        parameters: str,
        now_ms: int,
        manner: Manner = _USUAL,
        person: str = "",
    ) -> tuple[Subscription, bool]:
        """Return the chat's subscription to that watch, and whether it is new.

        One that is there already takes on the `manner`, and is paused no more. `person` made it, as the
        platform names them.
        """
        with transaction(self._db):
            meet(self._db, chat, now_ms)
            self._db.execute(
                "INSERT INTO watches (rule, coin, parameters) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [rule, coin, parameters],
            )
            chat_id, number = self._db.execute(
                "SELECT id, last_number + 1 FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)", chat
            ).fetchone()
            (given,) = self._db.execute(
                "INSERT INTO subscriptions "
                "(chat_id, watch_id, number, created_ms, created_by, silent, role, digest) "
                "SELECT ?, watches.id, ?, ?, ?, ?, ?, ? FROM watches "
                "WHERE (rule, coin, parameters) = (?, ?, ?) "
                "ON CONFLICT (chat_id, watch_id) DO UPDATE SET silent = excluded.silent, "
                "role = excluded.role, digest = excluded.digest, paused = 0 RETURNING number",
                [
                    chat_id,
                    number,
                    now_ms,
                    person,
                    manner.silent,
                    manner.role,
                    manner.digest,
                    rule,
                    coin,
                    parameters,
                ],
            ).fetchone()
            is_new = given == number
            if is_new:
                self._db.execute("UPDATE chats SET last_number = ? WHERE id = ?", [number, chat_id])
        return next(item for item in self.of(chat) if item.number == given), is_new

    def unsubscribe(self, chat: ChatKey, number: int) -> Subscription | None:
        """End the chat's subscription of that number and return it; None where there is none.

        What the chat is still owed by it is owed no more. A watch to which nobody subscribes any more is
        removed with its state.
        """
        ended = next((item for item in self.of(chat) if item.number == number), None)
        if ended is None:
            return None
        watch = ended.watch
        with transaction(self._db):
            (chat_id,) = self._db.execute(
                "SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)", chat
            ).fetchone()
            self._db.execute("DELETE FROM subscriptions WHERE (chat_id, number) = (?, ?)", [chat_id, number])
            self._db.execute(
                f"DELETE FROM deliveries WHERE chat_id = ? AND ({OPEN} OR status = 'held') "  # noqa: S608 - a constant
                "AND status != 'sending' AND alert_id IN "
                "(SELECT id FROM alerts WHERE (rule, coin, parameters) = (?, ?, ?) AND NOT sample)",
                [chat_id, watch.rule, watch.coin, watch.parameters],
            )
            self._db.execute(
                "DELETE FROM watches WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM subscriptions WHERE watch_id = watches.id)",
                [watch.id],
            )
        return ended

    def pause(self, chat: ChatKey, numbers: Sequence[int], *, paused: bool) -> int:
        """Pause the chat's subscriptions of these numbers, or let them go on; return how many changed."""
        with transaction(self._db):
            return sum(
                self._db.execute(
                    "UPDATE subscriptions SET paused = ? WHERE number = ? AND paused != ? AND chat_id = "
                    "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
                    [paused, number, paused, *chat],
                ).rowcount
                for number in numbers
            )

    def of(self, chat: ChatKey) -> list[Subscription]:
        """Return the subscriptions of a chat in the order of their numbers."""
        rows = self._db.execute(
            "SELECT number, watches.id, rule, coin, parameters, subscriptions.created_ms, "
            "silent, role, digest, paused "
            "FROM subscriptions JOIN watches ON watches.id = watch_id JOIN chats ON chats.id = chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?) ORDER BY number",
            chat,
        )
        return [
            Subscription(
                number=row[0],
                watch=Watch(*row[1:5]),
                created_ms=row[5],
                manner=Manner(bool(row[6]), row[7], row[8]),
                paused=bool(row[9]),
            )
            for row in rows
        ]

    def count(self) -> int:
        """Return how many subscriptions there are."""
        return self._db.execute("SELECT count(*) FROM subscriptions").fetchone()[0]
