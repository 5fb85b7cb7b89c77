"""Who may use the bot: asked before anything is read, answered from memory, and told once.

What owners decide is written down; what people do is only counted, until the bot stops.
"""

import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from liqbot.people_settings import AccessSettings
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.quotas import MINUTE_S, Quotas
from liqbot.store.access import Invitation, KnownChat, Standing
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.text import _

__all__ = ["Access", "Entry", "Invitation", "KnownChat"]

_log = structlog.get_logger()

CONSOLE = "console"
"""Who sits at the bot's own terminal owns it."""
NOT_LET_IN = "not let in by the operator"
BLOCKED = "blocked by the operator"
"""Why chats get nothing, by what owners decided."""
TOLD_AGAIN_MS = 3_600_000
"""Who is not served is told so once in this time."""
TRIES_A_MINUTE = 5
"""So many invite codes may be tried in a chat."""
CODE_BYTES = 9
DAY_MS = 86_400_000
MOST_REMEMBERED = 20_000
DEFAULTS = AccessSettings()
_JOINING = re.compile(r"/?(join\s|start(@\w+)?\s+join_)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether what somebody asks for is dealt with."""

    is_open: bool
    answer: str = ""
    """What is answered where it is not; empty for nothing, as it has been said lately."""
    reason: str = ""
    """The same, though it has been said: for platforms where whoever asks waits for an answer."""


OPEN = Entry(is_open=True)


async def _nothing() -> None:
    """Tell nobody."""


class Access:
    """Knows who is let in, who is blocked, which platforms are paused, and who asks too often."""

    def __init__(
        self,
        store: Store,
        quotas: Quotas,
        clock: Callable[[], int],
        settings: AccessSettings = DEFAULTS,
    ) -> None:
        """`clock` tells ms since 1970 UTC. Nobody was let in or blocked before `load`."""
        self._store = store
        self._quotas = quotas
        self._clock = clock
        self._settings = settings
        self._standings: dict[tuple[str, str], Standing] = {}
        self._owners = {_split(one) for one in settings.owners}
        self._allowed = {_split(one) for one in settings.allowed}
        self.peopled: frozenset[str] | None = None
        """The platforms on which people talk; None for all. On any other only the settings put chats."""
        self.paused: set[str] = set()
        """Platforms on which nobody is served at present."""
        self.refused: Counter[str] = Counter()
        """How often somebody was turned away, by why."""
        self.used: dict[tuple[str, str], tuple[int, int]] = {}
        """By platform and id of chats and people: how often they asked since the start, and when last, ms."""
        self._told: dict[tuple[str, str, str], int] = {}
        """Who was told what, until when it is not said again."""
        self.changed: Callable[[], Awaitable[None]] = _nothing
        """Says to other processes that what was decided is to be read anew."""

    async def load(self) -> None:
        """Read what owners have decided; chats that may no longer hear anything get nothing from now on."""
        await self.read()
        for known in await self._store.access.chats():
            await self._apply(known)

    async def read(self) -> None:
        """Read what owners have decided."""
        self._standings = dict(await self._store.access.standings())
        self._quotas.own = dict(await self._store.access.quotas())
        self.paused = set(((await self._store.notes.get("paused")) or "").split())

    def is_owner(self, chat: ChatKey, person: str) -> bool:
        """Return whether somebody is an owner of the bot."""
        return chat.platform == CONSOLE or (bool(person) and (chat.platform, person) in self._owners)

    def enter(self, chat: ChatKey, person: str, line: str, *, community: str = "") -> Entry:
        """Return whether a line of somebody is dealt with; costs next to nothing where it is not.

        `community` is the server that the chat belongs to; empty for none.
        """
        if self.is_owner(chat, person):
            self._count(chat, person)
            return OPEN
        why = self._turned_away(chat, person, community)
        if why == NOT_LET_IN and _JOINING.match(line):
            wait_s = self._quotas.take("joins", chat.platform, chat.native_id, most=TRIES_A_MINUTE)
            told = _("Too many tries. Wait a minute, then try again.") if wait_s else ""
            return Entry(is_open=not wait_s, reason=told)
        if why:
            self.refused[why] += 1
            return self._said_once(chat, "", why, self._clock() + TOLD_AGAIN_MS)
        for name, native_id in (("commands_person", person), ("commands", chat.native_id)):
            wait_s = self._quotas.take(name, chat.platform, native_id)
            if wait_s:
                until_ms = self._clock() + round(1000 * max(wait_s, MINUTE_S))
                told = str(self._quotas.exceeded(name, chat.platform, native_id, wait_s))
                whom = person if name == "commands_person" else ""
                return self._said_once(chat, whom, name, until_ms, told)
        self._count(chat, person)
        return OPEN

    def may_look(self, chat: ChatKey, person: str, *, community: str = "") -> bool:
        """Return whether somebody is offered anything while they type."""
        return self.is_owner(chat, person) or not self._turned_away(chat, person, community)

    def is_served(self, platform: str) -> bool:
        """Return whether a platform is not paused."""
        return platform not in self.paused

    async def join(self, chat: ChatKey, code: str) -> None:
        """Let a chat in by a code. Raises `UserError`."""
        if not await self._store.access.accept(code, chat.platform, chat.native_id, self._clock()):
            self.refused["wrong code"] += 1
            raise UserError("This invite code is not good, or not any more. Ask for another one.")
        self._standings[chat.platform, chat.native_id] = "allowed"
        self._told = {key: value for key, value in self._told.items() if key[1] != chat.native_id}
        _log.info("chat_joined", platform=chat.platform, chat=chat.native_id)
        await self.changed()

    async def invite(self, uses: int, days: int) -> Invitation:
        """Make an invite code."""
        made = Invitation(secrets.token_hex(CODE_BYTES), uses, self._clock() + days * DAY_MS)
        await self._store.access.invite(made)
        return made

    async def invitations(self) -> Sequence[Invitation]:
        """Return the codes that can still be used."""
        return await self._store.access.invitations(self._clock())

    async def decide(self, whom: str, standing: Standing | None) -> None:
        """Let somebody in, block them, or take that back; `whom` is `telegram:123`. Raises `UserError`."""
        platform, native_id = self.read_id(whom)
        if standing == "blocked" and (platform, native_id) in self._owners:
            raise UserError("{whom} is an owner. Take them out of the settings first.", whom=whom)
        await self._store.access.set_standing(platform, native_id, standing, self._clock())
        if standing is None:
            self._standings.pop((platform, native_id), None)
        else:
            self._standings[platform, native_id] = standing
        for known in await self._store.access.chats():
            if native_id in (known.chat.native_id, _bare(known.chat.native_id), known.community):
                await self._apply(known)
        await self.changed()

    async def set_quota(self, whom: str, name: str, value: int | None) -> None:
        """Give somebody a quota of their own. Raises `UserError`."""
        platform, native_id = self.read_id(whom)
        await self._store.access.set_quota(platform, native_id, name, value)
        own = dict(self._quotas.own)
        changed = {**own.get((platform, native_id), {})}
        changed.pop(name, None)
        own[platform, native_id] = changed if value is None else {**changed, name: value}
        self._quotas.own = own
        await self.changed()

    async def pause(self, platform: str, *, paused: bool) -> None:
        """Serve nobody on a platform until further notice, or serve them again."""
        self.paused = self.paused | {platform} if paused else self.paused - {platform}
        await self._store.notes.set("paused", " ".join(sorted(self.paused)))
        await self.changed()

    async def chats(self) -> Sequence[KnownChat]:
        """Return every chat that the bot knows."""
        return await self._store.access.chats()

    @property
    def standings(self) -> Mapping[tuple[str, str], Standing]:
        """Who was let in and who was blocked, by platform and id."""
        return self._standings

    async def forget(self, chat: ChatKey, person: str) -> None:
        """Know nothing of a chat any more but that it is blocked. Who came by a code needs another."""
        for key in ((chat.platform, chat.native_id), (chat.platform, person)):
            self.used.pop(key, None)
            if self._standings.get(key) == "allowed":
                await self._store.access.set_standing(*key, None, self._clock())
                del self._standings[key]
                await self.changed()

    @staticmethod
    def read_id(text: str) -> tuple[str, str]:
        """Return the platform and the id of `telegram:123`. Raises `UserError`."""
        platform, colon, native_id = text.partition(":")
        if not (platform and colon and native_id):
            raise UserError("{text} is no id. Write it as telegram:123 or discord:456.", text=quoted(text))
        return platform.lower(), native_id

    def _turned_away(self, chat: ChatKey, person: str, community: str) -> str:
        """Return why somebody is not served; empty where they are."""
        platform = chat.platform
        ids = [(platform, one) for one in (chat.native_id, _bare(chat.native_id), person, community) if one]
        standings = [self._standings.get(one) for one in ids]
        if "blocked" in standings:
            return BLOCKED
        if platform in self.paused:
            return "paused"
        if self._settings.mode == "open" or platform in self._settings.open_on:
            return ""
        is_let_in = "allowed" in standings or any(one in self._allowed for one in ids)
        return "" if is_let_in or any(one in self._owners for one in ids) else NOT_LET_IN

    async def _apply(self, known: KnownChat) -> None:
        """Let a chat get nothing where it may not use the bot any more, and take it up again where it may."""
        platform = known.chat.platform
        if platform == CONSOLE or (self.peopled is not None and platform not in self.peopled):
            return
        why = self._turned_away(known.chat, "", known.community)
        if why in (BLOCKED, NOT_LET_IN) and known.inactive is None:
            await self._store.chats.deactivate(known.chat, why, self._clock())
        elif not why and known.inactive in (BLOCKED, NOT_LET_IN):
            await self._store.chats.activate(known.chat)

    def _said_once(self, chat: ChatKey, person: str, why: str, until_ms: int, told: str = "") -> Entry:
        key, reason = (why, chat.native_id, person), told or self._reason(why, chat)
        if self._told.get(key, 0) > self._clock():
            return Entry(is_open=False, reason=reason)
        if len(self._told) >= MOST_REMEMBERED:
            self._told.clear()
        self._told[key] = until_ms
        return Entry(is_open=False, answer=reason, reason=reason)

    def _reason(self, why: str, chat: ChatKey) -> str:
        if why == BLOCKED:
            return _("The operator of this bot does not serve you here.")
        if why == "paused":
            return _("The operator has paused this bot here. What is subscribed is kept.")
        whom = f"{chat.platform}:{_bare(chat.native_id)}"
        if self._settings.mode == "invite":
            return _(
                "This bot serves who was invited. With an invite code: /join CODE. The id here is {whom}.",
                whom=whom,
            )
        return _("This bot serves whom its operator has let in. The id here is {whom}.", whom=whom)

    def _count(self, chat: ChatKey, person: str) -> None:
        now_ms = self._clock()
        for native_id in {chat.native_id, person} - {""}:
            if len(self.used) >= MOST_REMEMBERED:
                self.used.pop(next(iter(self.used)))
            times, _last_ms = self.used.get((chat.platform, native_id), (0, 0))
            self.used[chat.platform, native_id] = times + 1, now_ms


def _split(entry: str) -> tuple[str, str]:
    platform, _colon, native_id = entry.partition(":")
    return platform, native_id


def _bare(native_id: str) -> str:
    """Return the id of a person's chat as that of the person: Discord's are told apart by a sign."""
    return native_id.removeprefix("@")
