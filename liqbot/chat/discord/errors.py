"""What went wrong with Discord, in the words of deliveries: gone, refused, slow down, unclear, not sent."""

import aiohttp
import discord

from liqbot.alerts.platform import NotSent, SlowDown, Unclear
from liqbot.alerts.verdict import Verdict, not_taken
from liqbot.chat.discord.verdicts import verdict, why
from liqbot.proxies import through

FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""What the library raises where a request fails."""
NEW_TOKEN = "copy it anew: discord.com/developers/applications, your application, Bot, Reset Token"  # noqa: S105 - what to do
"""What to do where Discord does not accept a token."""
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


def failed(error: BaseException, address: str) -> str:
    """Return in a few words why an address of Discord's could not be asked, and through which proxy."""
    if isinstance(error, discord.HTTPException):
        return f"{error.status}"
    if isinstance(error, aiohttp.ClientProxyConnectionError) and error.os_error.strerror:
        return error.os_error.strerror
    return f"{type(error).__name__}{through(address)}"


def verdict_of(error: discord.HTTPException) -> Verdict:
    """Return what an answer of Discord, or of what stands before it, means for a message."""
    return verdict(error.status, error.code)


def is_passing(error: BaseException) -> bool:
    """Return whether the same request may work in a moment."""
    if isinstance(error, discord.HTTPException):
        return verdict_of(error) is Verdict.AGAIN
    return not isinstance(error, discord.DiscordException) or isinstance(error, discord.RateLimited)


def _of_answer(error: discord.HTTPException) -> NotSent:
    if error.status == 429:
        headers = error.response.headers
        # What did not come `Via` Discord's own gateway is from what stands before it, and bars all we send.
        everywhere = headers.get("X-RateLimit-Scope") == "global" or not headers.get("Via")
        pause_s = _pause_s(headers.get("Retry-After"))
        return SlowDown("Discord asks for a pause", pause_s=pause_s, everywhere=everywhere)
    if error.status == 401:
        return NotSent("Discord does not know the bot's token any more")
    told, found = why(error.status, error.code), verdict_of(error)
    if found is Verdict.AGAIN and error.status >= 500:
        # Of a gateway's refusal it is known that nothing went through; not so of what broke behind it, and a
        # 503 may come from either.
        return Unclear(told)
    return not_taken(found, told)


def _pause_s(header: str | None) -> float:
    try:
        return max(float(header or _PAUSE_S), 0.0)
    except ValueError:
        return _PAUSE_S
