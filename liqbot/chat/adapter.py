"""What a chat adapter is: Protocols (run, send, limits) by which it serves people and takes messages.

Not here: what alerts need of it (`alerts/platform.py`), who runs it (`app/platform_runner.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from liqbot.alerts.platform import Platform
from liqbot.chat.answering import Answering
from liqbot.market.figures import duration
from liqbot.service.chats import ChatKey
from liqbot.service.services import Services


class AdapterError(Exception):
    """An adapter cannot serve its platform, as without a token. The text says what to do."""


def at_once(chat: ChatKey, within_s: float) -> Awaitable[None]:
    """Let a reply go at once."""
    del chat, within_s
    return asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Reception:
    """What an adapter serves people with."""

    platform: str
    """What the platform of its chats is called: `telegram`, or `telegram.second` for a further bot there."""
    answering: Answering
    """Finds the answer to a line that somebody typed."""
    services: Services
    """What commands may look at: coins, rules, the chat's subscriptions; for completion and options."""
    turn: Callable[[ChatKey], Awaitable[None]]
    """Waits until a reply may go to that chat: ahead of all broadcasts, within the platform's limits.

    For a platform that counts replies like any message; where replies are free, as Discord's are, not needed.
    """
    turn_within: Callable[[ChatKey, float], Awaitable[None] | None] = at_once
    """Lets a reply wait that may as well be left out: returns what ends when it may go, None where that would
    be later than in so many seconds. To a group it leaves some places for those who type.
    """
    shards: tuple[range, int] | None = None
    """Which shards of the platform's chats this process serves, and of how many; None for all of them."""


class Adapter(Platform, Protocol):
    """A platform that people talk to."""

    async def run(self) -> None:
        """Serve people until cancelled; reconnect by itself.

        Raises `AdapterError` where it cannot do so at present, and something outside has to be changed; it is
        run again after a while.
        """
        ...


@runtime_checkable
class WithTrouble(Protocol):
    """An adapter that can say why it serves nobody though it runs."""

    @property
    def trouble(self) -> str | None:
        """Why people are not served at present, and what to do; None where they are."""
        ...


@runtime_checkable
class WithClock(Protocol):
    """An adapter that knows what time it is elsewhere."""

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of the platform's, as its answers say; None before any."""
        ...


CLOCK_ERROR_S = 60
"""A machine's clock that is further off than that is named."""


def require_right_clock(ahead_s: float | None, platform: str) -> None:
    """Raise `AdapterError` where this machine's clock is far from a platform's; `ahead_s` None is untold."""
    if ahead_s is None or abs(ahead_s) <= CLOCK_ERROR_S:
        return
    span, what = duration(abs(ahead_s)), "this machine's clock is"
    if ahead_s > 0:
        raise AdapterError(f"{what} {span} ahead of {platform}'s; put it right, best with NTP")
    raise AdapterError(f"{what} {span} behind {platform}'s; put it right, best with NTP")
