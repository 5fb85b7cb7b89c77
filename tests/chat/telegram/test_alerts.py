"""Alerts, from the market's move to the chat, through everything that may go wrong on the way."""

import pytest
from chat.telegram.stand_ins import MINUTE, START_MS, WITHIN, Market, chat_of, seen_by_rules, subscribe
from databases import ON_BOTH

from liqbot.alerts.alert_message import MAY_REPEAT

pytestmark = [
    ON_BOTH,
    pytest.mark.usefixtures("unhurried"),
    pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning"),
]


async def test_when_the_market_flips_an_alert_comes_with_its_picture(telegram, serving):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market) as bot:
        await ann.says("/subscribe regime-flip BTC band=0.2")
        assert (await ann.hears(within=WITHIN)).text.startswith("Subscribed to ")
        await seen_by_rules(bot)
        market.flip()
        alert = await ann.hears(within=WITHIN)
    assert alert.file_id
    assert "fuel moved above price" in alert.text
    assert "Spot 100.00" in alert.text
    assert "BTC liquidation heatmap, 11 min of 24 hours. Spot $100.00" in alert.text
    assert alert.buttons == ["Refresh", "Mute 1 h", "Unsubscribe #1", "Why"]
    assert not alert.silent


async def test_an_alert_is_refreshed_in_place_muted_and_unsubscribed_after_a_restart(telegram, serving):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market) as bot:
        await subscribe(bot, chat_of(ann))
        await seen_by_rules(bot)
        market.flip()
        alert = await ann.hears(within=WITHIN)
        await ann.taps(alert, "Refresh", within=WITHIN)
        fresh = await telegram.edited(alert, within=WITHIN)
        assert fresh.file_id
        assert "Now: " in fresh.text
        await ann.taps(alert, "Mute 1 h", within=WITHIN)
        assert (await ann.hears(within=WITHIN)).text.startswith("Muted until")
        market.flip_back()
        await bot.until(lambda: bot.services.markets.views["BTC"].time_ms == START_MS + 29 * MINUTE)
        await telegram.silence(ann)
    async with serving() as bot:
        await ann.taps(fresh, "Unsubscribe #1", within=WITHIN)
        assert (await ann.hears(within=WITHIN)).text.startswith("Unsubscribed from #1")
        assert not await bot.store.subscriptions.of(chat_of(ann))


async def test_a_picture_is_uploaded_once_for_all_chats(telegram, serving):
    people, market = [await telegram.person(f"P{number}") for number in range(5)], Market()
    async with serving(market) as bot:
        await subscribe(bot, *map(chat_of, people))
        await seen_by_rules(bot)
        market.flip()
        alerts = [await person.hears(within=WITHIN) for person in people]
    assert len({alert.file_id for alert in alerts}) == 1
    photos = [call.parameters["photo"] for call in await telegram.calls("sendPhoto")]
    assert sum(isinstance(photo, dict) for photo in photos) == 1


async def test_an_alert_goes_to_the_topic_that_asked_for_it(telegram, serving):
    owner, market = await telegram.person("Owner"), Market()
    forum = await telegram.supergroup("Traders", owner, forum=True)
    topic = await forum.opens_topic("Alerts")
    async with serving(market) as bot:
        await owner.says("/subscribe regime-flip BTC", to=forum, topic=topic)
        assert (await forum.hears(within=WITHIN)).topic == topic
        await seen_by_rules(bot)
        market.flip()
        alert = await forum.hears(within=WITHIN)
    assert (alert.topic, bool(alert.file_id)) == (topic, True)


async def test_a_group_that_moves_in_the_middle_of_a_broadcast_gets_its_alert_once(telegram, serving):
    owner, market = await telegram.person("Owner"), Market()
    group = await telegram.group("Traders", owner)
    people = [await telegram.person(f"P{number}") for number in range(5)]
    async with serving(market) as bot:
        await subscribe(bot, *map(chat_of, people), chat_of(group))
        await seen_by_rules(bot)
        await telegram.fail("delay", "sendPhoto", times=None, seconds=0.2)
        market.flip()
        await people[0].hears(within=WITHIN)
        new = await group.upgrades()
        await bot.drain(WITHIN)
        alerts = [*await group.messages(), *await new.messages()]
        assert len(alerts) == 1
        assert len(await bot.store.subscriptions.of(chat_of(new))) == 1
        assert not await bot.store.subscriptions.of(chat_of(group))
    assert set((await telegram.tally([person.id for person in people])).values()) == {1}


# Faults


@pytest.mark.parametrize(
    ("kind", "stored", "repeats"),
    [
        ("too_many", False, False),
        ("bad_gateway", False, True),
        ("bad_gateway", True, True),
        ("server_error", True, True),
        ("reset", False, True),
        ("reset", True, True),
        ("hold", True, True),
    ],
)
async def test_no_fault_loses_an_alert_or_repeats_one_unmarked(telegram, serving, kind, stored, repeats):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market, patience_s=0.5) as bot:
        await subscribe(bot, chat_of(ann))
        await seen_by_rules(bot)
        await telegram.fail(kind, "sendPhoto", after=stored, seconds=1 if kind == "too_many" else 3)
        market.flip()
        alerts = await telegram.messages(ann, at_least=1 + stored, within=WITHIN)
        await bot.drain(WITHIN)
        alerts = await ann.messages()
        assert len(alerts) == 1 + stored
        assert [MAY_REPEAT in alert.text for alert in alerts] == [False] * stored + [repeats]
        await ann.says("/regime BTC")
        assert (await telegram.messages(ann, at_least=2 + stored, within=WITHIN))[-1].text


async def test_a_chat_that_blocked_the_bot_quietly_is_noticed_and_holds_up_nobody(telegram, serving):
    ann, ben, market = await telegram.person("Ann"), await telegram.person("Ben"), Market()
    async with serving(market) as bot:
        await subscribe(bot, chat_of(ann), chat_of(ben))
        await seen_by_rules(bot)
        await telegram.block_quietly([ann.id])
        market.flip()
        assert (await ben.hears(within=WITHIN)).file_id
        await bot.drain(WITHIN)
        assert "blocked" in (await bot.store.absences.of_chat(chat_of(ann))).reason
        assert len(await telegram.calls("sendPhoto")) <= 3


async def test_a_flood_wait_of_one_chat_holds_up_no_other(telegram, serving):
    ann, ben, market = await telegram.person("Ann"), await telegram.person("Ben"), Market()
    async with serving(market) as bot:
        await subscribe(bot, chat_of(ann), chat_of(ben))
        await seen_by_rules(bot)
        await telegram.flood_wait(ann, 3)
        market.flip()
        await ben.hears(within=2.5)
        assert not await ann.messages()
        assert MAY_REPEAT not in (await ann.hears(within=WITHIN)).text


async def test_an_answer_waits_for_the_end_of_a_flood_wait(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await telegram.flood_wait(ann, 1)
        await ann.says("/regime BTC")
        assert (await ann.hears(within=WITHIN)).text
    assert len(await ann.messages()) == 1


async def test_an_answer_that_may_have_arrived_is_given_once_more_rather_than_not_at_all(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await telegram.fail("bad_gateway", "sendMessage", after=True)
        await ann.says("/regime BTC")
        first, second = await telegram.messages(ann, at_least=2, within=WITHIN)
        assert first.text == second.text
        await ann.says("/clusters BTC")
        assert "Above spot" in (await telegram.messages(ann, at_least=3, within=WITHIN))[2].text
