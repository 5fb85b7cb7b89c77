"""Alerts on their way to Discord: what arrives, how often, and what is said of what did not."""

from dataclasses import replace

import pytest
from chat.discord.stand_ins import bring, eventually, text_of

from liqbot.alerts.platform import ChatAway, ChatGone, NotSent, OutgoingMessage, SlowDown, Unclear
from liqbot.message import Button, Message, Picture, Tone
from liqbot.store.chats import ChatKey

ALERT = Message(
    "BTC: $20.5M of long liquidations at 62,700",
    ("A fall to 62,700 sets off its forced selling.",),
    tone=Tone.LONGS,
    picture=Picture(b"\x89PNG", "BTC in words", "BTC-heatmap-24h.png"),
    actions=(
        Button("Refresh", "/alert 1", renews=True),
        Button("Mute 1 h", "/mute 1h"),
        Button("Unsubscribe #1", "/unsubscribe 1"),
    ),
    time_ms=1_700_000_000_000,
)
SEND = r"^/channels/\d+/messages$"


async def test_an_alert_arrives_with_picture_buttons_and_time(house):
    async with house.open() as adapter:
        receipt = await bring(adapter, house.chat, ALERT)
    [message] = await house.messages()
    assert str(message.id) == receipt.message_id
    assert text_of(message).endswith("<t:1700000000:R>")
    assert message.labels == ["Refresh", "Mute 1 h", "Unsubscribe #1"]
    assert [file["description"] for file in message.files] == ["BTC in words"]
    assert message.embeds[0]["color"] == 0xFF9F43


async def test_what_is_kept_up_to_date_is_changed_in_the_message_that_was_sent(house):
    news = replace(ALERT, title="BTC: cascade over", picture=None)
    async with house.open() as adapter:
        first = await bring(adapter, house.chat, ALERT, key="d-1")
        receipt = await bring(adapter, house.chat, news, key="d-2", replaces=first.message_id)
    [message] = await house.messages()
    assert receipt.message_id == first.message_id
    assert message.embeds[0]["title"] == "BTC: cascade over"


async def test_where_that_message_was_deleted_the_news_follow_as_one_of_their_own(house):
    async with house.open() as adapter:
        await bring(adapter, house.chat, ALERT, key="d-2", replaces="1234567890123")
    assert len(await house.messages()) == 1


@pytest.mark.parametrize(("status", "code"), [(400, 30046), (400, 50035), (403, 50005)])
async def test_where_that_message_may_not_be_changed_any_more_the_news_follow_as_well(house, status, code):
    async with house.open() as adapter:
        first = await bring(adapter, house.chat, ALERT, key="d-1")
        await house.discord.fault("PATCH", "/channels/.*/messages/", status=status, code=code)
        await bring(adapter, house.chat, ALERT, key="d-2", replaces=first.message_id)
    assert len(await house.messages()) == 2


async def test_a_delivery_that_is_sent_again_is_no_second_message(house):
    async with house.open() as adapter:
        first = await bring(adapter, house.chat, ALERT, key="d-123456")
        again = await bring(adapter, house.chat, ALERT, key="d-123456")
    assert first == again
    assert len(await house.messages()) == 1
    [call, _] = await house.discord.calls("POST", SEND)
    assert (call.body["nonce"], call.body["enforce_nonce"]) == ("d-123456", True)


async def test_nobody_is_mentioned_unless_a_role_was_chosen(house):
    role = await house.discord.add_role(house.guild, "traders", mentionable=True)
    shouting = Message("@everyone", (f"<@&{role}>", "@here"))
    async with house.open() as adapter:
        await bring(adapter, house.chat, shouting, key="d-1")
        await bring(adapter, house.chat, shouting, key="d-2", role=str(role))
    quiet, pinging = await house.messages()
    assert quiet.wire["mention_roles"] == []
    assert not quiet.wire["mention_everyone"]
    assert pinging.wire["mention_roles"] == [str(role)]
    assert pinging.content == f"<@&{role}>"
    assert not pinging.wire["mention_everyone"]


async def test_a_silent_alert_makes_no_sound(house):
    async with house.open() as adapter:
        await bring(adapter, house.chat, ALERT, silent=True)
    [message] = await house.messages()
    assert message.flags & 1 << 12


async def test_a_thread_and_a_person_are_chats_too(house):
    thread = await house.discord.add_thread(house.channel)
    person = await house.discord.add_user("ann", installed=True)
    async with house.open() as adapter:
        await bring(adapter, ChatKey("discord", str(house.channel), str(thread)), ALERT, key="d-1")
        await bring(adapter, ChatKey("discord", f"@{person}"), ALERT, key="d-2")
        dm = await house.discord.dm_of(person)
    assert len(await house.discord.messages(thread)) == 1
    assert len(await house.discord.messages(dm)) == 1
    assert await house.messages() == []


def test_a_channel_is_a_group_and_a_person_is_not(house):
    adapter = house.adapter()
    assert adapter.is_group(house.chat)
    assert not adapter.is_group(ChatKey("discord", "@17"))


async def test_without_the_right_to_embed_the_text_goes_alone(house):
    await house.discord.overwrite(house.channel, deny=["embed_links", "attach_files"])
    async with house.open() as adapter:
        await bring(adapter, house.chat, ALERT)
    [message] = await house.messages()
    assert message.content.startswith("**BTC: $20.5M of long liquidations at 62,700**")
    assert "Shown as plain text: I lack Embed Links, Attach Files in this channel." in message.content
    assert message.labels == ["Refresh", "Mute 1 h", "Unsubscribe #1"]


async def refused(house, chat=None):
    async with house.open() as adapter:
        with pytest.raises(NotSent) as caught:
            await bring(adapter, chat or house.chat, ALERT)
    return caught.value


async def test_a_channel_that_the_bot_may_not_write_to_is_away(house):
    await house.discord.overwrite(house.channel, deny=["send_messages"])
    error = await refused(house)
    assert isinstance(error, ChatAway)
    assert "may not write" in str(error)


async def test_a_channel_that_the_bot_cannot_see_is_away(house):
    await house.discord.overwrite(house.channel, deny=["view_channel"])
    assert isinstance(await refused(house), ChatAway)


async def test_a_deleted_channel_is_gone(house):
    await house.discord.delete_channel(house.channel)
    error = await refused(house)
    assert isinstance(error, ChatGone)
    assert str(error) == "the channel is no more"


async def test_a_person_who_takes_no_direct_messages_is_away(house):
    person = await house.discord.add_user("ann", installed=True)
    await house.discord.set_user(person, takes_dms=False)
    assert isinstance(await refused(house, ChatKey("discord", f"@{person}")), ChatAway)


async def test_a_locked_thread_is_away(house):
    thread = await house.discord.add_thread(house.channel)
    await house.discord.archive(thread, locked=True)
    assert isinstance(await refused(house, ChatKey("discord", str(house.channel), str(thread))), ChatAway)


async def test_what_is_no_chat_of_discords_is_gone(house):
    assert isinstance(await refused(house, ChatKey("discord", "somewhere")), ChatGone)


async def test_before_there_is_a_connection_nothing_is_sent(house):
    with pytest.raises(NotSent, match="no connection"):
        await house.adapter().send(OutgoingMessage(house.chat, ALERT, "d-1"))


async def test_a_pause_that_discord_asks_for_is_waited_out_by_the_library(house):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=429, retry_after=0.2)
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


async def test_a_bar_that_is_not_discords_own_stops_everything_for_as_long_as_it_says(house):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=429, via=False, retry_after=4.5)
        with pytest.raises(SlowDown) as caught:
            await bring(adapter, house.chat, ALERT)
        assert (caught.value.pause_s, caught.value.everywhere) == (5, True)
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


async def test_a_long_pause_is_handed_back_instead_of_blocking(house):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=429, retry_after=90)
        with pytest.raises(SlowDown) as caught:
            await bring(adapter, house.chat, ALERT)
    assert (caught.value.pause_s, caught.value.everywhere) == (90, False)


@pytest.mark.parametrize("status", [500, 502])
async def test_an_answer_that_is_lost_after_the_message_was_stored_makes_no_second_one(house, status):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=status, after=True)
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_busy_discord_may_have_got_it_and_shows_it_once(house, after):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=503, after=after)
        with pytest.raises(Unclear):
            await bring(adapter, house.chat, ALERT)
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_of_a_connection_that_breaks_nobody_knows_whether_it_arrived_and_a_repeat_is_safe(house, after):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, reset=True, after=after)
        with pytest.raises(Unclear):
            await bring(adapter, house.chat, ALERT)
        await bring(adapter, house.chat, ALERT)
    assert len(await house.messages()) == 1


@pytest.mark.parametrize("code", [50035, 40005])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_form_that_discord_does_not_take_becomes_plainer_until_it_arrives(house, code, times):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=400, code=code, times=times)
        await bring(adapter, house.chat, ALERT)
    [message] = await house.messages()
    assert message.content.startswith("**BTC: $20.5M of long liquidations at 62,700**")
    assert bool(message.labels) is (times == 1)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413])
async def test_a_page_of_what_stands_before_discord_is_an_outage_whatever_its_status(house, status):
    async with house.open() as adapter:
        await house.discord.fault("POST", SEND, status=status)
        with pytest.raises(NotSent) as caught:
            await bring(adapter, house.chat, ALERT)
        assert type(caught.value) is NotSent
        await bring(adapter, house.chat, ALERT)


async def test_a_thousand_lines_and_thirty_buttons_are_brought_within_the_limits(house):
    buttons = tuple(Button(f"Unsubscribe #{number}", f"/unsubscribe {number}") for number in range(30))
    huge = Message(
        "*" * 400, tuple("_line_" * 20 for _ in range(1000)), actions=buttons, provenance="x" * 3000
    )
    async with house.open() as adapter:
        await bring(adapter, house.chat, huge)
    [message] = await house.messages()
    assert len(message.labels) == 25


async def test_the_end_of_a_connection_is_seen_and_sending_is_put_off(house):
    async with house.open() as adapter:
        assert adapter.is_connected
    await eventually(lambda: not adapter.is_connected)
    with pytest.raises(NotSent):
        await bring(adapter, house.chat, ALERT)
