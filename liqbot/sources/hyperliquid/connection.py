"""One websocket connection: pings, silence noticed, comes back by itself and subscribes anew.

Not here: what is subscribed to over several of them (`stream.py`).
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from liqbot.proxies import UNUSABLE, through, way_of, without_login
from liqbot.sources.hyperliquid.clock import Clock

_log = structlog.get_logger()

PING_S = 20.0
"""After so much silence it is asked whether anybody is there …"""
SILENT_S = 10.0
"""… and after so much more the connection is given up."""
MUTE_MS = 60_000
"""So is one that answers, but has told nothing for so long."""
TROUBLE_MS = 150_000
"""What has told nothing for so long, over all tries, is a trouble and no break."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
LARGEST_FRAME = 4 * 2**20
CLOSE_S = 1.0
"""So long one that is only checked has to say goodbye."""
_PING = '{"method":"ping"}'

Subscription = Mapping[str, str]


@dataclass(slots=True)
class _Heard:
    """What came over one connection."""

    frames: int = 0
    told: int = 0
    """Those of them that told something that was subscribed to."""
    any_ms: int = 0
    """When the last of them came."""
    told_ms: int = 0


class Connection:
    """Connects again and again. Pauses double with each failure in a row, and vary, so as not to flock."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        wanted: Callable[[], Iterable[Subscription]],
        handle: Callable[[str | bytes], bool],
        *,
        rng: random.Random,
        may_be_mute: bool = False,
    ) -> None:
        """Hand each frame to `handle`, which says whether it told something.

        Where `may_be_mute`, a connection that answers is kept however long it tells nothing. The address may
        hold a key, and is told to nobody.
        """
        self._url = url
        self._clock = clock
        self._wanted = wanted
        self._handle = handle
        self._random = rng
        self._may_be_mute = may_be_mute
        self._socket: ClientConnection | None = None
        self._told_ms: int | None = None
        """When it told something last, or when it was begun with; None before that."""
        self._accepted = 0
        self._broke = ""
        """Why the last connection ended."""
        self.reconnects = 0

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return self._socket is not None

    @property
    def trouble(self) -> str:
        """Why nothing has come over it for longer than a break lasts; empty where it does what it should."""
        if self._told_ms is None or (self.is_open and self._may_be_mute):
            return ""
        quiet_ms = self._clock.now_ms() - self._told_ms
        if quiet_ms < TROUBLE_MS:
            return ""
        if not self._accepted:
            return f"it was never accepted ({self._broke or 'no answer'})"
        return f"it is accepted and then {'ended' if self._broke else 'silent'}" + (
            f" ({self._broke})" if self._broke else ""
        )

    async def run(self) -> None:
        """Listen until cancelled."""
        self._told_ms = self._told_ms or self._clock.now_ms()
        pause_s = SHORTEST_PAUSE_S
        while True:
            heard, opened = _Heard(), None
            try:
                way = way_of(self._url)
                async with connect(
                    self._url, proxy=way, ping_interval=None, max_size=LARGEST_FRAME
                ) as socket:
                    self._socket = opened = socket
                    self._accepted += 1
                    try:
                        await self._listen(socket, heard)
                    finally:
                        self._socket = None
            except (OSError, TimeoutError, WebSocketException, *UNUSABLE) as error:
                reason = self._reason(error)
                _log.info("stream_disconnected", reason=reason)
                self._broke = reason
            else:
                self._broke = ""
            finally:
                if opened is not None:  # whoever is cancelled while it says goodbye leaves it open
                    opened.transport.abort()
            if heard.told:
                pause_s = SHORTEST_PAUSE_S
            self.reconnects += 1
            await self._clock.sleep(pause_s * self._random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def why_silent(self, within_s: float) -> str | None:
        """Connect once and ask; return why nothing comes within so many seconds, else None."""
        try:
            async with (
                asyncio.timeout(within_s),
                connect(
                    self._url,
                    proxy=way_of(self._url),
                    ping_interval=None,
                    max_size=LARGEST_FRAME,
                    close_timeout=CLOSE_S,
                ) as socket,
            ):
                await _ask_for(socket, self._wanted(), "subscribe")
                await socket.send(_PING)
                await socket.recv()
        except TimeoutError:
            return f"nothing came over it within {within_s:g} s{through(self._url)}"
        except (OSError, WebSocketException, *UNUSABLE) as error:
            return self._reason(error)
        return None

    async def subscribe(self, subscriptions: Iterable[Subscription], method: str = "subscribe") -> None:
        """Subscribe to more, or end it; what is not connected subscribes to all that is wanted later."""
        if self._socket is not None:
            with contextlib.suppress(WebSocketException):
                await _ask_for(self._socket, subscriptions, method)

    def _reason(self, error: BaseException) -> str:
        """Return why it broke, without its address, which may hold a key."""
        reason = f"{type(error).__name__} {error}".rstrip().replace(self._url, "the stream")
        return without_login(reason) + through(self._url)

    async def _listen(self, socket: ClientConnection, heard: _Heard) -> None:
        """Subscribe, and hand on what comes until it is silent."""
        await _ask_for(socket, self._wanted(), "subscribe")
        heard.any_ms = heard.told_ms = self._clock.now_ms()
        reading = asyncio.ensure_future(self._read(socket, heard))
        watching = asyncio.ensure_future(self._until_silent(socket, heard))
        try:
            first, _ = await asyncio.wait((reading, watching), return_when=asyncio.FIRST_COMPLETED)
            for done in first:
                done.result()
        finally:
            reading.cancel()
            watching.cancel()
            await asyncio.gather(reading, watching, return_exceptions=True)

    async def _read(self, socket: ClientConnection, heard: _Heard) -> None:
        """Hand on frame after frame.

        All that is there is taken in one turn of the loop: while many accounts are asked a turn is long, and
        what waits in the buffers of the connection becomes old, and would later pass for news.
        """
        while True:
            frame = await socket.recv()
            heard.frames += 1
            heard.any_ms = self._clock.now_ms()
            if self._handle(frame):
                heard.told += 1
                heard.told_ms = self._told_ms = heard.any_ms

    async def _until_silent(self, socket: ClientConnection, heard: _Heard) -> None:
        """Return when nothing comes any more, though it was asked for, or nothing of what is wanted."""
        while (mute_ms := self._clock.now_ms() - heard.told_ms) <= MUTE_MS or self._may_be_mute:
            silent_s = (self._clock.now_ms() - heard.any_ms) / 1000
            if silent_s < PING_S:
                left_ms = MUTE_MS if self._may_be_mute else MUTE_MS - mute_ms + 1
                await self._clock.sleep(min(PING_S - silent_s, left_ms / 1000))
                continue
            frames = heard.frames
            await socket.send(_PING)
            await self._clock.sleep(SILENT_S)
            if heard.frames == frames:
                break
        _log.info("stream_silent")


async def _ask_for(socket: ClientConnection, subscriptions: Iterable[Subscription], method: str) -> None:
    for subscription in subscriptions:
        asked = {"method": method, "subscription": subscription}
        await socket.send(msgspec.json.encode(asked).decode())  # binary frames are not understood
