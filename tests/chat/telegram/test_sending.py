"""Sending alerts: what arrives, and what is made of everything that may go wrong."""

import asyncio
import socket
from dataclasses import replace

import pytest
from chat.telegram.stand_ins import chat_of

from liqbot.alerts.platform import ChatAway, ChatMoved, NotSent, OutgoingMessage, SlowDown, Unclear
from liqbot.message import Button, Message

# What python-telegram-bot says of its own next version is none of our business: both are read.
pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")

WRONG_TOKEN = "70000001:another-secret-than-the-right-one"  # noqa: S105 - names no bot anywhere
ALERT = Message("BTC: fuel has moved", ("Spot 64,000.",), actions=(Button("Mute 1 h", "/mute 1h"),))


def parcel(chat, message=ALERT, **more):
    return OutgoingMessage(chat_of(chat), message, key="7-1", **more)


async def outcome_of(adapter, chat, message=ALERT, **more):
    """Return what comes of sending: the receipt, or the error."""
    try:
        return await adapter.send(parcel(chat, message, **more))
    except NotSent as error:
        return error


# What arrives


async def test_an_alert_arrives_with_its_buttons(telegram, adapter_of):
    ann = await telegram.person()
    receipt = await adapter_of().send(parcel(ann))
    heard = await ann.hears()
    assert receipt.message_id == str(heard.id)
    assert receipt.upload is None
    assert heard.text == "BTC: fuel has moved\nSpot 64,000."
    assert heard.rows == [[{"text": "Mute 1 h", "callback_data": "+/mute 1h"}]]
    assert not heard.silent


async def test_what_is_kept_up_to_date_is_changed_in_the_message_that_was_sent(telegram, adapter_of, chart):
    ann, adapter = await telegram.person(), adapter_of()
    for first, news in ((ALERT, "cascade over"), (replace(ALERT, picture=chart), "cascade on")):
        receipt = await adapter.send(parcel(ann, first))
        sent = await ann.hears()
        changed = replace(first, title=f"BTC: {news}")
        again = await adapter.send(parcel(ann, changed, replaces=receipt.message_id))
        assert again.message_id == receipt.message_id
        assert (await telegram.edited(sent)).text.startswith(f"BTC: {news}")
    await telegram.silence(ann)


async def test_where_that_message_cannot_be_changed_the_news_follow_as_one_of_their_own(telegram, adapter_of):
    ann = await telegram.person()
    await adapter_of().send(parcel(ann, replaces="987654"))
    assert (await ann.hears()).text.startswith("BTC: fuel has moved")


async def test_a_silent_alert_makes_no_sound(telegram, adapter_of):
    ann = await telegram.person()
    await adapter_of().send(parcel(ann, silent=True))
    assert (await ann.hears()).silent


async def test_a_picture_is_uploaded_once_and_sent_again_by_its_handle(telegram, adapter_of, chart):
    ann, ben = await telegram.person("Ann"), await telegram.person("Ben")
    adapter, message = adapter_of(), replace(ALERT, picture=chart)
    receipt = await adapter.send(parcel(ann, message))
    await adapter.send(parcel(ben, message, upload=receipt.upload))
    first, second = await ann.hears(), await ben.hears()
    assert await telegram.picture(first.file_id) == chart.png
    assert second.file_id == first.file_id == receipt.upload
    assert first.text == f"BTC: fuel has moved\nSpot 64,000.\n{chart.alt}"
    photos = [call.parameters["photo"] for call in await telegram.calls("sendPhoto")]
    assert photos == [{"file": chart.name, "bytes": len(chart.png)}, receipt.upload]


async def test_a_handle_that_telegram_forgot_is_no_reason_not_to_arrive(telegram, adapter_of, chart):
    ann = await telegram.person()
    receipt = await adapter_of().send(parcel(ann, replace(ALERT, picture=chart), upload="AgACforgotten"))
    assert receipt.upload == (await ann.hears()).file_id


async def test_where_pictures_are_forbidden_the_alert_comes_in_words(telegram, adapter_of, chart):
    group = await telegram.group("Traders", await telegram.person())
    await group.forbids("photos")
    await adapter_of().send(parcel(group, replace(ALERT, picture=chart)))
    assert (await group.hears()).text == f"BTC: fuel has moved\nSpot 64,000.\n{chart.alt}"


async def test_an_alert_arrives_in_its_topic(telegram, adapter_of):
    forum = await telegram.supergroup("Traders", await telegram.person(), forum=True)
    topic = await forum.opens_topic("Alerts")
    await adapter_of().send(OutgoingMessage(chat_of(forum, topic), ALERT, key="7-1"))
    assert (await forum.hears()).topic == topic


async def test_an_alert_arrives_in_a_channel(telegram, adapter_of):
    channel = await telegram.channel("Liquidations", await telegram.person())
    await adapter_of().send(parcel(channel))
    assert (await channel.hears()).text.startswith("BTC: fuel has moved")


async def test_a_channel_may_go_by_its_name(telegram, adapter_of):
    channel = await telegram.channel("Liquidations", await telegram.person(), username="liq_levels")
    adapter, name = adapter_of(), chat_of(channel)._replace(native_id="@liq_levels")
    await adapter.send(OutgoingMessage(name, ALERT, key="7-1"))
    assert (await channel.hears()).text.startswith("BTC: fuel has moved")
    assert adapter.is_group(name)


async def test_groups_and_channels_are_groups_and_people_are_not(telegram, adapter_of):
    ann = await telegram.person()
    rooms = [await telegram.group("a", ann), await telegram.supergroup("b", ann)]
    rooms.append(await telegram.channel("c", ann))
    adapter = adapter_of()
    assert [adapter.is_group(chat_of(chat)) for chat in (ann, *rooms)] == [False, True, True, True]


# What goes wrong


async def test_a_chat_that_blocked_the_bot_is_away(telegram, adapter_of):
    ann = await telegram.person()
    await ann.blocks()
    error = await outcome_of(adapter_of(), ann)
    assert type(error) is ChatAway
    assert str(error) == "Forbidden: bot was blocked by the user"


async def test_whoever_may_come_back_is_away(telegram, adapter_of):
    adapter, ann = adapter_of(), await telegram.person()
    ben = await telegram.person()
    await ben.deletes_account()
    never = await telegram.person(started=False)
    kicked, left = await telegram.group("a", ann), await telegram.group("b", ann)
    await kicked.kicks_bot()
    await left.removes_bot()
    for chat in (ben, never, kicked, left):
        assert type(await outcome_of(adapter, chat)) is ChatAway
    unknown = OutgoingMessage(chat_of(ann)._replace(native_id="-100999"), ALERT, key="7-1")
    with pytest.raises(ChatAway, match="Chat not found"):  # so it is for another bot's token
        await adapter.send(unknown)


async def test_a_topic_that_was_closed_or_is_not_found_is_away(telegram, adapter_of):
    adapter = adapter_of()
    forum = await telegram.supergroup("Traders", await telegram.person(), forum=True)
    closed, deleted = await forum.opens_topic("a"), await forum.opens_topic("b")
    await forum.closes_topic(closed)
    await forum.deletes_topic(deleted)
    with pytest.raises(ChatAway, match=r"(?i)topic_closed"):
        await adapter.send(OutgoingMessage(chat_of(forum, closed), ALERT, key="7-1"))
    with pytest.raises(ChatAway, match="thread not found"):  # topics may be switched on again
        await adapter.send(OutgoingMessage(chat_of(forum, deleted), ALERT, key="7-2"))


async def test_a_group_that_became_a_supergroup_has_moved(telegram, adapter_of):
    group = await telegram.group("Traders", await telegram.person())
    new = await group.upgrades()
    error = await outcome_of(adapter_of(), group)
    assert (type(error), error.native_id) == (ChatMoved, str(new.id))


async def test_a_chat_in_which_the_bot_may_not_write_is_away(telegram, adapter_of):
    group = await telegram.group("Traders", await telegram.person())
    await group.forbids("messages")
    assert type(await outcome_of(adapter_of(), group)) is ChatAway


@pytest.mark.parametrize("as_timedelta", ["false", "true"])
async def test_a_flood_wait_halts_that_chat_alone(telegram, adapter_of, monkeypatch, as_timedelta):
    monkeypatch.setenv("PTB_TIMEDELTA", as_timedelta)
    ann, ben = await telegram.person(), await telegram.person()
    await telegram.flood_wait(ann, 7)
    adapter = adapter_of()
    error = await outcome_of(adapter, ann)
    assert (type(error), error.pause_s, error.everywhere) == (SlowDown, 7, False)
    await adapter.send(parcel(ben))


@pytest.mark.parametrize("kind", ["bad_gateway", "server_error", "reset"])
@pytest.mark.parametrize("stored", [True, False])
async def test_after_an_answer_that_says_nothing_nobody_knows(telegram, adapter_of, kind, stored):
    ann = await telegram.person()
    await telegram.fail(kind, "sendMessage", after=stored)
    error = await outcome_of(adapter_of(), ann)
    assert type(error) is Unclear
    assert "<html>" not in str(error)
    assert len(await ann.messages()) == stored


async def test_an_answer_that_does_not_come_leaves_it_unclear_whether_it_arrived(telegram, adapter_of):
    ann = await telegram.person()
    await telegram.fail("hold", "sendMessage", seconds=10)
    assert type(await outcome_of(adapter_of(patience_s=0.3), ann)) is Unclear
    assert len(await ann.messages()) == 1


async def test_where_nobody_listens_it_has_surely_not_arrived(telegram, adapter_of):
    ann = await telegram.person()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        adapter = adapter_of(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert type(await outcome_of(adapter, ann)) is NotSent


async def test_a_token_that_is_no_more_keeps_the_alert(telegram, adapter_of):
    ann = await telegram.person()
    error = await outcome_of(adapter_of(token=WRONG_TOKEN), ann)
    assert type(error) is NotSent
    assert "another-secret" not in str(error)


async def test_after_the_end_nothing_arrives_and_nothing_is_lost(telegram, adapter_of):
    ann = await telegram.person()
    adapter = adapter_of()
    await adapter.send(parcel(ann))
    await adapter.close()
    assert type(await outcome_of(adapter, ann)) is NotSent
    assert len(await ann.messages()) == 1


async def test_no_more_requests_than_allowed_are_in_flight(telegram, adapter_of):
    people = await telegram.people(60)
    await telegram.limits(on=False)
    await telegram.fail("delay", "sendMessage", times=None, seconds=0.3)
    adapter = adapter_of()
    chats = [chat_of(await telegram.person())._replace(native_id=str(person)) for person in people]
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(adapter.send(OutgoingMessage(chat, ALERT, key="7-1")) for chat in chats))
    assert asyncio.get_running_loop().time() - started >= 0.6  # two rounds, of at most 30 each
    assert sum((await telegram.tally(people)).values()) == 60
