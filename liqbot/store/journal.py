"""The journal: what a chat wrote down of alerts, and the trades that it took. Private to the chat."""

from dataclasses import dataclass
from typing import Protocol

from liqbot.market.side import Side
from liqbot.store.chats import ChatKey


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A note on an alert, or a trade taken because of one. It outlives the alert itself."""

    created_ms: int
    """By the clock."""
    alert: int
    coin: str
    rule: str
    layer: str
    """The key of the layer that the alert was seen in."""
    headline: str
    """The alert in one line."""
    note: str = ""
    side: Side | None = None
    """Of the trade; None for a note."""
    entry: float | None = None
    stop: float | None = None
    target: float | None = None
    since_ms: int = 0
    """From when on the market decides what becomes of the trade, in its own time."""


class Journal(Protocol):
    """What chats wrote down. It goes with the chat."""

    async def add(self, chat: ChatKey, entry: JournalEntry, now_ms: int) -> int:
        """Write an entry down; return its number."""
        ...

    async def of(self, chat: ChatKey, limit: int) -> list[tuple[int, JournalEntry]]:
        """Return the newest entries of a chat with their numbers, the newest first."""
        ...

    async def count(self, chat: ChatKey) -> int:
        """Return how many entries a chat has."""
        ...
