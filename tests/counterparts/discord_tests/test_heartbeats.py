"""Heartbeats, on a counterpart whose heart beats fast."""

import discord
import pytest
import yarl
from counterparts.discord import Discord
from counterparts.discord_tests.bot import Bot, eventually, running


async def test_a_gateway_that_stops_acknowledging_is_left_and_resumed(monkeypatch: pytest.MonkeyPatch):
    async with Discord.start("--heartbeat", "0.4") as counterpart:
        monkeypatch.setattr(discord.http.Route, "BASE", counterpart.api_url)
        monkeypatch.setattr(
            discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(counterpart.gateway_url)
        )
        async with running(Bot(heartbeat_timeout=0.6), counterpart) as bot:
            await counterpart.gateway_heartbeats(acknowledged=False)
            await eventually(lambda: "resumed" in bot.events)
            await counterpart.gateway_heartbeats(acknowledged=True)
            assert await counterpart.identifies() == 1
        await counterpart.assert_clean()
