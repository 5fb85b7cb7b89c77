"""What Telegram tells, as the adapter sees it: something typed or tapped, a chat that came or went."""

import math
from dataclasses import dataclass
from datetime import datetime

from telegram import Chat, ChatMember, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from liqbot.chat.input_cleaning import visible
from liqbot.service.chats import ChatKey

GENERAL = 1
"""The number of the topic that every forum has."""
WANTED = (Update.MESSAGE, Update.CHANNEL_POST, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""The kinds of updates that we ask for."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that somebody typed."""

    chat: ChatKey
    line: str
    kind: str
    """Of the chat: `private`, `group`, `supergroup` or `channel`."""
    person: str
    """The id of who typed it; empty for an anonymous admin, and in channels."""
    speaks_for_chat: bool
    """Whether it was typed in the chat's own name, as only its admins can."""
    language: str
    message_id: int
    time_s: float = math.inf
    """When it was typed, by Telegram's clock: seconds since 1970 UTC; infinite where it does not say."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap on a button."""

    chat: ChatKey
    data: str
    kind: str
    person: str
    language: str
    query_id: str
    message_id: int
    message: Message | None
    """The message that the button hangs on; None where Telegram does not give it out any more."""
    is_lost: bool = False
    """Whether nobody knows in which topic of the chat it was: then it must not act on another one."""


@dataclass(frozen=True, slots=True)
class Came:
    """The bot can write to a chat from now on."""

    chat: ChatKey


@dataclass(frozen=True, slots=True)
class Went:
    """The bot can no longer write to a chat."""

    chat: ChatKey
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group has become a supergroup, with another id."""

    chat: ChatKey
    native_id: str


Incoming = Typed | Tapped | Came | Went | Moved


def read(update: Update, username: str, platform: str) -> Incoming | None:
    """Return what `update` tells the bot `username`; None where it is not for us.

    `platform` is what that bot's platform is called in the keys of chats.
    """
    if update.callback_query is not None:
        return _tapped(update, platform)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, platform)
    message = update.message or update.channel_post
    if message is None:
        return None
    if message.migrate_to_chat_id is not None:
        return Moved(chat_key(platform, message.chat), str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:  # the message in the group that was may have got lost
        return Moved(ChatKey(platform, str(message.migrate_from_chat_id)), str(message.chat.id))
    return _line(message, username, platform)


def _line(message: Message, username: str, platform: str) -> Typed | None:
    if _is_passed_on(message):
        return None
    line = None if message.text is None else to_line(message.text, username, message.chat.type)
    return None if line is None else _typed(message, line, platform)


def to_line(text: str, username: str, kind: str) -> str | None:
    """Return what was typed without the bot's name; None for what is meant for others.

    `/heatmap@our_bot BTC` is `/heatmap BTC`. In a chat with several people only commands are for us.
    """
    text = visible(text).strip()
    if not text.startswith("/"):
        return text or None if kind == ChatType.PRIVATE else None
    word, blank, rest = text.partition(next((each for each in text if each.isspace()), " "))
    name, _, addressee = word.partition("@")
    if addressee and addressee.lower() != username.lower():
        return None
    return f"{name}{' ' if blank else ''}{rest}".strip()


def chat_key(platform: str, chat: Chat, message: Message | None = None) -> ChatKey:
    """Return the key of a chat, or of the topic in it that `message` stands in.

    A thread without a topic is only a chain of replies. The topic General is the chat itself: Telegram takes
    no message for it by its number.
    """
    thread = message.message_thread_id if message is not None and message.is_topic_message else None
    return ChatKey(platform, str(chat.id), "" if thread in (None, GENERAL) else str(thread))


def _is_passed_on(message: Message) -> bool:
    """Return whether a text was not written here: a channel's post in its discussion group, or a forward."""
    is_forward = message.forward_origin is not None and message.chat.type != ChatType.PRIVATE
    return bool(message.is_automatic_forward) or is_forward


def _typed(message: Message, line: str, platform: str) -> Typed:
    speaker, sender_chat = message.from_user, message.sender_chat
    speaks_for_chat = sender_chat is not None and sender_chat.id == message.chat.id
    return Typed(
        chat=chat_key(platform, message.chat, message),
        line=line,
        kind=message.chat.type,
        person="" if sender_chat is not None else _person(speaker),
        speaks_for_chat=speaks_for_chat,
        language="" if speaker is None else speaker.language_code or "",
        message_id=message.message_id,
        time_s=_time_s(message),
    )


def _tapped(update: Update, platform: str) -> Tapped | None:
    query = update.callback_query
    if query is None or query.message is None or query.data is None:
        return None  # from an inline message or a game, which we never send
    # Of a message that it gives out no more Telegram says the date 0.
    accessible = isinstance(query.message, Message) and query.message.date.timestamp() > 0
    message = query.message if isinstance(query.message, Message) and accessible else None
    return Tapped(
        chat=chat_key(platform, query.message.chat, message),
        data=query.data,
        kind=query.message.chat.type,
        person=_person(query.from_user),
        language=query.from_user.language_code or "",
        query_id=query.id,
        message_id=query.message.message_id,
        message=message,
        is_lost=message is None and bool(query.message.chat.is_forum),
    )


def _membership(change: ChatMemberUpdated, platform: str) -> Came | Went:
    chat = chat_key(platform, change.chat)
    now = change.new_chat_member
    if now.status == ChatMemberStatus.BANNED:
        private = change.chat.type == ChatType.PRIVATE
        return Went(chat, "bot was blocked by the user" if private else "bot was removed from the chat")
    if now.status == ChatMemberStatus.LEFT:
        return Went(chat, "bot has left the chat")
    if change.chat.type == ChatType.CHANNEL and not _may_post(now):
        return Went(chat, "bot may not post in the channel")
    return Came(chat)


def _may_post(member: ChatMember) -> bool:
    return bool(getattr(member, "can_post_messages", False))


def _time_s(message: Message) -> float:
    written = getattr(message, "date", None)
    return written.timestamp() if isinstance(written, datetime) else math.inf


def _person(user: User | None) -> str:
    return "" if user is None else str(user.id)
