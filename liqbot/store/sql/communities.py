"""Communities in SQL."""

from liqbot.store.chats import ChatKey
from liqbot.store.sql.rooms import Connection, Records, reads, writes


class SqlCommunities(Records):
    """To which community a chat belongs. Forgotten with the chat."""

    @writes
    def place(self, db: Connection, chat: ChatKey, community: str) -> None:
        db.execute(
            "INSERT INTO communities (chat_id, community) "
            "SELECT id, ? FROM chats WHERE (platform, native_id, thread) = (?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET community = excluded.community "
            "WHERE communities.community != excluded.community",
            [community, *chat],
        )

    @reads
    def of(self, db: Connection, platform: str) -> list[str]:
        rows = db.execute(
            "SELECT DISTINCT community FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE platform = ? ORDER BY community",
            [platform],
        )
        return [community for (community,) in rows]

    @reads
    def chats(self, db: Connection, platform: str, community: str) -> list[ChatKey]:
        rows = db.execute(
            "SELECT platform, native_id, thread FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE community = ? AND platform = ? ORDER BY chats.id",
            [community, platform],
        )
        return [ChatKey(*row) for row in rows]
