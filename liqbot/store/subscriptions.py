"""Chats, watches, and which chat wishes to hear of which watch."""

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from liqbot.store.database import transaction


class ChatKey(NamedTuple):
    """A chat as its platform knows it."""

    platform: str
    native_id: str
    thread: str = ""
    """Thread or topic, empty for none."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule with its parameters on a coin; chats that ask for the same share one watch."""

    id: int
    rule: str
    coin: str
    parameters: str
    """The canonical text of the rule's form."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A chat's wish to hear of a watch."""

    number: int
    """How the chat calls it: 1, 2, 3 …, never given twice."""
    watch: Watch
    created_ms: int


class Subscriptions:
    """Who wishes to hear of what."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def subscribe(
        self, chat: ChatKey, *, rule: str, coin: str, parameters: str, now_ms: int
    ) -> tuple[Subscription, bool]:
        """Return the chat's subscription to that watch, and whether it is new."""
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO chats (platform, native_id, thread, created_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                [*chat, now_ms],
            )
            self._db.execute(
                "INSERT INTO watches (rule, coin, parameters) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [rule, coin, parameters],
            )
            created = self._db.execute(
                "INSERT INTO subscriptions (chat_id, watch_id, number, created_ms) "
                "SELECT chats.id, watches.id, chats.last_number + 1, ? FROM chats, watches "
                "WHERE (platform, native_id, thread) = (?, ?, ?) AND (rule, coin, parameters) = (?, ?, ?) "
                "ON CONFLICT (chat_id, watch_id) DO NOTHING",
                [now_ms, *chat, rule, coin, parameters],
            ).rowcount
            if created:
                self._db.execute(
                    "UPDATE chats SET last_number = last_number + 1 "
                    "WHERE (platform, native_id, thread) = (?, ?, ?)",
                    chat,
                )
        mine = [item for item in self.of(chat) if (item.watch.rule, item.watch.coin) == (rule, coin)]
        return next(item for item in mine if item.watch.parameters == parameters), bool(created)

    def unsubscribe(self, chat: ChatKey, number: int) -> Subscription | None:
        """End the chat's subscription of that number and return it; None where there is none.

        A watch to which nobody subscribes any more is removed with its state.
        """
        ended = next((item for item in self.of(chat) if item.number == number), None)
        if ended is None:
            return None
        with transaction(self._db):
            self._db.execute(
                "DELETE FROM subscriptions WHERE number = ? AND chat_id = "
                "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
                [number, *chat],
            )
            self._db.execute(
                "DELETE FROM watches WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM subscriptions WHERE watch_id = watches.id)",
                [ended.watch.id],
            )
        return ended

    def of(self, chat: ChatKey) -> list[Subscription]:
        """Return the subscriptions of a chat in the order of their numbers."""
        rows = self._db.execute(
            "SELECT subscriptions.number, watches.id, rule, coin, parameters, subscriptions.created_ms "
            "FROM subscriptions JOIN watches ON watches.id = watch_id JOIN chats ON chats.id = chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?) ORDER BY subscriptions.number",
            chat,
        )
        return [
            Subscription(number, Watch(watch_id, rule, coin, parameters), created_ms)
            for number, watch_id, rule, coin, parameters, created_ms in rows
        ]

    def count(self) -> int:
        """Return how many subscriptions there are."""
        return self._db.execute("SELECT count(*) FROM subscriptions").fetchone()[0]
