"""The address book in SQL."""

from liqbot.store.access import BLOCKED, NOT_LET_IN
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.sql.access import move_access
from liqbot.store.sql.rooms import Connection, Records, reads, writes, writes_beside
from liqbot.store.sql.statuses import FAILED, OWED

_COLUMNS = "time_zone, quiet_from, quiet_to, mute_until_ms, hourly_limit, grouped, inactive, look"
_IS_CHAT = "(platform, native_id, thread) = (?, ?, ?)"


def read_settings(
    row: tuple[str, int | None, int | None, int, int, int, str | None, str],
) -> ChatSettings:
    """Return the settings in the columns of `_COLUMNS`."""
    zone, quiet_from, quiet_to, mute_until_ms, hourly_limit, grouped, inactive, look = row
    quiet = None if quiet_from is None or quiet_to is None else (quiet_from, quiet_to)
    return ChatSettings(zone, quiet, mute_until_ms, hourly_limit, bool(grouped), inactive, look)


class SqlChats(Records):
    """The address book. A chat that is not in it has the usual settings."""

    @reads
    def settings(self, db: Connection, chat: ChatKey) -> ChatSettings:
        row = db.execute(f"SELECT {_COLUMNS} FROM chats WHERE {_IS_CHAT}", chat).fetchone()
        return ChatSettings() if row is None else read_settings(row)

    @reads
    def is_known(self, db: Connection, chat: ChatKey) -> bool:
        return db.execute(f"SELECT 1 FROM chats WHERE {_IS_CHAT}", chat).fetchone() is not None

    @writes_beside
    def save(self, db: Connection, chat: ChatKey, settings: ChatSettings, now_ms: int) -> None:
        quiet_from, quiet_to = settings.quiet or (None, None)
        meet(db, chat, now_ms)
        db.execute(
            "UPDATE chats SET time_zone = ?, quiet_from = ?, quiet_to = ?, "
            "mute_until_ms = ?, hourly_limit = ?, grouped = ?, look = ? "
            "WHERE (platform, native_id, thread) = (?, ?, ?)",
            [
                settings.time_zone,
                quiet_from,
                quiet_to,
                settings.mute_until_ms,
                settings.hourly_limit,
                settings.grouped,
                settings.look,
                *chat,
            ],
        )

    @writes
    def deactivate(self, db: Connection, chat: ChatKey, reason: str, now_ms: int) -> None:
        deactivate(db, chat, reason, now_ms)

    @writes
    def activate(self, db: Connection, chat: ChatKey) -> bool:
        changed = [
            db.execute(
                "UPDATE chats SET inactive = NULL, inactive_ms = NULL WHERE id = ? AND inactive IS NOT NULL",
                [chat_id],
            ).rowcount
            for chat_id in _ids(db, chat)
        ]
        return any(changed)

    @reads
    def inactive_before(self, db: Connection, time_ms: int) -> list[ChatKey]:
        rows = db.execute(
            "SELECT platform, native_id, thread FROM chats WHERE inactive_ms < ? ORDER BY id", [time_ms]
        )
        return [ChatKey(*row) for row in rows]

    @writes
    def move(self, db: Connection, chat: ChatKey, native_id: str) -> None:
        move(db, chat, native_id)

    @writes
    def forget(self, db: Connection, chat: ChatKey) -> int:
        ended = db.execute(
            "DELETE FROM subscriptions WHERE chat_id IN "
            "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))",
            chat,
        ).rowcount
        db.execute(f"DELETE FROM chats WHERE {_IS_CHAT}", chat)
        db.execute(
            "DELETE FROM watches WHERE NOT EXISTS (SELECT 1 FROM subscriptions WHERE watch_id = watches.id)"
        )
        db.execute(
            "DELETE FROM alerts WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE alert_id = alerts.id)"
        )
        return ended


def meet(connection: Connection, chat: ChatKey, now_ms: int) -> None:
    """Write a chat into the address book unless it is there; one that was inactive is well again.

    Not so one that the operator does not serve. For use within a transaction.
    """
    connection.execute(
        "INSERT INTO chats (platform, native_id, thread, created_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (platform, native_id, thread) DO NOTHING",
        [*chat, now_ms],
    )
    connection.execute(
        f"UPDATE chats SET inactive = NULL, inactive_ms = NULL WHERE {_IS_CHAT} AND inactive NOT IN (?, ?)",
        [*chat, BLOCKED, NOT_LET_IN],
    )


def deactivate(db: Connection, chat: ChatKey, reason: str, now_ms: int) -> None:
    """Note why a chat, with all its threads, cannot be reached any more. For use within a transaction."""
    ids = _ids(db, chat)
    db.executemany(
        "UPDATE chats SET inactive = ?, inactive_ms = ? WHERE id = ?",
        [(reason, now_ms, chat_id) for chat_id in ids],
    )
    db.executemany(
        f"UPDATE deliveries SET status = {FAILED}, error = ? WHERE chat_id = ? AND {OWED}",
        [(reason, chat_id) for chat_id in ids],
    )


def move(db: Connection, chat: ChatKey, native_id: str) -> None:
    """Give a chat, with all its threads, another id; where that has a chat, both become one. As above."""
    for chat_id, thread in db.execute(
        "SELECT id, thread FROM chats WHERE (platform, native_id) = (?, ?)", chat[:2]
    ).fetchall():
        # By their numbers they would be other messages there, which an update must not take the place of.
        db.execute(
            "UPDATE deliveries SET message_id = NULL WHERE chat_id = ? AND message_id IS NOT NULL", [chat_id]
        )
        there = db.execute(
            f"SELECT id FROM chats WHERE {_IS_CHAT}",
            [chat.platform, native_id, thread],
        ).fetchone()
        if there is None:
            db.execute("UPDATE chats SET native_id = ? WHERE id = ?", [native_id, chat_id])
        else:
            _merge(db, chat_id, there[0])
    move_access(db, chat.kind, chat.native_id, native_id)


def _ids(db: Connection, chat: ChatKey) -> list[int]:
    rows = db.execute("SELECT id FROM chats WHERE (platform, native_id) = (?, ?) AND ? IN ('', thread)", chat)
    return [chat_id for (chat_id,) in rows]


def _merge(db: Connection, old: int, new: int) -> None:
    """Give to chat `new` what chat `old` has; what both have stays once."""
    (last,) = db.execute("SELECT last_number FROM chats WHERE id = ?", [new]).fetchone()
    db.execute(
        "UPDATE subscriptions SET chat_id = ?, number = number + ? WHERE chat_id = ? AND watch_id NOT IN "
        "(SELECT watch_id FROM subscriptions WHERE chat_id = ?)",
        [new, last, old, new],
    )
    db.execute(
        "UPDATE deliveries SET chat_id = ? WHERE chat_id = ? AND alert_id NOT IN "
        "(SELECT alert_id FROM deliveries WHERE chat_id = ?)",
        [new, old, new],
    )
    db.execute(
        "UPDATE chats SET last_number = coalesce("
        "(SELECT max(number) FROM subscriptions WHERE chat_id = chats.id), last_number) WHERE id = ?",
        [new],
    )
    db.execute("DELETE FROM chats WHERE id = ?", [old])
