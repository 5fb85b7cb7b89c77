"""The connection to Discord: commands, buttons, and what happens to the places where the bot is at home."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from liqbot.chat.adapter import Reception
from liqbot.chat.discord.buttons import CommandButton
from liqbot.chat.discord.commands import SlashCommands
from liqbot.chat.discord.connector import ProxiedConnector
from liqbot.chat.discord.conversation import Conversation
from liqbot.chat.discord.errors import FAILURES
from liqbot.chat.discord.localising import CommandWords
from liqbot.chat.discord.places import channel_chat, installable, lacking
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.discord.syncing import keep_synced
from liqbot.chat.discord.verdicts import LEFT
from liqbot.chat.discord.wire import Wire
from liqbot.chat.menu_words import WORDS
from liqbot.service.chats import ChatKey
from liqbot.text import _

_log = structlog.get_logger()

MOST_PATIENCE_S = 30.0
"""Up to this long the library itself waits where Discord asks for a pause; a longer one is a delivery's."""
DEAF_S = 60.0
"""A gateway that has not acknowledged a heartbeat for so long is left, and the session resumed elsewhere."""
CANCELLED_AGAIN_S = 0.1
"""Between two cancellations of a connection that is to end."""
CHANNEL_GONE = "the channel was deleted"
_TIMESTAMP_BITS = 22
"""Of an id of Discord's, the time stands above so many bits."""


# Nobody is spoken to by voice here, so that its libraries are not missed.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


def use_addresses(settings: DiscordSettings) -> None:
    """Talk to where the settings say: the library knows one Discord, for the whole process."""
    Route.BASE = settings.api_url.rstrip("/")
    if settings.gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


class Client(discord.AutoShardedClient):
    """One connection, for as long as it lasts; the library reconnects and resumes by itself."""

    def __init__(self, settings: DiscordSettings, reception: Reception, wire: Wire) -> None:
        """Serve with `reception`, on its shards. It has no commands of its own: they come from there.

        `wire` knows what Discord takes, and outlasts the connection.
        """
        use_addresses(settings)
        self._platform = reception.platform
        self._shards = reception.shards
        numbers, count = reception.shards or (range(0), None)
        super().__init__(
            shard_ids=list(numbers) or None,  # pyright: ignore[reportArgumentType] - it takes None for all
            shard_count=count,  # pyright: ignore[reportArgumentType]
            intents=discord.Intents(guilds=True),  # commands need none that is privileged
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=MOST_PATIENCE_S,
            heartbeat_timeout=DEAF_S,
            http_trace=wire.trace,
            connector=ProxiedConnector(),
        )
        self._syncing: asyncio.Task[None] | None = None
        self.was_ready = False
        """Whether it has come to serve people."""
        self._gateway = settings.gateway_url
        self._chats = reception.services.chats
        self._conversation = Conversation(reception)
        self.tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self._commands = SlashCommands(
            self.tree, reception.answering, reception.services.rules.by_name, self._conversation
        )
        self._commands.add()
        self.add_dynamic_items(CommandButton)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Serve until the connection is given up or this is cancelled.

        While a shard reconnects, the library takes a cancellation as its own affair and goes on: it is told
        again until it has ended.
        """
        serving = asyncio.create_task(super().connect(reconnect=reconnect))
        try:
            await asyncio.wait([serving])
        finally:
            while not serving.done():
                serving.cancel()
                await asyncio.wait([serving], timeout=CANCELLED_AGAIN_S)
        await serving

    def pressed(self, interaction: discord.Interaction[Any], line: str, *, renews: bool) -> Awaitable[None]:
        """Answer the line of a button."""
        return self._conversation.pressed(interaction, line, renews=renews)

    async def setup_hook(self) -> None:
        """Tell Discord of the commands, while the connection is made."""
        if self.application is not None:
            self.tree.allowed_installs = installable(self.application)
        await asyncio.to_thread(WORDS.load)
        await self.tree.set_translator(CommandWords(self._commands))
        self._syncing = self.loop.create_task(keep_synced(self.tree, self._chats, self._platform))

    async def close(self) -> None:
        """Close the connection."""
        if self._syncing is not None:
            self._syncing.cancel()
        await super().close()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect to the gateway that the settings name, or else to the one that Discord names."""
        named = yarl.URL(self._gateway) if self._gateway else gateway
        await super().launch_shard(named, shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Catch up on the servers that the bot has left or come back to while it was not connected."""
        self.was_ready = True
        _log.info("discord_connected", servers=len(self.guilds))
        for community in await self._chats.communities(self._platform):
            if not serves(self._shards, int(community)):
                continue  # it is another process that is told of it
            if self.get_guild(int(community)) is None:
                await self._left(community)
            else:
                await self._returned(community, only_after=LEFT)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Take up again the chats of a server that the bot has been in before."""
        await self._returned(str(guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Keep what a server's chats subscribe to, but send them nothing more."""
        await self._left(str(guild.id))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Send nothing more to a channel that is no more, nor to its threads."""
        await self._lose(channel_chat(self._platform, channel), CHANNEL_GONE)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Send nothing more to a thread that is no more."""
        await self._lose(
            ChatKey(self._platform, str(payload.parent_id), str(payload.thread_id)), CHANNEL_GONE
        )

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Take up a chat again when its channel is opened to the bot again."""
        del before
        chat, held = channel_chat(self._platform, after), after.permissions_for(after.guild.me)
        if not lacking(held, in_thread=False):
            await self._chats.reached(chat)
            if (await self._chats.settings(chat)).inactive is not None:
                await self._chats.activate(chat)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Try the chats of a server at once where a role may have given the bot its rights back."""
        del before
        guild = after.guild
        for chat in await self._chats.of_community(self._platform, str(guild.id)):
            channel = guild.get_channel(int(chat.native_id)) if chat.native_id.isdigit() else None
            if channel is not None and not lacking(channel.permissions_for(guild.me), in_thread=False):
                await self._chats.reached(chat)

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """Take up a thread again that is no longer locked or archived."""
        told = payload.data.get("thread_metadata", {})
        if not told.get("locked") and not told.get("archived"):
            await self._chats.reached(ChatKey(self._platform, str(payload.parent_id), str(payload.thread_id)))

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what went wrong with an event, and nothing of what the event says."""
        del args, kwargs
        _log.exception("discord_event_failed", happening=event_method)

    async def _left(self, community: str) -> None:
        for chat in await self._chats.of_community(self._platform, community):
            if (await self._chats.settings(chat)).inactive is None:
                await self._lose(chat, LEFT)

    async def _returned(self, community: str, *, only_after: str | None = None) -> None:
        """Take up again the chats of a community: all, or those that were lost for one reason."""
        for chat in await self._chats.of_community(self._platform, community):
            if only_after in (None, (await self._chats.settings(chat)).inactive):
                await self._chats.activate(chat)

    async def _lose(self, chat: ChatKey, reason: str) -> None:
        await self._chats.deactivate(chat, reason)


def serves(shards: tuple[range, int] | None, guild_id: int) -> bool:
    """Return whether a server is told of on one of these shards; on all of them where none are named.

    A server belongs to the shard (id >> 22) mod their count: Discord's documentation, "Sharding".
    """
    if shards is None:
        return True
    numbers, count = shards
    return (guild_id >> _TIMESTAMP_BITS) % count in numbers


class _Tree(app_commands.CommandTree[Client]):
    """The commands, with words for those who call one that is no more."""

    async def on_error(
        self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Say what a person can do: Discord goes on showing old commands for a while."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            said = _("This command has changed. Reload Discord (Ctrl+R, or restart the app), then try again.")
        else:
            _log.error("command_failed", reason=type(error).__name__, exc_info=error)
            said = _("Something went wrong on our side. The operator's log has the details.")
        with contextlib.suppress(*FAILURES):  # it may be too late to say anything
            await interaction.response.send_message(said, ephemeral=True)
