"""The menu of commands that Telegram shows below the text field: by kind of chat, and by language."""

import asyncio
from collections.abc import Iterable, Sequence

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from liqbot.alerts.platform import Refused, SlowDown
from liqbot.chat.command import Command
from liqbot.chat.menu_words import WORDS, called
from liqbot.chat.telegram.outcomes import outcome
from liqbot.text import speaking

_log = structlog.get_logger()

TRIES = 5
MOST_COMMANDS = 100
LONGEST_NAME = 32
LONGEST_DESCRIPTION = 256
_EVERYTHING = (BotCommandScopeAllPrivateChats(), BotCommandScopeAllChatAdministrators())
_LOOKING = (BotCommandScopeDefault(), BotCommandScopeAllGroupChats())
"""Members of a group are not offered what only its admins may do."""


def menu(commands: Iterable[Command], language: str, *, managing: bool) -> tuple[BotCommand, ...]:
    """Return the entries of a menu in a language (empty: English), with or without what admins do.

    Telegram takes no hyphens in names, and refuses the whole menu for one that it does not take.
    """
    with speaking(language, catalogues=WORDS):
        entries = [
            BotCommand(name, called(item)[:LONGEST_DESCRIPTION])
            for item in commands
            for name in [item.name.replace("-", "_")]
            if (managing or not item.manages) and not item.owners and len(name) <= LONGEST_NAME
        ]
    return tuple(entries[:MOST_COMMANDS])


class Menu:
    """Tells Telegram of the commands."""

    def __init__(self, bot: Bot, commands: Sequence[Command]) -> None:
        self._bot = bot
        self._commands = commands

    async def write(self) -> None:
        """Write every menu that is not yet as it should be. That it fails is no reason not to serve."""
        await asyncio.to_thread(WORDS.load)
        for language in ("", *WORDS.languages[1:]):
            for scope in (*_EVERYTHING, *_LOOKING):
                if not await self._insist(scope, language):
                    return

    async def _insist(self, scope: BotCommandScope, language: str) -> bool:
        for attempt in range(TRIES):
            try:
                await self._write(scope, language)
            except TelegramError as error:
                why = outcome(error)
                _log.warning("telegram_menu_not_saved", reason=str(why))
                if isinstance(why, Refused):
                    return False
                await asyncio.sleep(why.pause_s if isinstance(why, SlowDown) else 2**attempt)
            else:
                return True
        return False

    async def _write(self, scope: BotCommandScope, language: str) -> None:
        entries = menu(self._commands, language, managing=scope in _EVERYTHING)
        if await self._bot.get_my_commands(scope, language or None) != entries:
            await self._bot.set_my_commands(entries, scope, language or None)
