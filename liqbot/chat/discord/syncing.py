"""Telling Discord which commands there are, and only when they have changed: it counts how often one does."""

import asyncio
import hashlib
import json

import discord
import structlog
from discord import app_commands

from liqbot.chat.discord.errors import FAILURES, is_passing
from liqbot.service.chats import Chats

_log = structlog.get_logger()

NOTE = "discord.commands"
"""Under this name stands what Discord was told last."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0


async def keep_synced(tree: app_commands.CommandTree[discord.AutoShardedClient], notes: Chats) -> None:
    """Tell Discord of the commands of `tree`, unless it was told the same before; try until it worked."""
    mark = fingerprint(tree)
    pause_s = FIRST_PAUSE_S
    while await notes.note(NOTE) != mark:
        try:
            told = await tree.sync()
        except FAILURES as error:
            if not is_passing(error):
                # The old ones stay usable. What Discord says names the command and the option.
                _log.error("discord_commands_refused", reason=str(error))
                return
            _log.warning("discord_commands_not_synced", pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            await notes.set_note(NOTE, mark)
            _log.info("discord_commands_synced", commands=len(told))


def fingerprint(tree: app_commands.CommandTree[discord.AutoShardedClient]) -> str:
    """Return a text that is the same for the same commands of the same application."""
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    written = json.dumps([tree.client.application_id, commands], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()
