"""Syncing slash commands to Discord: compared by a fingerprint, sent only when changed."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

import discord
import structlog
from discord import app_commands

from liqbot.chat.discord.errors import FAILURES, is_passing
from liqbot.chat.discord.localising import CommandWords
from liqbot.service.chats import Chats

_log = structlog.get_logger()

NOTE = "commands"
"""Under this name, after that of a bot's platform, stands what Discord was told last, and what came of it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0
LOOK_AGAIN_S = 6 * 3_600.0
"""So often it is looked whether another program with the same token has changed them."""
_OF_DISCORD = ("name_localizations", "description_localizations", "dm_permission", "nsfw", "guild_id")
"""What Discord tells or leaves out as it likes."""


async def keep_synced(
    tree: app_commands.CommandTree[discord.AutoShardedClient], notes: Chats, platform: str
) -> None:
    """Tell Discord of the commands of `tree` whenever it does not have them; try until it worked.

    `platform` is what the bot's is called: each bot has commands of its own.
    """
    mark, name = fingerprint(tree), f"{platform}.{NOTE}"
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            known = await notes.note(name) or ""
            if not known.startswith(mark) or known != f"{mark} {_of(await tree.fetch_commands())}":
                told = await tree.sync()
                await notes.set_note(name, f"{mark} {_of(told)}")
                _log.info("discord_commands_synced", commands=len(told))
        except FAILURES as error:
            if not is_passing(error):
                # The old ones stay usable. What Discord says names the command and the option.
                _log.error("discord_commands_refused", reason=str(error))
                return
            _log.warning("discord_commands_not_synced", pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            pause_s = FIRST_PAUSE_S
            await asyncio.sleep(LOOK_AGAIN_S)


def fingerprint(tree: app_commands.CommandTree[discord.AutoShardedClient]) -> str:
    """Return a text that is the same for the same commands of the same application."""
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    words = tree.translator
    known = words.by_language.items() if isinstance(words, CommandWords) else ()
    translated = [(language, sorted(said.items())) for language, said in known]
    return _hash([tree.client.application_id, commands, translated])


def _of(commands: Sequence[app_commands.AppCommand]) -> str:
    """Return a text that is the same for the same commands as Discord has them."""
    return _hash(
        sorted((_plain(command.to_dict()) for command in commands), key=lambda one: str(one["name"]))
    )


def _plain(told: object) -> Any:  # noqa: ANN401 - JSON is anything
    """Return what makes a command, without what Discord tells or leaves out as it likes."""
    if isinstance(told, dict):
        items = cast("dict[str, object]", told).items()
        return {
            key: _plain(value)
            for key, value in items
            if key not in _OF_DISCORD and value not in (None, [], {})
        }
    return [_plain(one) for one in cast("list[object]", told)] if isinstance(told, list) else told


def _hash(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
