"""Who may use the bot: asked before anything is read, answered from memory, and told once.

What owners decide is written down; what people do is only counted, until the bot stops.
"""

import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog

from liqbot.people_settings import AccessSettings, read_id
from liqbot.platform_names import kind_of
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.quotas import MINUTE_S, Quotas
from liqbot.service.refusals import MOST_REMEMBERED, PAUSED, Entry, Refusals, bare
from liqbot.store.access import BLOCKED, NOT_LET_IN, Invitation, KnownChat, Standing
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.text import _

__all__ = ["Access", "Entry", "Invitation", "KnownChat", "Standing"]

_log = structlog.get_logger()

CONSOLE = "console"
"""Who sits at the bot's own terminal owns it."""
TOLD_AGAIN_MS = 3_600_000
"""Who is not served is told so once in this time."""
TRIES_A_MINUTE = 5
"""So many invite codes may be tried in a chat."""
CODE_BYTES = 9
DAY_MS = 86_400_000
DEFAULTS = AccessSettings()
_JOINING = re.compile(r"/?(join\s|start(@\w+)?\s+join_)", re.IGNORECASE)


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
        self._refusals = Refusals(clock, quotas, settings.mode)
        self._decisions = 0
        """How often something was decided here; each is in the store before it is counted."""
        self._standings: dict[tuple[str, str], Standing] = {}
        self._unapplied: set[tuple[str, str]] = set()
        """Of whom another process has decided something that may not hold for their chats yet."""
        self._guests: Collection[tuple[str, str]] = ()
        """Chats that get alerts because somebody who was let in has set them up there."""
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
        self.changed: Callable[[], Awaitable[None]] = _nothing
        """Says to other processes that what was decided is to be read anew."""

    async def load(self) -> None:
        """Read what owners have decided; chats that may no longer hear anything get nothing from now on."""
        await self.read()
        for known in await self._store.access.chats():
            await self._apply(known)
        self._unapplied.clear()

    async def carry_through(self) -> None:
        """Let what others have decided hold for chats: whoever did may have been killed in between.

        Raises `StoreError`; then it is still to be done.
        """
        keys = frozenset(self._unapplied)
        if not keys:
            return
        await self.read()
        await self._apply_to(keys)
        self._unapplied -= keys

    async def read(self) -> None:
        """Read what owners have decided."""
        while True:
            decided = self._decisions
            standings, guests = await self._store.access.standings(), await self._store.access.guests()
            quotas, paused = await self._store.access.quotas(), await self._store.notes.get("paused")
            if decided == self._decisions:  # otherwise it may lack what was decided here meanwhile
                break
        changed = {key for key, _ in self._standings.items() ^ standings.items()}
        self._unapplied |= changed | (set(self._guests) ^ set(guests))
        self._standings, self._guests = dict(standings), guests
        self._quotas.own, self.paused = dict(quotas), _words(paused)

    def is_owner(self, chat: ChatKey, person: str) -> bool:
        """Return whether somebody is an owner of the bot."""
        return chat.platform == CONSOLE or (bool(person) and (chat.kind, person) in self._owners)

    def enter(self, chat: ChatKey, person: str, line: str, *, community: str = "") -> Entry:
        """Return whether a line of somebody is dealt with; costs next to nothing where it is not.

        `community` is the server that the chat belongs to; empty for none.
        """
        if self.is_owner(chat, person):
            self._count(chat, person)
            return OPEN
        why = self._turned_away(chat, person, community)
        if why == NOT_LET_IN and _JOINING.match(line):
            wait_s = self._quotas.take("joins", chat.kind, chat.native_id, most=TRIES_A_MINUTE)
            told = _("Too many tries. Wait a minute, then try again.") if wait_s else ""
            return Entry(is_open=not wait_s, reason=told)
        if why:
            self.refused[why] += 1
            return self._refusals.say(why, chat, community, self._clock() + TOLD_AGAIN_MS)
        counted = (
            ("commands_person", person),
            ("commands", chat.native_id),
            ("commands_server", community),
        )
        for name, native_id in counted:
            wait_s = self._quotas.take(name, chat.kind, native_id)
            if wait_s:
                until_ms = self._clock() + round(1000 * max(wait_s, MINUTE_S))
                told = str(self._quotas.exceeded(name, chat.kind, native_id, wait_s))
                whom = person if name == "commands_person" else ""
                return self._refusals.say(name, chat, community, until_ms, person=whom, told=told)
        self._count(chat, person)
        return OPEN

    def may_look(self, chat: ChatKey, person: str, *, community: str = "") -> bool:
        """Return whether somebody is offered anything while they type."""
        return self.is_owner(chat, person) or not self._turned_away(chat, person, community)

    def is_served(self, platform: str) -> bool:
        """Return whether neither a bot nor the platform that it is on is paused."""
        return not self.paused & {platform, kind_of(platform)}

    async def join(self, chat: ChatKey, code: str) -> bool:
        """Let a chat in by a code; whoever is in already uses nothing up. Return whether that takes a code.

        Raises `UserError`.
        """
        if self._is_open_on(chat.kind):
            return False
        if self._settings.mode != "invite" or not await self._store.access.accept(
            code, chat.kind, chat.native_id, self._clock()
        ):
            self.refused["wrong code"] += 1
            raise UserError("This invite code is not good, or not any more. Ask for another one.")
        self._decisions += 1
        self._standings[chat.kind, chat.native_id] = "allowed"
        self._refusals.forget(chat)
        _log.info("chat_joined", platform=chat.platform, chat=chat.native_id)
        await self._apply_to([(chat.kind, chat.native_id)])
        await self.changed()
        return True

    async def invite(self, uses: int, days: int) -> Invitation:
        """Make an invite code."""
        made = Invitation(secrets.token_hex(CODE_BYTES), uses, self._clock() + days * DAY_MS)
        await self._store.access.invite(made)
        return made

    async def invitations(self) -> Sequence[Invitation]:
        """Return the codes that can still be used."""
        return await self._store.access.invitations(self._clock())

    async def decide(self, whom: str, standing: Standing | None) -> None:
        """Let somebody in, block them, or take either back; `whom` is `telegram:123`. Raises `UserError`."""
        platform, native_id = _read_id(whom)
        if standing == "blocked" and (platform, native_id) in self._owners:
            raise UserError("{whom} is an owner. Take them out of the settings first.", whom=whom)
        await self._store.access.set_standing(platform, native_id, standing, self._clock())
        self._decisions += 1
        if standing is None:
            self._standings.pop((platform, native_id), None)
        else:
            self._standings[platform, native_id] = standing
        await self._apply_to([(platform, native_id)])
        await self.changed()

    async def unblock(self, whom: str) -> bool:
        """Take back that somebody was blocked; return whether they are let in now. Raises `UserError`."""
        key = _read_id(whom)
        if self._standings.get(key) != "blocked":
            raise UserError("{whom} is not blocked.", whom=whom)
        await self.decide(whom, None)
        return self._is_open_on(key[0]) or key in self._allowed or key in self._owners

    async def disallow(self, whom: str) -> None:
        """Take back that somebody was let in, and that a chat gets alerts. Raises `UserError`."""
        key = _read_id(whom)
        if key in self._allowed:
            raise UserError(
                "{whom} is let in by the settings: take them out of LIQBOT_ACCESS__ALLOWED, or /admin block.",
                whom=whom,
            )
        if self._standings.get(key) != "allowed" and key not in self._guests:
            raise UserError("{whom} was not let in. /admin block keeps somebody out.", whom=whom)
        await self._set_guest(key, is_guest=False)
        await self.decide(whom, None)

    async def host(self, chat: ChatKey) -> None:
        """Let a chat get the alerts that somebody who is let in has set up there, also if it is not itself.

        Where it may not have them, as it was blocked meanwhile, it gets none.
        """
        if not self._decided(chat, "", ""):
            return
        for known in await self._store.access.chats():
            if known.chat != chat or not known.subscriptions:
                continue
            if self._decided(chat, "", known.community) == NOT_LET_IN:
                await self._set_guest((chat.kind, chat.native_id), is_guest=True)
                await self.changed()
            await self._apply(known)

    async def follow(self, chat: ChatKey, native_id: str) -> None:
        """Let what was decided of a chat hold for its new id, with which the store has it already."""
        key = chat.kind, native_id
        if (chat.kind, chat.native_id) in self._allowed and key not in self._allowed:
            await self._store.access.set_standing(*key, "allowed", self._clock())
        await self.read()
        await self.changed()

    async def set_quota(self, whom: str, name: str, value: int | None) -> None:
        """Give somebody a quota of their own. Raises `UserError`."""
        platform, native_id = _read_id(whom)
        await self._store.access.set_quota(platform, native_id, name, value)
        own = dict(self._quotas.own)
        changed = {**own.get((platform, native_id), {})}
        changed.pop(name, None)
        own[platform, native_id] = changed if value is None else {**changed, name: value}
        self._decisions += 1
        self._quotas.own = own
        await self.changed()

    async def pause(self, platform: str, *, paused: bool) -> None:
        """Serve nobody on a platform, or by one bot there, until further notice, or serve them again.

        Raises `UserError` for a bot that is paused with its platform.
        """
        if not paused and platform not in self.paused and not self.is_served(platform):
            raise UserError("All of {kind} is paused: /admin resume {kind}", kind=kind_of(platform))

        def decided(text: str | None) -> str:  # others may have decided meanwhile of other platforms
            before = _words(text)
            return " ".join(sorted(before | {platform} if paused else before - {platform}))

        text = await self._store.notes.change("paused", decided)
        self._decisions += 1
        self.paused = _words(text)
        await self.changed()

    async def chats(self) -> Sequence[KnownChat]:
        """Return every chat that the bot knows."""
        return await self._store.access.chats()

    @property
    def guests(self) -> Collection[tuple[str, str]]:
        """Return by platform and id the chats that get alerts though they were not let in themselves."""
        return self._guests

    @property
    def mode(self) -> str:
        """Return who may use the bot by its settings: open, allowlist or invite."""
        return self._settings.mode

    @property
    def standings(self) -> Mapping[tuple[str, str], Standing]:
        """Who was let in and who was blocked, by platform and id."""
        return self._standings

    async def forget(self, chat: ChatKey, person: str) -> None:
        """Know nothing of a chat any more but that it is blocked. Who came by a code needs another."""
        await self._set_guest((chat.kind, chat.native_id), is_guest=False)
        for key in ((chat.kind, chat.native_id), (chat.kind, person)):
            self.used.pop(key, None)
            if self._standings.get(key) == "allowed":
                await self._store.access.set_standing(*key, None, self._clock())
                self._decisions += 1
                self._standings.pop(key, None)
                await self.changed()

    def _turned_away(self, chat: ChatKey, person: str, community: str) -> str:
        """Return why somebody is not served; empty where they are."""
        why = self._decided(chat, person, community)
        return PAUSED if why != BLOCKED and not self.is_served(chat.platform) else why

    def _decided(self, chat: ChatKey, person: str, community: str) -> str:
        """Return the same, whether their platform is paused or not."""
        kind = chat.kind
        ids = [(kind, one) for one in (chat.native_id, bare(chat.native_id), person, community) if one]
        standings = [self._standings.get(one) for one in ids]
        if "blocked" in standings:
            return BLOCKED
        if self._is_open_on(kind):
            return ""
        is_let_in = "allowed" in standings or any(one in self._allowed for one in ids)
        return "" if is_let_in or any(one in self._owners for one in ids) else NOT_LET_IN

    def _is_open_on(self, kind: str) -> bool:
        return self._settings.mode == "open" or kind in self._settings.open_on

    async def _set_guest(self, key: tuple[str, str], *, is_guest: bool) -> None:
        if (key in self._guests) != is_guest:
            await self._store.access.set_guest(*key, self._clock(), is_guest=is_guest)
            self._decisions += 1
            self._guests = await self._store.access.guests()

    async def _apply_to(self, keys: Collection[tuple[str, str]]) -> None:
        """Do the same for the chats of some ids: a chat's, a person's or a server's."""
        for known in await self._store.access.chats():
            names = (known.chat.native_id, bare(known.chat.native_id), known.community)
            if any((known.chat.kind, name) in keys for name in names):
                await self._apply(known)

    async def _apply(self, known: KnownChat) -> None:
        """Let a chat get nothing where it may not use the bot any more, and take it up again where it may."""
        kind = known.chat.kind
        if kind == CONSOLE or (self.peopled is not None and kind not in self.peopled):
            return
        why = self._decided(known.chat, "", known.community)
        if why == NOT_LET_IN and (kind, known.chat.native_id) in self._guests:
            why = ""
        if why and known.inactive is None:
            await self._store.chats.deactivate(known.chat, why, self._clock())
        elif not why and known.inactive in (BLOCKED, NOT_LET_IN):
            await self._store.chats.activate(known.chat)

    def _count(self, chat: ChatKey, person: str) -> None:
        now_ms = self._clock()
        for native_id in {chat.native_id, person} - {""}:
            if len(self.used) >= MOST_REMEMBERED:
                self.used.pop(next(iter(self.used)))
            times, _last_ms = self.used.get((chat.kind, native_id), (0, 0))
            self.used[chat.kind, native_id] = times + 1, now_ms


def _words(text: str | None) -> set[str]:
    return set((text or "").split())


def _read_id(text: str) -> tuple[str, str]:
    if text.startswith(f"{CONSOLE}:"):
        return _split(text)
    try:
        return read_id(text)
    except ValueError:
        raise UserError(
            "{text} is no id. Write it as telegram:123 or discord:456.", text=quoted(text)
        ) from None


def _split(entry: str) -> tuple[str, str]:
    platform, _colon, native_id = entry.partition(":")
    return platform, native_id
