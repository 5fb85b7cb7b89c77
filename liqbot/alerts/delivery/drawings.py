"""The pictures of alerts: few at a time, first what most chats wait for, then what was asked for first.

In a cascade hundreds of alerts may arise at once, each with a picture of its own. People's pictures are drawn
between them (`charts/studio.py`), and wait for one of them, not for all.

Not here: how long a chat waits (`preparing.py`), what is drawn (`address.py`).
"""

import asyncio
import math
import os
import statistics
from collections import Counter, deque
from collections.abc import Awaitable, Callable

PictureKey = tuple[int, str]
"""The number of an alert, and how its picture is to look."""
AT_ONCE = max(1, min(2, os.cpu_count() or 1))
"""So many are drawn at once: never more than the studio has threads."""
STUCK_S = 8.0
"""One that is being drawn for so long may never end: until it does, no other is begun, for people's sake."""
LATELY = 7
"""Of so many drawings the middle one tells how long the next will take."""


class Drawings:
    """Has pictures drawn for chats that wait for them."""

    def __init__(self, draw: Callable[[PictureKey], Awaitable[bool]]) -> None:
        """`draw` draws one, and returns whether there was something to draw; it raises nothing."""
        self._draw = draw
        self._chats: Counter[PictureKey] = Counter()
        """How many chats wait for each."""
        self._queue: dict[PictureKey, None] = {}
        """What is to be drawn, in the order in which it was asked for."""
        self._drawn: dict[PictureKey, float] = {}
        """Since when each is being drawn, by the clock of the event loop, s."""
        self._taken_s: deque[float] = deque(maxlen=LATELY)
        """How long the last ones took."""
        self._tasks: set[asyncio.Task[None]] = set()

    def want(self, picture: PictureKey) -> None:
        """Count one more chat that waits for a picture, which is not there yet."""
        self._chats[picture] += 1
        if picture not in self._drawn:
            self._queue.setdefault(picture)
        self._begin()

    def leave(self, picture: PictureKey) -> None:
        """Count one chat less. What nobody waits for is not begun."""
        self._chats[picture] -= 1
        if self._chats[picture] <= 0:
            del self._chats[picture]
            self._queue.pop(picture, None)

    def is_wanted(self, picture: PictureKey) -> bool:
        """Return whether some chat waits for a picture."""
        return picture in self._chats

    def due_s(self) -> dict[PictureKey, float]:
        """Return in about how many seconds each will be there; infinite where it may never be begun.

        Before any has been drawn, nothing is said of those that are not begun yet.
        """
        usual_s = statistics.median(self._taken_s) if self._taken_s else 0.0
        now_s = asyncio.get_running_loop().time()
        due = {picture: max(0.0, usual_s - (now_s - since_s)) for picture, since_s in self._drawn.items()}
        first_s = math.inf if self._is_stuck(now_s) else min(due.values(), default=0.0)
        for place, picture in enumerate(sorted(self._queue, key=self._rank)):
            due[picture] = first_s + (place // AT_ONCE + 1) * usual_s
        return due

    def stop(self) -> None:
        """Draw no more."""
        self._chats.clear()
        self._queue.clear()
        for task in self._tasks:
            task.cancel()

    def _begin(self) -> None:
        now_s = asyncio.get_running_loop().time()
        while self._queue and len(self._drawn) < AT_ONCE and not self._is_stuck(now_s):
            picture = min(self._queue, key=self._rank)
            del self._queue[picture]
            self._drawn[picture] = now_s
            task = asyncio.create_task(self._draw_one(picture))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _draw_one(self, picture: PictureKey) -> None:
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        try:
            if await self._draw(picture):
                self._taken_s.append(loop.time() - since_s)
        finally:
            del self._drawn[picture]
            self._begin()

    def _rank(self, picture: PictureKey) -> int:
        return -self._chats[picture]

    def _is_stuck(self, now_s: float) -> bool:
        return any(now_s - since_s >= STUCK_S for since_s in self._drawn.values())
