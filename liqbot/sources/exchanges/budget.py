"""Rate budgets: what an exchange lets one address ask for."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

SLACK_S = 0.5
"""Requests are counted where they arrive, and some travel longer than others: two bursts that are a window
apart here may be less than one apart there."""


class Budget:
    """At most so many requests, or so much weight, in any window of so many seconds.

    Whoever takes from it waits for their turn; the first to come is the first to be served.
    """

    def __init__(
        self,
        allowed: float,
        per_s: float,
        *,
        slack_s: float = SLACK_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Allow a weight of `allowed` in any `per_s` seconds, which are taken to be `slack_s` longer.

        Seconds are those of `clock`, and pass while `sleep` waits.
        """
        if not (allowed > 0 and per_s > 0):
            raise ValueError(f"a budget of {allowed:g} in {per_s:g} s lets nothing through")
        self.allowed = allowed
        self._window_s = per_s + slack_s
        self._taken: deque[tuple[float, float]] = deque()
        self._spent = 0.0
        self._closed_until = 0.0
        self._turn = asyncio.Lock()
        self._clock = clock
        self._sleep = sleep

    @property
    def closed_for_s(self) -> float:
        """For so many seconds more nothing is let through; 0 or less where it is open."""
        return self._closed_until - self._clock()

    async def take(self, weight: float = 1.0) -> None:
        """Wait until `weight` fits, and take it. Raises `ValueError` for what never fits."""
        if weight > self.allowed:
            raise ValueError(f"a request of weight {weight:g} never fits a budget of {self.allowed:g}")
        async with self._turn:
            while (wait_s := self._wait_s(weight, self._clock())) > 0:
                await self._sleep(wait_s)
            self._taken.append((self._clock(), weight))
            self._spent += weight

    def close_for(self, seconds: float) -> None:
        """Let nothing through for `seconds`: the exchange has asked for a pause."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def _wait_s(self, weight: float, now: float) -> float:
        while self._taken and self._taken[0][0] <= now - self._window_s:
            self._spent -= self._taken.popleft()[1]
        wait_s = self._closed_until - now
        if self._spent + weight > self.allowed:
            wait_s = max(wait_s, self._taken[0][0] + self._window_s - now)
        return wait_s
