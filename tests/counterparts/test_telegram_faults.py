"""Faults on order, as python-telegram-bot meets them."""

import pytest
from counterparts.telegram_bots import bot_of, listening
from telegram.error import Conflict, Forbidden, NetworkError, RetryAfter, TimedOut

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")


async def test_a_flood_wait_names_whole_seconds_and_holds_for_that_chat(telegram):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    order = await telegram.fail("too_many", "sendMessage", chat=ann, seconds=7)
    async with bot_of(telegram) as bot:
        await bot.send_message(bob.id, "x")
        with pytest.raises(RetryAfter) as first:
            await bot.send_message(ann.id, "x")
        with pytest.raises(RetryAfter) as second:
            await bot.send_message(ann.id, "x")
        await bot.send_message(bob.id, "x")
    assert (type(first.value.retry_after), first.value.retry_after) == (int, 7)
    assert 6 <= second.value.retry_after <= 7
    assert await telegram.hits(order) == 1
    calls = await telegram.calls("sendMessage")
    assert [call.cause for call in calls] == ["", "fault", "flood wait", ""]
    assert await telegram.calls("sendMessage", after=calls[1].number) == calls[2:]


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("bad_gateway", NetworkError, "Bad Gateway"),
        ("server_error", NetworkError, "Internal Server Error"),
        ("conflict", Conflict, "make sure that only one bot instance is running"),
        ("blocked", Forbidden, "bot was blocked by the user"),
        ("reset", NetworkError, "ReadError"),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_call_fails_before_or_after_it_was_carried_out(telegram, kind, error, words, after):
    ann = await telegram.person()
    await telegram.fail(kind, "send.*", after=after)
    async with bot_of(telegram) as bot:
        with pytest.raises(error, match=words):
            await bot.send_message(ann.id, "lost?")
        await bot.send_message(ann.id, "back")
    assert [seen.text for seen in await ann.messages()] == ["lost?", "back"][not after :]


async def test_an_answer_can_be_held_back_after_the_message_was_stored(telegram):
    ann = await telegram.person()
    await telegram.fail("hold", "sendMessage", seconds=30)
    async with bot_of(telegram) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(ann.id, "stored", read_timeout=0.1)
    (call,) = await telegram.calls("sendMessage", at_least=1)
    assert (call.description, call.cause) == ("hold", "fault")
    assert [seen.text for seen in await ann.messages()] == ["stored"]


async def test_a_late_call_is_carried_out_though_its_caller_hung_up(telegram):
    ann = await telegram.person()
    await telegram.fail("delay", "sendMessage", times=2, seconds=0.2)
    async with bot_of(telegram) as bot:
        await bot.send_message(ann.id, "waited for")
        with pytest.raises(TimedOut):
            await bot.send_message(ann.id, "given up", read_timeout=0.05)
        assert (await ann.hears()).text == "waited for"
        assert (await ann.hears()).text == "given up"


async def test_a_share_of_the_calls_fails_the_same_way_each_time(telegram):
    people = await telegram.people(40)
    await telegram.fail("too_many", "sendMessage", times=None, share=0.25, seed=3)
    await telegram.limits(on=False)
    failed = []
    async with bot_of(telegram) as bot:
        for person in people:
            try:
                await bot.send_message(person, "x")
            except RetryAfter:
                failed.append(person - people[0])
    assert 5 <= len(failed) <= 15
    assert sum((await telegram.tally(people)).values()) == 40 - len(failed)
    await telegram.heal()
    async with bot_of(telegram) as bot:
        await telegram.flood_wait(people[0], 100)
        with pytest.raises(RetryAfter):
            await bot.send_message(people[0], "x")


async def test_a_poller_outlives_every_fault_of_its_poll(telegram):
    ann = await telegram.person()
    async with listening(telegram) as bot:
        await telegram.polled()
        kinds = ("reset", "bad_gateway", "conflict")
        for kind in kinds:
            order = await telegram.fail(kind, "getUpdates")
            await ann.says(f"during {kind}")
            await telegram.hits(order, at_least=1)
        await telegram.settled(within=10)
    assert [message.text for message in bot.messages] == [f"during {kind}" for kind in kinds]


async def test_an_unknown_fault_or_limit_is_refused(telegram):
    with pytest.raises(ValueError, match="there is no fault “meteor”; there are bad_gateway"):
        await telegram.fail("meteor")
    with pytest.raises(ValueError, match="there is no limit “per_year”"):
        await telegram.limits(per_year=1)
