"""The last guard of a platform's rate: no more requests arrive within any one second than it takes.

A platform counts requests when they arrive, which nobody here sees: only when each left, and when its answer
came. One that left at `s` and was answered at `r` arrived in between, and not later than `r` less what the
shortest way there and back takes. So it may share its second with others until `r + 1 s` less that way,
however long it was under way itself; without an answer, until `LONGEST_S` later than if it had come at once.
"""

import asyncio
import contextlib
import itertools
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

WINDOW_S = 1.01
"""A second, and a little: clocks differ."""
LONGEST_S = 5.0
"""After so long without an answer a request is taken to have arrived."""
_ENOUGH = 200
"""With fewer answers nobody knows the shortest way: the first requests of a process open connections on their
way there, which later ones find open."""


class RateWindow:
    """Lets `most` requests arrive within any second."""

    def __init__(self, most: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`most` is infinite for no limit; `clock_s` tells seconds that never go backwards."""
        self._most = most
        self._clock_s = clock_s
        self._numbers = itertools.count()
        self._left_s: dict[int, float] = {}
        """When requests that are under way left."""
        self._free_s: dict[int, float] = {}
        """Until when each request counts, by its number."""
        self._answers = 0
        self._shortest_s = math.inf
        """The shortest way there and back so far: that it was longer for a while says nothing of the next."""
        self._queue = asyncio.Lock()
        self._answered = asyncio.Event()

    @asynccontextmanager
    async def passing(self, *silences: type[BaseException]) -> AsyncGenerator[None]:
        """Wait until a request may leave; it is under way inside the block.

        Of what raises one of the `silences`, or is cancelled, nobody knows when it arrives.
        """
        number = await self.turn()
        try:
            yield
        except (asyncio.CancelledError, TimeoutError, *silences):
            self.abandon(number)
            raise
        except BaseException:
            self.leave(number, answered=False)
            raise
        self.leave(number)

    async def turn(self) -> int:
        """Wait until a request may leave, and return its number, for `leave`. First come, first served."""
        async with self._queue:
            while wait_s := self.wait_s():
                self._answered.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._answered.wait()
            return self.enter()

    def wait_s(self) -> float:
        """Return for how long nothing may leave, as far as is known now; 0 where something may."""
        now_s = self._clock_s()
        self._free_s = {number: free_s for number, free_s in self._free_s.items() if free_s > now_s}
        if len(self._free_s) < self._most:
            return 0.0
        return sorted(self._free_s.values())[len(self._free_s) - int(self._most)] - now_s

    def enter(self) -> int:
        """Note that a request leaves now; return its number."""
        number, now_s = next(self._numbers), self._clock_s()
        self._left_s[number] = now_s
        self._free_s[number] = now_s + WINDOW_S + LONGEST_S
        return number

    def leave(self, number: int, *, answered: bool = True) -> None:
        """Note that a request has arrived: the platform has `answered` itself, or the line has ended."""
        now_s = self._clock_s()
        way_s = now_s - self._left_s.pop(number)
        shortest_s = 0.0
        if answered:
            self._answers += 1
            self._shortest_s = min(self._shortest_s, way_s)
            shortest_s = self._shortest_s if self._answers >= _ENOUGH else 0.0
        if number in self._free_s:
            self._free_s[number] = now_s + WINDOW_S - shortest_s
        self._answered.set()

    def abandon(self, number: int) -> None:
        """Note that nobody waits for an answer any more: the request may still arrive, for `LONGEST_S`."""
        del self._left_s[number]
