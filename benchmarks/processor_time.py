"""How much of the processor processes have had, they and all that they have begun (Linux)."""

import os
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
