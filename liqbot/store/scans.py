"""Scans: what processes that ask an exchange for accounts tell those that make maps of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Scan:
    """One account as it was read last; what stands in it is the venue's business."""

    account: str
    body: bytes


class Scans(Protocol):
    """The newest scan of each account of one venue."""

    async def tell(self, scans: Sequence[Scan]) -> None:
        """Write scans down in place of the ones before. Raises `StoreError`."""
        ...

    async def news(self) -> Sequence[Scan]:
        """Return what other processes have told since it was asked last; at first, all.

        Of very many, some: it is to be asked until there are none. Raises `StoreError`.
        """
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...
