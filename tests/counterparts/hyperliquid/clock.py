"""Simulated time: the system's, sped up, the same in the counterpart and in the client that talks to it."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class FastClock:
    """Time that began at `began_s` (the system's, seconds) as `start_ms`, and runs `speed` times as fast."""

    speed: float
    began_s: float
    start_ms: int

    def now_ms(self) -> int:
        return self.start_ms + round((time.time() - self.began_s) * self.speed * 1000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
