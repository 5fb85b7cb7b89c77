"""What an error of the Bot API means for the message that was to be sent."""

from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from liqbot.alerts.platform import ChatGone, ChatMoved, NotSent, Refused, SlowDown, Unclear

PAUSE_S = 5
"""The pause after a 429 that does not say for how long."""
_GONE = ("chat not found", "user not found", "peer_id_invalid", "message thread not found", "topic_deleted")
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    RuntimeError,  # the connection is closed
)
"""What fails before Telegram has heard anything."""


def outcome(error: TelegramError) -> NotSent:
    """Return what became of a message whose sending raised `error`.

    Telegram knows no repeats: where the answer got lost, or was one of a gateway, nobody knows whether the
    message stands in the chat.
    """
    reason = said(error)
    match error:
        case RetryAfter():
            result = SlowDown(reason, pause_s=seconds(error.retry_after))
        case ChatMigrated():
            result = ChatMoved(reason, native_id=str(error.new_chat_id))
        case Forbidden():
            result = ChatGone(reason)
        case InvalidToken():
            result = NotSent("Telegram does not accept the bot's token")
        case BadRequest():
            result = ChatGone(reason) if _names(error, *_GONE) else Refused(reason)
        case NetworkError():
            result = _failed_on_the_way(error, reason)
        case _:
            result = Unclear(reason)
    return result


def said(error: TelegramError) -> str:
    """Return the error in one short line; of a gateway's page, only that there was one."""
    line = " ".join(str(error).partition(". Parsing the server response")[0].split())
    return line[:200]


def seconds(span: int | timedelta) -> float:
    """Return a span as python-telegram-bot gives it: seconds today, a timedelta tomorrow."""
    return span.total_seconds() if isinstance(span, timedelta) else float(span)


def is_unchanged(error: TelegramError) -> bool:
    """Return whether an edit failed only because there was nothing to change."""
    return isinstance(error, BadRequest) and _names(error, "message is not modified")


def is_lost_upload(error: TelegramError) -> bool:
    """Return whether Telegram does not know the picture's handle any more."""
    return isinstance(error, BadRequest) and _names(
        error, "file identifier", "wrong file_id", "file reference"
    )


def is_without_pictures(error: TelegramError) -> bool:
    """Return whether the chat takes messages, but no pictures."""
    return isinstance(error, BadRequest) and _names(
        error, "not enough rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden"
    )


def _failed_on_the_way(error: NetworkError, reason: str) -> NotSent:
    if isinstance(error.__cause__, _BEFORE_SENDING):
        return NotSent(reason)
    if _names(error, "too many requests"):
        return SlowDown(reason, pause_s=PAUSE_S)
    if _names(error, "entity too large"):
        return Refused(reason)
    return Unclear(reason)


def _names(error: TelegramError, *signs: str) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)
