"""The processes of a bot: which there are, who does what only one may do, and how far each is behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from liqbot.store.leases import HeldLease, Leases
from liqbot.store.presence import Presence, PresentProcess

__all__ = ["ProcessAnswer", "Processes", "ProcessesAnswer", "Unled", "answer_of"]


@dataclass(frozen=True, slots=True)
class ProcessAnswer:
    """One process. Its name says nothing of the machine that it runs on."""

    name: str
    roles: tuple[str, ...]
    leads: Mapping[str, int] = field(default_factory=dict[str, int])
    """By lease, since when it holds it; ms since 1970 UTC."""
    lags_s: Mapping[str, float] = field(default_factory=dict[str, float])
    """By role, how many seconds it is behind."""
    silent_s: float = 0.0
    """How long ago it said so."""
    sources: tuple[str, ...] = ()
    """What each of the sources does that it follows."""
    troubles: Mapping[str, str] = field(default_factory=dict[str, str])
    """What it finds wrong, by name."""

    @property
    def is_silent(self) -> bool:
        """Whether it should have told of itself by now: it is dead, asleep or cut off."""
        return self.silent_s > SILENT_S


@dataclass(frozen=True, slots=True)
class Unled:
    """A lease that nobody holds, and since how many seconds."""

    lease: str
    for_s: float


@dataclass(frozen=True, slots=True)
class ProcessesAnswer:
    """All of them."""

    processes: tuple[ProcessAnswer, ...] = ()
    """None where the bot is one process."""
    unled: tuple[Unled, ...] = ()


class Processes:
    """Asks who is there. A bot of one process has no answer to that."""

    def __init__(self, presence: Presence | None = None, leases: Leases | None = None) -> None:
        self._presence = presence
        self._leases = leases

    async def all(self) -> ProcessesAnswer:
        """Return the processes, and what nobody does. Raises `StoreError`."""
        if self._presence is None or self._leases is None:
            return ProcessesAnswer()
        return answer_of(await self._presence.all(), await self._leases.held())


def answer_of(present: Sequence[PresentProcess], held: Sequence[HeldLease]) -> ProcessesAnswer:
    """Return what is to be said of processes that are there, and of leases."""
    led: dict[str, dict[str, int]] = {}
    for lease in held:
        if lease.left_s > 0:
            led.setdefault(lease.holder, {})[lease.name] = lease.since_ms
    return ProcessesAnswer(
        tuple(
            ProcessAnswer(
                short_name(one.report.name),
                one.report.roles,
                led.get(one.report.name, {}),
                one.report.lags_s,
                one.silent_s,
                one.report.sources,
                one.report.troubles,
            )
            for one in present
        ),
        tuple(Unled(lease.name, -lease.left_s) for lease in held if lease.left_s < -GRACE_S),
    )


SILENT_S = 15.0
"""A process tells of itself every five seconds."""
GRACE_S = 10.0
"""A lease that nobody holds for less is being taken over."""


def short_name(name: str) -> str:
    """Return what of a process's name tells it from others, and nothing of its machine."""
    return name.rpartition("-")[2]
