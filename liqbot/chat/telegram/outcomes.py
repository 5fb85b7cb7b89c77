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

from liqbot.alerts.platform import ChatMoved, NotSent, Refused, SlowDown, Unclear
from liqbot.alerts.verdict import not_taken
from liqbot.chat.telegram.connection import GatewayError
from liqbot.chat.telegram.verdicts import LOST_UPLOADS, WITHOUT_PICTURES, says, verdict

PAUSE_S = 5
"""The pause after a 429 that does not say for how long."""
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
        case InvalidToken():
            result = NotSent("Telegram does not accept the bot's token")
        case Forbidden():
            result = not_taken(verdict(403, reason), reason)
        case BadRequest():
            result = not_taken(verdict(400, reason), reason)
        case NetworkError():
            result = _failed_on_the_way(error, reason)
        case _:
            result = Unclear(reason)
    return result


def said(error: TelegramError) -> str:
    """Return the error in one short line."""
    return " ".join(str(error).split())[:200]


def seconds(span: int | timedelta) -> float:
    """Return a span as python-telegram-bot gives it: seconds today, a timedelta tomorrow."""
    return span.total_seconds() if isinstance(span, timedelta) else float(span)


def is_unchanged(error: TelegramError) -> bool:
    """Return whether an edit failed only because there was nothing to change."""
    return isinstance(error, BadRequest) and _names(error, "message is not modified")


def is_lost_upload(error: TelegramError) -> bool:
    """Return whether Telegram does not know the picture's handle any more."""
    return isinstance(error, BadRequest) and _names(error, *LOST_UPLOADS)


def is_without_pictures(error: TelegramError) -> bool:
    """Return whether the text may be taken where the picture is not."""
    return isinstance(error, BadRequest | NetworkError) and _names(error, *WITHOUT_PICTURES)


def is_wrong_form(error: TelegramError) -> bool:
    """Return whether a plainer message may be taken."""
    return isinstance(outcome(error), Refused)


def _failed_on_the_way(error: NetworkError, reason: str) -> NotSent:
    cause = error.__cause__
    if isinstance(cause, _BEFORE_SENDING):
        return NotSent(reason)
    if isinstance(cause, GatewayError):
        # Of a gateway's refusal it is known that nothing went through; not so of what broke behind it.
        return NotSent(reason) if 400 <= cause.status < 500 or cause.status == 503 else Unclear(reason)
    if _names(error, "too many requests"):
        return SlowDown(reason, pause_s=PAUSE_S)
    if _names(error, "entity too large", "payload too large"):
        return Refused(reason)
    return Unclear(reason)


def _names(error: TelegramError, *signs: str) -> bool:
    return says(str(error), *signs)
