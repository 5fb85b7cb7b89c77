"""Deliveries: one alert to one chat, and how far each has come.

heads        claim                    settle
due ─────────▶ (chosen) ─────▶ sending ───────────────▶ sent, failed
▲  │                             │   not arrived        expired: nobody wants it any more
│  └──▶ held, until the chat     ├──────────────▶ due, later
│       wants to hear of it      │   nobody knows
└────── again: then with all     └──────────────▶ unknown, tried again as a repeat
others as one digest
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from liqbot.store.absences import Absence
from liqbot.store.chats import ChatKey, ChatSettings

HOUR_MS = 3_600_000
DIGEST_EXPIRES_MS = 48 * HOUR_MS
"""How long an alert that is held back for a digest is worth telling."""
MOMENT_MS = 60_000
"""What is due within so long of the first is of one moment, and one message."""
DIGEST_MOST = 100
"""How many alerts one digest may hold."""


class DeliveryStatus(StrEnum):
    """How far a delivery has come."""

    DUE = "due"
    SENDING = "sending"
    UNKNOWN = "unknown"
    """Nobody knows whether it has arrived; it is sent again as a repeat."""
    HELD = "held"
    """Kept back, to come with others in a digest; `held_for` says why."""
    SENT = "sent"
    FAILED = "failed"
    """Given up."""
    EXPIRED = "expired"
    """Too old by the time it could be sent."""


class HoldReason(StrEnum):
    """Why an alert is held back, to come with others in a digest."""

    MUTED = "muted"
    QUIET = "quiet hours"
    DIGEST = "digest"
    LIMIT = "hourly limit"
    AWAY = "unreachable"
    """The chat takes nothing at present; `store/absences.py`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one chat: an alert, or a digest of several."""

    ids: tuple[int, ...]
    """Its rows, the first one names it."""
    alerts: tuple[int, ...]
    """The numbers of its alerts, one for each row."""
    chat_id: int
    chat: ChatKey
    attempts: int
    """How often it was tried before."""
    is_repeat: bool
    """Whether an earlier try may have arrived."""
    held: HoldReason | None
    """Why it was held back for a digest; None where it was not."""
    number: int | None
    """The chat's subscription that it comes from; None where that has ended, and for a digest."""
    silent: bool
    role: str | None
    digest: str
    """When that subscription wants to hear: `off` for at once, `hourly`, `daily`."""
    settings: ChatSettings
    sent_lately: int
    """How many messages the chat got in the last hour."""
    first_sent_ms: int | None
    """When the first of these arrived."""
    absence: Absence | None = None
    """That the chat takes nothing at present; None where it can be reached, as far as anybody knows."""
    unclear_ms: int | None = None
    """Since when it may have arrived, at the earliest; None where it surely has not."""
    carrier: int | None = None
    """The row that names a digest which was put together before, though that row may be gone by now."""

    @property
    def key(self) -> str:
        """Its name towards a platform, which takes a message of the same name for the same message.

        A digest is another message than the first of its alerts by itself, which may have arrived; it stays
        the same one where the chat unsubscribes from one of its alerts meanwhile.
        """
        if self.carrier is None and len(self.ids) == 1:
            return f"liqbot-{self.ids[0]}"
        return f"liqbot-{self.ids[0] if self.carrier is None else self.carrier}x"

    @property
    def picture_key(self) -> str:
        """What tells its picture from others of the alert: the platform, and how it is drawn."""
        look = self.settings.look
        return f"{self.chat.platform} {look}" if look else self.chat.platform


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a delivery has come by a try."""

    delivery: Delivery
    status: DeliveryStatus
    """`sent`, `due` (again), `unknown` (whether it arrived) or `failed` (given up)."""
    at_ms: int
    """When it was sent, or is due again."""
    error: str | None = None
    message_id: str | None = None
    upload: str | None = None
    """The handle that its picture has on the platform now."""
    counts: bool = True
    """Whether it was a try at all: a platform that asks for a pause has not tried."""
    absence: Absence | None = None
    """That the chat takes nothing: what was to be sent is held until the next try, and then is that try."""
    gone: str | None = None
    """Why the chat is no more; it is owed nothing from then on."""
    moved: str | None = None
    """The id that the chat has now."""


class Deliveries(Protocol):
    """What is owed to chats. Of each platform, one dispatcher takes from it at a time."""

    async def queue_heads(
        self, platform: str, limit: int, now_ms: int, *, but_not: Collection[str]
    ) -> list[Delivery]:
        """Return what is due next in up to `limit` chats of a platform: of each chat only the first.

        `but_not` are native ids of chats to leave out. What is due for longest comes first.
        """
        ...

    async def claim(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Note that these are about to be sent; return them without what is no longer owed."""
        ...

    async def is_claimed(self, delivery: Delivery) -> bool:
        """Return whether any of a claimed delivery is still to be sent: not where its chat was forgotten."""
        ...

    async def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Note how far deliveries have come, and what that says of their chats, in one transaction.

        A chat that was away and has taken one is back: what was held for that is due.
        Only rows that are being sent are changed: what a chat has meanwhile said counts for more.
        """
        ...

    async def hold(self, held: Sequence[tuple[Delivery, int, HoldReason]]) -> None:
        """Keep deliveries back until a time, for a reason that its digest will name."""
        ...

    async def release(self, now_ms: int) -> int:
        """Make what was held until now due: one digest for each chat. Returns how many digests."""
        ...

    async def wake_held(self, chat: ChatKey, now_ms: int, reason: HoldReason) -> None:
        """Let what is held back for a chat for that `reason` be due now, as when it is no longer muted."""
        ...

    async def withdraw(self, chat: ChatKey) -> None:
        """Owe a chat nothing more, now or later, but what is on its way: its subscriptions pause."""
        ...

    async def is_sending(self, chat: ChatKey) -> bool:
        """Return whether something is on its way to a chat, by whichever process."""
        ...

    async def expire(self, now_ms: int) -> int:
        """Give up what is too old to be told; return how many deliveries.

        What a chat that takes nothing is owed is held instead.
        """
        ...

    async def recover(self, platform: str | None = None) -> int:
        """Note of deliveries that were being sent when the bot stopped that nobody knows; return how many.

        Of one platform, or of all; whoever asks is the only one who sends there.
        The bot's end says nothing of a chat: such a try does not bring a delivery nearer to being given up.
        """
        ...

    async def sent_lately(self, platform: str, since_ms: int) -> list[tuple[ChatKey, int | None]] | None:
        """Return what chats of a platform have got since then, each message with its time, in its order.

        None in place of a time where nobody knows whether it was sent; None in place of all where the
        platform has no chats yet.
        """
        ...

    async def owed(self) -> int:
        """Return how many deliveries are to be sent by now or soon."""
        ...

    async def oldest_due(self) -> Mapping[str, int]:
        """Return by platform since when the delivery has been due that is next there; ms since 1970 UTC.

        A platform to which nothing is owed is not among them.
        """
        ...
