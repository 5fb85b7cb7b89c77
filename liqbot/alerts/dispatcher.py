"""The dispatcher: takes what is owed from the outbox and hands it to the chats, until it has arrived."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from liqbot.alerts.telling import tell
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.message import Message, Picture
from liqbot.store.outbox import Alert, Delivery, Outbox
from liqbot.store.chats import ChatKey

_log = structlog.get_logger()

BATCH = 30
"""How many deliveries are leased at once."""
MOST_ATTEMPTS = 20
"""After so many tries, which is about an hour, a delivery is given up."""
LONGEST_PAUSE_S = 300
"""The longest pause between two tries."""
LOOK_S = 1
"""How often the outbox is looked at while nobody wakes the dispatcher: something may be due again."""
PATIENCE_S = 60
"""How long a chat may take over one message before that counts as not arrived."""


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
        """The message that was told last, by its alert."""

    def wake(self) -> None:
        """Look at the outbox again."""
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Deliveries that were under way when the bot stopped are sent again."""
        while True:
            try:
                self._outbox.recover()
                await self._serve()
            except Exception:  # noqa: BLE001 - an outbox that fails now may serve again in a moment
                _log.exception("the outbox failed; it is tried again")
                await self._pause()

    async def drained(self) -> None:
        """Wait until nothing is due."""
        await self._idle.wait()

    async def _serve(self) -> None:
        while True:
            deliveries = self._outbox.lease(list(self._chats), BATCH, self._clock())
            for delivery in deliveries:
                await self._send(delivery)
            if not deliveries:
                self._idle.set()
                await self._pause()

    async def _pause(self) -> None:
        """Wait until woken, or for a while."""
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._wake.wait()

    async def _send(self, delivery: Delivery) -> None:
        message = await self._message(delivery.alert)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._chats[delivery.chat.platform].send(delivery.chat, message)
        except DeliveryError as error:
            self._not_arrived(delivery, str(error), final=error.final)
        except TimeoutError:
            self._not_arrived(delivery, "no answer; it may have arrived")
        except Exception as error:  # noqa: BLE001 - one bad chat harms only itself
            # Its name is enough: what an unknown error says may hold what must not be written down.
            _log.exception("a chat failed", platform=delivery.chat.platform)
            self._not_arrived(delivery, type(error).__name__)
        else:
            self._outbox.sent(delivery, self._clock())

    def _not_arrived(self, delivery: Delivery, reason: str, *, final: bool = False) -> None:
        if final or delivery.attempts + 1 >= MOST_ATTEMPTS:
            _log.error("a delivery was given up", delivery=delivery.id, reason=reason)
            self._outbox.failed(delivery, reason)
            return
        pause_ms = min(2**delivery.attempts, LONGEST_PAUSE_S) * 1000
        self._outbox.retry(delivery, reason, self._clock() + pause_ms)

    async def _message(self, alert: Alert) -> Message:
        """Return the alert's message, its picture drawn once for all chats that get it in a row."""
        if self._newest is None or self._newest[0] != alert.id:
            self._newest = (alert.id, await self._told(alert))
        return self._newest[1]

    async def _told(self, alert: Alert) -> Message:
        try:
            view = self._outbox.view_of(alert)
        except WireError as error:
            _log.error("an alert goes out without its market", alert=alert.id, reason=str(error))
            return tell(alert, None, None)
        try:
            picture = await self._illustrate(view)
        except Exception:  # noqa: BLE001 - however a picture fails, the text goes out
            _log.exception("an alert goes out without its picture", alert=alert.id)
            picture = None
        return tell(alert, view, picture)
