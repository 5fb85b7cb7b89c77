"""A chat platform as alerts see it: what is handed over, what comes back, and what may go wrong."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from liqbot.message import Message
from liqbot.store.chats import ChatKey


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a platform may be sent to, and what it promises."""

    a_second: float = math.inf
    """Most messages a second to all chats together."""
    a_chat_s: float = 0
    """Least seconds between two messages to one chat."""
    chat_burst: int = 1
    """So many may go to one chat at once where those are replies that follow something; more at its pace."""
    a_group_minute: int | None = None
    """Most messages a minute to one group."""
    rest_s: float = 0
    """So long a chat is left alone after a start that may have been sent to right before: what the platform
    would have said of its pace died with the process before."""
    in_flight: int = 20
    """Most requests at the same time."""
    hourly: bool = True
    """Whether the limits that chats set to alerts an hour apply."""
    knows_repeats_s: float = 0
    """For so long a delivery sent again under its `OutgoingMessage.key` does not become a second message."""
    reuses_uploads: bool = False
    """Whether a picture that was uploaded once can be sent to other chats by its `Receipt.upload`."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one chat, with what the platform needs to deliver it well."""

    chat: ChatKey
    message: Message
    key: str
    """Names the delivery: the same whenever it is tried again; at most 25 letters, digits and hyphens."""
    silent: bool = False
    """Without a sound."""
    role: str | None = None
    """The platform's id of a role to ping."""
    upload: str | None = None
    """The handle under which the platform has the message's picture already."""
    replaces: str | None = None
    """The platform's id of a message in whose place it goes, where the platform can change what was sent;
    elsewhere, and where that message is gone, it follows as one of its own."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a platform says of a message that has arrived."""

    message_id: str
    upload: str | None = None
    """A handle under which the picture can be sent to other chats without uploading it; None for none."""


class Platform(Protocol):
    """What the dispatcher needs of a chat platform."""

    @property
    def limits(self) -> Limits:
        """How fast it may be sent to."""
        ...

    def is_group(self, chat: ChatKey) -> bool:
        """Return whether several people share the chat, and its limits are those of a group."""
        ...

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Bring a message to its chat.

        Raises one of this module's errors where it did not arrive, or not surely. Any other exception counts
        as `Unclear`.
        """
        ...


@runtime_checkable
class Resuming(Protocol):
    """A platform that keeps an account of its pace itself."""

    def resume(self) -> None:
        """Note that another process may have been sending until now, which nobody can ask any more."""
        ...


class NotSent(Exception):  # noqa: N818 - an outcome
    """It has surely not arrived; another try may work."""

    may_have_arrived = False
    """Whether that is not sure after all: its client tried more than once, and one try had no answer."""


class Unclear(NotSent):
    """It may have arrived: the answer got lost."""


class SlowDown(NotSent):
    """The platform wants a pause."""

    def __init__(self, reason: str, *, pause_s: float, everywhere: bool = False) -> None:
        """`everywhere`: no chat may be sent to for that long, not only this one."""
        super().__init__(reason)
        self.pause_s = pause_s
        self.everywhere = everywhere


class Refused(NotSent):
    """The platform will never take this message; the chat itself is well."""


class ChatAway(NotSent):
    """The chat takes nothing at present, as a closed topic or a person who blocked the bot; that may pass."""


class ChatGone(NotSent):
    """The chat is no more."""


class ChatMoved(NotSent):
    """The chat has another id now."""

    def __init__(self, reason: str, *, native_id: str) -> None:
        super().__init__(reason)
        self.native_id = native_id
