"""Communities: chats that belong together, as a server's channels do; they are left and joined as one."""

import sqlite3

from liqbot.store.chats import ChatKey


class Communities:
    """To which community a chat belongs. Forgotten with the chat."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def place(self, chat: ChatKey, community: str) -> None:
        """Note that `chat` belongs to `community`. A chat of which nothing else is known is not noted."""
        self._db.execute(
            "INSERT INTO communities (chat_id, community) "
            "SELECT id, ? FROM chats WHERE (platform, native_id, thread) = (?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET community = excluded.community "
            "WHERE community IS NOT excluded.community",
            [community, *chat],
        )

    def of(self, platform: str) -> list[str]:
        """Return the communities of a platform."""
        rows = self._db.execute(
            "SELECT DISTINCT community FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE platform = ? ORDER BY community",
            [platform],
        )
        return [community for (community,) in rows]

    def chats(self, platform: str, community: str) -> list[ChatKey]:
        """Return the chats of a community."""
        rows = self._db.execute(
            "SELECT platform, native_id, thread FROM communities JOIN chats ON chats.id = chat_id "
            "WHERE community = ? AND platform = ? ORDER BY chats.id",
            [community, platform],
        )
        return [ChatKey(*row) for row in rows]
