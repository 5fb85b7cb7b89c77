"""Where a chat is: linked channels, admins without a name, topics, groups that move amid anything."""

import pytest
from chat.telegram.stand_ins import WITHIN, Market, chat_of, eventually, seen_by_rules, subscribe
from databases import ON_BOTH, look

from liqbot.chat.telegram.incoming import GENERAL


async def subscriptions(bot, chat):
    return await bot.store.subscriptions.of(chat)


async def subscribed(bot, chat, *, count):
    await eventually(lambda: subscriptions(bot, chat), lambda found: len(found) == count)


@pytest.fixture
async def owner(telegram):
    return await telegram.person("Owner")


# Linked channels


@pytest.mark.parametrize("bot", ["member", "administrator"])
async def test_a_channels_command_is_not_answered_again_in_its_discussion_group(
    telegram, serving, owner, bot
):
    channel = await telegram.channel("Liquidations", owner)
    group = await telegram.supergroup("Discussion", owner, bot=bot)
    await channel.is_discussed_in(group)
    async with serving() as running:
        for line in ("/subscribe near-cluster BTC", "/clusters BTC"):
            await owner.posts(line, channel)
            await channel.hears(within=WITHIN)
        await telegram.settled()
        await owner.says("/subscriptions", to=group)
        assert (await group.hears(within=WITHIN)).text.startswith("No subscriptions in this chat")
        assert await subscriptions(running, chat_of(group)) == []
        assert len(await subscriptions(running, chat_of(channel))) == 1
    assert len(await group.messages()) == 1
    assert not await telegram.violations()


async def test_who_comments_in_the_discussion_group_is_answered_there(telegram, serving, owner):
    ben = await telegram.person("Ben")
    channel = await telegram.channel("Liquidations", owner)
    group = await telegram.supergroup("Discussion", owner, members=[ben])
    await channel.is_discussed_in(group)
    async with serving():
        await owner.posts("Look at this", channel)
        await ben.says("/clusters BTC", to=group)
        assert (await group.hears(within=WITHIN)).text
    assert not await channel.messages()


# Admins without a name


@ON_BOTH
async def test_an_anonymous_admin_manages_the_group_and_is_asked_for_nothing(telegram, serving, owner):
    group = await telegram.supergroup("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=group, name=group)
        told = await group.hears(within=WITHIN)
        assert told.text.startswith("Subscribed to ")
        assert not await telegram.calls("getChatMember")
        await owner.taps(told, told.buttons[0], within=WITHIN)  # a tap says who it is
        await subscribed(bot, chat_of(group), count=0)


async def test_an_anonymous_admin_is_guided_within_the_topic(telegram, serving, owner):
    forum = await telegram.supergroup("Traders", owner, forum=True)
    topic = await forum.opens_topic("BTC")
    async with serving() as bot:
        await owner.says("/subscribe", to=forum, topic=topic, name=forum)
        asked = await forum.hears(within=WITHIN)
        assert asked.topic == topic
        await owner.taps(asked, "near-cluster", within=WITHIN)
        step = await telegram.edited(asked, within=WITHIN)
        await owner.taps(step, "BTC", within=WITHIN)
        step = await telegram.edited(step, within=WITHIN)
        await owner.taps(step, step.buttons[0], within=WITHIN)
        await subscribed(bot, chat_of(forum, topic), count=1)
        assert not await subscriptions(bot, chat_of(forum))


async def test_who_writes_in_the_name_of_a_channel_of_their_own_manages_nothing(telegram, serving, owner):
    ben = await telegram.person("Ben")
    group = await telegram.supergroup("Traders", owner, members=[ben])
    bens = await telegram.channel("Ben's", ben, bot="absent")
    async with serving() as bot:
        await ben.says("/subscribe near-cluster BTC", to=group, name=bens)
        assert "Only admins" in (await group.hears(within=WITHIN)).text
        assert not await subscriptions(bot, chat_of(group))
        await ben.says("/clusters BTC", to=group, name=bens)
        assert "Only admins" not in (await group.hears(within=WITHIN)).text


# Topics


@ON_BOTH
async def test_general_is_the_group_itself(telegram, serving, owner):
    market = Market()
    forum = await telegram.supergroup("Traders", owner, forum=True)
    async with serving(market) as bot:
        await owner.says("/subscribe regime-flip BTC", to=forum)
        assert (await forum.hears(within=WITHIN)).topic is None
        assert len(await subscriptions(bot, chat_of(forum))) == 1
        await seen_by_rules(bot)
        market.flip()
        assert (await forum.hears(within=WITHIN)).topic is None
        # What an older version has kept under the number of General is the same place.
        assert await bot.store.absences.of_chat(chat_of(forum, GENERAL)) is None
    assert not await telegram.violations()


@ON_BOTH
async def test_a_tap_on_a_message_that_telegram_gives_out_no_more_acts_on_no_other_topic(
    telegram, serving, owner
):
    forum = await telegram.supergroup("Traders", owner, forum=True)
    one, two = await forum.opens_topic("BTC"), await forum.opens_topic("ETH")
    async with serving() as bot:
        told = {}
        for topic in (one, two):
            await owner.says("/subscribe near-cluster BTC", to=forum, topic=topic)
            told[topic] = await forum.hears(within=WITHIN)
        await owner.says("/subscribe near-cluster BTC", to=forum)
        general = await forum.hears(within=WITHIN)
        for message in (told[one], general):
            await telegram.grows_old(message)
            answer = await owner.taps(message, message.buttons[0], within=WITHIN)
            assert "too old for its buttons" in answer.text
        for topic in (one, two, ""):
            assert len(await subscriptions(bot, chat_of(forum, topic))) == 1
    assert not await telegram.violations()


async def test_in_a_group_without_topics_an_old_message_still_acts_on_its_group(telegram, serving, owner):
    group = await telegram.supergroup("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=group)
        told = await group.hears(within=WITHIN)
        await telegram.grows_old(told)
        await owner.taps(told, told.buttons[0], within=WITHIN)
        await subscribed(bot, chat_of(group), count=0)


# Groups that become supergroups


@ON_BOTH
async def test_in_the_middle_of_a_guided_subscription(telegram, serving, owner):
    group = await telegram.group("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe", to=group)
        asked = await group.hears(within=WITHIN)
        await owner.taps(asked, "near-cluster", within=WITHIN)
        step = await telegram.edited(asked, within=WITHIN)
        new = await group.upgrades()
        await owner.says("Hello", to=new)
        await owner.taps(step, "BTC", within=WITHIN)
        step = await new.hears(within=WITHIN)
        await owner.taps(step, step.buttons[0], within=WITHIN)
        await subscribed(bot, chat_of(new), count=1)
        assert not await subscriptions(bot, chat_of(group))


@ON_BOTH
async def test_a_button_of_the_old_group_acts_on_the_new_one_also_after_a_restart(telegram, serving, owner):
    group = await telegram.group("Traders", owner)
    async with serving():
        await owner.says("/subscribe near-cluster BTC", to=group)
        told = await group.hears(within=WITHIN)
    new = await group.upgrades()
    async with serving() as bot:
        await subscribed(bot, chat_of(new), count=1)
        await owner.taps(told, told.buttons[0], within=WITHIN)
        await subscribed(bot, chat_of(new), count=0)


@ON_BOTH
async def test_while_an_alert_is_on_its_way_and_nobody_knows_whether_it_arrived(telegram, serving, owner):
    group, market = await telegram.group("Traders", owner), Market()
    async with serving(market, patience_s=0.5) as bot:
        await subscribe(bot, chat_of(group))
        await seen_by_rules(bot)
        held = await telegram.fail("hold", "sendPhoto", seconds=2)
        market.flip()
        await telegram.hits(held, at_least=1, within=WITHIN)
        await telegram.messages(group, at_least=1, within=WITHIN)
        new = await group.upgrades()
        [second] = await telegram.messages(new, at_least=1, within=WITHIN)
        [first] = await group.messages()
        assert "Possible duplicate" not in first.text
        assert "Possible duplicate" in second.text
        assert len(await subscriptions(bot, chat_of(new))) == 1


@ON_BOTH
async def test_with_a_digest_open(telegram, serving, owner):
    group, market = await telegram.group("Traders", owner), Market()
    async with serving(market) as bot:
        await owner.says("/subscribe regime-flip BTC", to=group)
        await owner.says("/mute 8h", to=group)
        await telegram.messages(group, at_least=2, within=WITHIN)
        await seen_by_rules(bot)
        market.flip()
        await eventually(lambda: held(bot), lambda count: count >= 1)
        new = await group.upgrades()
        await subscribed(bot, chat_of(new), count=1)
        await owner.says("/mute off", to=new)
        texts = [one.text for one in await telegram.messages(new, at_least=2, within=WITHIN)]
        assert any("fuel moved above price" in text for text in texts), texts


async def held(bot):
    return look(bot.store, "SELECT count(*) FROM deliveries WHERE status = 'held'")[0][0]
