"""The time axis: which column of a grid each pixel shows, ticks at round times, UTC.

Not here: prices (`price_axis.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from liqbot.market.grid import Grid
from liqbot.market.positions import Floats, Ints

NOW_PIXELS = 6
"""The newest column holds since a moment ago; it is drawn at least this wide."""
NO_DATA = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
_LONG = timedelta(days=150)
"""From here on months are named, not days."""
_MONTHS = (1, 3, 6, 12, 24)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From `start_ms` to `end_ms`, ms since 1970 UTC, over `length` pixels."""

    start_ms: float
    end_ms: float
    length: int

    @staticmethod
    def of(grid: Grid, length: int) -> "TimeAxis":
        """Return the axis of a grid: from its first column to the end of its last."""
        start, newest = int(grid.time_ms[0]), int(grid.time_ms[-1])
        now = max(1, (newest - start) * NOW_PIXELS / (length - NOW_PIXELS))
        return TimeAxis(start, max(int(grid.until_ms[-1]), newest + now), length)

    def along(self, time_ms: Ints) -> Floats:
        """Return how many pixels from its start each time is."""
        since: Floats = time_ms.astype(np.float64) - self.start_ms
        return since * (self.length / (self.end_ms - self.start_ms))

    def columns(self, grid: Grid) -> Ints:
        """Return the number of the column that holds at the middle of each pixel, `NO_DATA` where none does.

        Shape (length,). The last column holds to the end.
        """
        middle = self.start_ms + (np.arange(self.length) + 0.5) * (
            (self.end_ms - self.start_ms) / self.length
        )
        column = np.maximum(np.searchsorted(grid.time_ms, middle, side="right") - 1, 0)
        known = (middle < grid.until_ms[column]) | (column == len(grid) - 1)
        return np.where(known, column, NO_DATA)

    def ticks(self, apart: float) -> list[tuple[float, str]]:
        """Return place and label of round times at least `apart` pixels from each other."""
        start = _EPOCH + timedelta(milliseconds=self.start_ms)
        span = timedelta(milliseconds=self.end_ms - self.start_ms)
        least = span * (apart / self.length)
        times = _round_times(start, start + span, least)
        return [
            (float(self.along(np.array((time - _EPOCH) / timedelta(milliseconds=1)))), label)
            for time, label in times
        ]


def _round_times(start: datetime, end: datetime, least: timedelta) -> Iterator[tuple[datetime, str]]:
    """Yield times at least `least` apart, each with its label: `14:00`, `27 Jun`, `Jul`, `2026`."""
    step = next((step for step in _STEPS if step >= least), None)
    if step is None or end - start > _LONG:
        yield from _round_months(start, end, least)
        return
    time = _EPOCH + -((_EPOCH - start) // step) * step
    while time <= end:
        midnight = not (time.hour or time.minute)
        yield time, f"{time.day} {_NAMES[time.month - 1]}" if midnight else f"{time:%H:%M}"
        time += step


def _round_months(start: datetime, end: datetime, least: timedelta) -> Iterator[tuple[datetime, str]]:
    # Names of months are short: they may stand closer.
    months = next((months for months in _MONTHS if timedelta(days=28 * months) >= 0.6 * least), 120)
    number = -(-(12 * start.year + start.month - 1) // months) * months
    while (time := datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)) <= end:
        if time >= start:
            yield time, _NAMES[time.month - 1] if time.month > 1 else f"{time.year}"
        number += months
