"""Communities: chats that belong together, as a server's channels do; they are left and joined as one."""

from typing import Protocol

from liqbot.store.chats import ChatKey


class Communities(Protocol):
    """To which community a chat belongs. Forgotten with the chat."""

    async def place(self, chat: ChatKey, community: str) -> None:
        """Note that `chat` belongs to `community`. A chat of which nothing else is known is not noted."""
        ...

    async def of(self, platform: str) -> list[str]:
        """Return the communities of a platform."""
        ...

    async def chats(self, platform: str, community: str) -> list[ChatKey]:
        """Return the chats of a community."""
        ...
