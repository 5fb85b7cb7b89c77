"""The operator's chat: it hears of what only an operator can mend, once when it begins and once when it ends.

It does not go through the outbox: where the database is the trouble, that is just what has to be told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from liqbot.alerts.platform import NotSent, OutgoingMessage, Platform
from liqbot.logs import redacted
from liqbot.message import Message, Tone
from liqbot.store.chats import ChatKey
from liqbot.text import _

_log = structlog.get_logger()

TRIES = 5
SHORTEST_PAUSE_S = 2


def _anywhere(platform: str) -> bool:
    """Send on every platform."""
    del platform
    return True


class Operator:
    """Tells the operator of troubles, each by its name."""

    def __init__(
        self,
        chat: ChatKey | None,
        platforms: Mapping[str, Platform],
        *,
        may_send: Callable[[str], bool] = _anywhere,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Tell `chat`, or only the log where that is None.

        Only a process that `may_send` on the chat's platform tells it; `sleep` waits so many seconds for
        another try.
        """
        self._may_send = may_send
        self._chat = chat
        self._platforms = platforms
        self._sleep = sleep
        self.troubles: dict[str, str] = {}
        """What is wrong now, by name."""
        self._sent = 0

    async def tell(self, troubles: Mapping[str, str]) -> None:
        """Tell what is new among `troubles` (what is wrong now, by name), and what is over."""
        before, self.troubles = self.troubles, dict(troubles)
        for name, text in troubles.items():
            if name not in before:
                _log.error("trouble_found", what=name, detail=text)
                await self._send(
                    Message(_("Trouble: {what}", what=name), (redacted(text),), tone=Tone.WARNING)
                )
        for name in before:
            if name not in troubles:
                _log.info("trouble_resolved", what=name)
                await self._send(Message(_("Resolved: {what}", what=name)))

    async def _send(self, message: Message) -> None:
        platform = None if self._chat is None else self._platforms.get(self._chat.platform)
        if self._chat is None or platform is None or not self._may_send(self._chat.platform):
            return
        self._sent += 1
        reason = ""
        for attempt in range(TRIES):
            try:
                await platform.send(OutgoingMessage(self._chat, message, f"operator-{self._sent}"))
            except NotSent as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - the operator's chat must not take the bot down
                reason = type(error).__name__
            else:
                return
            await self._sleep(SHORTEST_PAUSE_S * 2**attempt)
        _log.error("operator_not_reached", reason=redacted(reason))
