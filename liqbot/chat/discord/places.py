"""Where somebody speaks to the bot: which chat that is, who may change it, and what the bot may do there.

A channel of a server is a chat, and each of its threads is one. A person is a chat as well (`@` and their
id): what they ask for in private, or where the bot itself is not at home, comes as a direct message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from liqbot.rules.wording import listed
from liqbot.service.chats import ChatKey
from liqbot.text import _

PLATFORM = "discord"
_PERSON = "@"
NEEDED: Mapping[str, str] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
}
"""What the bot must be allowed to in a channel that it brings alerts to, as Discord's settings call it."""
IN_THREADS = {"send_messages_in_threads": "Send Messages in Threads"}
INVITED_WITH = discord.Permissions(**dict.fromkeys([*NEEDED, *IN_THREADS], True))
"""The permissions that the bot asks for where it is invited."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody speaks to the bot."""

    chat: ChatKey
    guild_id: int | None
    """The server that the chat belongs to; None for a person."""
    is_here: bool
    """Whether the chat is where they speak; False where the bot answers there, but cannot post by itself."""
    may_manage: bool
    """Whether they may change what the chat hears."""
    missing: str = ""
    """What the bot lacks to bring alerts there, in words; empty where it lacks nothing."""


def place_of(interaction: discord.Interaction[Any]) -> Place:
    """Return where an interaction happens."""
    guild_id, channel = interaction.guild_id, interaction.channel
    person = person_chat(interaction.user.id)
    if guild_id is None:
        is_ours = isinstance(channel, discord.DMChannel) and not interaction.context.private_channel
        return Place(person, None, is_here=is_ours, may_manage=True)
    if channel is None or interaction.client.get_guild(guild_id) is None:
        return Place(person, None, is_here=False, may_manage=True)
    rights = interaction.permissions
    return Place(
        channel_chat(channel),
        guild_id,
        is_here=True,
        may_manage=rights.administrator or rights.manage_guild,
        missing=lacking(interaction.app_permissions, in_thread=isinstance(channel, discord.Thread)),
    )


def channel_chat(channel: discord.abc.Snowflake) -> ChatKey:
    """Return the chat that a channel or thread of a server is."""
    if isinstance(channel, discord.Thread):
        return ChatKey(PLATFORM, str(channel.parent_id), str(channel.id))
    return ChatKey(PLATFORM, str(channel.id))


def installable(about: discord.AppInfo) -> app_commands.AppInstallationType:
    """Return whether the bot may be added to servers, and by people for themselves, as its application says.

    Discord takes no command for what it does not allow. An application that says nothing allows both.
    """
    guild, user = about.guild_integration_config is not None, about.user_integration_config is not None
    says_nothing = not guild and not user
    return app_commands.AppInstallationType(guild=guild or says_nothing, user=user or says_nothing)


def person_chat(user_id: int) -> ChatKey:
    """Return the chat that a person is."""
    return ChatKey(PLATFORM, f"{_PERSON}{user_id}")


def person_id(chat: ChatKey) -> int | None:
    """Return the id of the person that a chat is; None for a channel."""
    return int(chat.native_id.removeprefix(_PERSON)) if chat.native_id.startswith(_PERSON) else None


def lacking(held: discord.Permissions, *, in_thread: bool) -> str:
    """Return what is missing for alerts, as Discord's settings call it; empty for nothing."""
    needed = dict(NEEDED)
    if in_thread:
        del needed["send_messages"]
        needed |= IN_THREADS
    missing = [words for name, words in needed.items() if not getattr(held, name)]
    return "" if held.administrator else listed(missing)


def unpingable(role: discord.Role, held: discord.Permissions) -> str:
    """Return why the bot cannot ping `role`, in words; empty where it can. `held` is what the bot may do."""
    if role.is_default():
        return _("@everyone is never pinged. Choose a role.")
    if role.mentionable or held.administrator or held.mention_everyone:
        return ""
    return _(
        "The role {role} cannot be mentioned. Allow anyone to mention it in the role's settings, "
        "or allow me to mention all roles.",
        role=role.name,
    )
