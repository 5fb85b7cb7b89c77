"""Who was let in, who was blocked, which invite codes there are, and whose quotas are their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from liqbot.store.chats import ChatKey

Standing: TypeAlias = Literal["allowed", "blocked"]

NOT_LET_IN = "not let in by the operator"
BLOCKED = "blocked by the operator"
"""Why chats get nothing, by what owners decided: nothing but another decision ends it."""


@dataclass(frozen=True, slots=True)
class KnownChat:
    """A chat of the address book, as an owner sees it."""

    chat: ChatKey
    created_ms: int
    subscriptions: int
    inactive: str | None
    """Why it gets nothing; None for a chat that is well."""
    community: str
    """The server that it belongs to; empty for none."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets chats in."""

    code: str
    uses_left: int
    expires_ms: int


class Access(Protocol):
    """What owners decided of people and chats, by their platforms' ids."""

    async def standings(self) -> Mapping[tuple[str, str], Standing]:
        """Return who was let in and who was blocked, by platform and id."""
        ...

    async def set_standing(
        self, platform: str, native_id: str, standing: Standing | None, now_ms: int
    ) -> None:
        """Let somebody in, or block them; None takes back either."""
        ...

    async def guests(self) -> Collection[tuple[str, str]]:
        """Return by platform and id the chats that get alerts though they were not let in themselves.

        Somebody who was let in has set these up there.
        """
        ...

    async def set_guest(self, platform: str, native_id: str, now_ms: int, *, is_guest: bool) -> None:
        """Note that a chat gets alerts though it was not let in, or that it does not any more."""
        ...

    async def invite(self, invitation: Invitation) -> None:
        """Write a code down."""
        ...

    async def accept(self, code: str, platform: str, native_id: str, now_ms: int) -> bool:
        """Use a code up by one and let a chat in, as one; return whether the code was good.

        One that is let in already uses nothing up.
        """
        ...

    async def invitations(self, now_ms: int) -> Sequence[Invitation]:
        """Return the codes that can still be used."""
        ...

    async def quotas(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """Return by platform and id which quotas differ from the settings."""
        ...

    async def set_quota(self, platform: str, native_id: str, name: str, value: int | None) -> None:
        """Give a chat or person another quota than the settings say; None takes it back."""
        ...

    async def chats(self) -> Sequence[KnownChat]:
        """Return every chat of the address book, those with the most subscriptions first."""
        ...

    async def only_here(self, chat: ChatKey) -> int:
        """Return how many watches a chat has that no other chat has."""
        ...

    async def is_watched(self, *, rule: str, coin: str, venue: str, parameters: str) -> bool:
        """Return whether some chat has this watch already."""
        ...

    async def subscribed(self) -> Mapping[str, int]:
        """Return how many chats that can be reached have a subscription, by platform."""
        ...

    async def watches(self) -> int:
        """Return how many distinct watches there are."""
        ...
