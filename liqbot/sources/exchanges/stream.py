"""A websocket to an exchange: subscribed anew after every break, heartbeat, silence noticed."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from liqbot.proxies import UNUSABLE, through, way_of, without_login
from liqbot.sources.exchanges.client import Tell

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""The pause after a break doubles with each that follows, shortened by chance; a frame ends the row."""


@dataclass(frozen=True, slots=True)
class Line:
    """How an exchange's websocket wants to be spoken to."""

    url: str
    subscriptions: tuple[str, ...] = ()
    """Frames to send once connected."""
    heartbeat: str | None = None
    """A frame to send every `heartbeat_s` seconds, which is answered; None where only data comes."""
    heartbeat_s: float = 20.0
    silent_after_s: float = 60.0
    """Without any frame for so long the line is dead, whatever the connection looks like."""


class Stream:
    """The frames of one line, for as long as they are wanted."""

    def __init__(
        self,
        line: Line,
        tell: Tell,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        """Tell `tell` why there is nothing to hear, and None once there is."""
        self._line = line
        self._tell = tell
        self._sleep = sleep
        self._chance = chance or random.Random()  # noqa: S311 - spreads pauses, guards nothing
        self._breaks = 0

    async def frames(self) -> AsyncIterator[str | bytes]:
        """Yield frames. A break is told of, and mended after a pause; so is the first frame after it."""
        while True:
            try:
                async with connect(
                    self._line.url, proxy=way_of(self._line.url), open_timeout=15, close_timeout=2
                ) as socket:
                    for frame in self._line.subscriptions:
                        await socket.send(frame)
                    async for frame in self._heard(socket):
                        yield frame
            except (OSError, TimeoutError, WebSocketException, *UNUSABLE) as error:
                reason = without_login(str(error) or type(error).__name__)
                self._tell(reason + through(self._line.url))
            pause_s = min(FIRST_PAUSE_S * 2**self._breaks, LONGEST_PAUSE_S)
            self._breaks += 1
            await self._sleep(pause_s * self._chance.uniform(0.5, 1.0))

    async def _heard(self, socket: ClientConnection) -> AsyncIterator[str | bytes]:
        """Yield the frames of one connection. Raises `TimeoutError` where it is silent."""
        line, clock = self._line, asyncio.get_running_loop().time
        heard = beaten = clock()
        is_heard = False
        while True:
            next_s = heard + line.silent_after_s
            if line.heartbeat is not None:
                next_s = min(next_s, beaten + line.heartbeat_s)
            try:
                async with asyncio.timeout_at(next_s):
                    frame = await socket.recv()
            except TimeoutError:
                if clock() >= heard + line.silent_after_s:
                    raise TimeoutError(f"silent for {line.silent_after_s:g} s") from None
            else:
                heard = clock()
                if not is_heard:  # once: what the reader tells of a refused subscription is to stay
                    is_heard, self._breaks = True, 0
                    self._tell(None)
                yield frame
            if line.heartbeat is not None and clock() >= beaten + line.heartbeat_s:
                await socket.send(line.heartbeat)
                beaten = clock()


def words(message: Mapping[str, object]) -> str:
    """Return a message as the text of a frame."""
    return msgspec.json.encode(message).decode()
