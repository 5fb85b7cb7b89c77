"""A gateway session, which outlives its connection, and a connection: one websocket."""

import asyncio
import time
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

KEPT_EVENTS = 5000
COMMANDS_PER_MINUTE = 120


@dataclass
class Session:
    """What a shard's identify began; it outlives its connection for two minutes and keeps what was missed."""

    id: str
    shard: int
    shards: int
    intents: int
    seq: int = 0
    events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    connection: "Connection | None" = None
    left_at: float = 0.0

    def hears(self, guild_id: int | None, intents: int) -> bool:
        mine = self.shard == (0 if guild_id is None else (guild_id >> 22) % self.shards)
        return mine and (intents == 0 or bool(self.intents & intents))


class Connection:
    """One websocket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.session: Session | None = None
        self.heard = time.monotonic()
        self.closed_by_us = False  # then the code that the client echoes says nothing about its session
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())
        self.received: deque[float] = deque()

    def send(self, text: str) -> None:
        """Send in order; never waits."""
        self._outbox.put_nowait(text)

    async def _write(self) -> None:
        try:
            while (text := await self._outbox.get()) is not None:
                if self._zlib is None:
                    await self.socket.send_str(text)
                else:
                    data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)
        except ConnectionError:
            return  # the reader notices too

    async def close(self, code: int, reason: str = "") -> None:
        """Close after everything that was sent before."""
        self.closed_by_us = True
        self._outbox.put_nowait(None)
        await self._writer
        await self.socket.close(code=code, message=reason.encode())

    def drop(self) -> None:
        """Cut the line, without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def end(self) -> None:
        self._writer.cancel()

    def too_many(self) -> bool:
        now = time.monotonic()
        self.received.append(now)
        while self.received[0] < now - 60:
            self.received.popleft()
        return len(self.received) > COMMANDS_PER_MINUTE
