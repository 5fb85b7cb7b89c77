"""Who may change what a chat gets: in a group or channel its admins, in a private chat its person."""

import asyncio
import time
from collections.abc import Callable

from telegram import Bot
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden

from liqbot.chat.telegram.incoming import Tapped, Typed

KNOWN_S = 5.0
"""So long it is remembered who is an admin: each question to Telegram is one that keeps others waiting."""
_ADMINS = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


class Rights:
    """Knows who manages which chats."""

    def __init__(self, bot: Bot, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock_s` tells seconds that never go backwards."""
        self._bot = bot
        self._clock_s = clock_s
        self._asked: dict[tuple[int, int], tuple[float, asyncio.Task[bool]]] = {}
        """When it was asked last whether somebody is an admin of a chat, and the answer; oldest first."""

    async def may_manage(self, asked: Typed | Tapped) -> bool:
        """Return whether whoever typed or tapped manages the chat. Raises `TelegramError` if nobody can tell.

        Of a group that has become a supergroup it raises `ChatMigrated`, which says where it is now.

        Who speaks in the chat's own name is one of its admins: nobody else can, and there is nobody to ask
        about.
        """
        if asked.kind == ChatType.PRIVATE or (isinstance(asked, Typed) and asked.speaks_for_chat):
            return True
        if not asked.person:
            return False
        return await self._known(int(asked.chat.native_id), int(asked.person))

    async def _known(self, chat: int, person: int) -> bool:
        now_s, key = self._clock_s(), (chat, person)
        while self._asked and next(iter(self._asked.values()))[0] <= now_s - KNOWN_S:
            del self._asked[next(iter(self._asked))]
        _, task = self._asked.get(key, (0.0, None))
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._is_admin(chat, person))
            self._asked.pop(key, None)
            self._asked[key] = now_s, task
        return await asyncio.shield(task)

    async def _is_admin(self, chat: int, person: int) -> bool:
        try:
            member = await self._bot.get_chat_member(chat, person)
        except (BadRequest, Forbidden):
            return False  # Telegram does not know them there
        return member.status in _ADMINS
