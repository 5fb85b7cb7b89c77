"""How much of the processor processes have had, they and all that they have begun (Linux)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _ENDED = 1, slice(11, 13), slice(13, 15)
"""Where in `/proc/PID/stat`, after the name, the parent stands, and the ticks of it and of ended children."""


def processor_s(*roots: int) -> float:
    """Return the seconds that processes and all below them have had; those that have ended are counted.

    A process that is no more, and whose parent has not waited for it, counts for nothing.
    """
    told = _told()
    below: dict[int, list[int]] = {}
    for number, fields in told.items():
        below.setdefault(int(fields[_PARENT]), []).append(number)
    ticks, waiting, seen = 0, list(roots), set[int]()
    while waiting:
        number = waiting.pop()
        if number in told and number not in seen:
            seen.add(number)
            ticks += sum(map(int, (*told[number][_OWN], *told[number][_ENDED])))
            waiting += below.get(number, ())
    return ticks * _TICK_S


class Spent:
    """The processor time that named parts of a measurement have from now on."""

    def __init__(self, parts: Mapping[str, Sequence[int]]) -> None:
        """`parts` are the processes of each by name; none may be below one of another part."""
        self._parts = parts
        self._before_s = self._now_s()

    def since_s(self) -> dict[str, float]:
        """Return by name the seconds that each part has had."""
        return {name: now_s - self._before_s[name] for name, now_s in self._now_s().items()}

    def _now_s(self) -> dict[str, float]:
        return {name: processor_s(*pids) for name, pids in self._parts.items()}


def told(spent_s: Mapping[str, float], wall_s: float) -> str:
    """Return in words which share of a processor each part has had."""
    return ", ".join(f"{name} {100 * seconds / wall_s:.0f}%" for name, seconds in spent_s.items())


def _told() -> dict[int, list[str]]:
    """Return of each process what its `stat` says after its name."""
    told: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            told[int(folder.name)] = stat.rpartition(")")[2].split()
    return told
