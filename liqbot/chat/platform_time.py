"""The time that a chat platform tells with its answers, and how far this machine's clock is from it."""

import contextlib
import time
from email.utils import parsedate_to_datetime

from liqbot.chat.adapter import AdapterError
from liqbot.market.figures import duration

CLOCK_ERROR_S = 60
"""A machine's clock that is further off than that is named."""


def elapsed_s() -> float:
    """Return seconds that no clock's correction changes; where that can be told, a machine's sleep counts."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def require_right_clock(ahead_s: float | None, platform: str) -> None:
    """Raise `AdapterError` where this machine's clock is far from a platform's; `ahead_s` None is untold."""
    if ahead_s is not None and abs(ahead_s) > CLOCK_ERROR_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        far = f"{duration(abs(ahead_s))} {side}"
        raise AdapterError(f"this machine's clock is {far} {platform}'s; put it right, best with NTP")


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
