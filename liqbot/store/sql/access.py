"""Who may use the bot, in SQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from liqbot.store.access import Invitation, KnownChat, Standing
from liqbot.store.chats import ChatKey
from liqbot.store.sql.rooms import Connection, Records, reads, writes


class SqlAccess(Records):
    """What owners decided of people and chats."""

    @reads
    def standings(self, db: Connection) -> Mapping[tuple[str, str], Standing]:
        rows = db.execute("SELECT platform, native_id, standing FROM standings")
        return {(platform, native_id): standing for platform, native_id, standing in rows}

    @writes
    def set_standing(
        self, db: Connection, platform: str, native_id: str, standing: Standing | None, now_ms: int
    ) -> None:
        _set_standing(db, platform, native_id, standing, now_ms)

    @reads
    def guests(self, db: Connection) -> Collection[tuple[str, str]]:
        rows = db.execute("SELECT platform, native_id FROM guest_chats")
        return {(platform, native_id) for platform, native_id in rows}

    @writes
    def set_guest(
        self, db: Connection, platform: str, native_id: str, now_ms: int, *, is_guest: bool
    ) -> None:
        db.execute("DELETE FROM guest_chats WHERE (platform, native_id) = (?, ?)", [platform, native_id])
        if is_guest:
            db.execute(
                "INSERT INTO guest_chats (platform, native_id, since_ms) VALUES (?, ?, ?)",
                [platform, native_id, now_ms],
            )

    @writes
    def invite(self, db: Connection, invitation: Invitation) -> None:
        db.execute(
            "INSERT INTO invitations (code, uses_left, expires_ms) VALUES (?, ?, ?)",
            [invitation.code, invitation.uses_left, invitation.expires_ms],
        )

    @writes
    def accept(self, db: Connection, code: str, platform: str, native_id: str, now_ms: int) -> bool:
        good = db.execute(
            "SELECT 1 FROM invitations WHERE code = ? AND expires_ms > ?", [code, now_ms]
        ).fetchone()
        is_in = db.execute(
            "SELECT 1 FROM standings WHERE (platform, native_id, standing) = (?, ?, 'allowed')",
            [platform, native_id],
        ).fetchone()
        if good and is_in:
            return True
        used = db.execute(
            "UPDATE invitations SET uses_left = uses_left - 1 "
            "WHERE code = ? AND uses_left > 0 AND expires_ms > ?",
            [code, now_ms],
        ).rowcount
        if used:
            _set_standing(db, platform, native_id, "allowed", now_ms)
        return used > 0

    @reads
    def invitations(self, db: Connection, now_ms: int) -> Sequence[Invitation]:
        rows = db.execute(
            "SELECT code, uses_left, expires_ms FROM invitations WHERE uses_left > 0 AND expires_ms > ? "
            "ORDER BY expires_ms",
            [now_ms],
        )
        return [Invitation(*row) for row in rows]

    @reads
    def quotas(self, db: Connection) -> Mapping[tuple[str, str], Mapping[str, int]]:
        found: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for platform, native_id, name, value in db.execute(
            "SELECT platform, native_id, name, value FROM quotas"
        ):
            found[platform, native_id][name] = value
        return dict(found)

    @writes
    def set_quota(self, db: Connection, platform: str, native_id: str, name: str, value: int | None) -> None:
        db.execute(
            "DELETE FROM quotas WHERE (platform, native_id, name) = (?, ?, ?)", [platform, native_id, name]
        )
        if value is not None:
            db.execute(
                "INSERT INTO quotas (platform, native_id, name, value) VALUES (?, ?, ?, ?)",
                [platform, native_id, name, value],
            )

    @reads
    def chats(self, db: Connection) -> Sequence[KnownChat]:
        rows = db.execute(
            "SELECT platform, native_id, thread, created_ms, "
            "(SELECT count(*) FROM subscriptions WHERE chat_id = chats.id) AS held, "
            "inactive, coalesce(community, '') "
            "FROM chats LEFT JOIN communities ON communities.chat_id = chats.id ORDER BY held DESC, chats.id"
        )
        return [KnownChat(ChatKey(*row[:3]), *row[3:]) for row in rows]

    @reads
    def only_here(self, db: Connection, chat: ChatKey) -> int:
        return db.execute(
            "SELECT count(*) FROM subscriptions AS mine JOIN chats ON chats.id = mine.chat_id "
            "WHERE (platform, native_id, thread) = (?, ?, ?) AND NOT EXISTS "
            "(SELECT 1 FROM subscriptions AS other "
            "WHERE other.watch_id = mine.watch_id AND other.chat_id != mine.chat_id)",
            chat,
        ).fetchone()[0]

    @reads
    def is_watched(self, db: Connection, *, rule: str, coin: str, venue: str, parameters: str) -> bool:
        row = db.execute(
            "SELECT 1 FROM watches WHERE (rule, coin, venue, parameters) = (?, ?, ?, ?)",
            [rule, coin, venue, parameters],
        ).fetchone()
        return row is not None

    @reads
    def subscribed(self, db: Connection) -> Mapping[str, int]:
        rows = db.execute(
            "SELECT platform, count(*) FROM chats WHERE inactive IS NULL "
            "AND EXISTS (SELECT 1 FROM subscriptions WHERE chat_id = chats.id) "
            "GROUP BY platform ORDER BY platform"
        )
        return dict(rows)

    @reads
    def watches(self, db: Connection) -> int:
        return db.execute("SELECT count(*) FROM watches").fetchone()[0]


def move_access(db: Connection, platform: str, old: str, new: str) -> None:
    """Let what was decided of a chat hold for its new id. For use within a transaction."""
    for table, key in (("standings", ""), ("guest_chats", ""), ("quotas", ", name")):
        db.execute(
            f"DELETE FROM {table} WHERE (platform, native_id) = (?, ?) AND (platform{key}) IN "
            f"(SELECT platform{key} FROM {table} WHERE (platform, native_id) = (?, ?))",
            [platform, new, platform, old],
        )
        db.execute(
            f"UPDATE {table} SET native_id = ? WHERE (platform, native_id) = (?, ?)",
            [new, platform, old],
        )


def _set_standing(
    db: Connection, platform: str, native_id: str, standing: Standing | None, now_ms: int
) -> None:
    db.execute("DELETE FROM standings WHERE (platform, native_id) = (?, ?)", [platform, native_id])
    if standing is not None:
        db.execute(
            "INSERT INTO standings (platform, native_id, standing, since_ms) VALUES (?, ?, ?, ?)",
            [platform, native_id, standing, now_ms],
        )
