"""Notes: short texts that a part of the bot wants to find again after a restart, by name."""

from collections.abc import Callable
from typing import Protocol


class Notes(Protocol):
    """One text a name."""

    async def get(self, name: str) -> str | None:
        """Return the note of that name; None where there is none."""
        ...

    async def set(self, name: str, text: str) -> None:
        """Write a note in place of the one before."""
        ...

    async def change(self, name: str, change: Callable[[str | None], str]) -> str:
        """Write what `change` makes of the note that is there, None for none; return what is there then.

        Nobody else writes meanwhile, not in another process either. `change` may be asked more than once.
        """
        ...
