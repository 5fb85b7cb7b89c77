"""Presence: what the processes of a bot say of themselves, for each other and for their operator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

GONE_S = 60.0
"""A process that has said nothing for so long is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """A process, as it says itself."""

    name: str
    """Like that of no other; under it leases are held."""
    roles: tuple[str, ...]
    version: str
    started_ms: int
    """By its own clock."""
    lags_s: Mapping[str, float] = field(default_factory=dict[str, float])
    """By role, how many seconds it is behind."""
    sources: tuple[str, ...] = ()
    """What each of the sources does that it follows."""
    troubles: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is wrong, by name, for the operator."""
    clock_ahead_s: float = 0.0
    """How far its clock is ahead of the one that all processes share."""
    traits: Mapping[str, str] = field(default_factory=dict[str, str])
    """What all processes have to have in common, by name; empty of one of a version that did not tell."""
    public_troubles: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same as anybody may read it; empty of one of a version that did not tell."""


@dataclass(frozen=True, slots=True)
class PresentProcess:
    """A process, and how long ago it said so, seconds."""

    report: ProcessReport
    silent_s: float


class Presence(Protocol):
    """Who is there. Nothing of it outlives the processes for long."""

    async def tell(self, report: ProcessReport) -> int:
        """Say how this process does; return the time by the clock that all processes share.

        In ms since 1970 UTC. Raises `StoreError`.
        """
        ...

    async def leave(self, name: str) -> None:
        """Note that a process is not there any more. Raises `StoreError`."""
        ...

    async def all(self) -> Sequence[PresentProcess]:
        """Return the processes that have told of themselves within `GONE_S`, by name. Raises `StoreError`."""
        ...
