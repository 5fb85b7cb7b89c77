"""The clock by which the source waits and stamps: the system's, or a faster one in a simulated market."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Time as the source sees it."""

    def now_ms(self) -> int:
        """Return the time in ms since 1970 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of the clock's seconds."""
        ...


class SystemClock:
    """Real time."""

    def now_ms(self) -> int:
        """Return the system's time in ms since 1970 UTC."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await asyncio.sleep(seconds)
