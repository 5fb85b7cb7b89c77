"""A Discord of its own for each test, with a server, a channel, and the bot's house in it."""

import discord
import pytest
from chat.discord.stand_ins import House
from counterparts.discord.fixture import discord_counterpart, discord_process
from databases import address_of

from liqbot.chat.discord.settings import DiscordSettings

__all__ = ["discord_counterpart", "discord_process"]


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch):
    """Discord has one identify in five seconds, and two for more servers to be told; here nobody waits."""

    async def at_once(*_args: object, **_more: object) -> None:
        """Do not wait."""

    original = discord.AutoShardedClient.__init__

    def made(client, *args: object, **more: object) -> None:
        original(client, *args, guild_ready_timeout=0.05, **more)

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
    monkeypatch.setattr(discord.AutoShardedClient, "__init__", made)


@pytest.fixture
def address(request, tmp_path):
    """Give where a database is: of both kinds for what is `ON_BOTH`; the other tests are about Discord."""
    return address_of(request, tmp_path)


@pytest.fixture
async def house(discord_counterpart, store, monkeypatch):
    # The library knows one Discord for the whole process; what a test sets goes with it.
    monkeypatch.setattr(discord.http.Route, "BASE", "")
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    )
    guild = await discord_counterpart.add_guild()
    channel = await discord_counterpart.add_channel(guild.id)
    settings = DiscordSettings(
        token=discord_counterpart.token,
        api_url=discord_counterpart.api_url,
        gateway_url=discord_counterpart.gateway_url,
    )
    return House(discord_counterpart, guild.id, channel, store, settings)
