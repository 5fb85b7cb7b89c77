"""The one budget of request weight that all requests from an address share.

It is spent on the event loop; what was spent may be asked from any thread.
"""

import asyncio
import threading
from collections import deque

from liqbot.sources.hyperliquid.clock import Clock

MINUTE_MS = 60_000
BURST = 0.02
"""Share of a minute's weight that may be spent at once."""
LEAST_BURST = 20
"""The weight of most requests."""
SLACK_MS = 2_000
"""What is handed out in this much more than a minute may reach the other side within one."""
PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""After a refusal nothing is sent for so long; twice as long after the next in a row."""
LEAST_PACE = 0.1
RECOVERY_MS = 5 * MINUTE_MS
"""After a refusal the pace is half of what it was, and back to the whole after so long without another."""


class Budget:
    """Weight per minute, handed out first come, first served, evenly over the minute.

    In any 60 seconds at most `weight_per_minute` is handed out; 0 is no limit, but refusals still pause.
    """

    def __init__(self, weight_per_minute: float, clock: Clock) -> None:
        self._clock = clock
        self._limit = weight_per_minute
        self._burst = min(weight_per_minute, max(LEAST_BURST, BURST * weight_per_minute))
        self._per_ms = max(weight_per_minute - self._burst, weight_per_minute / 2) / (MINUTE_MS + SLACK_MS)
        self._left = self._burst
        self._counted_ms = clock.now_ms()
        self._turn = asyncio.Lock()
        self._pause_s = PAUSE_S
        self._held_until_ms = 0
        self._pace, self._refused_ms = 1.0, 0
        self._spent: deque[tuple[int, float]] = deque()
        self._spent_weight = 0.0
        self._spent_guard = threading.Lock()
        """Held by whoever reads or changes what was spent: reports are made on other threads as well."""
        self.refusals = 0
        """How often the other side said that it was too much."""

    async def spend(self, weight: float) -> None:
        """Wait until `weight` may be spent, and spend it."""
        async with self._turn:
            while (wait_ms := self._wait_ms(weight)) > 0:
                await self._clock.sleep(wait_ms / 1000)
            now_ms = self._clock.now_ms()
            self._left -= weight
            with self._spent_guard:
                self._spent.append((now_ms, weight))
                self._spent_weight += weight
                self._forget(now_ms)

    def refused(self) -> None:
        """Take note that the other side said that it was too much: pause, then go on at half the pace."""
        now_ms = self._clock.now_ms()
        self.refusals += 1
        if now_ms < self._held_until_ms:
            return  # others that were sent before the pause are refused as well: that says nothing new
        again_soon = now_ms - self._refused_ms < MINUTE_MS
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if again_soon else PAUSE_S
        self._pace = max(self._pace_at(now_ms) / 2, LEAST_PACE)
        self._refused_ms, self._left = now_ms, 0.0
        self._held_until_ms = now_ms + round(self._pause_s * 1000)

    @property
    def limit(self) -> float:
        """Weight a minute, 0 for no limit."""
        return self._limit

    @property
    def spent(self) -> float:
        """Weight that was spent in the last 60 seconds."""
        with self._spent_guard:
            self._forget(self._clock.now_ms())
            return self._spent_weight

    def _wait_ms(self, weight: float) -> float:
        now_ms = self._clock.now_ms()
        if now_ms < self._held_until_ms:
            return self._held_until_ms - now_ms
        if not self._limit:
            return 0.0
        pace = self._per_ms * self._pace_at(now_ms)
        elapsed_ms = max(0, now_ms - self._counted_ms)  # the system's clock may be set back
        self._left = min(self._burst, self._left + elapsed_ms * pace)
        self._counted_ms = now_ms
        lacking = min(weight, self._burst) - self._left
        return max(1.0, lacking / pace) if lacking > 1e-9 else 0.0

    def _pace_at(self, now_ms: int) -> float:
        recovered = (now_ms - self._refused_ms) / RECOVERY_MS if self._refused_ms else 1.0
        return min(1.0, self._pace + (1 - self._pace) * max(0.0, recovered))

    def _forget(self, now_ms: int) -> None:
        while self._spent and self._spent[0][0] <= now_ms - MINUTE_MS:
            self._spent_weight -= self._spent.popleft()[1]
