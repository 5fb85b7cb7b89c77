"""A counterpart for each test, a server with a channel in it, and a small bot made with discord.py."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio
import yarl
from counterparts.discord import Discord
from counterparts.discord.fixture import discord_counterpart, discord_process
from counterparts.discord_tests.bot import Bot, running

__all__ = ["discord_counterpart", "discord_process"]

Start = Callable[..., AbstractAsyncContextManager[Bot]]


@dataclass
class Place:
    """A counterpart, with one server and one channel."""

    discord: Discord
    guild: int
    channel: int
    start_bot: Start


@pytest_asyncio.fixture
async def place(discord_counterpart: Discord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    counterpart = discord_counterpart
    monkeypatch.setattr(discord.http.Route, "BASE", counterpart.api_url)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(counterpart.gateway_url)
    )
    guild = await counterpart.add_guild()
    channel = await counterpart.add_channel(guild.id)

    @asynccontextmanager
    async def start_bot(**facts: object) -> AsyncIterator[Bot]:
        async with running(Bot(**facts), counterpart) as bot:
            yield bot

    yield Place(counterpart, guild.id, channel, start_bot)


@pytest_asyncio.fixture
async def http(place: Place) -> AsyncIterator[Callable]:
    """Ask the REST API without a library that paces itself: (status, headers, body)."""
    async with aiohttp.ClientSession() as session:

        async def ask(method: str, path: str, **facts: Any) -> tuple[int, Any, Any]:
            named = {"Authorization": f"Bot {place.discord.token}", "User-Agent": "DiscordBot (test, 1)"}
            headers = named | facts.pop("headers", {})
            async with session.request(
                method, place.discord.api_url + path, headers=headers, **facts
            ) as answer:
                return answer.status, answer.headers, await answer.json()

        yield ask
