"""Replies: sent at the pace that Telegram allows, and again where they surely did not arrive."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import BadRequest, TelegramError

from liqbot.alerts.platform import ChatAway, ChatGone, ChatMoved, NotSent, Refused, SlowDown, Unclear
from liqbot.chat.adapter import Reception
from liqbot.chat.telegram.message_sender import MessageSender
from liqbot.chat.telegram.outcomes import outcome, said
from liqbot.message import Message
from liqbot.service.chats import ChatKey

_log = structlog.get_logger()

TRIES = 4
"""How often a reply is sent that does not arrive."""
LONGEST_PAUSE_S = 60.0
"""Nobody waits longer than that for an answer."""


class Replies:
    """Brings answers to those who asked."""

    def __init__(self, sender: MessageSender, reception: Reception) -> None:
        self._sender = sender
        self._services = reception.services
        self._turn = reception.turn
        self._turn_within = reception.turn_within

    def place(self, chat: ChatKey, within_s: float) -> Awaitable[None] | None:
        """Let an answer to a tap wait for its place: return what ends when it may go, None for too late."""
        return self._turn_within(chat, within_s)

    async def say(
        self,
        chat: ChatKey,
        message: Message,
        *,
        silent: bool = False,
        reply_to: int | None = None,
        place: Awaitable[None] | None = None,
    ) -> None:
        """Send an answer. Raises `TelegramError` where it cannot be brought.

        `place`: it waits for its place already, until that ends.
        """

        async def post(there: ChatKey) -> None:
            # Where a group has moved, its messages have other numbers.
            question = reply_to if there == chat else None
            await self._sender.post(there, message, silent=silent, reply_to=question)

        await self._insist(chat, post, place, repeatable=False)

    async def renew(
        self, chat: ChatKey, message_id: int, message: Message, *, place: Awaitable[None] | None = None
    ) -> None:
        """Put an answer in the place of a message; where that is not possible, send it.

        `place`: it waits for its place already, until that ends.
        """

        async def renew(there: ChatKey) -> None:
            if there != chat:  # by its number it would be another message
                raise BadRequest("the group has moved")
            await self._sender.renew(there, message_id, message)

        try:
            await self._insist(chat, renew, place, repeatable=True)
        except BadRequest as error:
            _log.info("message_not_edited", reason=said(error))
            await self.say(chat, message, silent=True)

    async def _insist(
        self,
        chat: ChatKey,
        send: Callable[[ChatKey], Awaitable[None]],
        place: Awaitable[None] | None,
        *,
        repeatable: bool,
    ) -> None:
        """Send, and try again what did not arrive. Raises the last `TelegramError`.

        `repeatable`: twice is no harm, so what may have arrived is tried again as well.
        """
        for attempt in range(TRIES):
            if attempt == 0 and place is not None:
                await place
            else:
                await self._turn(chat)
            try:
                return await send(chat)
            except TelegramError as error:
                why = outcome(error)
                pause_s = _pause_s(why, attempt, repeatable=repeatable)
                if attempt == TRIES - 1 or pause_s is None:
                    await self._note(chat, why)
                    raise
                chat = await self._moved(chat, why)
            await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    async def _note(self, chat: ChatKey, why: NotSent) -> None:
        if isinstance(why, ChatAway):
            await self._services.chats.miss(chat, str(why))
        if isinstance(why, ChatGone):
            await self._services.chats.deactivate(chat, str(why))

    async def _moved(self, chat: ChatKey, why: NotSent) -> ChatKey:
        """Return where the chat is now."""
        if not isinstance(why, ChatMoved):
            return chat
        await self._services.chats.move(chat, why.native_id)
        return chat._replace(native_id=why.native_id)


def _pause_s(why: NotSent, attempt: int, *, repeatable: bool) -> float | None:
    """Return how long to wait before another try; None where there is none."""
    match why:
        case SlowDown(pause_s=pause_s):
            return pause_s if pause_s <= LONGEST_PAUSE_S else None
        case ChatMoved():
            return 0.0
        case ChatGone() | ChatAway() | Refused():
            return None
        case Unclear() if not repeatable:
            return 1.0 if attempt == 0 else None  # a second answer harms nobody, silence does
        case _:
            return float(2**attempt)
