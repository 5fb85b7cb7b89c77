"""The websocket: subscriptions spread over few connections, each of which comes back by itself."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.decoding import PayloadError, decode
from liqbot.sources.hyperliquid.payloads import Frame

_log = structlog.get_logger()

COINS_A_SOCKET = 12
MOST_SOCKETS = 10
PING_S = 20.0
"""After so much silence it is asked whether anybody is there …"""
SILENT_S = 10.0
"""… and after so much more the connection is given up."""
MUTE_MS = 60_000
"""So is one that answers, but has told nothing for so long."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
LARGEST_FRAME = 4 * 2**20
CHANNELS = ("trades", "activeAssetCtx", "candle", "l2Book")
"""What is subscribed to of each coin."""
_PING = '{"method":"ping"}'

Subscription = Mapping[str, str]


@dataclass(slots=True)
class _Heard:
    """What came over one connection."""

    frames: int = 0
    told: int = 0
    """Those of them that told something of the market."""
    any_ms: int = 0
    """When the last of them came."""
    told_ms: int = 0


class Stream:
    """Listens to everything about some coins."""

    def __init__(
        self, url: str, coins: Sequence[str], take: Callable[[Frame], None], clock: Clock, seed: int = 0
    ) -> None:
        """Hand frames to `take`; one that it refuses with `PayloadError` is counted and passed over."""
        most = COINS_A_SOCKET * MOST_SOCKETS
        if len(coins) > most:
            _log.warning("coins_not_streamed", streamed=most, wanted=len(coins))
        groups = range(0, min(len(coins), most), COINS_A_SOCKET)
        self._groups = [list(coins[first : first + COINS_A_SOCKET]) for first in groups]
        self._sockets: dict[int, ClientConnection] = {}
        """The open connection of each group, by place."""
        self._new_group = asyncio.Event()
        self._url = url
        self._take = take
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - pauses, not secrets
        self.reconnects = 0
        self.refused = 0
        """Frames that made no sense."""
        self.connected = 0

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            place = 0
            while True:
                self._new_group.clear()
                for number in range(place, len(self._groups)):
                    group.create_task(self._keep(number))
                place = len(self._groups)
                await self._new_group.wait()

    async def add(self, coin: str) -> bool:
        """Listen to one more coin from now on; return whether there is room for it."""
        if any(coin in coins for coins in self._groups):
            return True
        for place, coins in enumerate(self._groups):
            if len(coins) < COINS_A_SOCKET:
                coins.append(coin)
                if place in self._sockets:
                    with contextlib.suppress(WebSocketException):  # it is subscribed to when it is back
                        await self._subscribe(self._sockets[place], [coin])
                return True
        if len(self._groups) >= MOST_SOCKETS:
            return False
        self._groups.append([coin])
        self._new_group.set()
        return True

    async def _subscribe(self, socket: ClientConnection, coins: Sequence[str]) -> None:
        for subscription in subscriptions(coins):
            asked = {"method": "subscribe", "subscription": subscription}
            await socket.send(msgspec.json.encode(asked).decode())  # binary frames are not understood

    async def _keep(self, place: int) -> None:
        """Connect again and again. Pauses double with each failure in a row, and vary, so as not to flock."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            heard = _Heard()
            try:
                async with connect(self._url, ping_interval=None, max_size=LARGEST_FRAME) as socket:
                    self.connected += 1
                    self._sockets[place] = socket
                    try:
                        await self._listen(socket, self._groups[place], heard)
                    finally:
                        del self._sockets[place]
                        self.connected -= 1
            except (OSError, TimeoutError, WebSocketException) as error:
                _log.info("stream_disconnected", reason=f"{type(error).__name__} {error}".rstrip())
            if heard.told:
                pause_s = SHORTEST_PAUSE_S
            self.reconnects += 1
            await self._clock.sleep(pause_s * self._random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _listen(self, socket: ClientConnection, coins: Sequence[str], heard: _Heard) -> None:
        """Subscribe, and hand on what comes until it is silent."""
        await self._subscribe(socket, list(coins))
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
                heard.told_ms = heard.any_ms

    async def _until_silent(self, socket: ClientConnection, heard: _Heard) -> None:
        """Return when nothing comes any more, though it was asked for, or nothing of the market."""
        while (mute_ms := self._clock.now_ms() - heard.told_ms) <= MUTE_MS:
            silent_s = (self._clock.now_ms() - heard.any_ms) / 1000
            if silent_s < PING_S:
                await self._clock.sleep(min(PING_S - silent_s, (MUTE_MS - mute_ms + 1) / 1000))
                continue
            frames = heard.frames
            await socket.send(_PING)
            await self._clock.sleep(SILENT_S)
            if heard.frames == frames:
                break
        _log.info("stream_silent")

    def _handle(self, data: str | bytes) -> bool:
        """Hand on a frame; return whether it tells something of the market."""
        try:
            frame = decode(data, decoding.FRAME, "frame")
            self._take(frame)
        except PayloadError as error:
            self.refused += 1
            _log.debug("frame_skipped", reason=str(error))
            return False
        return frame.channel in CHANNELS


def subscriptions(coins: Sequence[str]) -> list[Subscription]:
    """Return what is subscribed to of `coins`."""
    extra = {"candle": {"interval": "1m"}}
    return [
        {"type": channel, "coin": coin, **extra.get(channel, {})} for coin in coins for channel in CHANNELS
    ]
