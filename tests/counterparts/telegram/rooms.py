"""A group, supergroup or channel in a test."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .people import WITHIN, Person
from .seen import Seen

if TYPE_CHECKING:
    from .control import Telegram


@dataclass(frozen=True)
class Room:
    """A chat of several; what is done to members is done by the owner unless `by` says otherwise."""

    telegram: "Telegram"
    id: int
    kind: str
    owner: Person

    async def joins(self, person):
        """Let a person become an ordinary member; an administrator becomes one again."""
        await self._place(person.id, "member", by=person)

    async def leaves(self, person):
        await self._place(person.id, "left", by=person)

    async def bans(self, person):
        await self._place(person.id, "kicked")

    async def promotes(self, person, *rights):
        """Make a person an administrator, with the rights named or the usual ones."""
        await self._place(person.id, "administrator", rights=rights)

    async def demotes(self, person):
        await self._place(person.id, "member")

    async def adds_bot(self, *, by=None):
        await self._place(None, "member", by=by)

    async def removes_bot(self, *, by=None):
        """Let the bot leave: it may be added again."""
        await self._place(None, "left", by=by)

    async def kicks_bot(self, *, by=None):
        """Remove and ban the bot."""
        await self._place(None, "kicked", by=by)

    async def promotes_bot(self, *rights, by=None):
        await self._place(None, "administrator", by=by, rights=rights)

    async def demotes_bot(self, *, by=None):
        await self._place(None, "member", by=by)

    async def status(self, person=None):
        """Return somebody's status here, or the bot's."""
        return await self.telegram.ask("status", chat=self.id, user=person.id if person else None)

    async def forbids(self, *what):
        """Forbid members to send "messages" or "photos"; nothing named: allow everything again."""
        await self.telegram.ask("forbid", chat=self.id, what=list(what))

    async def upgrades(self) -> "Room":
        """Make a supergroup of the group; return it. The old chat's id answers with migrate_to_chat_id."""
        chat = await self.telegram.ask("upgrade", chat=self.id, by=self.owner.id)
        return replace(self, id=chat["id"], kind="supergroup")

    async def opens_topic(self, name) -> int:
        """Open a topic of a forum; return its message_thread_id."""
        return await self.telegram.ask("open_topic", chat=self.id, name=name, by=self.owner.id)

    async def closes_topic(self, topic):
        await self.telegram.ask("close_topic", chat=self.id, topic=topic, closed=True)

    async def reopens_topic(self, topic):
        await self.telegram.ask("close_topic", chat=self.id, topic=topic, closed=False)

    async def deletes_topic(self, topic):
        await self.telegram.ask("drop_topic", chat=self.id, topic=topic)

    async def is_discussed_in(self, group):
        """Let a group discuss a channel's posts: each is forwarded there by itself."""
        await self.telegram.ask("link", channel=self.id, group=group.id)

    async def hears(self, *, within=WITHIN) -> Seen:
        """Return the bot's next message here; wait for it."""
        return await self.telegram.next_message(self.id, within=within)

    async def messages(self) -> list[Seen]:
        """Return every message of the bot here."""
        return await self.telegram.messages(self.id)

    async def menu(self, person, language="") -> list[dict]:
        """Return the commands that a person sees here."""
        return await self.telegram.menu(self.id, person, language)

    async def _place(self, user, status, *, by=None, rights=()):
        who = (by or self.owner).id
        await self.telegram.ask("place", user=user, chat=self.id, status=status, by=who, rights=list(rights))
