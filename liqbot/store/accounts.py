"""The accounts of an exchange that are known, so that a restart need not find them again."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class KnownAccount(NamedTuple):
    """An account as it was last known. Times are ms since 1970 UTC."""

    address: str
    first_seen_ms: int
    polled_ms: int
    """When its positions were last seen, 0 for never."""
    lively_ms: int
    """When it was last seen to hold or to trade something."""
    notional_usd: float
    """Its open size then, both sides; before the first look a guess."""


class Accounts(Protocol):
    """The known accounts of one venue."""

    async def load(self) -> list[KnownAccount]:
        """Return all of them, the largest first."""
        ...

    async def save(self, accounts: Iterable[KnownAccount]) -> None:
        """Keep what is now known of `accounts`, all or none."""
        ...

    async def forget(self, addresses: Iterable[str]) -> None:
        """Remove accounts."""
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...
