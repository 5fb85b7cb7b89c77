"""Serves what people type, answers taps so that buttons stop waiting, notes chats that come, go and move."""

import asyncio
from collections.abc import Awaitable

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
from liqbot.chat.telegram.rights import Rights
from liqbot.chat.telegram.typing_sign import typing_while_starting
from liqbot.message import Message, Tone
from liqbot.service.chats import ChatKey
from liqbot.text import N_, _

_log = structlog.get_logger()

TAP_PATIENCE_S = 2.0
"""After so long a tap is acknowledged, though its answer is still on the way."""
REPLY_PATIENCE_S = 3.0
"""An answer to a tap that would have to wait longer for its turn is told by the acknowledgement itself."""
_GONE = N_("This button is no longer here.")
_TOO_OLD = N_("This message is too old for its buttons. Type the command instead.")
_BUSY = N_("Too much is going on here at the moment. Try again in a minute.")


class UpdateHandler:
    """Serves the people of all chats."""

    def __init__(self, bot: Bot, sender: MessageSender, reception: Reception) -> None:
        self._rights = Rights(bot)
        self.answers = Answers(self._rights, reception)
        self._bot = bot
        self._replies = Replies(sender, reception)
        self._services = reception.services
        self._under_way: dict[tuple[ChatKey, int, str], asyncio.Future[Message]] = {}
        """What taps are being answered, by message and button."""

    async def take(self, tap: Tapped) -> None:
        """Deal with a tap. It never raises: one bad update harms only itself."""
        try:
            await self._tapped(tap)
        except TelegramError as error:
            _log.warning("answer_not_delivered", reason=said(error))
        except Exception:  # noqa: BLE001 - see above
            _log.exception("update_failed", kind=type(tap).__name__)

    async def answer(self, incoming: Incoming) -> Message | None:
        """Do what was typed and return what is to be answered; take note of news of a chat. Never raises."""
        try:
            return await self._answer(incoming)
        except TelegramError as error:
            _log.warning("answer_not_found", reason=said(error))
        except Exception:  # noqa: BLE001 - see above
            _log.exception("update_failed", kind=type(incoming).__name__)
        return None

    async def reply(self, typed: Typed, answer: Message) -> None:
        """Bring the answer to what was typed. It never raises."""
        in_private = typed.kind == ChatType.PRIVATE
        in_group = typed.kind in (ChatType.GROUP, ChatType.SUPERGROUP)
        try:
            await self._replies.say(
                typed.chat,
                answer,
                silent=answer.private and not in_private,
                reply_to=typed.message_id if in_group else None,
            )
            await self._services.chats.reached(typed.chat)
        except TelegramError as error:
            _log.warning("answer_not_delivered", reason=said(error))
        except Exception:  # noqa: BLE001 - see above
            _log.exception("update_failed", kind=type(typed).__name__)

    async def tell(self, chat: ChatKey, message: Message) -> None:
        """Say something that nobody waits for. It never raises."""
        try:
            await self._replies.say(chat, message, silent=True)
        except TelegramError as error:
            _log.info("apology_not_delivered", reason=said(error))

    async def too_busy(self, tap: Tapped) -> None:
        """Answer a tap where too much is asked for already, by what costs nothing."""
        await self._acknowledge(tap, _(_BUSY))

    def is_for_us(self, asked: Typed | Tapped, line: str) -> bool:
        """Return whether a line is meant for this bot: among several people, only its commands are."""
        private = asked.kind == ChatType.PRIVATE
        return private or isinstance(asked, Tapped) or self.answers.command(line) is not None

    async def _answer(self, incoming: Incoming) -> Message | None:
        chats = self._services.chats
        match incoming:
            case Typed():
                if not self.is_for_us(incoming, incoming.line):
                    return None
                entry = self._services.access.enter(incoming.chat, incoming.person, incoming.line)
                if not entry.is_open:
                    return _turned_away(entry.answer)
                await self._is_back(incoming.chat)
                async with typing_while_starting(self._bot, incoming.chat, self._services.startup):
                    return await self.answers.to(incoming, incoming.line)
            case Tapped():
                await self.take(incoming)
            case Came():
                await self._is_back(incoming.chat)
                await chats.reached(incoming.chat)
            case Went():
                _log.info("chat_gone", reason=incoming.reason)
                await chats.lose(incoming.chat, incoming.reason)
            case Moved():
                await chats.move(incoming.chat, incoming.native_id)
        return None

    async def _tapped(self, tap: Tapped) -> None:
        read = tapped(tap.data)
        if read is None or tap.is_lost or not _hangs_there(tap):
            await self._acknowledge(tap, _(_TOO_OLD if tap.is_lost else _GONE))
            return
        entry = self._services.access.enter(tap.chat, tap.person, read[0])
        if not entry.is_open:
            if entry.answer:
                await self._acknowledge(tap, entry.answer)
            return
        same = (tap.chat, tap.message_id, tap.data)
        if same in self._under_way:  # somebody else has tapped it just now: one answer is for both
            await asyncio.wait([self._under_way[same]], timeout=TAP_PATIENCE_S)
            await self._acknowledge(tap)
            return
        working = self._under_way[same] = asyncio.ensure_future(self.answers.to(tap, read[0]))
        try:
            await self._bring(tap, working, renews=read[1])
        finally:
            del self._under_way[same]

    async def _bring(self, tap: Tapped, working: asyncio.Future[Message], *, renews: bool) -> None:
        """Acknowledge a tap in time, and bring its answer: by that itself where a message would come late."""
        await asyncio.wait([working], timeout=TAP_PATIENCE_S)
        if not working.done():
            place = self._replies.place(tap.chat, REPLY_PATIENCE_S)
            await self._acknowledge(tap, "" if place is not None else _(_BUSY))
            answer = await working  # what it asks for is done, though it may not be told
            if place is not None:
                await self._give(tap, answer, place, renews=renews)
            return
        answer = await working
        if answer.tone is Tone.WARNING or not await self._may_post(tap, renews=renews):
            await self._acknowledge(tap, toast(answer))
            return
        place = self._replies.place(tap.chat, REPLY_PATIENCE_S)
        if place is None:
            await self._acknowledge(tap, toast(answer))
            return
        await self._acknowledge(tap)
        await self._give(tap, answer, place, renews=renews)

    async def _give(self, tap: Tapped, answer: Message, place: Awaitable[None], *, renews: bool) -> None:
        """Put the answer to a tap where the message is, or below it, when its place is there."""
        if renews and tap.message is not None and _has_room(tap, answer):
            await self._replies.renew(tap.chat, tap.message_id, answer, place=place)
        elif await self._may_post(tap, renews=False):
            await self._replies.say(tap.chat, answer, silent=answer.private, place=place)

    async def _may_post(self, tap: Tapped, *, renews: bool) -> bool:
        """Return whether an answer may come as a message: readers of a channel do not make it post."""
        if renews or tap.kind != ChatType.CHANNEL:
            return True
        try:
            return await self._rights.may_manage(tap)
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


def _turned_away(why: str) -> Message | None:
    """Return what is said to somebody who is not served; None where that has been said lately."""
    return Message(why, tone=Tone.WARNING, private=True) if why else None


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
