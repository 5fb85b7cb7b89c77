"""Measuring on a noisy machine: medians, and ratios between things timed in turn."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

TICK_S = 0.001
"""How often the event loop's timer is looked at."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    against: str
    """What it is compared with, or the bound that it must keep."""
    holds: bool | None = None
    """Whether the bound is kept; None where there is none."""


def medians_ms(*functions: Callable[[], object], rounds: int = 25) -> list[float]:
    """Return the median time of each function in ms; they take turns, so that a slow moment hits all."""
    times: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def resident_mb() -> float:
    """Return this process's resident memory in MB (Linux)."""
    return _status_mb("VmRSS")


def peak_mb() -> float:
    """Return the most that this process's resident memory has been, in MB (Linux)."""
    return _status_mb("VmHWM")


def _status_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status does not tell {name}")


def percentile(values: list[float], percent: float) -> float:
    """Return the value that `percent` percent of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


async def lags(work: Awaitable[object]) -> list[float]:
    """Return by how many seconds a timer was late, again and again, while `work` goes on."""
    task = asyncio.ensure_future(work)
    late: list[float] = []
    while not task.done():
        start = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late.append(time.perf_counter() - start - TICK_S)
    await task
    return late
