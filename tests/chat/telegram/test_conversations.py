"""What people type and tap, from their side, through the whole bot."""

import asyncio

import pytest
from app.stand_ins import Told
from chat.telegram.stand_ins import WITHIN, chat_of, eventually, fuel
from listening import plant
from telegram import Message

from liqbot.builtin import RULES
from liqbot.chat.telegram.incoming import Tapped
from liqbot.store.chats import ChatKey

pytestmark = pytest.mark.usefixtures("unhurried")


def forged_on(seen):
    """Return a message as the library has it, whose buttons are not those that were tapped."""
    raw = seen.raw | {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "+/help"}]]}}
    return Message.de_json(raw, None)


async def subscribed(bot, chat, *, count):
    """Wait until a chat has so many subscriptions."""
    await eventually(lambda: bot.store.subscriptions.of(chat), lambda found: len(found) == count)


async def words_of(bot, chat):
    return [bot.services.subscriptions.line(item.watch) for item in await bot.store.subscriptions.of(chat)]


# Looking


async def test_a_link_shows_a_heatmap_whose_caption_has_the_numbers_in_words(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.starts("heatmap_BTC_7d")
        shown = await ann.hears(within=WITHIN)
    assert shown.file_id
    assert "Shorts within 5% above $2M\nLongs within 5% below $20M\nRatio 0.10" in shown.text
    assert "BTC liquidation heatmap, " in shown.text
    assert " of 7 days. Spot $100.00" in shown.text
    assert (await telegram.picture(shown.file_id)).startswith(b"\x89PNG")
    assert shown.buttons[:2] == ["Refresh", "Map"]


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("/liquidations BTC 4h", "BTC: no liquidation was told of in 4 h"),
        ("/book BTC", "BTC 100.00: no depth"),
        ("/cascade BTC -5%", "BTC −5%: $20M would be force-sold on the way"),
        ("/brief BTC", "BTC 100.00: long-liquidation setup"),
    ],
)
async def test_what_flows_through_a_market_is_answered(telegram, serving, line, begins):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says(line)
        heard = await ann.hears(within=WITHIN)
    assert begins in heard.text.splitlines()[0]
    assert bool(heard.file_id) is line.startswith("/brief")


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("/history BTC 24h", "BTC: readings of 24h"),
        ("/scoreboard BTC 30d", "BTC: what became of clusters, 30d"),
        ("/journal", "The journal is empty"),
        ("/took 99 64000", "This chat has not got an alert yet"),
    ],
)
async def test_what_is_kept_for_long_is_answered(telegram, serving, line, begins):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await bot.until(lambda: False)  # until all of it was told, and is kept
        await ann.says(line)
        heard = await ann.hears(within=WITHIN)
    assert begins in heard.text, heard.text


async def test_refresh_edits_the_same_message(telegram, serving):
    ann, more = await telegram.person("Ann"), asyncio.Event()
    async with serving(Told([*fuel(1), more, *fuel(2, above=30)])) as bot:
        await ann.says("/map BTC")
        first = await ann.hears(within=WITHIN)
        more.set()
        await bot.until(lambda: bot.services.markets.views["BTC"].up_usd > 3e7)
        answer = await ann.taps(first, "Refresh")
        second = await telegram.edited(first, within=WITHIN)
    assert (answer.text, answer.alert) == ("", False)
    assert "ratio 0.10" in first.text
    assert "ratio 1.50" in second.text
    assert second.file_id != first.file_id
    assert len(await ann.messages()) == 1


async def test_that_nothing_has_changed_is_no_error(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/clusters BTC")
        await ann.hears(within=WITHIN)
        await ann.says("/heatmap BTC")
        shown = await ann.hears(within=WITHIN)
        for _ in range(2):
            assert (await ann.taps(shown, "Refresh", within=WITHIN)).text == ""
            await telegram.calls("editMessageMedia", at_least=1, within=WITHIN)
        await telegram.settled(within=WITHIN)
        edits = await telegram.calls("editMessageMedia", at_least=2, within=WITHIN)
    assert all(edit.status == 200 or "not modified" in edit.description for edit in edits)
    assert len(await ann.messages()) == 2


async def test_another_window_takes_the_place_of_the_picture(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/heatmap btc")
        shown = await ann.hears(within=WITHIN)
        await ann.taps(shown, "30d", within=WITHIN)
        assert " of 30 days. Spot $100.00" in (await telegram.edited(shown, within=WITHIN)).text


async def test_a_command_from_the_menu_asks_for_what_it_lacks(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving(Told([*fuel(1), *fuel(2, coin="ETH")])) as bot:
        await bot.until(lambda: len(bot.services.markets.views) == 2)
        await ann.says("/heatmap")
        asked = await ann.hears(within=WITHIN)
        assert (asked.text.splitlines()[0], asked.buttons) == ("Which coin?", ["BTC", "ETH"])
        await ann.taps(asked, "ETH", within=WITHIN)
        shown = await telegram.edited(asked, within=WITHIN)
    assert shown.text.startswith("🟠 ETH 100.00")
    assert shown.file_id


async def test_what_cannot_be_understood_is_said(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/heatmap BTCC")
        assert "Did you mean BTC?" in (await ann.hears(within=WITHIN)).text
        await ann.says("/heatmup BTC")
        assert "Did you mean /heatmap?" in (await ann.hears(within=WITHIN)).text
        await ann.says(plant("planted-words-of-a-person"))
        told = await ann.hears(within=WITHIN)
        assert "There is no command 'planted-words-of-a-person'" in told.text


async def test_a_start_says_what_to_do_and_a_link_that_leads_nowhere_too(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.starts()
        welcome = await ann.hears(within=WITHIN)
        await ann.starts("nonsense_x")
        assert (await ann.hears(within=WITHIN)).text == welcome.text
    assert welcome.text.startswith("Welcome to liqbot")
    assert welcome.buttons == ["BTC heatmap", "Subscribe", "Help"]


# Subscribing


async def test_a_typed_subscription(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe regime-flip BTC band=0.3")
        told = await ann.hears(within=WITHIN)
        assert told.text.startswith("Subscribed to regime-flip BTC as #1")
        assert len(await words_of(bot, chat_of(ann))) == 1


async def test_a_guided_subscription_with_the_usual_values_takes_three_taps(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe")
        asked = await ann.hears(within=WITHIN)
        assert asked.buttons == [rule.name for rule in RULES]
        for tap in ("near-cluster", "BTC", "✓ Subscribe"):
            await ann.taps(asked, tap, within=WITHIN)
            asked = await telegram.edited(asked, within=WITHIN)
        assert asked.text.startswith("Subscribed to near-cluster BTC as #1")
        assert len(await bot.store.subscriptions.of(chat_of(ann))) == 1
    assert len(await ann.messages()) == 1


async def test_a_guided_subscription_goes_on_after_a_restart(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/subscribe near-cluster")
        asked = await ann.hears(within=WITHIN)
        for tap in ("BTC", "within: 2%"):
            await ann.taps(asked, tap, within=WITHIN)
            asked = await telegram.edited(asked, within=WITHIN)
        assert "• 2%" in asked.buttons
    async with serving() as bot:
        for tap in ("5%", "side: either", "long", "✓ Subscribe"):
            await ann.taps(asked, tap, within=WITHIN)
            asked = await telegram.edited(asked, within=WITHIN)
        assert (await words_of(bot, chat_of(ann)))[0].startswith("near-cluster BTC within=5% side=long")


async def test_a_link_that_would_subscribe_asks_first(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.starts("subscribe_regime-flip_BTC")
        asked = await ann.hears(within=WITHIN)
        assert asked.buttons[0] == "✓ Subscribe"
        assert not await bot.store.subscriptions.of(chat_of(ann))


async def test_a_button_that_no_rule_answers_to_any_more_says_so(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe")
        asked = await ann.hears(within=WITHIN)
        del bot.services.rules.by_name["trapped"]
        answer = await ann.taps(asked, "trapped", within=WITHIN)
    assert (answer.text, answer.alert) == ("There is no rule trapped any more. Type /subscribe", True)


async def test_a_subscription_is_ended_by_its_button_after_a_restart(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/subscribe near-cluster BTC")
        told = await ann.hears(within=WITHIN)
    async with serving() as bot:
        await ann.taps(told, told.buttons[0], within=WITHIN)
        assert (await ann.hears(within=WITHIN)).text.startswith("Unsubscribed from #1")
        assert not await bot.store.subscriptions.of(chat_of(ann))


# Groups, topics, channels


async def test_in_a_group_only_admins_change_subscriptions(telegram, serving, monkeypatch):
    owner, ben = await telegram.person("Owner"), await telegram.person("Ben")
    group = await telegram.group("Traders", owner, members=[ben])
    async with serving() as bot:
        await ben.says("/subscribe near-cluster BTC", to=group)
        refusal = await group.hears(within=WITHIN)
        assert refusal.text == "⚠️ Only admins can change what this chat gets."
        assert refusal.silent
        await owner.says("/subscribe@liqbot_test_bot near-cluster BTC", to=group)
        told = await group.hears(within=WITHIN)
        assert told.text.startswith("Subscribed to ")
        assert (await ben.taps(told, told.buttons[0], within=WITHIN)).alert
        assert len(await bot.store.subscriptions.of(chat_of(group))) == 1
        await group.promotes(ben)
        monkeypatch.setattr("liqbot.chat.telegram.rights.KNOWN_S", 0.0)  # a few seconds later
        assert not (await ben.taps(told, told.buttons[0], within=WITHIN)).alert
        await subscribed(bot, chat_of(group), count=0)


async def test_a_guided_subscription_in_a_group_is_for_admins_alone(telegram, serving):
    owner, ben = await telegram.person("Owner"), await telegram.person("Ben")
    group = await telegram.group("Traders", owner, members=[ben])
    async with serving():
        await ben.says("/subscribe", to=group)
        assert "Only admins" in (await group.hears(within=WITHIN)).text
        await owner.says("/subscribe", to=group)
        asked = await group.hears(within=WITHIN)
        answer = await ben.taps(asked, "near-cluster", within=WITHIN)
        assert (answer.text, answer.alert) == ("Only admins can change what this chat gets.", True)
        await owner.taps(asked, "near-cluster", within=WITHIN)
        assert "which coin" in (await telegram.edited(asked, within=WITHIN)).text


async def test_whether_somebody_is_an_admin_is_asked_only_where_it_matters(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving():
        await owner.says("/clusters BTC", to=group)
        await group.hears(within=WITHIN)
        await owner.says("/subscriptions", to=group)
        await group.hears(within=WITHIN)
        assert not await telegram.calls("getChatMember")
        await owner.says("/subscribe near-cluster BTC", to=group)
        await group.hears(within=WITHIN)
    assert len(await telegram.calls("getChatMember")) == 1


async def test_who_asks_again_and_again_is_asked_about_once_in_a_few_seconds(telegram, serving, monkeypatch):
    owner, ben = await telegram.person("Owner"), await telegram.person("Ben")
    group = await telegram.group("Traders", owner, members=[ben])
    async with serving():
        await telegram.burst([(ben.id, group.id, "/subscribe near-cluster BTC")] * 5)
        await telegram.messages(group, at_least=5, within=WITHIN)
        assert len(await telegram.calls("getChatMember")) == 1
        monkeypatch.setattr("liqbot.chat.telegram.rights.KNOWN_S", 0.0)
        await owner.says("/subscribe near-cluster BTC", to=group)
        await ben.says("/subscribe near-cluster BTC", to=group)
        await telegram.messages(group, at_least=7, within=WITHIN)
    assert len(await telegram.calls("getChatMember")) == 3, "of each, and later again"


async def test_where_telegram_does_not_say_who_is_an_admin_nothing_is_changed(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving() as bot:
        await telegram.fail("bad_gateway", "getChatMember")
        await owner.says("/subscribe near-cluster BTC", to=group)
        assert "does not say at present who is an admin" in (await group.hears(within=WITHIN)).text
        assert not await bot.store.subscriptions.of(chat_of(group))
        await owner.says("/subscribe near-cluster BTC", to=group)
        assert (await group.hears(within=WITHIN)).text.startswith("Subscribed")


async def test_a_tap_that_cannot_be_acknowledged_is_done_all_the_same(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/subscribe")
        asked = await ann.hears(within=WITHIN)
        await telegram.fail("reset", "answerCallbackQuery")
        await ann.taps(asked, "trapped", within=0.5)
        assert "which coin" in (await telegram.edited(asked, within=WITHIN)).text


async def test_a_tap_that_nobody_can_have_made_does_nothing(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe near-cluster BTC")
        told = await ann.hears(within=WITHIN)
        await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        tap = Tapped(
            chat_of(ann), "+/unsubscribe 1", "private", str(ann.id), "en", "1", told.id + 2, forged_on(told)
        )
        await bot.servings[0].adapter._handler.take(tap)
        assert len(await bot.store.subscriptions.of(chat_of(ann))) == 1


async def test_what_a_group_asks_for_is_answered_to_who_asked_and_others_commands_are_left_alone(
    telegram, serving
):
    owner = await telegram.person("Owner")
    group = await telegram.supergroup("Traders", owner)
    await telegram.settings(reads_all=True)
    async with serving():
        await owner.says("BTC is going down", to=group)
        await owner.says("/roll 2d6", to=group)
        await owner.says("/heatmap@another_bot BTC", to=group)
        asked = await owner.says("/regime BTC", to=group)
        answer = await group.hears(within=WITHIN)
    assert answer.raw["reply_to_message"]["message_id"] == asked["message_id"]
    assert len(await group.messages()) == 1


async def test_each_topic_has_subscriptions_of_its_own_and_answers_stay_in_it(telegram, serving):
    owner = await telegram.person("Owner")
    forum = await telegram.supergroup("Traders", owner, forum=True)
    one, two = await forum.opens_topic("BTC"), await forum.opens_topic("ETH")
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=forum, topic=one)
        assert (await forum.hears(within=WITHIN)).topic == one
        await owner.says("/subscriptions", to=forum, topic=two)
        heard = await forum.hears(within=WITHIN)
        assert (heard.topic, heard.text.splitlines()[0]) == (two, "No subscriptions in this chat")
        assert len(await bot.store.subscriptions.of(chat_of(forum, one))) == 1


async def test_a_channel_is_served_where_the_bot_is_an_admin(telegram, serving):
    owner, reader = await telegram.person("Owner"), await telegram.person("Reader")
    channel = await telegram.channel("Liquidations", owner, members=[reader])
    async with serving() as bot:
        await owner.posts("/subscribe near-cluster BTC", channel)
        told = await channel.hears(within=WITHIN)
        assert told.text.startswith("Subscribed to ")
        assert (await reader.taps(told, "Unsubscribe", within=WITHIN)).alert
        assert len(await bot.store.subscriptions.of(chat_of(channel))) == 1


async def test_a_reader_of_a_channel_cannot_make_it_post(telegram, serving):
    owner, reader = await telegram.person("Owner"), await telegram.person("Reader")
    channel = await telegram.channel("Liquidations", owner, members=[reader])
    async with serving():
        await owner.posts("/clusters BTC", channel)
        shown = await channel.hears(within=WITHIN)
        answer = await reader.taps(shown, "Map", within=WITHIN)
        assert answer.text.startswith("BTC 100.00: long-liquidation setup")
        await owner.taps(shown, "Map", within=WITHIN)
        assert (await channel.hears(within=WITHIN)).file_id
    assert len(await channel.messages()) == 2


# Coming and going


async def test_a_stopped_chat_gets_nothing_until_it_starts_again(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe near-cluster BTC")
        await ann.hears(within=WITHIN)
        await ann.says("/stop")
        assert (await ann.hears(within=WITHIN)).text.startswith("Stopped")
        assert (await bot.store.chats.settings(chat_of(ann))).inactive == "stopped with /stop"
        await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        assert (await bot.store.chats.settings(chat_of(ann))).inactive
        await ann.starts()
        assert (await ann.hears(within=WITHIN)).text.startswith("Back again")
        assert (await bot.store.chats.settings(chat_of(ann))).inactive is None


async def test_a_block_is_noticed_at_once_and_its_end_too(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe near-cluster BTC")
        await ann.hears(within=WITHIN)
        await ann.blocks()
        await away(bot, chat_of(ann), "bot was blocked by the user")
        await ann.unblocks()
        await away(bot, chat_of(ann), None)
        assert len(await bot.store.subscriptions.of(chat_of(ann))) == 1


async def test_a_group_that_removes_the_bot_is_left_alone_and_can_take_it_back(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=group)
        await group.hears(within=WITHIN)
        await group.removes_bot()
        await away(bot, chat_of(group), "bot has left the chat")
        await group.adds_bot()
        await away(bot, chat_of(group), None)


async def test_a_group_keeps_its_subscriptions_when_it_becomes_a_supergroup(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=group)
        await group.hears(within=WITHIN)
        new = await group.upgrades()
        await subscribed(bot, chat_of(new), count=1)
        await owner.says("/subscriptions", to=new)
        assert "near-cluster BTC" in (await new.hears(within=WITHIN)).text
        assert not await bot.store.subscriptions.of(chat_of(group))


async def test_an_answer_follows_a_group_that_moved_while_it_was_written(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving() as bot:
        await owner.says("/subscribe near-cluster BTC", to=group)
        told = await group.hears(within=WITHIN)
        await telegram.fail("delay", "getChatMember", seconds=0.5)
        await owner.says("/subscribe trapped BTC", to=group)
        new = await group.upgrades()
        assert (await new.hears(within=WITHIN)).text.splitlines()[0].endswith("as #2")
        await subscribed(bot, chat_of(new), count=2)
        assert told.chat == group.id


async def away(bot, chat: ChatKey, reason):
    """Wait until a chat is away for that reason; None for not."""
    await eventually(
        lambda: bot.store.absences.of_chat(chat), lambda found: getattr(found, "reason", None) == reason
    )


# Who may


async def test_a_stranger_is_turned_away_once_and_comes_in_by_a_link(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving(access={"mode": "invite"}) as bot:
        await ann.says("/help")
        turned_away = await ann.hears(within=WITHIN)
        assert f"telegram:{ann.id}" in turned_away.text
        code = (await bot.services.access.invite(1, 1)).code
        await ann.says("/help")  # says nothing a second time
        await ann.starts(f"join_{code}")
        assert "let in" in (await ann.hears(within=WITHIN)).text
        await ann.says("/help")
        assert "What you can ask" in (await ann.hears(within=WITHIN)).text
