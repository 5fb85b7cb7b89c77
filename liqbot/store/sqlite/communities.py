"""Communities in SQLite."""

import sqlite3

from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.connections import Records, reads, writes


class SqliteCommunities(Records):
    """To which community a chat belongs. Forgotten with the chat."""

    @writes
    def place(self, db: sqlite3.Connection, chat: ChatKey, community: str) -> None:
        db.execute(
            "INSERT INTO communities (chat_id, community) "
            "SELECT id, ? FROM chats WHERE (platform, native_id, thread) = (?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET community = excluded.community "
            "WHERE community IS NOT excluded.community",
            [community, *chat],
        )

    @reads
    def of(self, db: sqlite3.Connection, platform: str) -> list[str]:
        rows = db.execute(
            "SELECT DISTINCT community FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE platform = ? ORDER BY community",
            [platform],
        )
        return [community for (community,) in rows]

    @reads
    def chats(self, db: sqlite3.Connection, platform: str, community: str) -> list[ChatKey]:
        rows = db.execute(
            "SELECT platform, native_id, thread FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE community = ? AND platform = ? ORDER BY chats.id",
            [community, platform],
        )
        return [ChatKey(*row) for row in rows]
