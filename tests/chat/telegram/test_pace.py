"""Pace: with Telegram's own limits on, nothing is refused as too fast, and people are answered in between."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from chat.telegram.stand_ins import WITHIN, Market, chat_of, seen_by_rules, subscribe

from liqbot.chat.telegram.adapter import LIMITS
from liqbot.chat.telegram.connection import TAPS_IN_FLIGHT
from liqbot.store.chats import ChatKey

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")


async def too_fast(telegram):
    """Return the calls that were refused because we were too fast."""
    return [call for call in await telegram.calls() if call.cause in ("limit", "flood wait")]


@asynccontextmanager
async def lateness():
    """Yield by how many seconds the loop's timers of 10 ms were late meanwhile, one for each."""
    late = []

    async def look():
        while True:
            start = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - start - 0.01)

    looking = asyncio.create_task(look())
    try:
        yield late
    finally:
        looking.cancel()


async def test_a_broadcast_keeps_the_pace_and_whoever_asks_is_answered_meanwhile(telegram, serving):
    people, market = await telegram.people(150), Market()
    gone, ann = people[::20], await telegram.person("Ann")
    await telegram.block_quietly(gone)
    async with serving(market) as bot, lateness() as late:
        await subscribe(bot, *(ChatKey("telegram", str(person)) for person in people))
        await seen_by_rules(bot)
        await telegram.fail("too_many", "sendPhoto", times=3, seconds=1, share=0.05)
        market.flip()
        await telegram.calls("sendPhoto", at_least=30, within=WITHIN)
        asked = time.monotonic()
        await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        assert time.monotonic() - asked < 1
        await telegram.calls("sendPhoto", at_least=len(people) + 3, within=WITHIN)
        await bot.drain(WITHIN)
    tally = await telegram.tally(people)
    assert {person: count for person, count in tally.items() if count != 1} == dict.fromkeys(gone, 0)
    assert not await too_fast(telegram)
    # What waited for the picture's upload leaves all at once; from then on the pace is even.
    times = sorted(call.at for call in await telegram.calls("sendPhoto"))[LIMITS.in_flight : len(people)]
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert rate <= 30
    if (
        sorted(late)[len(late) * 9 // 10] < 0.015
    ):  # on a machine that is too busy for its timers no pace is even
        assert rate >= 27
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= 30


async def test_a_conversation_in_a_group_stays_within_its_limit(telegram, serving):
    owner = await telegram.person("Owner")
    group = await telegram.group("Traders", owner)
    await telegram.limits(chat_burst=2)  # one may overtake the other's time on its way, and no more than that
    async with serving():
        for _ in range(5):
            await owner.says("/regime BTC", to=group)
        await telegram.messages(group, at_least=5, within=WITHIN)
    assert not await too_fast(telegram)


async def test_who_asks_in_the_second_of_an_alert_is_answered_at_once(telegram, serving):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market) as bot:
        await subscribe(bot, chat_of(ann))
        await seen_by_rules(bot)
        market.flip()
        await ann.hears(within=WITHIN)
        for _ in range(2):
            await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        await ann.hears(within=WITHIN)
    sent = [call for call in await telegram.calls() if call.method.startswith("send") and call.status == 200]
    alert, first, second = (call.at for call in sent)
    assert second - alert < 2, "of two answers only the second waits, and the alert costs neither anything"
    assert second - first >= 0.9 or first - alert >= 0.9
    assert not await too_fast(telegram)


async def test_several_alerts_to_one_chat_are_spread(telegram, serving):
    ann, market = await telegram.person("Ann"), Market()
    async with serving(market) as bot:
        await bot.services.chats.set_grouped(chat_of(ann), grouped=False)
        for band in ("0.1", "0.2", "0.3", "0.4"):
            await subscribe(bot, chat_of(ann), band=band)
        await seen_by_rules(bot)
        market.flip()
        await telegram.messages(ann, at_least=4, within=WITHIN)
    assert not await too_fast(telegram)
    times = [call.at for call in await telegram.calls("sendPhoto")]
    assert times[-1] - times[0] > 2.5


@pytest.mark.long
async def test_buttons_that_telegram_is_slow_to_let_go_hold_up_no_answer(telegram, serving):
    people, ann = await telegram.people(40), await telegram.person("Ann")
    async with serving():
        await telegram.burst([(person, person, "/clusters BTC") for person in people])
        shown = [(await telegram.messages(person, at_least=1, within=WITHIN))[-1] for person in people]
        await telegram.fail("hold", "answerCallbackQuery", times=1_000, seconds=60)
        await telegram.burst(
            tapped=[
                (person, person, message.id, message.rows[0][0]["callback_data"])
                for person, message in zip(people, shown, strict=True)
            ]
        )
        await telegram.calls("answerCallbackQuery", at_least=TAPS_IN_FLIGHT, within=WITHIN)
        asked = time.monotonic()
        await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        assert time.monotonic() - asked < 4, "sooner than Telegram is given up for the buttons"
        await telegram.heal()
