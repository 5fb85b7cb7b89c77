"""Subscribing for another channel of the server: who may, what is checked, and where it then comes."""

import pytest
from chat.discord.stand_ins import text_of
from counterparts.discord import Refused

from liqbot.people_settings import AccessSettings
from liqbot.service.access import Access
from liqbot.store.chats import ChatKey

RULE = "subscribe near-cluster"


async def subscribe(house, channel, **more):
    options = {"coin": "BTC", "channel": str(channel), **more.pop("options", {})}
    return await house.discord.run(RULE, house.channel, options, **more)


def chat_of(channel, thread=""):
    return ChatKey("discord", str(channel), str(thread) if thread else "")


async def subscriptions(house, chat):
    return await house.store.subscriptions.of(chat)


async def test_alerts_come_to_the_channel_that_was_chosen_and_the_answer_names_it(house):
    other = await house.discord.add_channel(house.guild, "liquidations")
    async with house.open():
        answer = await subscribe(house, other)
    assert answer.message.ephemeral
    assert "For #liquidations, not for this channel" in text_of(answer.message)
    assert answer.message.components == [], "a button would mean the channel in which it is pressed"
    assert len(await subscriptions(house, chat_of(other))) == 1
    assert await subscriptions(house, house.chat) == []
    assert await house.store.communities.chats("discord", str(house.guild)) == [chat_of(other)]


async def test_a_thread_can_be_chosen(house):
    thread = await house.discord.add_thread(house.channel, "fuel")
    async with house.open():
        await subscribe(house, thread)
    assert len(await subscriptions(house, chat_of(house.channel, thread))) == 1


async def test_the_channel_itself_can_be_chosen_like_no_channel_at_all(house):
    async with house.open():
        answer = await subscribe(house, house.channel)
    assert "not for this channel" not in text_of(answer.message)
    assert answer.message.components


async def test_the_bot_says_what_it_lacks_there(house):
    other = await house.discord.add_channel(house.guild, "liquidations")
    await house.discord.overwrite(other, deny=["send_messages", "embed_links"])
    async with house.open():
        answer = await subscribe(house, other)
    said = text_of(answer.message)
    assert (
        "I could not bring alerts to #liquidations: I lack Send Messages, Embed Links, Attach Files there"
        in said
    )
    assert await subscriptions(house, chat_of(other)) == []


async def test_nobody_has_the_bot_write_where_they_cannot_write_themselves(house):
    moderator = await house.discord.add_user("moderator")
    role = await house.discord.add_role(
        house.guild, "mods", ["manage_guild", "view_channel", "send_messages", "use_application_commands"]
    )
    await house.discord.add_member(house.guild, moderator, [role])
    other = await house.discord.add_channel(house.guild, "announcements")
    await house.discord.overwrite(other, moderator, deny=["send_messages"])
    async with house.open():
        answer = await subscribe(house, other, user=moderator)
    assert "You cannot write in #announcements" in text_of(answer.message)
    assert await subscriptions(house, chat_of(other)) == []


async def test_a_locked_thread_is_named(house):
    thread = await house.discord.add_thread(house.channel, "fuel")
    await house.discord.archive(thread, locked=True)
    async with house.open():
        answer = await subscribe(house, thread)
    assert "The thread fuel is locked" in text_of(answer.message)


async def test_an_allow_list_holds_for_the_channel_that_is_chosen(house):
    other = await house.discord.add_channel(house.guild, "liquidations")
    closed = AccessSettings(mode="allowlist", allowed=(f"discord:{house.channel}",))
    house.services.access = Access(house.store, house.services.quotas, house.services.clock, closed)
    async with house.open():
        answer = await subscribe(house, other)
    assert "does not serve #liquidations" in text_of(answer.message)
    assert await subscriptions(house, chat_of(other)) == []


async def test_only_channels_for_messages_are_offered(house):
    category = await house.discord.add_channel(house.guild, "category", kind="category")
    async with house.open():
        with pytest.raises(Refused, match="channel types"):
            await subscribe(house, category)
