"""A sliding window that spaces requests: no more arrive at a platform within any second than it takes.

A platform counts requests when they arrive, which nobody here sees: only when each left, and when its answer
came. One that left at `s` and was answered at `r` arrived in between, and not later than `r` less what the
way back took; the next one arrives not sooner than it leaves plus what the way there takes. So each counts
while it is under way, and after its answer for a second less the shortest way there and back (`_Ways`).
Only what leaves before the first answer of a way that has become much shorter cannot know of that.

Not here: how fast to send alerts and replies (`pacing.py`).
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
"""A request whose answer nobody waits for arrives within so long."""
_FORGOTTEN_S = 120.0
"""Nobody waits for an answer so long: a request that is said to be under way still has been forgotten."""
_ENOUGH = 200
"""With fewer answers nobody knows the shortest way: the first requests of a process open connections on their
way there, which later ones find open."""
_GENERATION = 3_000
"""Answers of a generation: a way that was shorter two generations ago is none any more."""
_MEAN_OF = 100
"""So many of the last answers the mean way is about."""
_LATE_S = 0.1
"""One that was stuck counts in the mean as so much later than the shortest."""
_SLACK_S = 0.02
"""Requests at 98% of the rate are so far apart that this much more than a second costs no pace."""


class RateWindow:
    """Lets `most` requests arrive within any second."""

    def __init__(self, most: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`most` is infinite for no limit; `clock_s` tells seconds that never go backwards."""
        self._most = most
        self._clock_s = clock_s
        self._numbers = itertools.count()
        self._left_s: dict[int, float] = {}
        """When requests that are under way left."""
        self._answered_s: list[float] = []
        """When requests were answered."""
        self._until_s: list[float] = []
        """Until when those count that had no answer."""
        self._ways = _Ways()
        self._queue = asyncio.Lock()
        self._ended = asyncio.Event()

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
                self._ended.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._ended.wait()
            return self.enter()

    def wait_s(self) -> float:
        """Return for how long nothing may leave, as far as is known now; 0 where something may."""
        now_s, hold_s = self._clock_s(), self._ways.hold_s
        self._answered_s = [one for one in self._answered_s if one + WINDOW_S > now_s]
        self._until_s = [one for one in self._until_s if one > now_s]
        self._left_s = {key: one for key, one in self._left_s.items() if one + _FORGOTTEN_S > now_s}
        until_s = [
            *(one + hold_s for one in self._answered_s if one + hold_s > now_s),
            *self._until_s,
            *(one + _FORGOTTEN_S for one in self._left_s.values()),
        ]
        if len(until_s) < self._most:
            return 0.0
        return sorted(until_s)[len(until_s) - int(self._most)] - now_s

    def enter(self) -> int:
        """Note that a request leaves now; return its number."""
        number = next(self._numbers)
        self._left_s[number] = self._clock_s()
        return number

    def leave(self, number: int, *, answered: bool = True) -> None:
        """Note that a request has arrived: the platform has `answered` itself, or the line has ended."""
        now_s = self._clock_s()
        left_s = self._left_s.pop(number, None)
        if not answered:
            self._until_s.append(now_s + WINDOW_S)
        else:
            self._answered_s.append(now_s)
            if left_s is not None:
                self._ways.note(now_s - left_s)
        self._ended.set()

    def abandon(self, number: int) -> None:
        """Note that nobody waits for an answer any more: the request may still arrive, for `LONGEST_S`."""
        now_s = self._clock_s()
        left_s = self._left_s.pop(number, now_s)
        self._until_s.append(max(now_s, left_s + LONGEST_S) + WINDOW_S)


class _Ways:
    """What is known of the way to a platform and back.

    The shortest so far is not the shortest there is: on a busy machine all of them are longer, and one that
    goes there fast may follow one whose answer came fast. How much shorter it may be is taken from how ways
    differ: nothing beyond the slack where all take the same time, all of it where they take anything.
    """

    def __init__(self) -> None:
        self._count = 0
        self._shortest_s = math.inf
        self._shortest_before_s = math.inf
        """That of the generation before."""
        self._later_s = 0.0
        """By how much the mean way is longer than the shortest."""
        self.hold_s = WINDOW_S
        """For so long after its answer a request counts."""

    def note(self, way_s: float) -> None:
        """Note how long it took from a request to its answer."""
        if self._count % _GENERATION == 0:
            self._shortest_before_s, self._shortest_s = self._shortest_s, math.inf
        self._count += 1
        before_s = min(self._shortest_s, self._shortest_before_s)
        self._shortest_s = min(self._shortest_s, way_s)
        shortest_s = min(self._shortest_s, self._shortest_before_s)
        if math.isfinite(before_s):
            self._later_s += before_s - shortest_s
        late_s = min(way_s - shortest_s, _LATE_S)
        self._later_s += (late_s - self._later_s) / min(self._count, _MEAN_OF)
        if self._count >= _ENOUGH:
            self.hold_s = min(WINDOW_S, 1 + self._unsure_s() - shortest_s)

    def _unsure_s(self) -> float:
        """Return by how much a way may be shorter than the shortest so far."""
        half_s = _SLACK_S / 2
        return half_s + (half_s - self._later_s if self._later_s < half_s else 2 * (self._later_s - half_s))
