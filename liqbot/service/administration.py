"""What owners of the bot may ask and do. All is logged: who did what to whom, never what was written."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from liqbot.people_settings import QuotaSettings
from liqbot.platform_names import kind_of
from liqbot.service.access import Access
from liqbot.service.errors import UserError
from liqbot.service.quotas import Quotas
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.text import _
from liqbot.text.figures import listed

__all__ = ["Administration", "Announced", "Draft", "Overview", "User"]

_log = structlog.get_logger()

ANNOUNCEMENT_MS = 48 * 3_600_000
"""How long an announcement is worth telling."""
DRAFTS_KEPT = 10


@dataclass(frozen=True, slots=True)
class User:
    """A chat or a person that uses the bot."""

    whom: str
    """As the settings write it: `telegram:123`."""
    subscriptions: int
    asked: int
    """How often they asked since the bot started."""
    last_ms: int | None
    """When they asked last; None where they have not since the start."""
    note: str = ""
    """`allowed`, `blocked`, or why nothing reaches them; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How the bot is used."""

    chats: Mapping[str, int]
    """How many chats can be reached, by platform."""
    subscriptions: int
    watches: int
    refused: Mapping[str, int]
    """How often somebody was turned away or a quota exceeded, by which."""
    paused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An announcement that is still to be confirmed."""

    id: str
    text: str
    chats: int
    """How many chats would get it."""


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement that was made."""

    chats: int


@dataclass
class Administration:
    """Answers owners."""

    store: Store
    access: Access
    quotas: Quotas
    clock: Callable[[], int]
    """Tells ms since 1970 UTC."""
    wake: Callable[[], None]
    """Lets what is due be sent at once."""
    _drafts: dict[str, str] = field(default_factory=dict[str, str])

    def log(self, owner: tuple[ChatKey, str], action: str, **about: object) -> None:
        """Write down what an owner does."""
        chat, person = owner
        _log.info(
            "owner_acted", platform=chat.platform, owner=person or chat.native_id, action=action, **about
        )

    async def overview(self) -> Overview:
        """Return how the bot is used."""
        chats: dict[str, int] = {}
        for known in await self.access.chats():
            chats[known.chat.platform] = chats.get(known.chat.platform, 0) + (known.inactive is None)
        return Overview(
            chats=chats,
            subscriptions=await self.store.subscriptions.count(),
            watches=await self.store.access.watches(),
            refused={**self.access.refused, **self.quotas.refused},
            paused=tuple(sorted(self.access.paused)),
        )

    async def users(self, platform: str = "") -> list[User]:
        """Return who uses the bot, who asked most lately first; of one platform, or of all."""
        found: dict[tuple[str, str], User] = {}
        for known in await self.access.chats():
            key = known.chat.kind, known.chat.native_id
            before = found.get(key)
            held = known.subscriptions + (before.subscriptions if before else 0)
            note = known.inactive or ""
            found[key] = self._user(key, held, note)
        for key in (*self.access.used, *self.access.standings):
            if key not in found:
                found[key] = self._user(key, 0, "")
        chosen = [user for key, user in found.items() if kind_of(platform) in ("", key[0])]
        return sorted(chosen, key=lambda user: (-(user.last_ms or 0), -user.subscriptions, user.whom))

    async def draft(self, text: str) -> Draft:
        """Keep an announcement until it is confirmed."""
        if not text.strip():
            raise UserError("What is to be said? /admin broadcast TEXT")
        while len(self._drafts) >= DRAFTS_KEPT:
            self._drafts.pop(next(iter(self._drafts)))
        number = secrets.token_hex(3)
        self._drafts[number] = text
        reached = sum(known.inactive is None for known in await self.access.chats())
        return Draft(number, text, reached)

    async def announce(self, draft: str) -> Announced:
        """Tell all chats what was drafted, each when it wants to hear. Raises `UserError`."""
        text = self._drafts.pop(draft.strip(), None)
        if text is None:
            raise UserError("There is no such draft any more. /admin broadcast TEXT makes one")
        now_ms = self.clock()
        _number, chats = await self.store.alerts.announce(text, now_ms, now_ms + ANNOUNCEMENT_MS)
        self.wake()
        return Announced(chats)

    async def set_quota(self, words: str) -> tuple[str, str, int | None]:
        """Set a quota as it is typed, `telegram:123 subscriptions=200`; `=default` takes it back.

        Returns whom, which and how much. Raises `UserError`.
        """
        whom, _blank, wanted = words.partition(" ")
        name, _equals, text = wanted.strip().partition("=")
        if not name:
            raise UserError(
                "Write whom, which and how much: /admin quota telegram:123 {name}=100",
                name="subscriptions",
            )
        known = tuple(QuotaSettings.model_fields)
        if name not in known:
            raise UserError("There is no quota {name}. Choose from {names}.", name=name, names=listed(known))
        if text != "default" and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise UserError(
                "Write a whole number: /admin quota {whom} {name}=100, or =default", whom=whom, name=name
            )
        value = None if text == "default" else int(text)
        await self.access.set_quota(whom, name, value)
        return whom, name, value

    def _user(self, key: tuple[str, str], subscriptions: int, note: str) -> User:
        asked, last_ms = self.access.used.get(key, (0, None))
        note = note or str(self.access.standings.get(key) or "")
        if not note and key in self.access.guests:
            note = _("gets alerts, not let in")
        return User(":".join(key), subscriptions, asked, last_ms, note)
