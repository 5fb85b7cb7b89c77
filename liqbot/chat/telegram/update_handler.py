"""The front desk: serves what people type and tap, and takes note of chats that come, go and move."""

import asyncio

import structlog
from telegram import Bot
from telegram.constants import ChatType
from telegram.error import TelegramError

from liqbot.chat.adapter import Reception
from liqbot.chat.telegram.answers import Answers
from liqbot.chat.telegram.buttons import tapped
from liqbot.chat.telegram.incoming import Came, Incoming, Moved, Tapped, Typed, Went
from liqbot.chat.telegram.message_sender import MessageSender
from liqbot.chat.telegram.outcomes import said
from liqbot.chat.telegram.own_commands import STOPPED
from liqbot.chat.telegram.render import toast
from liqbot.chat.telegram.replies import Replies
from liqbot.chat.telegram.rights import may_manage
from liqbot.message import Message, Tone
from liqbot.service.chats import ChatKey
from liqbot.text import N_, _

_log = structlog.get_logger()

TAP_PATIENCE_S = 2.0
"""After so long a tap is acknowledged, though its answer is still on the way."""
_GONE = N_("This button is no longer here.")


class UpdateHandler:
    """Serves the people of all chats."""

    def __init__(self, bot: Bot, postman: MessageSender, reception: Reception) -> None:
        self.answers = Answers(bot, reception)
        self._bot = bot
        self._replies = Replies(postman, reception)
        self._services = reception.services

    async def take(self, incoming: Incoming) -> None:
        """Deal with what came. It never raises: one bad update harms only itself."""
        try:
            await self._take(incoming)
        except TelegramError as error:
            _log.warning("answer_not_delivered", reason=said(error))
        except Exception:  # noqa: BLE001 - see above
            _log.exception("update_failed", kind=type(incoming).__name__)

    async def _take(self, incoming: Incoming) -> None:
        chats = self._services.chats
        match incoming:
            case Typed():
                await self._typed(incoming)
            case Tapped():
                await self._tapped(incoming)
            case Came():
                await self._is_back(incoming.chat)
                await chats.reached(incoming.chat)
            case Went():
                _log.info("chat_gone", reason=incoming.reason)
                await chats.lose(incoming.chat, incoming.reason)
            case Moved():
                await chats.move(incoming.chat, incoming.native_id)

    async def _typed(self, typed: Typed) -> None:
        in_private = typed.kind == ChatType.PRIVATE
        if not in_private and self.answers.command(typed.line) is None:
            return  # meant for another bot
        await self._is_back(typed.chat)
        answer = await self.answers.to(typed, typed.line)
        in_group = typed.kind in (ChatType.GROUP, ChatType.SUPERGROUP)
        await self._replies.say(
            typed.chat,
            answer,
            silent=answer.private and not in_private,
            reply_to=typed.message_id if in_group else None,
        )
        await self._services.chats.reached(typed.chat)

    async def _tapped(self, tap: Tapped) -> None:
        read = tapped(tap.data)
        if read is None or not _hangs_there(tap):
            await self._acknowledge(tap, _(_GONE))
            return
        line, renews = read
        working = asyncio.ensure_future(self.answers.to(tap, line))
        await asyncio.wait([working], timeout=TAP_PATIENCE_S)
        if not working.done():
            await self._acknowledge(tap)
            await self._give(tap, await working, renews=renews)
        elif (await working).tone is Tone.WARNING or not await self._may_post(tap, renews=renews):
            await self._acknowledge(tap, toast(working.result()))
        else:
            await self._acknowledge(tap)
            await self._give(tap, working.result(), renews=renews)

    async def _give(self, tap: Tapped, answer: Message, *, renews: bool) -> None:
        """Put the answer to a tap where the message is, or below it."""
        if renews and tap.message is not None and _has_room(tap, answer):
            await self._replies.renew(tap.chat, tap.message_id, answer)
        elif await self._may_post(tap, renews=False):
            await self._replies.say(tap.chat, answer, silent=answer.private)

    async def _may_post(self, tap: Tapped, *, renews: bool) -> bool:
        """Return whether an answer may come as a message: readers of a channel do not make it post."""
        if renews or tap.kind != ChatType.CHANNEL:
            return True
        try:
            return await may_manage(self._bot, tap)
        except TelegramError:
            return False  # Telegram does not say

    async def _acknowledge(self, tap: Tapped, text: str = "") -> None:
        """Answer a tap, so that its button stops waiting; one that is too old cannot be answered any more."""
        try:
            await self._bot.answer_callback_query(tap.query_id, text or None, show_alert=bool(text))
        except TelegramError as error:
            _log.info("tap_not_acknowledged", reason=said(error))

    async def _is_back(self, chat: ChatKey) -> None:
        """Note that a chat can be reached, unless it is silent because it wants to be."""
        chats = self._services.chats
        if (await chats.settings(chat)).inactive not in (None, STOPPED):
            await chats.activate(chat)


def _hangs_there(tap: Tapped) -> bool:
    """Return whether the message has the button: a client may send taps that nobody can have made."""
    if tap.message is None:
        return True  # too old for Telegram to tell; what the button says is done as if it had been typed
    markup = tap.message.reply_markup
    rows = () if markup is None else markup.inline_keyboard
    return any(button.callback_data == tap.data for row in rows for button in row)


def _has_room(tap: Tapped, message: Message) -> bool:
    """Return whether the tapped message can become `message`: a picture never becomes a mere text."""
    return message.picture is not None or not (tap.message and tap.message.photo)
