"""The clock that sources, states and deliveries of a running bot share, and whether it is right."""

import time
from collections.abc import Callable, Iterable
from statistics import median_low

PUT_BACK_MS = 60_000
"""A clock that changes by more than that was wrong, or is now; less are the corrections of every day."""

PATIENCE = 12
"""After so many questions to which no platform had an answer, a clock is believed all the same."""


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


class ClockError:
    """How wrong a clock is, as the platforms say: known once they have said the same twice."""

    def __init__(self) -> None:
        self._before_ms: int | None = None
        self._known_ms: int | None = None
        self._waited = 0

    def is_doubtful(self, *, is_awaited: bool) -> bool:
        """Return whether it is not sure yet how wrong the clock is, so that nothing is to end by it.

        `is_awaited`: a platform will say so soon. It is waited for `PATIENCE` questions long, and no longer.
        """
        if self._before_ms is not None:
            return self._known_ms is None or abs(self._before_ms - self._known_ms) > PUT_BACK_MS
        self._waited += is_awaited
        return is_awaited and self._waited <= PATIENCE

    def told_ms(self, aheads_s: Iterable[float | None]) -> int | None:
        """Return by how much the clock is ahead where that is news, ms; None where it is not, or not sure.

        `aheads_s` is how far it is ahead of each platform's; None for one that has told nothing yet.
        """
        told = [ahead_s for ahead_s in aheads_s if ahead_s is not None]
        if not told:
            return None
        error_ms = round(1000 * median_low(told))
        if abs(error_ms) <= PUT_BACK_MS:
            error_ms = 0
        before_ms, self._before_ms = self._before_ms, error_ms
        if before_ms is None or abs(error_ms - before_ms) > PUT_BACK_MS:
            return None
        if self._known_ms is not None and abs(error_ms - self._known_ms) <= PUT_BACK_MS:
            return None
        self._known_ms = error_ms
        return error_ms
