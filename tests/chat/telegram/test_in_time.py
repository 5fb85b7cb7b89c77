"""Answers on time: taps of many at once, and what was said while the bot was away. All limits are on."""

import asyncio
import time
from dataclasses import replace

from chat.telegram.stand_ins import WITHIN, Market, chat_of, eventually, free_port, seen_by_rules, subscribe

from liqbot.chat.telegram.adapter import LIMITS
from liqbot.chat.telegram.backlog import OLD_S
from liqbot.chat.telegram.own_commands import STOPPED
from liqbot.chat.telegram.update_handler import TAP_PATIENCE_S

AT_ONCE_S = 5.0


async def too_fast(telegram):
    return [call for call in await telegram.calls() if call.cause in ("limit", "flood wait")]


async def test_twenty_five_members_who_tap_are_answered_and_the_next_question_too(telegram, serving):
    owner = await telegram.person("Owner")
    members = [await telegram.person(f"Member {number}") for number in range(25)]
    group = await telegram.group("Traders", owner, members=members)
    buttons = ["Refresh", "Map", "Heatmap"]
    async with serving():
        await owner.says("/clusters BTC", to=group)
        [first] = await telegram.messages(group, at_least=1, within=WITHIN)
        buttons = first.buttons
        begun = time.monotonic()

        async def taps(place, member):
            answer = await member.taps(first, buttons[place % len(buttons)], within=WITHIN)
            return answer, time.monotonic() - begun

        told = await asyncio.gather(*(taps(place, member) for place, member in enumerate(members)))
        asked = time.monotonic()
        before = len(await telegram.messages(group))
        await owner.says("/regime BTC", to=group)
        await eventually(
            lambda: telegram.messages(group),
            lambda heard: any("Ratio" in one.text for one in heard[before:]),
        )
        assert time.monotonic() - asked < AT_ONCE_S
    assert all(answer is not None for answer, _ in told)
    # By the clock of the counterpart, from tap to answer; this machine may be busy.
    assert max(answer.after for answer, _ in told) < TAP_PATIENCE_S + 1
    assert not await too_fast(telegram)


async def test_what_a_group_has_no_room_for_is_told_by_the_acknowledgement(telegram, serving, monkeypatch):
    monkeypatch.setattr("liqbot.chat.telegram.adapter.LIMITS", replace(LIMITS, a_group_minute=8))
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    async with serving():
        await owner.says("/heatmap BTC", to=group)
        [shown] = await telegram.messages(group, at_least=1, within=WITHIN)
        texts = []
        for button in ("7d", "30d", "24h", "7d"):
            now = await telegram.edited(shown, times=0)
            if button in now.buttons:
                texts.append((await owner.taps(now, button, within=WITHIN)).text)
    assert any(text.startswith("BTC 100.00") for text in texts), texts
    assert not await too_fast(telegram)


async def test_after_an_outage_who_asks_now_is_answered_and_old_questions_get_one_apology(telegram, serving):
    waiting = await telegram.people(40)
    ann, ben = await telegram.person("Ann"), await telegram.person("Ben")
    await telegram.flood(waiting, "/regime BTC", times=10, age=OLD_S + 3_600)
    await telegram.flood([ben.id], "/regime BTC", age=OLD_S + 3_600)
    await telegram.flood([ben.id], "/stop", age=OLD_S + 3_600)
    async with serving() as bot:
        await subscribe(bot, chat_of(ben))
        asked = time.monotonic()
        await ann.says("/regime BTC")
        assert "Ratio" in (await ann.hears(within=WITHIN)).text
        assert time.monotonic() - asked < AT_ONCE_S
        [apology] = await telegram.messages(waiting[-1], at_least=1, within=WITHIN)
        assert apology.text.startswith("I was away for a while, and 10 messages here were not answered")
        assert apology.buttons == ["/regime BTC"]
        told = await ben.hears(within=WITHIN)
        assert "Stopped: no more alerts here" in told.text
    tally = await telegram.tally(waiting)
    assert set(tally.values()) == {1}
    assert not await too_fast(telegram)


async def test_the_question_of_an_apology_is_a_tap_away(telegram, serving):
    ann = await telegram.person("Ann")
    await telegram.flood([ann.id], "/regime BTC", age=OLD_S + 60)
    async with serving():
        apology = await ann.hears(within=WITHIN)
        assert "your message was not answered" in apology.text
        await ann.taps(apology, "/regime BTC", within=WITHIN)
        assert "Ratio" in (await ann.hears(within=WITHIN)).text


async def test_what_a_webhook_brings_late_gets_one_apology_as_well(telegram, serving, monkeypatch):
    monkeypatch.setattr("liqbot.chat.telegram.intake.BROUGHT_S", 0.3)
    ann, port = await telegram.person("Ann"), free_port()
    await telegram.flood([ann.id], "/regime BTC", times=5, age=OLD_S + 60)
    async with serving(webhook_url=f"http://127.0.0.1:{port}", webhook_port=port):
        apology = await ann.hears(within=WITHIN)
    assert apology.text.startswith("I was away for a while, and 5 messages")
    assert len(await ann.messages()) == 1


async def test_no_alert_comes_to_who_said_stop_while_the_bot_was_away(telegram, serving):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market) as bot:
        await subscribe(bot, chat_of(ann))
        await seen_by_rules(bot)
        await telegram.fail("bad_gateway", "sendPhoto|sendMessage", times=None)
        market.flip()
        await telegram.calls("sendPhoto", at_least=1, within=WITHIN)
    await telegram.heal()
    await telegram.flood([ann.id], "/stop", age=OLD_S + 60)
    async with serving() as bot:
        await ann.hears(within=WITHIN)
        await bot.drain(WITHIN)
        settings = await bot.store.chats.settings(chat_of(ann))
    assert settings.inactive == STOPPED
    assert [message.text.split("\n")[0] for message in await ann.messages()] == [
        "I was away for a while, and have done now what you asked"
    ]


async def test_a_wish_to_hear_less_is_done_before_the_answers_that_still_wait(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await subscribe(bot, chat_of(ann))
        for _ in range(3):
            await ann.says("/regime BTC")
        await ann.says("/stop")
        await eventually(lambda: bot.store.chats.settings(chat_of(ann)), lambda one: one.inactive == STOPPED)
        assert len(await ann.messages()) < 3
