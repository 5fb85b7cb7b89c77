"""Leaving and coming back: servers, channels, threads, and people who installed the bot for themselves."""

from chat.discord.stand_ins import eventually, text_of
from databases import ON_BOTH

from liqbot.chat.discord.verdicts import LEFT
from liqbot.store.chats import ChatKey

pytestmark = ON_BOTH

ORDINARY = ("view_channel", "send_messages", "use_application_commands", "use_external_apps")


async def state(house, chat=None):
    return (await house.store.chats.settings(chat or house.chat)).inactive


async def subscribe(house, channel=None, **more):
    answer = await house.discord.slash("subscribe near-cluster", channel or house.channel, coin="BTC", **more)
    assert "Subscribed" in text_of(answer.message)
    return answer


async def test_leaving_a_server_keeps_its_subscriptions_but_sends_nothing_and_a_return_goes_on(house):
    other = await house.discord.add_channel(house.guild, "more")
    async with house.open():
        await subscribe(house)
        await subscribe(house, other)
        await house.discord.leave_guild(house.guild)
        await eventually(lambda: state(house), lambda found: found == LEFT)
        elsewhere = ChatKey("discord", str(other))
        await eventually(lambda: state(house, elsewhere), lambda found: found == LEFT)
        assert len(await house.store.subscriptions.of(house.chat)) == 1
        await house.discord.return_to_guild(house.guild)
        await eventually(lambda: state(house), lambda found: found is None)
        await eventually(lambda: state(house, elsewhere), lambda found: found is None)


async def test_a_server_left_while_the_bot_was_away_is_noticed_at_the_next_start(house):
    async with house.open():
        await subscribe(house)
    await house.discord.leave_guild(house.guild)
    assert await state(house) is None
    async with house.open():
        await eventually(lambda: state(house), lambda found: found == LEFT)


async def test_a_process_with_some_of_the_shards_never_silences_the_servers_of_another(house):
    count = 2
    mine = 1 - (house.guild >> 22) % count
    own = []
    while len(own) < 2:
        guild = await house.discord.add_guild()
        if (guild.id >> 22) % count == mine:
            own.append(guild.id)
    kept, left = [await house.discord.add_channel(guild) for guild in own]
    async with house.open():
        for channel in (house.channel, kept, left):
            await subscribe(house, channel)
    await house.discord.leave_guild(house.guild)
    await house.discord.leave_guild(own[1])
    house.shards = (range(mine, mine + 1), count)
    async with house.open():
        assert [session["shard"] for session in await house.discord.sessions()] == [mine]
        await eventually(lambda: state(house, ChatKey("discord", str(left))), lambda found: found == LEFT)
        assert await state(house) is None, "it is for another process to say"
        assert await state(house, ChatKey("discord", str(kept))) is None
    house.shards = (range(1 - mine, 2 - mine), count)
    async with house.open():
        await eventually(lambda: state(house), lambda found: found == LEFT)
        assert await state(house, ChatKey("discord", str(kept))) is None


async def test_a_return_while_the_bot_was_away_is_noticed_at_the_next_start(house):
    async with house.open():
        await subscribe(house)
        await house.discord.leave_guild(house.guild)
        await eventually(lambda: state(house), lambda found: found == LEFT)
    await house.discord.return_to_guild(house.guild)
    async with house.open():
        await eventually(lambda: state(house), lambda found: found is None)


async def test_a_deleted_channel_gets_nothing_more_and_its_threads_neither(house):
    thread = await house.discord.add_thread(house.channel)
    inside = ChatKey("discord", str(house.channel), str(thread))
    async with house.open():
        await subscribe(house)
        await subscribe(house, thread)
        assert len(await house.store.subscriptions.of(inside)) == 1
        await house.discord.delete_channel(house.channel)
        await eventually(lambda: state(house), lambda found: found is not None)
        for chat in (house.chat, inside):
            await eventually(
                lambda chat=chat: state(house, chat), lambda found: found == "the channel was deleted"
            )


async def test_a_deleted_thread_gets_nothing_more_and_its_channel_goes_on(house):
    thread = await house.discord.add_thread(house.channel)
    inside = ChatKey("discord", str(house.channel), str(thread))
    async with house.open():
        await subscribe(house)
        await subscribe(house, thread)
        await house.discord.delete_channel(thread)
        await eventually(lambda: state(house, inside), lambda found: found is not None)
        assert await state(house) is None


async def test_a_chat_that_could_not_be_reached_goes_on_when_somebody_speaks_there(house):
    async with house.open():
        await subscribe(house)
        await house.store.chats.deactivate(house.chat, "the bot may not write there", 1)
        await house.slash("clusters", coin="BTC")
        assert await state(house) is None


async def test_a_channel_that_is_opened_to_the_bot_again_goes_on(house):
    async with house.open():
        await subscribe(house)
        await house.discord.overwrite(house.channel, deny=["send_messages"])
        await house.store.chats.deactivate(house.chat, "the bot may not write there", 1)
        await house.discord.overwrite(house.channel, allow=["send_messages"])
        await eventually(lambda: state(house), lambda found: found is None)


async def test_in_a_thread_the_right_to_write_in_threads_counts(house):
    thread = await house.discord.add_thread(house.channel)
    await house.discord.overwrite(house.channel, deny=["send_messages_in_threads"])
    async with house.open():
        answer = await house.discord.slash("subscribe near-cluster", thread, coin="BTC")
    assert "Send Messages in Threads" in text_of(answer.message)


async def test_in_direct_messages_a_person_subscribes_for_themselves(house):
    ann = await house.discord.add_user("ann", installed=True)
    dm = await house.discord.open_dm(ann)
    async with house.open():
        answer = await subscribe(house, dm, user=ann)
    assert "direct messages" not in text_of(answer.message)
    assert len(await house.store.subscriptions.of(ChatKey("discord", f"@{ann}"))) == 1


async def test_where_the_bot_is_not_at_home_a_user_install_draws_for_all_and_subscribes_the_person(house):
    ann = await house.discord.add_user("ann", installed=True)
    elsewhere = await house.discord.add_guild("elsewhere", everyone=["manage_guild", *ORDINARY])
    lobby = await house.discord.add_channel(elsewhere.id, "lobby")
    await house.discord.add_member(elsewhere.id, ann)
    await house.discord.leave_guild(elsewhere.id)
    async with house.open():
        picture = await house.discord.slash("heatmap", lobby, user=ann, coin="BTC")
        answer = await subscribe(house, lobby, user=ann)
    assert [file["description"] for file in picture.message.files] == ["BTC heatmap-24h in words"]
    assert "this concerns your direct messages" in text_of(answer.message)
    assert len(await house.store.subscriptions.of(ChatKey("discord", f"@{ann}"))) == 1
    assert await house.store.communities.of("discord") == []


async def test_the_chats_of_a_server_are_known_to_belong_to_it(house):
    async with house.open():
        await subscribe(house)
    assert await house.store.communities.chats("discord", str(house.guild)) == [house.chat]
