"""Chats: where they are, how they want to be spoken to, and whether they can be reached."""

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from liqbot.store.database import transaction

HOURLY_LIMIT = 20
"""How many alerts an hour a chat gets one by one, unless it asks for another number."""


class ChatKey(NamedTuple):
    """A chat as its platform knows it."""

    platform: str
    native_id: str
    thread: str = ""
    """Thread or topic, empty for none."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How a chat wants to be spoken to."""

    time_zone: str = "UTC"
    """A name of the IANA database."""
    language: str = ""
    """As the platform names it: `en`, `pt-BR`; empty for unknown."""
    quiet: tuple[int, int] | None = None
    """From when to when it wants no alerts, in minutes after midnight of its own time; may span midnight."""
    mute_until_ms: int = 0
    hourly_limit: int = HOURLY_LIMIT
    inactive: str | None = None
    """Why it cannot be reached; None for a chat that is well."""


_COLUMNS = "time_zone, language, quiet_from, quiet_to, mute_until_ms, hourly_limit, inactive"
_IS_CHAT = "(platform, native_id, thread) = (?, ?, ?)"


def read_settings(row: tuple[str, str, int | None, int | None, int, int, str | None]) -> ChatSettings:
    """Return the settings in the columns of `_COLUMNS`."""
    zone, language, quiet_from, quiet_to, mute_until_ms, hourly_limit, inactive = row
    quiet = None if quiet_from is None or quiet_to is None else (quiet_from, quiet_to)
    return ChatSettings(zone, language, quiet, mute_until_ms, hourly_limit, inactive)


class Chats:
    """The address book. A chat that is not in it has the usual settings."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def settings(self, chat: ChatKey) -> ChatSettings:
        """Return how a chat wants to be spoken to."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM chats WHERE {_IS_CHAT}", chat).fetchone()  # noqa: S608 - constants
        return ChatSettings() if row is None else read_settings(row)

    def is_known(self, chat: ChatKey) -> bool:
        """Return whether anything is kept of a chat."""
        return self._db.execute(f"SELECT 1 FROM chats WHERE {_IS_CHAT}", chat).fetchone() is not None  # noqa: S608 - constants

    def save(self, chat: ChatKey, settings: ChatSettings, now_ms: int) -> None:
        """Write down how a chat wants to be spoken to."""
        quiet_from, quiet_to = settings.quiet or (None, None)
        with transaction(self._db):
            meet(self._db, chat, now_ms)
            self._db.execute(
                "UPDATE chats SET time_zone = ?, language = ?, quiet_from = ?, quiet_to = ?, "
                "mute_until_ms = ?, hourly_limit = ? WHERE (platform, native_id, thread) = (?, ?, ?)",
                [
                    settings.time_zone,
                    settings.language,
                    quiet_from,
                    quiet_to,
                    settings.mute_until_ms,
                    settings.hourly_limit,
                    *chat,
                ],
            )

    def deactivate(self, chat: ChatKey, reason: str, now_ms: int) -> None:
        """Note that a chat cannot be reached; what it is owed is given up, what it subscribed to is kept.

        A chat without a thread stands for all its threads.
        """
        with transaction(self._db):
            ids = self._ids(chat)
            self._db.executemany(
                "UPDATE chats SET inactive = ?, inactive_ms = ? WHERE id = ?",
                [(reason, now_ms, chat_id) for chat_id in ids],
            )
            self._db.executemany(
                "UPDATE deliveries SET status = 'failed', error = ? WHERE chat_id = ? "
                "AND status IN ('due', 'sending', 'unknown', 'held')",
                [(reason, chat_id) for chat_id in ids],
            )

    def activate(self, chat: ChatKey) -> bool:
        """Note that a chat can be reached; return whether it could not before."""
        with transaction(self._db):
            changed = [
                self._db.execute(
                    "UPDATE chats SET inactive = NULL, inactive_ms = NULL "
                    "WHERE id = ? AND inactive IS NOT NULL",
                    [chat_id],
                ).rowcount
                for chat_id in self._ids(chat)
            ]
        return any(changed)

    def inactive_before(self, time_ms: int) -> list[ChatKey]:
        """Return the chats that could not be reached since before `time_ms`."""
        rows = self._db.execute(
            "SELECT platform, native_id, thread FROM chats WHERE inactive_ms < ? ORDER BY id", [time_ms]
        )
        return [ChatKey(*row) for row in rows]

    def move(self, chat: ChatKey, native_id: str) -> None:
        """Note that a chat, with all its threads, has another id now; nothing that it wishes is lost."""
        with transaction(self._db):
            for chat_id, thread in self._db.execute(
                "SELECT id, thread FROM chats WHERE (platform, native_id) = (?, ?)", chat[:2]
            ).fetchall():
                there = self._db.execute(
                    f"SELECT id FROM chats WHERE {_IS_CHAT}",  # noqa: S608 - constants
                    [chat.platform, native_id, thread],
                ).fetchone()
                if there is None:
                    self._db.execute("UPDATE chats SET native_id = ? WHERE id = ?", [native_id, chat_id])
                else:
                    self._merge(chat_id, there[0])

    def forget(self, chat: ChatKey) -> int:
        """Remove all that is known of a chat; return how many subscriptions that were."""
        with transaction(self._db):
            ended = self._db.execute(
                "DELETE FROM subscriptions WHERE chat_id IN "
                "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
                chat,
            ).rowcount
            self._db.execute(f"DELETE FROM chats WHERE {_IS_CHAT}", chat)  # noqa: S608 - constants
            self._db.execute(
                "DELETE FROM watches WHERE NOT EXISTS "
                "(SELECT 1 FROM subscriptions WHERE watch_id = watches.id)"
            )
            self._db.execute(
                "DELETE FROM alerts WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE alert_id = alerts.id)"
            )
        return ended

    def _ids(self, chat: ChatKey) -> list[int]:
        rows = self._db.execute(
            "SELECT id FROM chats WHERE (platform, native_id) = (?, ?) AND ? IN ('', thread)", chat
        )
        return [chat_id for (chat_id,) in rows]

    def _merge(self, old: int, new: int) -> None:
        """Give to chat `new` what chat `old` has; what both have stays once."""
        (last,) = self._db.execute("SELECT last_number FROM chats WHERE id = ?", [new]).fetchone()
        self._db.execute(
            "UPDATE OR IGNORE subscriptions SET chat_id = ?, number = number + ? WHERE chat_id = ?",
            [new, last, old],
        )
        self._db.execute(
            "UPDATE deliveries SET chat_id = ? WHERE chat_id = ? AND alert_id NOT IN "
            "(SELECT alert_id FROM deliveries WHERE chat_id = ?)",
            [new, old, new],
        )
        self._db.execute(
            "UPDATE chats SET last_number = coalesce("
            "(SELECT max(number) FROM subscriptions WHERE chat_id = chats.id), last_number) WHERE id = ?",
            [new],
        )
        self._db.execute("DELETE FROM chats WHERE id = ?", [old])


def meet(connection: sqlite3.Connection, chat: ChatKey, now_ms: int) -> None:
    """Write a chat into the address book unless it is there; one that was inactive is well again.

    For use within a transaction.
    """
    connection.execute(
        "INSERT INTO chats (platform, native_id, thread, created_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (platform, native_id, thread) DO UPDATE SET inactive = NULL, inactive_ms = NULL",
        [*chat, now_ms],
    )
