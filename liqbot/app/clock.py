"""The clock that sources, states and deliveries of a running bot share, and whether it is right."""

import time
from collections.abc import Callable

PUT_BACK_MS = 60_000
"""A clock that goes back by more than that was wrong before; less are the corrections of every day."""


def clock_ms() -> int:
    """Return the time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class ClockWatch:
    """Notices that a clock was put back: what was written until then lies in the future."""

    def __init__(self, clock: Callable[[], int], clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells ms since 1970 UTC, `clock_s` seconds that never go backwards."""
        self._clock = clock
        self._clock_s = clock_s
        self._ahead_ms = self._ahead()

    def put_back_ms(self) -> int:
        """Return by how much the clock was put back since the last look; 0 where it was not."""
        before, self._ahead_ms = self._ahead_ms, self._ahead()
        back_ms = round(before - self._ahead_ms)
        return back_ms if back_ms > PUT_BACK_MS else 0

    def _ahead(self) -> float:
        return self._clock() - 1000 * self._clock_s()
