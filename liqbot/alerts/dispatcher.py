"""The dispatcher: takes what is owed from the outbox and hands it to the chats, until it has arrived."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from liqbot.alerts.telling import tell
from liqbot.market.view import MarketView
from liqbot.message import Message, Picture
from liqbot.store.outbox import Alert, Delivery, Outbox
from liqbot.store.subscriptions import ChatKey

_log = structlog.get_logger()

BATCH = 30
"""How many deliveries are leased at once."""
MOST_ATTEMPTS = 8
"""After so many tries a delivery is given up."""


class Chat(Protocol):
    """What the dispatcher needs of a chat platform."""

    async def send(self, chat: ChatKey, message: Message) -> None:
        """Bring `message` to `chat`; raise `DeliveryError` where that did not work."""
        ...


class DeliveryError(Exception):
    """A message did not arrive. `final` where another try cannot help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


Illustrate = Callable[[MarketView], Awaitable[Picture | None]]
"""Draws the picture of an alert's market; None where it cannot be drawn, and then the text goes alone."""


class Dispatcher:
    """Sends what is due. Wake it when something new may be."""

    def __init__(
        self, outbox: Outbox, chats: Mapping[str, Chat], illustrate: Illustrate, clock: Callable[[], int]
    ) -> None:
        """Serve the platforms of `chats`; `clock` tells the time in ms."""
        self._outbox = outbox
        self._chats = chats
        self._illustrate = illustrate
        self._clock = clock
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._newest: tuple[int, Message] | None = None

    def wake(self) -> None:
        """Look at the outbox again."""
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Deliveries that were under way when the bot stopped are sent again."""
        self._outbox.recover()
        while True:
            deliveries = self._outbox.lease(list(self._chats), BATCH, self._clock())
            for delivery in deliveries:
                await self._send(delivery)
            if not deliveries:
                await self._rest()

    async def drained(self) -> None:
        """Wait until nothing is due."""
        await self._idle.wait()

    async def _rest(self) -> None:
        self._idle.set()
        self._wake.clear()
        try:
            async with asyncio.timeout(1):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send(self, delivery: Delivery) -> None:
        message = await self._message(delivery.alert)
        try:
            await self._chats[delivery.chat.platform].send(delivery.chat, message)
        except DeliveryError as error:
            self._not_arrived(delivery, error)
        else:
            self._outbox.sent(delivery, self._clock())

    def _not_arrived(self, delivery: Delivery, error: DeliveryError) -> None:
        if error.final or delivery.attempts + 1 >= MOST_ATTEMPTS:
            _log.error("a delivery was given up", delivery=delivery.id, reason=str(error))
            self._outbox.failed(delivery, str(error))
            return
        pause_ms = min(2**delivery.attempts, 300) * 1000
        self._outbox.retry(delivery, str(error), self._clock() + pause_ms)

    async def _message(self, alert: Alert) -> Message:
        """Return the alert's message, its picture drawn once for all chats that get it in a row."""
        if self._newest is None or self._newest[0] != alert.id:
            view = self._outbox.view_of(alert)
            self._newest = (alert.id, tell(alert, view, await self._illustrate(view)))
        return self._newest[1]
