"""The replies that wait for a place on a platform that takes so many messages a second, in their order.

Fifty groups that ask without end are owed more answers than a platform takes, and nobody else shall wait for
that: private chats come before groups, and among each whoever was answered longest ago comes first. While
alerts wait as well, replies have only their share of each second.

Not here: the places themselves, and what one chat may get (`pacing.py`).
"""

import asyncio
import bisect
import itertools
import math
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

MINUTE_S = 60.0
SECOND_S = 1.01
"""A second, and a little: clocks differ."""
SHARE = 0.5
"""The share of a second's places that replies may take while alerts wait for places."""
WANTED_S = 1.0
"""Alerts that had to wait for a place count as waiting for so long."""


@dataclass(order=True, slots=True)
class Waiting:
    """A reply that waits for its place."""

    is_group: bool
    answered_s: float
    """When its chat was answered last, within a minute."""
    number: int
    chat: Hashable = field(compare=False)
    place: "asyncio.Future[None]" = field(compare=False)
    """Done when it may go."""


class ReplyQueue:
    """Knows which replies wait, who was answered lately, and whether alerts wait."""

    def __init__(self, a_second: float) -> None:
        """`a_second` is how many places a second has; infinite where nobody has to wait for one."""
        self._most = math.inf if math.isinf(a_second) else max(1, int(a_second * SHARE))
        self._waiting: list[Waiting] = []
        self._numbers = itertools.count()
        self._answered_s: dict[Hashable, float] = {}
        """When chats were answered last, of about the last minute, in that order."""
        self._lately_s: deque[float] = deque()
        """When replies went within the last second."""
        self._wanted_s = -math.inf

    def __len__(self) -> int:
        return len(self._waiting)

    def want(self, now_s: float) -> None:
        """Note that alerts wait for places."""
        self._wanted_s = now_s

    def add(self, chat: Hashable, *, is_group: bool) -> "asyncio.Future[None]":
        """Let a reply to `chat` wait; return what is done when it may go. Cancelled, it waits no more."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answered_s = self._answered_s.get(chat, -math.inf)
        bisect.insort(self._waiting, Waiting(is_group, answered_s, next(self._numbers), chat, place))
        return place

    def before(self, chat: Hashable, *, is_group: bool) -> int:
        """Return how many would come before another reply to `chat`."""
        key = (is_group, self._answered_s.get(chat, -math.inf))
        return bisect.bisect_right(self._waiting, key, key=lambda one: (one.is_group, one.answered_s))

    def next(
        self, own_wait_s: Callable[[Hashable, float], float], now_s: float
    ) -> tuple[Waiting | None, float]:
        """Return which reply has the next place, and in how many seconds; infinite where none waits.

        `own_wait_s` tells how long a reply to a chat has to wait for the chat itself.
        """
        self._waiting = [one for one in self._waiting if not one.place.done()]
        first, least_s = None, math.inf
        for one in self._waiting:
            wait_s = own_wait_s(one.chat, now_s)
            if wait_s < least_s:
                first, least_s = one, wait_s
            if wait_s <= 0:
                break
        return first, max(least_s, self.share_wait_s(now_s))

    def share_wait_s(self, now_s: float) -> float:
        """Return for how long replies have no place, as they had their share of this second."""
        while self._lately_s and self._lately_s[0] <= now_s - SECOND_S:
            self._lately_s.popleft()
        if now_s - self._wanted_s >= WANTED_S or len(self._lately_s) < self._most:
            return 0.0
        return min(self._lately_s[-int(self._most)] + SECOND_S, self._wanted_s + WANTED_S) - now_s

    def serve(self, waiting: Waiting, now_s: float) -> None:
        """Let a reply go, now."""
        self._waiting.remove(waiting)
        self.note(waiting.chat, now_s)
        waiting.place.set_result(None)

    def note(self, chat: Hashable, now_s: float) -> None:
        """Note that a reply to `chat` goes now."""
        if math.isinf(self._most):
            return
        self._lately_s.append(now_s)
        self._answered_s.pop(chat, None)
        self._answered_s[chat] = now_s
        while next(iter(self._answered_s.values())) <= now_s - MINUTE_S:
            del self._answered_s[next(iter(self._answered_s))]
