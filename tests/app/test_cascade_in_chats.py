"""A cascade from the market into the chats: one message on each platform, kept up to date and closed."""

import asyncio
import io

import discord
import pytest
from app.stand_ins import Told, subscribe
from counterparts.discord.fixture import discord_counterpart, discord_process
from counterparts.telegram.fixtures import telegram, telegram_process
from markets import MINUTE, long, price, seen, short
from rich.console import Console

from liqbot.app.bot import Bot
from liqbot.chat.console.printer import CONSOLE_CHAT, Printer
from liqbot.chat.discord.adapter import DiscordAdapter
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.telegram.adapter import TelegramAdapter
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.market.side import Side
from liqbot.market.updates import Beat, Liquidation
from liqbot.store.chats import ChatKey

__all__ = ["discord_counterpart", "discord_process", "telegram", "telegram_process"]

pytestmark = pytest.mark.long


def minute(number, spot, liquidated=0.0):
    """Yield a minute of a market with two clusters of longs; what is liquidated is in USD."""
    time_ms = number * MINUTE
    yield price(spot, time_ms=time_ms)
    yield seen(
        *(long(f"near{one}", 10_000, at=98.8 - one / 100) for one in range(5)),
        *(long(f"next{one}", 10_000, at=97.2 - one / 100) for one in range(5)),
        short("bob", 1_000, at=140),
        time_ms=time_ms,
    )
    if liquidated:
        yield Liquidation("BTC", time_ms, Side.LONG, spot, liquidated / spot)
    yield Beat(time_ms)


@pytest.fixture
async def chats(discord_counterpart, telegram, monkeypatch):
    """A channel of Discord, and a person on Telegram."""
    monkeypatch.setattr(discord.http.Route, "BASE", "")
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    )
    guild = await discord_counterpart.add_guild()
    return await discord_counterpart.add_channel(guild.id), await telegram.person()


async def test_one_message_on_each_platform_tells_the_whole_of_it(
    settings, chats, discord_counterpart, telegram
):
    (channel, ann), paper = chats, io.StringIO()
    more, end = asyncio.Event(), asyncio.Event()
    source = Told(
        [
            *minute(1, 100.0),
            *minute(2, 99.7),
            *minute(3, 98.2, 3e6),
            more,
            *minute(4, 96.5, 4e6),
            end,
            *(step for number in range(5, 18) for step in minute(number, 96.6)),
            asyncio.Event(),
        ]
    )
    bot = Bot(
        settings, [source], {"console": Printer(Console(file=paper, width=200), settings.pictures_path)}
    )
    discord_settings = DiscordSettings(
        token=discord_counterpart.token,
        api_url=discord_counterpart.api_url,
        gateway_url=discord_counterpart.gateway_url,
    )
    telegram_settings = TelegramSettings(token=telegram.token, api_url=telegram.api_url)
    bot.serve("discord", DiscordAdapter(discord_settings, bot.reception("discord")))
    by_telegram = TelegramAdapter(telegram_settings, bot.reception("telegram"), patience_s=5)
    bot.serve("telegram", by_telegram)
    for chat in (ChatKey("discord", str(channel)), ChatKey("telegram", str(ann.id)), CONSOLE_CHAT):
        await subscribe(bot, chat, "cascade")

    async def titled(word):
        """Return the one message of the channel, once it says so."""
        async with asyncio.timeout(60):
            while True:
                found = await discord_counterpart.messages(channel, at_least=1)
                if word in found[-1].embeds[0]["title"]:
                    return found
                await asyncio.sleep(0.05)

    async with bot:
        [begun] = await titled("cascade on: $3M of longs")
        first = await ann.hears()
        assert "cascade on: $3M of longs, −1.8%" in first.text
        more.set()
        await titled("cascade on: $7M of longs")
        second = await telegram.edited(first, within=60)
        assert "cascade on: $7M of longs" in second.text
        end.set()
        [over] = await titled("cascade over")
        third = await telegram.edited(second, within=60)
        await bot.drain(None)
        await telegram.silence(ann)
    await by_telegram.close()
    assert over.id == begun.id
    assert "$7M of longs" in over.embeds[0]["title"]
    assert "cascade over" in third.text
    # A terminal cannot change what it has printed: the news follow.
    printed = paper.getvalue()
    assert printed.index("cascade on: $3M") < printed.index("cascade on: $7M") < printed.index("cascade over")
