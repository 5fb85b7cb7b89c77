"""The time that a chat platform tells with its answers, and how far this machine's clock is from it."""

import contextlib
import time
from email.utils import parsedate_to_datetime


def elapsed_s() -> float:
    """Return seconds that no clock's correction changes; where that can be told, a machine's sleep counts."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class PlatformTime:
    """What time it is on a platform. Until it has told, this machine's clock is believed as it was."""

    def __init__(self) -> None:
        self._ahead_s = time.time() - elapsed_s()
        """How far the platform's time is ahead of what `elapsed_s` gives."""
        self._is_told = False

    def note(self, told: str | None) -> None:
        """Take note of the time that an answer tells, as in its header `Date`."""
        with contextlib.suppress(TypeError, ValueError):
            self._ahead_s = parsedate_to_datetime(told or "").timestamp() - elapsed_s()
            self._is_told = True

    def now_s(self) -> float:
        """Return the platform's time, seconds since 1970 UTC."""
        return elapsed_s() + self._ahead_s

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of the platform's; None until that has told."""
        return time.time() - self.now_s() if self._is_told else None
