"""Leases: which process does what only one may do at a time, as sending on a platform, or making views.

A lease is held for `TTL_S` seconds from its last renewal, by the clock of whoever keeps the leases. Its
holder counts from before it asked, and by `MARGIN_S` less, so that it has stopped before anybody else may
begin. What a holder writes is written under its *fence*: the number of the lease rises with each holder, and
what is written under an old number is refused.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from liqbot.store.errors import StoreError

TTL_S = 4.0
"""So long after its last renewal a lease is free for others."""
MARGIN_S = 1.0
"""So much earlier its holder takes it for lost."""
RENEW_S = 0.75
"""So often it is renewed."""
RETRY_S = 0.5
"""So often a lease that somebody else holds is asked for."""


class LeaseLostError(StoreError):
    """What was to be written under a lease belongs to somebody else by now; nothing of it is written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process holds."""

    name: str
    """What it is for: `engine/hyperliquid/measured/live`, `alerts`, `sender/telegram`."""
    holder: str
    """The process."""
    number: int
    """Rises with each holder."""


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease as everybody sees it."""

    name: str
    holder: str
    since_ms: int
    """Since when it is held; ms since 1970 UTC, by the clock of whoever keeps the leases."""
    left_s: float
    """For how long it is held still; negative where its holder has let it run out."""


class Leases(Protocol):
    """Who holds what. `holder` is this process."""

    stands_aside: bool
    """Whether this process is to hold nothing at present: it asks for nothing, and gives up what it has."""

    @property
    def holder(self) -> str:
        """The name under which this process holds leases."""
        ...

    @property
    def ttl_s(self) -> float:
        """For how long a lease is held from its last renewal; infinite where it cannot be lost."""
        ...

    async def acquire(self, name: str) -> Lease | None:
        """Take a lease that nobody holds; None where somebody does. Raises `StoreError`."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Hold a lease for `TTL_S` more; return False where it belongs to somebody else by now.

        Raises `StoreError` where nobody knows.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Give a lease back, so that somebody else may take it at once. Raises `StoreError`."""
        ...

    async def held(self) -> Sequence[HeldLease]:
        """Return who holds what, in the order of the names. Raises `StoreError`."""
        ...


class LocalLeases:
    """The leases of one process that has its database to itself: what is free is had, and never lost."""

    def __init__(self, holder: str = "this process", clock: Callable[[], int] | None = None) -> None:
        """`clock` tells ms since 1970 UTC."""
        self.holder = holder
        self.ttl_s = math.inf
        self.stands_aside = False
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._held: dict[str, tuple[Lease, int]] = {}
        self._numbers: Counter[str] = Counter()

    async def acquire(self, name: str) -> Lease | None:
        """Take a lease that nobody holds; None where somebody in this process does."""
        if name in self._held:
            return None
        self._numbers[name] += 1
        lease = Lease(name, self.holder, self._numbers[name])
        self._held[name] = (lease, self._clock())
        return lease

    async def renew(self, lease: Lease) -> bool:
        """Return whether a lease is held."""
        return self._held.get(lease.name, (None, 0))[0] == lease

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        if await self.renew(lease):
            del self._held[lease.name]

    async def held(self) -> Sequence[HeldLease]:
        """Return what is held, in the order of the names."""
        return [
            HeldLease(name, lease.holder, since_ms, math.inf)
            for name, (lease, since_ms) in sorted(self._held.items())
        ]


_fence: ContextVar[Lease | None] = ContextVar("fence", default=None)


def fence() -> Lease | None:
    """Return the lease under which is written now; None for none."""
    return _fence.get()


@contextmanager
def fenced(lease: Lease | None) -> Generator[None]:
    """Write under a lease meanwhile: a store of several processes refuses it with `LeaseLostError`.

    A store of one process does not ask.
    """
    token = _fence.set(lease)
    try:
        yield
    finally:
        _fence.reset(token)
