"""Absences: chats that take nothing at present, as a closed topic. When to try again: `alerts/absence.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from liqbot.store.chats import ChatKey


@dataclass(frozen=True, slots=True)
class Absence:
    """That a chat takes nothing. Times are ms since 1970 UTC."""

    reason: str
    """Why, in the platform's words or in ours."""
    since_ms: int
    tries: int
    """How often it was tried since."""
    next_ms: int
    """When it is tried again."""


class Absences(Protocol):
    """Which chats take nothing at present. What is owed to one meanwhile is held for `HoldReason.AWAY`.

    What tries say of it is written with their outcomes (`Deliveries.settle`).
    """

    async def of_chat(self, chat: ChatKey) -> Absence | None:
        """Return the absence of a chat; None where it can be reached, as far as anybody knows."""
        ...

    async def begin(self, chat: ChatKey, absence: Absence) -> None:
        """Write down that a chat, with all its threads, takes nothing, and hold what it is owed.

        What may have arrived is tried again by itself at the next try, under its own name.
        """
        ...

    async def end(self, chat: ChatKey, now_ms: int) -> bool:
        """Note that a chat, with all its threads, can be reached; return whether it was away.

        What was held for that is due at `now_ms`.
        """
        ...

    async def reasons(self) -> Mapping[str, int]:
        """Return how many chats are away for which reason."""
        ...
