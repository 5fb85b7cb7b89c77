"""Server-sent events: what happens is kept for a while, so that who was cut off resumes there."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

import msgspec

KEPT = 500
"""So many pushes are kept for who comes back."""
QUEUED = 100
"""Who is so many pushes behind is cut off: the browser comes back by itself, and resumes."""
PING_S = 15.0
"""After so long without a push a ping goes out, so that a dead connection is found."""
RETRY_MS = 2_000
APART_MS = 60_000
"""Machines' clocks are not so far apart: a number that is later is none of another process of this bot."""


@dataclass(frozen=True, slots=True)
class Push:
    """Something that has happened, as it goes out."""

    number: int
    kind: str
    """`view`, `event` or `alert`."""
    topics: Mapping[str, str]
    """What it is about, as `coin`, `venue` and `basis`: a stream that asks for one gets what has the same."""
    wire: bytes
    """As it stands on the wire: written once, however many listen."""

    @staticmethod
    def of(number: int, kind: str, topics: Mapping[str, str], data: object) -> "Push":
        """Return a push of `data`, whatever can be written as JSON."""
        wire = b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), msgspec.json.encode(data))
        return Push(number, kind, topics, wire)


class TooManyStreamsError(Exception):
    """As many streams are open as the operator allows."""


class Pushes:
    """All pushes, and who listens to them."""

    def __init__(self, most_streams: int, clock: Callable[[], int]) -> None:
        """`clock` tells ms since 1970 UTC, by which pushes are numbered.

        So numbers go on rising over a restart, and are about the same in every process that tells of the
        same: a stream resumes there as well, within the moment by which one of them hears of things later.
        """
        self._kept: deque[Push] = deque(maxlen=KEPT)
        self._clock = clock
        self._last = clock()
        """The number of the newest push."""
        self._most_streams = most_streams
        self._listeners: dict[asyncio.Queue[Push | None], Callable[[Push], bool]] = {}

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._listeners)

    def send(self, kind: str, data: object, **topics: str) -> None:
        """Let everyone who asked for these topics know."""
        self._last = max(self._last + 1, self._clock())
        push = Push.of(self._last, kind, topics, data)
        self._kept.append(push)
        for queue, wants in list(self._listeners.items()):
            if not wants(push):
                continue
            if queue.qsize() >= QUEUED:
                del self._listeners[queue]
                queue.put_nowait(None)
            else:
                queue.put_nowait(push)

    def close(self) -> None:
        """End all streams."""
        for queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()

    def open(self, after: int | None, **topics: str) -> AsyncGenerator[bytes]:
        """Begin a stream of what has these topics, from the push behind `after` on; None for what is to come.

        A number that is far ahead is of a time when the clock was: none of these pushes is known.

        Raises `TooManyStreamsError`.
        """
        if len(self._listeners) >= self._most_streams:
            raise TooManyStreamsError

        def wants(push: Push) -> bool:
            return all(push.topics.get(name, value) == value for name, value in topics.items())

        queue: asyncio.Queue[Push | None] = asyncio.Queue()
        is_of_other_time = after is not None and after > max(self._last, self._clock()) + APART_MS
        known = -1 if is_of_other_time else after
        missed = [] if known is None else [push for push in self._kept if push.number > known and wants(push)]
        self._listeners[queue] = wants
        return self._stream(queue, missed)

    async def _stream(self, queue: asyncio.Queue[Push | None], missed: list[Push]) -> AsyncGenerator[bytes]:
        try:
            yield b"retry: %d\n\n" % RETRY_MS
            if missed:
                yield b"".join(push.wire for push in missed)
            while True:
                try:
                    async with asyncio.timeout(PING_S):
                        push = await queue.get()
                except TimeoutError:
                    yield b"event: ping\ndata: {}\n\n"
                    continue
                # What a beat brings goes out in one piece.
                waiting = [push, *(queue.get_nowait() for _ in range(queue.qsize()))]
                told = [one.wire for one in waiting if one is not None]
                if told:
                    yield b"".join(told)
                if len(told) < len(waiting):
                    return
        finally:
            self._listeners.pop(queue, None)
