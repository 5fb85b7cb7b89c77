"""How fast a bot may send: the limits themselves on a clock of the tests, and through the wire."""

import pytest
from counterparts.telegram.pacing import Limits, Pacing
from counterparts.telegram_bots import bot_of
from telegram.error import RetryAfter

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")


def sent(pacing, chat, now, *, group=False):
    """Send if allowed; return None or the refusal."""
    refused = pacing.check("sendmessage", chat, now, group)
    if refused is None:
        pacing.count("sendmessage", chat, now, group)
    return refused


def test_thirty_a_second_pass_for_minutes():
    pacing = Pacing()
    assert all(sent(pacing, chat, chat / 30) is None for chat in range(5000))


def test_the_thirty_first_within_any_second_is_refused_whatever_came_before():
    even, rested = Pacing(), Pacing()
    assert [sent(even, chat, chat / 32) for chat in range(40)].index(("limit", 1)) == 30
    assert sent(rested, 0, 0.0) is None
    at_once = [sent(rested, chat, 60.0) for chat in range(1, 40)]
    assert at_once.index(("limit", 1)) == 30
    split = Pacing()
    assert all(sent(split, chat, 0.9) is None for chat in range(16))
    assert [sent(split, chat, 1.1) for chat in range(16, 31)].index(("limit", 1)) == 14


def test_one_a_second_passes_in_a_chat_and_a_small_burst():
    pacing = Pacing()
    assert [sent(pacing, 1, 0.0) for _ in range(4)] == [None, None, None, ("limit", 1)]
    assert sent(pacing, 2, 0.0) is None
    assert sent(pacing, 1, 0.5) == ("flood wait", 1)
    assert [sent(pacing, 1, second) for second in (1.0, 2.0, 3.0)] == [None, None, None]


def test_a_group_takes_twenty_a_minute():
    pacing = Pacing()
    assert all(sent(pacing, -1, 2.0 * step, group=True) is None for step in range(20))
    assert sent(pacing, -1, 40.0, group=True) == ("limit", 20)
    assert sent(pacing, -2, 40.0, group=True) is None
    assert sent(pacing, -1, 60.1, group=True) is None


def test_what_sends_nothing_is_not_counted():
    pacing = Pacing(Limits(per_second=0.001))
    assert sent(pacing, 1, 0.0) is None
    assert pacing.check("getupdates", "", 0.0, group=False) is None
    assert sent(pacing, 2, 0.0) == ("limit", 1000)


async def test_a_bot_that_is_too_fast_gets_a_429_and_the_log_says_why(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        for _ in range(3):
            await bot.send_message(ann.id, "x")
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(ann.id, "x")
        assert refused.value.retry_after == 1
        await telegram.reset()
        await telegram.limits(on=False)
        ann = await telegram.person()
        for _ in range(10):
            await bot.send_message(ann.id, "x")
    assert [call.cause for call in await telegram.calls("sendMessage")] == [""] * 10


async def test_the_limits_can_be_set(telegram):
    ann = await telegram.person("Ann")
    group = await telegram.group("Us", ann)
    await telegram.limits(group_per_minute=1)
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(group.id, "x")
        with pytest.raises(RetryAfter) as refused:
            await bot.edit_message_text("y", group.id, sent.message_id)
    assert 59 <= refused.value.retry_after <= 60
    assert [(call.cause, call.status) for call in (await telegram.calls())[-2:]] == [
        ("", 200),
        ("limit", 429),
    ]
