"""An account watched on Telegram, end to end: the bot between counterparts of Hyperliquid and Telegram."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from account_exchange import AccountExchange
from accounts import ANN
from chat.telegram.stand_ins import WITHIN, chat_of, eventually

from liqbot.app.bot import Bot
from liqbot.chat.telegram.adapter import TelegramAdapter
from liqbot.people_settings import QuotaSettings


@asynccontextmanager
async def running(settings, exchange):
    bot = Bot(settings, [exchange.source(settings.database)], {})
    adapter = TelegramAdapter(settings.telegram, bot.reception("telegram"), patience_s=5)
    bot.serve("telegram", adapter)
    going = asyncio.create_task(exchange.run())
    try:
        async with bot:
            await bot.until(lambda: "BTC" in bot.services.markets.views)
            yield bot
        await adapter.close()
    finally:
        going.cancel()


@pytest.mark.long
async def test_near_liquidation_after_a_restart_through_a_silence_liquidated_and_closed(
    telegram, settings_of, unhurried
):
    del unhurried
    settings = settings_of().model_copy(
        update={"quotas": QuotaSettings(looks=0, commands=0, commands_person=0)}
    )
    ann = await telegram.person("Ann")
    exchange, heard = AccountExchange(), 0

    async def seen(bot):
        return bot.services.accounts.newest(ANN)

    async def asks():
        return exchange.asked

    async def next_text():
        nonlocal heard
        heard += 1
        return (await telegram.messages(ann, at_least=heard, within=WITHIN))[heard - 1].text

    async with running(settings, exchange) as bot:
        await ann.says("/watch")
        assert "Which account?" in await next_text()
        await ann.says(f"/watch https://hypurrscan.io/address/{ANN} name=whale near=5%")
        answer = await next_text()
        assert "Watching whale as #1" in answer
        assert "It is looked at every 5 s." in answer
        await eventually(lambda: seen(bot), lambda found: found is not None)
        exchange.price(84_000.0)
        alert = await next_text()
        assert "whale: BTC long is 4.8% ($4,000) from liquidation" in alert
        assert "Price moved it: BTC fell 16% to 84,000" in alert
        shown = (await telegram.messages(ann))[-1]
        assert shown.buttons == ["Account", "Mute 1 h", "Unsubscribe #1", "Why"]
        await ann.taps(shown, "Account", within=WITHIN)
        assert "whale: 1 position, 4.8% from liquidation" in await next_text()
    async with running(settings, exchange) as bot:
        await eventually(lambda: seen(bot), lambda found: found is not None)
        asked = exchange.asked
        await exchange.be_silent(20)
        await eventually(asks, lambda found: found > asked + 20)
        assert len(await telegram.messages(ann)) == heard
        exchange.price(79_000.0)
        assert "whale: BTC long is at its liquidation price" in await next_text()
        exchange.hold()
        alert = await next_text()
        assert "whale: BTC long liquidated at 80,000: $1.6M" in alert
        assert "Inferred: price crossed its level" in alert
        exchange.hold(("ETH", 100.0, 2_000.0, 5.0, 1_000.0))
        assert "whale: ETH long $200k opened, 50% from liquidation" in await next_text()
        exchange.hold()
        assert "whale: ETH long $200k closed" in await next_text()


@pytest.mark.long
async def test_a_watch_of_a_group_goes_on_where_the_group_becomes_a_supergroup(
    telegram, settings_of, unhurried
):
    del unhurried
    settings = settings_of().model_copy(
        update={"quotas": QuotaSettings(looks=0, commands=0, commands_person=0)}
    )
    owner, exchange = await telegram.person("Owner"), AccountExchange()
    group = await telegram.group("Traders", owner)
    async with running(settings, exchange) as bot:
        await owner.says(f"/watch {ANN} name=whale near=5%", to=group)
        assert "Watching whale as #1" in (await group.hears(within=WITHIN)).text

        async def seen():
            return bot.services.accounts.newest(ANN)

        await eventually(seen, lambda found: found is not None)
        new = await group.upgrades()
        exchange.price(84_000.0)
        [alert] = await telegram.messages(new, at_least=1, within=WITHIN)
        assert "whale: BTC long is 4.8% ($4,000) from liquidation" in alert.text
        await owner.taps(alert, "Account", within=WITHIN)
        answer = (await telegram.messages(new, at_least=2, within=WITHIN))[-1]
        assert "whale: 1 position, 4.8% from liquidation" in answer.text
        assert not await bot.store.subscriptions.of(chat_of(group))
        assert len(await bot.store.subscriptions.of(chat_of(new))) == 1
        await owner.says("/unwatch whale", to=new)
        answer = (await telegram.messages(new, at_least=3, within=WITHIN))[-1]
        assert "whale" in answer.text
        assert not await bot.store.subscriptions.of(chat_of(new))
