"""Where somebody speaks to the bot: which chat that is, who may change it, and what the bot may do there.

A channel of a server is a chat, and each of its threads is one. A person is a chat as well (`@` and their
id): what they ask for in private, or where the bot itself is not at home, comes as a direct message.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import discord
from discord import app_commands

from liqbot.message import Message
from liqbot.rules.wording import listed
from liqbot.service.chats import ChatKey
from liqbot.service.errors import UserError
from liqbot.text import _

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


Chosen: TypeAlias = app_commands.AppCommandChannel | app_commands.AppCommandThread
"""A channel or thread that somebody has chosen, with what they may do there, as Discord tells of it."""


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
    name: str = ""
    """Of the channel, where it is another than the one in which they speak."""


def place_of(interaction: discord.Interaction[Any], platform: str) -> Place:
    """Return where an interaction happens, on what the bot's platform is called."""
    guild_id, channel = interaction.guild_id, interaction.channel
    person = person_chat(platform, interaction.user.id)
    if guild_id is None:
        is_ours = isinstance(channel, discord.DMChannel) and not interaction.context.private_channel
        return Place(person, None, is_here=is_ours, may_manage=True)
    if channel is None or interaction.client.get_guild(guild_id) is None:
        return Place(person, None, is_here=False, may_manage=True)
    rights = interaction.permissions
    return Place(
        channel_chat(platform, channel),
        guild_id,
        is_here=True,
        may_manage=rights.administrator or rights.manage_guild,
        missing=lacking(interaction.app_permissions, in_thread=isinstance(channel, discord.Thread)),
    )


def chosen_place(
    interaction: discord.Interaction[Any], channel: Chosen, platform: str
) -> tuple[Place, discord.Permissions]:
    """Return the place that a chosen channel is, and what the bot may do there. Raises `UserError`.

    Nobody has the bot write where they cannot write themselves.
    """
    guild, in_thread = interaction.guild, isinstance(channel, app_commands.AppCommandThread)
    if guild is None or interaction.client.get_guild(guild.id) is None:
        raise UserError("Another channel can be chosen only on a server that I am in.")
    theirs = channel.permissions
    may_write = theirs.send_messages_in_threads if in_thread else theirs.send_messages
    if not theirs.administrator and not (theirs.view_channel and may_write):
        raise UserError(
            "You cannot write in #{channel}, so alerts cannot be sent there for you.", channel=channel.name
        )
    if isinstance(channel, app_commands.AppCommandThread) and channel.locked:
        raise UserError("The thread {channel} is locked. Unlock it first.", channel=channel.name)
    parent_id = channel.parent_id if isinstance(channel, app_commands.AppCommandThread) else channel.id
    known = guild.get_channel(parent_id)
    held = discord.Permissions.none() if known is None else known.permissions_for(guild.me)
    key = ChatKey(platform, str(parent_id), str(channel.id) if in_thread else "")
    name = "" if channel.id == interaction.channel_id else channel.name
    may_manage = theirs.administrator or theirs.manage_guild
    missing = lacking(held, in_thread=in_thread)
    return Place(key, guild.id, is_here=True, may_manage=may_manage, missing=missing, name=name), held


def channel_chat(platform: str, channel: discord.abc.Snowflake) -> ChatKey:
    """Return the chat that a channel or thread of a server is."""
    if isinstance(channel, discord.Thread):
        return ChatKey(platform, str(channel.parent_id), str(channel.id))
    return ChatKey(platform, str(channel.id))


def installable(about: discord.AppInfo) -> app_commands.AppInstallationType:
    """Return whether the bot may be added to servers, and by people for themselves, as its application says.

    Discord takes no command for what it does not allow. An application that says nothing allows both.
    """
    guild, user = about.guild_integration_config is not None, about.user_integration_config is not None
    says_nothing = not guild and not user
    return app_commands.AppInstallationType(guild=guild or says_nothing, user=user or says_nothing)


def person_chat(platform: str, user_id: int) -> ChatKey:
    """Return the chat that a person is."""
    return ChatKey(platform, f"{_PERSON}{user_id}")


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


def plainly(message: Message, missing: str) -> Message:
    """Return a message that says why it comes without embed and picture, where the bot lacks something."""
    if not missing:
        return message
    why = _("Shown as plain text: I lack {permissions} in this channel.", permissions=missing)
    return replace(message, notes=(*message.notes, why))


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
