"""What users do, and what a bot made with discord.py answers."""

import asyncio
import hashlib
import io

import discord
import pytest
from counterparts.discord import Refused
from counterparts.discord_tests.bot import ALT, eventually, picture


async def test_a_deferred_picture_arrives_with_its_alt_text(place):
    async with place.start_bot():
        answer = await place.discord.slash("heatmap", place.channel, coin="BTC")
        assert not answer.failed
        assert answer.callback == 5
        assert answer.acknowledged_in <= answer.answered_in < 3
        [file] = answer.message.files
        assert file["description"] == ALT
        assert file["sha256"] == hashlib.sha256(picture()).hexdigest()
        assert (file["width"], file["height"], file["embedded"]) == (64, 36, True)
        assert await place.discord.download(file) == picture()
        assert answer.message.embeds[0]["title"] == "BTC"
        assert [message.id for message in await place.discord.messages(place.channel)] == [answer.message.id]


async def test_autocomplete_offers_what_matches(place):
    async with place.start_bot():
        answer = await place.discord.autocomplete("heatmap", place.channel, "coin", "e")
        assert [choice["value"] for choice in answer.choices] == ["ETH"]


async def test_a_button_still_works_after_a_restart_of_the_bot(place):
    async with place.start_bot():
        message = (await place.discord.slash("heatmap", place.channel, coin="BTC")).message
    assert message.labels == ["Refresh"]
    async with place.start_bot():
        answer = await place.discord.press(message, "Refresh")
        assert (answer.callback, answer.message.id, answer.message.content) == (6, message.id, "refreshed")
        assert [file["description"] for file in answer.message.files] == [ALT]


async def test_a_menu_is_answered_for_its_user_alone(place):
    async with place.start_bot():
        message = (await place.discord.slash("heatmap", place.channel, coin="BTC")).message
        answer = await place.discord.choose(message, "window", ["7d"])
        assert answer.message.ephemeral
        assert answer.message.content == "window 7d"
        assert len(await place.discord.messages(place.channel)) == 1


async def test_a_role_is_chosen_in_a_menu(place):
    traders = await place.discord.add_role(place.guild, "traders")
    async with place.start_bot():
        message = (await place.discord.slash("heatmap", place.channel, coin="BTC")).message
        assert (await place.discord.choose(message, "ping", [str(traders)])).message.content == "ping traders"
        with pytest.raises(Refused, match="no role 5"):
            await place.discord.choose(message, "ping", ["5"])


async def test_a_user_cannot_send_what_the_command_does_not_take(place):
    async with place.start_bot():
        for options, why in (
            ({}, "requires coin"),
            ({"coin": "BTC", "days": 31}, "at most 30"),
            ({"c": 1}, "no option c"),
        ):
            with pytest.raises(Refused, match=why):
                await place.discord.run("heatmap", place.channel, options)


async def test_a_command_for_managers_is_hidden_from_everyone_else(place):
    async with place.start_bot():
        guest = await place.discord.add_user("guest")
        await place.discord.add_member(place.guild, guest)
        assert await place.discord.visible_commands(place.channel, user=guest) == ["heatmap"]
        with pytest.raises(Refused, match="hidden"):
            await place.discord.run("subscribe", place.channel, {"channel": place.channel}, user=guest)


async def test_what_the_bot_may_not_do_in_a_channel_shows_in_its_permissions(place):
    await place.discord.overwrite(place.channel, deny=["embed_links"])
    async with place.start_bot():
        answer = await place.discord.run("subscribe", place.channel, {"channel": place.channel})
        assert answer.message.content == "I miss embed_links there"


async def test_a_thread_can_be_named_in_an_option_and_written_to(place):
    thread = await place.discord.add_thread(place.channel)
    async with place.start_bot() as bot:
        answer = await place.discord.run("subscribe", place.channel, {"channel": thread})
        assert answer.message.content == "subscribed"
        await bot.get_guild(place.guild).get_thread(thread).send("alert")
        assert [m.content for m in await place.discord.messages(thread)] == ["alert"]


async def test_a_user_install_works_where_the_bot_is_no_member(place):
    await place.discord.leave_guild(place.guild)
    user = await place.discord.add_user("traveller", installed=True)
    await place.discord.add_member(place.guild, user)
    dm = await place.discord.open_dm(user)
    async with place.start_bot():
        for channel in (place.channel, dm):
            answer = await place.discord.slash("heatmap", channel, user=user, coin="ETH")
            assert answer.message.embeds[0]["title"] == "ETH"
        [first, second] = await place.discord.payloads("INTERACTION_CREATE")
        assert first["d"]["authorizing_integration_owners"] == {"1": str(user)}
        assert second["d"]["context"] == 1


async def test_a_bot_writes_to_a_user_who_takes_messages_and_no_other(place):
    user = await place.discord.add_user("friend")
    await place.discord.add_member(place.guild, user)
    async with place.start_bot() as bot:
        friend = await bot.fetch_user(user)
        await friend.send("hello")
        dm = await place.discord.dm_of(user)
        assert [m.content for m in await place.discord.messages(dm)] == ["hello"]
        await place.discord.set_user(user, takes_dms=False)
        with pytest.raises(discord.Forbidden) as refused:
            await friend.send("hello again")
        assert refused.value.code == 50007


async def test_leaving_returning_and_deleting_reach_the_bot(place):
    async with place.start_bot() as bot:
        await place.discord.leave_guild(place.guild)
        await eventually(lambda: f"removed {place.guild}" in bot.events)
        await place.discord.return_to_guild(place.guild)
        await eventually(lambda: f"joined {place.guild}" in bot.events)
        channel = bot.get_channel(place.channel)
        await place.discord.delete_channel(place.channel)
        await eventually(lambda: f"deleted {place.channel}" in bot.events)
        with pytest.raises(discord.NotFound) as refused:
            await channel.send("alert")
        assert refused.value.code == 10003


async def test_two_shards_share_the_servers(place):
    await place.discord.gateway_setup(shards=2, max_concurrency=2)
    await place.discord.populate(guilds=6, channels=1)
    async with place.start_bot() as bot:
        assert len(bot.guilds) == 7
        assert {session["shard"] for session in await place.discord.sessions(at_least=2)} == {0, 1}
        assert not (await place.discord.slash("heatmap", place.channel, coin="SOL")).failed


async def test_a_bot_edits_and_deletes_its_own_messages_and_no_other(place):
    async with place.start_bot() as bot:
        channel = bot.get_channel(place.channel)
        mine = await channel.send("draft", file=discord.File(io.BytesIO(picture()), "a.png", description=ALT))
        await mine.edit(content="final")
        [seen] = await place.discord.messages(place.channel)
        assert (seen.content, seen.edits, seen.files[0]["description"]) == ("final", 1, ALT)
        await mine.edit(attachments=[])
        assert not (await place.discord.messages(place.channel))[0].files
        theirs = channel.get_partial_message((await place.discord.say("hello", place.channel)).id)
        with pytest.raises(discord.Forbidden) as refused:
            await theirs.edit(content="x")
        assert refused.value.code == 50005
        with pytest.raises(discord.Forbidden) as refused:
            await theirs.delete()
        assert refused.value.code == 50013
        await mine.delete()
        assert [message.content for message in await place.discord.messages(place.channel)] == ["hello"]


async def test_a_locked_thread_takes_no_messages_and_an_archived_one_opens(place):
    thread = await place.discord.add_thread(place.channel)
    async with place.start_bot() as bot:
        target = bot.get_guild(place.guild).get_thread(thread)
        await place.discord.archive(thread)
        await target.send("wakes it")
        await place.discord.archive(thread, locked=True)
        with pytest.raises(discord.HTTPException) as refused:
            await target.send("does not")
        assert refused.value.code == 50083


async def test_nobody_is_pinged_but_the_role_that_was_chosen(place):
    traders = await place.discord.add_role(place.guild, "traders", mentionable=True)
    others = await place.discord.add_role(place.guild, "others", mentionable=True)
    async with place.start_bot() as bot:
        text = f"@everyone <@&{traders}> <@&{others}> <@{place.discord.owner}>"
        chosen = discord.AllowedMentions(everyone=False, users=False, roles=[discord.Object(traders)])
        await bot.get_channel(place.channel).send(text, allowed_mentions=chosen)
        [message] = await place.discord.messages(place.channel)
        assert message.wire["mention_roles"] == [str(traders)]
        assert (message.wire["mentions"], message.wire["mention_everyone"]) == ([], False)


async def test_ten_thousand_channels_are_announced_and_written_to(place):
    rows = await place.discord.populate(guilds=20, channels=500)
    async with place.start_bot() as bot:
        assert sum(len(guild.text_channels) for guild in bot.guilds) == 10_001
        await asyncio.gather(*(bot.get_channel(row[-1]).send("alert") for row in rows))
        assert await place.discord.message_counts() == {row[-1]: 1 for row in rows}
