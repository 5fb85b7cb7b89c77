"""Watches, and which chat wishes to hear of which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from liqbot.store.chats import ChatKey

ACCOUNT_RULE = "watch"
"""The rule whose watches are about an account instead of a coin's market."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule with its parameters on a coin, in a layer; chats that ask for the same share one watch.

    Of `ACCOUNT_RULE` it is about an account, whose address then stands in place of the coin.
    """

    id: int
    rule: str
    coin: str
    parameters: str
    """The canonical text of the rule's form."""
    venue: str = ""
    """Which layer it reads: empty for the best there is, `measured`, `modelled`, or a venue as `binance`."""

    @property
    def is_of_account(self) -> bool:
        """Whether it is about an account."""
        return self.rule == ACCOUNT_RULE


@dataclass(frozen=True, slots=True)
class Manner:
    """How a subscription's alerts are brought."""

    silent: bool = False
    """Without a sound."""
    role: str | None = None
    """The platform's id of a role to ping."""
    digest: str = "off"
    """`off` for each alert at once, `hourly` or `daily` for all of the time in one message."""
    once: bool = False
    """Paused as soon as it has told something."""
    until_ms: int | None = None
    """When it ends, by the clock; None for never."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A chat's wish to hear of a watch."""

    number: int
    """How the chat calls it: 1, 2, 3 …, never given twice."""
    watch: Watch
    created_ms: int
    manner: Manner = Manner()
    paused: bool = False


DEFAULT_MANNER = Manner()


class Subscriptions(Protocol):
    """Who wishes to hear of what."""

    async def subscribe(
        self,
        chat: ChatKey,
        *,
        rule: str,
        coin: str,
        parameters: str,
        now_ms: int,
        venue: str = "",
        manner: Manner = DEFAULT_MANNER,
    ) -> tuple[Subscription, bool]:
        """Return the chat's subscription to that watch, and whether it is new.

        One that is there already takes on the `manner`, and is paused no more. Who made it is not kept.
        """
        ...

    async def unsubscribe(self, chat: ChatKey, number: int) -> Subscription | None:
        """End the chat's subscription of that number and return it; None where there is none.

        What the chat is still owed by it is owed no more. A watch to which nobody subscribes any more is
        removed with its state.
        """
        ...

    async def change(
        self, chat: ChatKey, number: int, *, parameters: str, venue: str, manner: Manner
    ) -> Subscription | None:
        """Let a subscription look for something else, or bring it otherwise; its number stays.

        Returns it as it is then; None where there is none of that number, or where the chat has another one
        that looks for the same. What looks for something else begins anew; a watch on an account goes on from
        what was seen of it.
        """
        ...

    async def end_over(self, now_ms: int) -> int:
        """End the subscriptions whose time is over by then; return how many."""
        ...

    async def pause(self, chat: ChatKey, numbers: Sequence[int], *, paused: bool) -> int:
        """Pause the chat's subscriptions of these numbers, or let them go on; return how many changed."""
        ...

    async def of(self, chat: ChatKey) -> list[Subscription]:
        """Return the subscriptions of a chat in the order of their numbers."""
        ...

    async def count(self) -> int:
        """Return how many subscriptions there are."""
        ...
