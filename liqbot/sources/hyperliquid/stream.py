"""The market's websocket: trades, books, candles and contexts of all coins, spread over few connections."""

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.connection import Connection, Subscription
from liqbot.sources.hyperliquid.decoding import PayloadError, decode
from liqbot.sources.hyperliquid.payloads import Frame

_log = structlog.get_logger()

COINS_A_SOCKET = 12
MOST_SOCKETS = 9
"""An address has ten; one is left for accounts."""
CHANNELS = ("trades", "activeAssetCtx", "candle", "l2Book")
"""What is subscribed to of each coin."""


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
        self._connections: list[Connection] = []
        """One for each group, once it runs."""
        self._new_group = asyncio.Event()
        self._url = url
        self._take = take
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - pauses, not secrets
        self.refused = 0
        """Frames that made no sense."""

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return sum(connection.is_open for connection in self._connections)

    @property
    def reconnects(self) -> int:
        """How often one was opened again."""
        return sum(connection.reconnects for connection in self._connections)

    @property
    def trouble(self) -> str:
        """Why nothing comes over one of its connections; empty where all do what they should."""
        return next((said for connection in self._connections if (said := connection.trouble)), "")

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            for connection in self._connections:  # from before a failure
                group.create_task(connection.run())
            while True:
                self._new_group.clear()
                for coins in self._groups[len(self._connections) :]:
                    self._connections.append(self._connection(coins))
                    group.create_task(self._connections[-1].run())
                await self._new_group.wait()

    async def why_silent(self, coin: str, within_s: float) -> str | None:
        """Return why nothing comes of a coin within so many seconds; None where something does."""
        return await self._connection([coin]).why_silent(within_s)

    async def add(self, coin: str) -> bool:
        """Listen to one more coin from now on; return whether there is room for it."""
        if any(coin in coins for coins in self._groups):
            return True
        for place, coins in enumerate(self._groups):
            if len(coins) < COINS_A_SOCKET:
                coins.append(coin)
                if place < len(self._connections):
                    await self._connections[place].subscribe(subscriptions([coin]))
                return True
        if len(self._groups) >= MOST_SOCKETS:
            return False
        self._groups.append([coin])
        self._new_group.set()
        return True

    async def remove(self, coin: str) -> None:
        """Listen to a coin no longer."""
        for place, coins in enumerate(self._groups):
            if coin in coins:
                coins.remove(coin)
                if place < len(self._connections):
                    await self._connections[place].subscribe(subscriptions([coin]), "unsubscribe")

    def _connection(self, coins: Sequence[str]) -> Connection:
        wanted = partial(subscriptions, coins)
        return Connection(self._url, self._clock, wanted, self._handle, rng=self._random)

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
