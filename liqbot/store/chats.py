"""Chats: where they are, how they want to be spoken to, and whether they can be reached."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from liqbot.platform_names import kind_of

HOURLY_LIMIT = 20
"""How many alerts an hour a chat gets one by one, unless it asks for another number."""


class ChatKey(NamedTuple):
    """A chat as one bot on its platform knows it."""

    platform: str
    """`telegram`, or `telegram.second` where the bot of that name serves it: limits are a bot's own."""
    native_id: str
    thread: str = ""
    """Thread or topic, empty for none."""

    @property
    def kind(self) -> str:
        """The platform whose ids these are, whichever bot serves the chat: there a person is one person."""
        return kind_of(self.platform)


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How a chat wants to be spoken to."""

    time_zone: str = "UTC"
    """A name of the IANA database."""
    quiet: tuple[int, int] | None = None
    """From when to when it wants no alerts, in minutes after midnight of its own time; may span midnight."""
    mute_until_ms: int = 0
    hourly_limit: int = HOURLY_LIMIT
    grouped: bool = True
    """Whether alerts of one moment come as one message."""
    inactive: str | None = None
    """Why it cannot be reached; None for a chat that is well."""
    look: str = ""
    """How it wants its pictures, as it is typed: `theme=light format=square`; empty for the default."""


class Chats(Protocol):
    """The address book. A chat that is not in it has the default settings."""

    async def settings(self, chat: ChatKey) -> ChatSettings:
        """Return how a chat wants to be spoken to."""
        ...

    async def is_known(self, chat: ChatKey) -> bool:
        """Return whether anything is kept of a chat."""
        ...

    async def save(self, chat: ChatKey, settings: ChatSettings, now_ms: int) -> None:
        """Write down how a chat wants to be spoken to."""
        ...

    async def deactivate(self, chat: ChatKey, reason: str, now_ms: int) -> None:
        """Note that a chat cannot be reached; what it is owed is given up, what it subscribed to is kept.

        A chat without a thread stands for all its threads.
        """
        ...

    async def activate(self, chat: ChatKey) -> bool:
        """Note that a chat can be reached; return whether it could not before."""
        ...

    async def inactive_before(self, time_ms: int) -> list[ChatKey]:
        """Return the chats that could not be reached since before `time_ms`."""
        ...

    async def move(self, chat: ChatKey, native_id: str) -> None:
        """Note that a chat, with all its threads, has another id now; nothing that it wishes is lost."""
        ...

    async def forget(self, chat: ChatKey) -> int:
        """Remove all that is known of a chat; return how many subscriptions that were."""
        ...
