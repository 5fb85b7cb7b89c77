"""A person in a test: writes, taps, hears, blocks."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from .seen import Answer, Seen

if TYPE_CHECKING:
    from .control import Telegram

WITHIN = 5.0


@dataclass(frozen=True)
class Person:
    """Somebody with a private chat; `to` and `in_chat` name another chat that they are in."""

    telegram: "Telegram"
    id: int
    name: str

    async def says(self, text, *, to=None, topic=None, reply_to=None, name=None) -> dict:
        """Send a text, privately or to a chat and topic; return the Message.

        `name`: the room in whose name it is written: the group itself, as anonymous admins do, or a channel.
        """
        chat = self.id if to is None else to.id
        quoted = getattr(reply_to, "id", reply_to)
        return await self.telegram.ask(
            "write",
            user=self.id,
            chat=chat,
            text=text,
            topic=topic,
            reply_to=quoted,
            name=None if name is None else name.id,
        )

    async def starts(self, payload="") -> dict:
        """Press Start, with the payload of a deep link if there is one."""
        assert re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload), f"Telegram takes no such payload: {payload}"
        return await self.says(f"/start {payload}".strip())

    async def follows(self, link, *, group=None) -> dict:
        """Follow a link to the bot: `https://t.me/<bot>?start=<payload>`, or `?startgroup=` into a group."""
        address = urlsplit(link)
        assert (address.netloc, address.path) == ("t.me", f"/{self.telegram.username}"), link
        payload = dict(parse_qsl(address.query))
        if group is None:
            return await self.starts(payload.get("start", ""))
        await group.adds_bot(by=self)
        text = f"/start@{self.telegram.username} {payload['startgroup']}"
        return await self.says(text.strip(), to=group)

    async def corrects(self, message, text, *, in_chat=None) -> dict:
        """Edit what they wrote: `message` is what `says` returned."""
        chat = self.id if in_chat is None else in_chat.id
        return await self.telegram.ask(
            "rewrite", user=self.id, chat=chat, message=message["message_id"], text=text
        )

    async def posts(self, text, channel) -> dict:
        """Post in a channel that they administer."""
        return await self.telegram.ask("post", user=self.id, chat=channel.id, text=text)

    async def taps(self, message: Seen, button, *, within=WITHIN) -> Answer | None:
        """Tap the button that says `button` (or has it as data); return the answer, or None."""
        # The keyboard may have changed since the message was seen: what counts is the one shown now.
        now = await self.telegram.edited(message, times=0)
        told = await self.telegram.ask(
            "tap",
            user=self.id,
            chat=message.chat,
            message=message.id,
            data=now.data_of(button),
            within=within,
        )
        return Answer(**told["answer"]) if told["answer"] else None

    async def hears(self, *, within=WITHIN) -> Seen:
        """Return the bot's next message in the private chat; wait for it."""
        return await self.telegram.next_message(self.id, within=within)

    async def messages(self) -> list[Seen]:
        """Return every message of the bot in the private chat."""
        return await self.telegram.messages(self.id)

    async def menu(self, language="") -> list[dict]:
        """Return the commands that the private chat offers."""
        return await self.telegram.menu(self.id, self, language)

    async def blocks(self):
        """Block the bot; it gets a my_chat_member update."""
        await self.telegram.ask("block", user=self.id, blocked=True)

    async def unblocks(self):
        await self.telegram.ask("block", user=self.id, blocked=False)

    async def deletes_account(self):
        await self.telegram.ask("deactivate", user=self.id)
