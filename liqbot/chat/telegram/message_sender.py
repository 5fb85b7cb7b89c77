"""Sending a message to a chat, and putting another one in its place."""

from dataclasses import dataclass, replace

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram import Message as Sent
from telegram.error import BadRequest, TelegramError

from liqbot.chat.telegram.buttons import keyboard
from liqbot.chat.telegram.incoming import GENERAL
from liqbot.chat.telegram.outcomes import is_unchanged, is_wrong_form
from liqbot.chat.telegram.render import rendered
from liqbot.chat.telegram.uploads import Uploads
from liqbot.message import Message, Picture
from liqbot.service.chats import ChatKey

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class MessageSender:
    """Brings messages to chats. What goes wrong is raised as python-telegram-bot's errors."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._uploads = Uploads()

    async def post(
        self,
        chat: ChatKey,
        message: Message,
        *,
        silent: bool = False,
        upload: str | None = None,
        reply_to: int | None = None,
    ) -> Sent:
        """Send a message; `upload` is the handle of its picture from an earlier sending."""
        manner = _Manner(silent, reply_to)
        picture = message.picture
        try:
            if picture is None:
                return await self._text(chat, message, manner)
            return await self._uploads.send(
                picture, upload, lambda photo: self._photo(chat, message, photo, manner)
            )
        except TelegramError as error:
            if not is_wrong_form(error):
                raise
        try:
            return await self._text(chat, _in_words(message), manner)
        except TelegramError as error:
            if not is_wrong_form(error):
                raise
        return await self._plain(chat, message, manner)

    async def renew(
        self, chat: ChatKey, message_id: int, message: Message, *, upload: str | None = None
    ) -> None:
        """Put a message in the place of one that was sent. That it says the same already is well.

        `upload` is the handle of its picture from an earlier sending.
        """
        try:
            if message.picture is None:
                await self._rewrite(chat, message_id, message)
            else:
                await self._uploads.send(
                    message.picture, upload, lambda photo: self._redraw(chat, message_id, message, photo)
                )
        except BadRequest as error:
            if not is_unchanged(error):
                raise

    async def _text(self, chat: ChatKey, message: Message, manner: "_Manner") -> Sent:
        text = rendered(message)
        return await self._bot.send_message(
            _id(chat),
            text.text,
            entities=text.entities,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(message.actions),
            message_thread_id=_topic(chat),
            disable_notification=manner.silent,
            reply_parameters=manner.reply,
        )

    async def _plain(self, chat: ChatKey, message: Message, manner: "_Manner") -> Sent:
        """Send nothing but letters: what Telegram takes where it takes anything."""
        return await self._bot.send_message(
            _id(chat),
            rendered(_in_words(message)).text,
            link_preview_options=_NO_PREVIEW,
            message_thread_id=_topic(chat),
            disable_notification=manner.silent,
        )

    async def _photo(self, chat: ChatKey, message: Message, photo: Picture | str, manner: "_Manner") -> Sent:
        caption = rendered(message)
        return await self._bot.send_photo(
            _id(chat),
            photo if isinstance(photo, str) else photo.png,
            caption=caption.text,
            caption_entities=caption.entities,
            filename=None if isinstance(photo, str) else photo.name,
            reply_markup=keyboard(message.actions),
            message_thread_id=_topic(chat),
            disable_notification=manner.silent,
            reply_parameters=manner.reply,
        )

    async def _rewrite(self, chat: ChatKey, message_id: int, message: Message) -> None:
        text = rendered(message)
        await self._bot.edit_message_text(
            text.text,
            _id(chat),
            message_id,
            entities=text.entities,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(message.actions),
        )

    async def _redraw(
        self, chat: ChatKey, message_id: int, message: Message, photo: Picture | str
    ) -> Sent | bool:
        caption = rendered(message)
        return await self._bot.edit_message_media(
            InputMediaPhoto(
                photo if isinstance(photo, str) else photo.png,
                caption=caption.text,
                caption_entities=caption.entities,
                filename=None if isinstance(photo, str) else photo.name,
            ),
            _id(chat),
            message_id,
            reply_markup=keyboard(message.actions),
        )


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a message is sent."""

    silent: bool
    reply_to: int | None

    @property
    def reply(self) -> ReplyParameters | None:
        """What it answers; what has been deleted meanwhile is answered all the same."""
        if self.reply_to is None:
            return None
        return ReplyParameters(self.reply_to, allow_sending_without_reply=True)


def _in_words(message: Message) -> Message:
    """Return a message with what its picture says in place of the picture."""
    alt = () if message.picture is None else (message.picture.alt,)
    return replace(message, lines=(*message.lines, *alt), picture=None)


def _id(chat: ChatKey) -> int | str:
    """Return a chat's id as the Bot API takes it; a channel may go by its `@name`."""
    return chat.native_id if chat.native_id.startswith("@") else int(chat.native_id)


def _topic(chat: ChatKey) -> int | None:
    return int(chat.thread) if chat.thread not in ("", str(GENERAL)) else None
