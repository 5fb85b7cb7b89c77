"""What went wrong with Discord, in the words of deliveries: gone, refused, slow down, unclear, not sent."""

import aiohttp
import discord

from liqbot.alerts.platform import ChatGone, NotSent, Refused, SlowDown, Unclear

FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""What the library raises where a request fails."""
NEW_TOKEN = "copy it anew: discord.com/developers/applications, your application, Bot, Reset Token"  # noqa: S105 - what to do
"""What to do where Discord does not accept a token."""
LEFT = "the bot is no longer in the server"
"""The reason for which a server's chats cannot be reached, until the bot is back."""
UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED, MISSING_PERMISSIONS, TOO_LARGE = 10062, 40060, 50013, 40005
_GONE = {
    10003: "the channel is no more",
    10004: LEFT,
    10013: "the person is no more",
    50001: "the bot cannot see the channel",
    50007: "the person takes no direct messages from the bot",
    50008: "nobody can write in that channel",
    MISSING_PERMISSIONS: "the bot may not write there",
    50083: "the thread is archived and locked",
    50278: "the person shares no server with the bot",
}
_NEVER_TAKEN = (503,)
"""Answers that say that a request was not looked at."""
_PAUSE_S = 5.0
"""How long to wait where Discord wants a pause and does not say for how long."""


def outcome(error: BaseException) -> NotSent:
    """Return what an error means for the delivery that it happened to."""
    if isinstance(error, discord.RateLimited):
        return SlowDown("Discord asks for a pause", pause_s=error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _of_answer(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotSent("Discord cannot be reached")
    return Unclear(f"the answer got lost: {type(error).__name__}")


def is_passing(error: BaseException) -> bool:
    """Return whether the same request may work in a moment."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500 or error.status == 429
    return not isinstance(error, discord.DiscordException) or isinstance(error, discord.RateLimited)


def _of_answer(error: discord.HTTPException) -> NotSent:
    said = f"Discord answered {error.status} ({error.code})"
    if error.status == 429:
        headers = error.response.headers
        # What did not come `Via` Discord's own gateway is from what stands before it, and bars all we send.
        everywhere = headers.get("X-RateLimit-Scope") == "global" or not headers.get("Via")
        pause_s = _pause_s(headers.get("Retry-After"))
        return SlowDown("Discord asks for a pause", pause_s=pause_s, everywhere=everywhere)
    if error.status >= 500:
        return NotSent(said) if error.status in _NEVER_TAKEN else Unclear(said)
    if error.status == 401:
        return NotSent("Discord does not know the bot's token any more")
    if error.code in _GONE:
        return ChatGone(_GONE[error.code])
    if error.status == 404:
        return ChatGone(said)
    return Refused(said)


def _pause_s(header: str | None) -> float:
    try:
        return max(float(header or _PAUSE_S), 0.0)
    except ValueError:
        return _PAUSE_S
