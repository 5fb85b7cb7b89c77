"""Updates through python-telegram-bot: commands, taps, groups, migration, polling and webhooks."""

import asyncio
import contextlib
import socket

import pytest
from aiohttp import web
from counterparts.telegram_bots import bot_of, listening
from telegram import Update
from telegram.error import BadRequest, ChatMigrated, Conflict

SECRET = "s3cret-Token_1"  # noqa: S105  of no real webhook


async def test_a_deep_link_comes_as_a_command_with_its_payload(telegram):
    ann = await telegram.person("Ann", language="de", started=False)
    async with listening(telegram) as bot:
        await ann.starts("heatmap_BTC")
        await telegram.settled()
    (message,) = bot.messages
    assert message.text == "/start heatmap_BTC"
    assert message.parse_entities() == {message.entities[0]: "/start"}
    assert message.entities[0].type == "bot_command"
    assert (message.from_user.language_code, message.chat.type) == ("de", "private")


async def test_links_lead_to_the_bot_and_into_groups(telegram):
    ann = await telegram.person("Ann")
    group = await telegram.group("Us", ann, bot="absent")
    async with listening(telegram) as bot:
        await ann.follows(f"https://t.me/{telegram.username}?start=map_ETH")
        await ann.follows(f"https://t.me/{telegram.username}?startgroup=map_ETH", group=group)
        await telegram.settled()
    texts = [message.text for message in bot.messages if message.text]
    assert texts == ["/start map_ETH", f"/start@{telegram.username} map_ETH"]
    with pytest.raises(AssertionError, match="no such payload"):
        await ann.starts("map ETH")


async def test_a_tap_is_answered_with_its_time(telegram):
    ann = await telegram.person()
    async with listening(telegram) as bot:
        await ann.says("/keys")
        keys = await ann.hears()
        assert keys.buttons == ["Refresh", "Mute"]
        answer = await ann.taps(keys, "Refresh")
        assert (answer.text, answer.alert) == ("took r:BTC", True)
        assert 0 <= answer.after < 5
        await bot.taps[0].edit_message_text("changed", reply_markup=None)
        changed = await telegram.edited(keys)
        assert (changed.text, changed.buttons) == ("changed", [])
        with pytest.raises(AssertionError, match="no button says “Mute”"):
            await ann.taps(keys, "Mute")
        with pytest.raises(BadRequest, match="Query is too old"):
            await bot.taps[0].answer("again")


async def test_a_tap_that_nobody_answers_runs_out(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(ann.id, "x", reply_markup={"inline_keyboard": [[_BUTTON]]})
        assert await ann.taps(await ann.hears(), "a", within=0.05) is None
        (update,) = await bot.get_updates()
        assert update.callback_query.message.message_id == sent.message_id
        with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
            await update.callback_query.answer("x" * 201)
        await telegram.expire_taps()
        with pytest.raises(BadRequest, match="Query is too old"):
            await update.callback_query.answer("late")


_BUTTON = {"text": "a", "callback_data": "a"}


async def test_in_groups_the_bot_gets_commands_that_are_meant_for_it(telegram):
    ann = await telegram.person("Ann")
    group = await telegram.group("Us", ann)
    async with listening(telegram) as bot:
        for text in ("hello", "/help@another_bot", f"/help@{telegram.username} me", "/heatmap BTC"):
            await ann.says(text, to=group)
        await telegram.settled()
        heard = [message.text for message in bot.messages if message.text]
        assert heard == [f"/help@{telegram.username} me", "/heatmap BTC"]
        await group.promotes_bot()
        await ann.says("hello again", to=group)
        await telegram.settled()
        assert bot.messages[-1].text == "hello again"


async def test_topics_come_with_their_thread(telegram):
    ann = await telegram.person("Ann")
    forum = await telegram.supergroup("Desk", ann, forum=True)
    topic = await forum.opens_topic("alerts")
    async with listening(telegram) as bot:
        await ann.says("/keys", to=forum, topic=topic)
        assert (await forum.hears()).topic == topic
        await telegram.settled()
    assert bot.messages[-2].forum_topic_created.name == "alerts"
    assert (bot.messages[-1].message_thread_id, bot.messages[-1].is_topic_message) == (topic, True)
    assert bot.messages[-1].chat.is_forum


async def test_posts_of_a_channel_come_without_a_sender(telegram):
    ann = await telegram.person("Ann")
    channel = await telegram.channel("News", ann)
    async with listening(telegram) as bot:
        await ann.posts("/heatmap BTC", channel)
        await telegram.settled()
        assert (bot.messages[-1].from_user, bot.messages[-1].sender_chat.id) == (None, channel.id)
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await bot.app.bot.edit_message_text("mine", channel.id, bot.messages[-1].message_id)


async def test_the_bot_learns_of_its_own_coming_and_going(telegram):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    async with listening(telegram) as bot:
        await ann.blocks()
        await ann.unblocks()
        group = await telegram.group("Us", ann, bot="absent")
        await group.adds_bot()
        await group.joins(bob)
        await group.promotes(bob)
        await group.kicks_bot(by=bob)
        await telegram.settled()
    places = [(p.chat.type, p.old_chat_member.status, p.new_chat_member.status) for p in bot.places]
    assert places == [
        ("private", "member", "kicked"),
        ("private", "kicked", "member"),
        ("group", "left", "member"),
        ("group", "member", "kicked"),
    ]
    assert bot.places[-1].from_user.first_name == "Bob"
    assert [m.new_chat_members[0].first_name for m in bot.messages if m.new_chat_members][-1] == "Bob"


async def test_administrators_and_members_are_told_apart(telegram):
    ann, bob, eve = [await telegram.person(name) for name in ("Ann", "Bob", "Eve")]
    group = await telegram.supergroup("Us", ann, members=[bob])
    async with bot_of(telegram) as bot:
        await group.promotes(bob, "can_delete_messages")
        found = {m.user.first_name: m for m in await bot.get_chat_administrators(group.id)}
        assert {name: member.status for name, member in found.items()} == {
            "Ann": "creator",
            "Bob": "administrator",
        }
        assert (found["Bob"].can_delete_messages, found["Bob"].can_pin_messages) == (True, False)
        assert (await bot.get_chat_member(group.id, eve.id)).status == "left"
        assert (await bot.get_chat(group.id)).title == "Us"
        assert (await bot.get_chat(eve.id)).first_name == "Eve"
        assert await bot.get_chat_member_count(group.id) == 3
        with pytest.raises(BadRequest, match="User not found"):
            await bot.get_chat_member(group.id, 4711)
        await bot.leave_chat(group.id)
    assert await group.status() == "left"


async def test_a_group_that_was_upgraded_names_its_new_id(telegram):
    ann = await telegram.person("Ann")
    group = await telegram.group("Us", ann)
    async with listening(telegram) as bot:
        moved = await group.upgrades()
        await telegram.settled()
        services = [m for m in bot.messages if m.migrate_to_chat_id or m.migrate_from_chat_id]
        assert [(m.chat.id, m.migrate_to_chat_id, m.migrate_from_chat_id) for m in services] == [
            (group.id, moved.id, None),
            (moved.id, None, group.id),
        ]
        with pytest.raises(ChatMigrated) as refused:
            await bot.app.bot.send_message(group.id, "x")
        assert refused.value.new_chat_id == moved.id
        await bot.app.bot.send_message(moved.id, "x")
    assert [seen.text for seen in await moved.messages()] == ["x"]


async def test_updates_stay_until_an_offset_confirms_them(telegram):
    ann = await telegram.person()
    for text in "abc":
        await ann.says(text)
    async with bot_of(telegram) as bot:
        first = await bot.get_updates(limit=2)
        assert [u.message.text for u in first] == ["a", "b"]
        assert [u.message.text for u in await bot.get_updates()] == ["a", "b", "c"]
        assert [u.message.text for u in await bot.get_updates(offset=first[-1].update_id + 1)] == ["c"]
        await ann.says("d")
        assert [u.message.text for u in await bot.get_updates(offset=-1)] == ["d"]
    assert len(await telegram.unconfirmed()) == 1


async def test_a_long_poll_ends_with_the_first_update(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=5))
        await telegram.polled()
        await ann.says("now")
        (update,) = await poll
    assert update.message.text == "now"
    assert (await telegram.calls("getUpdates"))[0].took < 5


async def test_only_the_kinds_asked_for_are_kept(telegram):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    async with bot_of(telegram) as bot:
        await bot.get_updates(allowed_updates=["my_chat_member", "chat_member"])
        await ann.says("unheard")
        await ann.blocks()
        group = await telegram.group("Us", ann, bot="administrator")
        await group.joins(bob)
        kinds = [max(update.keys() - {"update_id"}) for update in await telegram.unconfirmed()]
        assert kinds == ["my_chat_member", "my_chat_member", "chat_member"]
        updates = await bot.get_updates(allowed_updates=[])
        assert updates[-1].chat_member.new_chat_member.user.first_name == "Bob"


async def test_the_second_poller_ends_the_poll_of_the_first(telegram):
    async with bot_of(telegram) as one, bot_of(telegram) as other:
        first = asyncio.create_task(one.get_updates(timeout=5))
        await telegram.polled()
        second = asyncio.create_task(other.get_updates(timeout=5))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        await (await telegram.person()).says("hi")
        assert len(await second) == 1


@contextlib.asynccontextmanager
async def _house(answers):
    """A web server of the bot's owner: writes down what is posted and answers in turn with these statuses."""
    posted = []

    async def take(request):
        posted.append((dict(request.headers), await request.json()))
        return web.Response(status=answers.pop(0) if answers else 200)

    app = web.Application()
    app.router.add_post("/{path}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield posted, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_every_update_once_it_answers(telegram):
    ann = await telegram.person()
    async with _house([500]) as (posted, url), bot_of(telegram) as bot:
        await bot.set_webhook(url, secret_token=SECRET, allowed_updates=["message"])
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        for text in "ab":
            await ann.says(text)
        await telegram.settled()
        info = await bot.get_webhook_info()
        await bot.delete_webhook()
        assert await bot.get_updates() == ()
    assert [update["message"]["text"] for _, update in posted] == ["a", "a", "b"]
    assert {headers["X-Telegram-Bot-Api-Secret-Token"] for headers, _ in posted} == {SECRET}
    assert (info.url, info.pending_update_count) == (url, 0)
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"


async def test_a_webhook_refuses_what_is_no_address_and_no_secret(telegram):
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match="invalid webhook url"):
            await bot.set_webhook("example.org")
        with pytest.raises(BadRequest, match="unallowed characters"):
            await bot.set_webhook("https://example.org", secret_token=f"{SECRET} {SECRET}")


async def test_an_application_on_a_webhook_gets_the_secret(telegram):
    ann = await telegram.person()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with listening(telegram, polls=False) as bot:
        await bot.app.updater.start_webhook(
            "127.0.0.1",
            port,
            "w",
            secret_token=SECRET,
            webhook_url=f"http://127.0.0.1:{port}/w",
            allowed_updates=Update.ALL_TYPES,
        )
        await ann.says("by webhook")
        await telegram.settled()
        assert [message.text for message in bot.messages] == ["by webhook"]
        await bot.app.updater.stop()
