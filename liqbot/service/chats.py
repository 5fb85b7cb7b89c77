"""A chat's settings (mute, quiet hours, limit, time zone, look, language), and whether it can be reached."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from liqbot.alerts.absence import announced, not_taken
from liqbot.alerts.hold_policy import HoldReason, hold_digest
from liqbot.store.absences import Absence
from liqbot.store.access import BLOCKED, NOT_LET_IN
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.errors import StoreError
from liqbot.store.store import Store

__all__ = ["ChatKey", "ChatSettings", "Chats", "Rest", "StoreError", "rest_of"]


@dataclass(frozen=True, slots=True)
class Rest:
    """Why a chat gets no alerts now, and until when."""

    why: HoldReason
    until_ms: int


def rest_of(settings: ChatSettings, now_ms: int) -> Rest | None:
    """Return why a chat with these settings gets no alerts at `now_ms`; None where it gets them."""
    rest = hold_digest(settings, now_ms)
    return None if rest is None else Rest(rest[1], rest[0])


class Chats:
    """The settings of chats, for those who manage them, and their whereabouts, for adapters."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        wake: Callable[[], None],
        moved: Callable[[ChatKey, str], Awaitable[None]],
    ) -> None:
        """`clock` tells the time in ms since 1970 UTC; `wake` lets what is due be sent at once.

        `moved` hears which chat has another id now, and which.
        """
        self._moved = moved
        self._changing: WeakValueDictionary[ChatKey, asyncio.Lock] = WeakValueDictionary()
        """Held while a chat's settings are read and written again with one that is changed."""
        self._store = store
        self._clock = clock
        self._wake = wake

    async def settings(self, chat: ChatKey) -> ChatSettings:
        """Return how a chat wants to be spoken to."""
        return await self._store.chats.settings(chat)

    async def rest(self, chat: ChatKey) -> Rest | None:
        """Return why a chat gets no alerts now; None where it gets them."""
        return rest_of(await self.settings(chat), self._clock())

    async def mute(self, chat: ChatKey, until_ms: int) -> ChatSettings:
        """Keep alerts back until then; return the settings."""
        return await self._change(chat, HoldReason.MUTED, mute_until_ms=until_ms)

    async def unmute(self, chat: ChatKey) -> ChatSettings:
        """Let alerts come again, and what was kept back as one digest."""
        return await self._change(chat, HoldReason.MUTED, mute_until_ms=0)

    async def set_quiet_hours(self, chat: ChatKey, hours: tuple[int, int] | None) -> ChatSettings:
        """Set from when to when no alerts come, in minutes after midnight of the chat's time; None: never."""
        return await self._change(chat, HoldReason.QUIET, quiet=hours)

    async def set_time_zone(self, chat: ChatKey, name: str) -> ChatSettings:
        """Set the chat's time zone, a name of the IANA database."""
        return await self._change(chat, HoldReason.QUIET, time_zone=name)

    async def set_limit(self, chat: ChatKey, alerts_an_hour: int) -> ChatSettings:
        """Set how many alerts an hour come one by one."""
        return await self._change(chat, HoldReason.LIMIT, hourly_limit=alerts_an_hour)

    async def set_grouped(self, chat: ChatKey, *, grouped: bool) -> ChatSettings:
        """Set whether alerts of one moment come as one message."""
        return await self._change(chat, None, grouped=grouped)

    async def set_look(self, chat: ChatKey, look: str) -> ChatSettings:
        """Set how the chat wants its pictures, as `PictureStyle.words` says it."""
        return await self._change(chat, None, look=look)

    async def _change(self, chat: ChatKey, held_for: HoldReason | None, **changes: object) -> ChatSettings:
        """Write settings, and let what was kept back for the reason that has changed be looked at again."""
        now_ms = self._clock()
        async with self._changing.setdefault(chat, asyncio.Lock()):
            settings = replace(await self.settings(chat), **changes)  # pyright: ignore[reportArgumentType]
            await self._store.chats.save(chat, settings, now_ms)
        if held_for is not None:
            await self._store.deliveries.wake_held(chat, now_ms, held_for)
            self._wake()
        return settings

    async def absence(self, chat: ChatKey) -> Absence | None:
        """Return why a chat takes nothing at present; None where it does."""
        return await self._store.absences.of_chat(chat)

    async def reached(self, chat: ChatKey) -> None:
        """Note that a chat takes messages: what it has missed comes at once, as one digest."""
        if await self._store.absences.end(chat, self._clock()):
            self._wake()

    async def lose(self, chat: ChatKey, reason: str) -> None:
        """Note that a chat takes nothing until its platform says otherwise; what it is owed is kept."""
        await self._store.absences.begin(chat, announced(reason, self._clock()))

    async def miss(self, chat: ChatKey, reason: str) -> None:
        """Note that a chat did not take a message; what it is owed is kept, and tried again before long."""
        before = await self.absence(chat)
        absence = not_taken(before, reason, self._clock(), 0.0) if before is None else None
        if absence is not None:
            await self._store.absences.begin(chat, absence)

    async def activate(self, chat: ChatKey) -> bool:
        """Note that a chat can be reached; return whether it could not before.

        One that the operator does not serve stays as it is.
        """
        if (await self.settings(chat)).inactive in (BLOCKED, NOT_LET_IN):
            return False
        await self.reached(chat)
        return await self._store.chats.activate(chat)

    async def deactivate(self, chat: ChatKey, reason: str) -> None:
        """Note that a chat cannot be reached: it gets nothing more until it can."""
        await self._store.chats.deactivate(chat, reason, self._clock())

    async def move(self, chat: ChatKey, native_id: str) -> None:
        """Note that a chat has another id now."""
        await self._store.chats.move(chat, native_id)
        await self._moved(chat, native_id)

    async def place(self, chat: ChatKey, community: str) -> None:
        """Note that a chat belongs to a community, as a channel to a server."""
        await self._store.communities.place(chat, community)

    async def communities(self, platform: str) -> list[str]:
        """Return the communities that chats of a platform belong to."""
        return await self._store.communities.of(platform)

    async def of_community(self, platform: str, community: str) -> list[ChatKey]:
        """Return the chats of a community."""
        return await self._store.communities.chats(platform, community)

    async def note(self, name: str) -> str | None:
        """Return what an adapter has noted under a name."""
        return await self._store.notes.get(name)

    async def set_note(self, name: str, text: str) -> None:
        """Note a short text, to outlive a restart."""
        await self._store.notes.set(name, text)
