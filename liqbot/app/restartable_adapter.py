"""An adapter that can be run again after it was cancelled, by making it anew: after a lease was lost."""

import asyncio
from collections.abc import Callable

from liqbot.alerts.platform import Limits, NotSent, OutgoingMessage, Receipt, Resuming
from liqbot.chat.adapter import Adapter
from liqbot.store.chats import ChatKey


class RestartableAdapter:
    """Stands for one adapter after the other of the same platform."""

    def __init__(self, make: Callable[[], Adapter]) -> None:
        """`make` makes one. Raises what it raises."""
        self._make = make
        self._adapter = make()
        self._is_over = False
        """Whether it was cancelled: it may have closed what it sends by."""

    @property
    def limits(self) -> Limits:
        """How fast the platform may be sent to."""
        return self._adapter.limits

    @property
    def trouble(self) -> str | None:
        """Why people are not served at present; None where they are, or the adapter does not say."""
        return getattr(self._adapter, "trouble", None)

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of the platform's; None where the adapter does not say."""
        return getattr(self._adapter, "clock_ahead_s", None)

    def is_group(self, chat: ChatKey) -> bool:
        """Return whether several people share the chat."""
        return self._adapter.is_group(chat)

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Bring a message to its chat, as `Platform.send`."""
        if self._is_over:
            raise NotSent("another process serves the platform by now")
        return await self._adapter.send(outgoing)

    def resume(self) -> None:
        """Note that another process may have been sending until now."""
        if isinstance(self._adapter, Resuming):
            self._adapter.resume()

    async def run(self) -> None:
        """Serve people until cancelled, with a new adapter where the one before was."""
        if self._is_over:
            self._adapter, self._is_over = self._make(), False
        try:
            await self._adapter.run()
        except asyncio.CancelledError:
            self._is_over = True
            raise
