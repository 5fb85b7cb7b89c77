"""What Discord takes on each route, as its answers tell it: a guard where requests leave.

The library keeps the same account, but forgets it with its connection, counts one request where it makes five
tries, and takes a window whose answers all got lost for an empty one. Here every request counts that may have
arrived, and a window whose end nobody has told lasts as long as the longest that was told.
"""

import asyncio
import contextlib
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LONGEST_S = 5.0
"""How long a window lasts that nobody has told the end of, unless that route had longer ones."""
_KEPT = 1_000
"""With so many windows those are forgotten that are over."""
_UNKNOWN = 3
"""So many requests may leave one by one, unanswered, while nobody knows how many a window takes."""
_MESSAGES = re.compile(r"(?<=/messages/)[^/]+")
"""What does not tell two buckets of one channel apart."""
_PLACES = re.compile(r"(?<=/webhooks/)[^/]+/[^/]+|\d{5,}")
"""What does not tell two routes apart."""
_UNLIMITED = 1_000_000
_LATE_S = 0.01
"""Discord rounds what it tells."""


@dataclass(slots=True)
class _Kind:
    """What is known of a route, whatever the channel."""

    limit: int | None = None
    """How many requests a window takes; None before the first answer."""
    window_s: float = LONGEST_S


@dataclass(slots=True)
class _Window:
    """What has been asked of one route in one channel."""

    kind: _Kind
    used: int = 0
    under_way: int = 0
    until_s: float | None = None
    """When it ends; None where nobody knows yet."""
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def has_room(self, now_s: float) -> bool:
        if self.until_s is not None and now_s >= self.until_s:
            self.used, self.until_s = self.under_way, None
        if self.kind.limit is None:
            return not self.under_way and self.used < _UNKNOWN
        return self.used < self.kind.limit


class RouteLimits:
    """Lets no more requests leave on a route than Discord takes there."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock_s` tells seconds that never go backwards."""
        self._clock_s = clock_s
        self._kinds: defaultdict[str, _Kind] = defaultdict(_Kind)
        self._windows: dict[str, _Window] = {}

    async def turn(self, method: str, path: str) -> str:
        """Wait until a request may leave; return under which name it is under way."""
        name = _name(method, path)
        window = self._window(name)
        while wait_s := self._wait_s(window):
            window.told.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await window.told.wait()
        window.used += 1
        window.under_way += 1
        return name

    def wait_s(self, method: str, path: str) -> float:
        """Return for how long nothing may leave there, as far as is known now."""
        return self._wait_s(self._window(_name(method, path)))

    def answered(self, name: str, headers: Mapping[str, str], *, done: bool) -> None:
        """Note what the answer to a request tells of its window; `done` where it did what was asked."""
        try:
            limit = int(headers["X-RateLimit-Limit"])
            left = int(headers["X-RateLimit-Remaining"])
            after_s = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            if not done:  # from something before Discord: nobody knows
                self.lost(name)
                return
            limit, left, after_s = _UNLIMITED, _UNLIMITED, 0.0
        window = self._windows[name]
        window.under_way -= 1
        window.kind.limit = limit
        window.kind.window_s = max(window.kind.window_s, after_s)
        window.used = limit - left + window.under_way
        window.until_s = self._clock_s() + after_s + _LATE_S
        window.told.set()

    def lost(self, name: str) -> None:
        """Note that nobody knows whether a request has arrived: it may have begun a window."""
        window = self._windows[name]
        window.under_way -= 1
        window.until_s = max(window.until_s or 0.0, self._clock_s() + window.kind.window_s)
        window.told.set()

    def spend(self, method: str, path: str, window_s: float) -> None:
        """Let nothing leave on a route for so long."""
        window = self._window(_name(method, path))
        window.used, window.until_s = _UNLIMITED, self._clock_s() + window_s

    def _wait_s(self, window: _Window) -> float:
        now_s = self._clock_s()
        if window.has_room(now_s):
            return 0.0
        return (now_s + window.kind.window_s if window.until_s is None else window.until_s) - now_s

    def _window(self, name: str) -> _Window:
        if len(self._windows) >= _KEPT:
            now_s = self._clock_s()
            self._windows = {
                key: window
                for key, window in self._windows.items()
                if window.under_way or (window.until_s is not None and window.until_s > now_s)
            }
        if name not in self._windows:
            self._windows[name] = _Window(self._kinds[_PLACES.sub("*", name)])
        return self._windows[name]


def _name(method: str, path: str) -> str:
    return f"{method} {_MESSAGES.sub('*', path)}"
