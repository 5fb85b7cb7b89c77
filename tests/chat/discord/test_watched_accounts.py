"""An account watched on Discord, end to end: the bot between counterparts of Hyperliquid and Discord."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from account_exchange import AccountExchange
from accounts import ANN
from chat.discord.stand_ins import eventually, text_of

from liqbot.app.adapters import make_adapters
from liqbot.app.bot import Bot
from liqbot.people_settings import QuotaSettings
from liqbot.settings import Settings


@pytest.fixture
async def scene(house, tmp_path):
    await house.store.close()  # the bot has its own
    house.bot_settings = Settings(
        database=tmp_path / "bot.db",
        coins=("BTC",),
        plugins_path=tmp_path / "plugins",
        discord=house.settings,
        quotas=QuotaSettings(looks=0, commands=0, commands_person=0),
    )
    yield house
    house.store = house.store.__class__(tmp_path / "liqbot.db")


@asynccontextmanager
async def running(house, exchange):
    bot = Bot(house.bot_settings, [exchange.source(house.bot_settings.database)], {})
    for name, adapter in make_adapters(house.bot_settings, bot):
        bot.serve(name, adapter)
    going = asyncio.create_task(exchange.run())
    try:
        async with bot:
            await eventually(lambda: "BTC" in bot.services.markets.views)
            await house.discord.sessions()
            await eventually(lambda: bot.store.notes.get("discord.commands"), lambda found: found is not None)
            yield bot
    finally:
        going.cancel()


async def told(house, at_least):
    """Return the titles of the channel's messages, once there are so many."""
    return [message.embeds[0]["title"] for message in await house.messages(at_least=at_least)]


@pytest.mark.long
async def test_near_liquidation_after_a_restart_through_a_silence_liquidated_and_closed(scene):
    exchange = AccountExchange()
    exchange.market.fills = [exchange.fill(50, 0.0, 4.0), exchange.fill(90, 4.0, 16.0)]
    async with running(scene, exchange) as bot:
        offered = await scene.discord.autocomplete("watch", scene.channel, "address", "0xa11")
        assert [choice["value"] for choice in offered.choices] == [ANN]
        answer = text_of((await scene.slash("watch", address=ANN, name="whale", near=5.0)).message)
        assert "Watching whale as #1" in answer
        assert "It is looked at every 5 s." in answer
        assert "BTC long $2M" in answer
        assert "this would have come 2 times: 1 opened, 1 grown; last on" in answer
        await eventually(lambda: bot.services.accounts.newest(ANN) is not None)
        exchange.price(84_000.0)
        assert await told(scene, 1) == ["whale: BTC long is 4.8% ($4,000) from liquidation"]
        [alert] = await scene.messages()
        assert "Price moved it: BTC fell 16% to 84,000" in text_of(alert)
        assert alert.files, "the market with the level marked"
        assert alert.labels == ["Account", "Mute 1 h", "Unsubscribe #1", "Why"]
        pressed = await scene.discord.press(alert, "Account")
        assert "whale: 1 position, 4.8% from liquidation" in text_of(pressed.message)
    async with running(scene, exchange) as bot:
        await eventually(lambda: bot.services.accounts.newest(ANN) is not None)
        asked = exchange.asked
        await exchange.be_silent(20)
        assert exchange.asked > asked
        await eventually(lambda: exchange.asked > asked + 20)
        assert len(await scene.messages()) == 1
        exchange.price(79_000.0)
        assert (await told(scene, 2))[-1] == "whale: BTC long is at its liquidation price"
        exchange.hold()
        assert (await told(scene, 3))[-1] == "whale: BTC long liquidated at 80,000: $1.6M"
        assert "Inferred: price crossed its level" in text_of((await scene.messages())[-1])
        exchange.hold(("ETH", 100.0, 2_000.0, 5.0, 1_000.0))
        assert (await told(scene, 4))[-1] == "whale: ETH long $200k opened, 50% from liquidation"
        exchange.hold()
        assert (await told(scene, 5))[-1] == "whale: ETH long $200k closed"
