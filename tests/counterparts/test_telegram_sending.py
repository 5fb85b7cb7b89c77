"""Sending through python-telegram-bot: texts, formats, limits, photos, keyboards, topics."""

import pytest
from counterparts.telegram_bots import PLAIN, bot_of, picture
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, Forbidden, InvalidToken


async def test_a_text_arrives_as_it_was_written(telegram):
    ann = await telegram.person("Ann")
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(ann.id, f"  {PLAIN} is at $BTC \n", disable_notification=True)
    heard = await ann.hears()
    assert (heard.id, heard.text, heard.silent) == (sent.message_id, f"{PLAIN} is at $BTC", True)
    assert heard.entities == [{"offset": 13, "length": 4, "type": "cashtag"}]
    assert heard.raw["from"]["id"] == telegram.bot_id


async def test_html_becomes_entities_in_utf16_units(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        await bot.send_message(
            ann.id,
            '🟢 <b>BTC <i>up</i></b> &lt;2&gt; <a href="https://example.org/a?b=1&amp;c">here</a> '
            '<pre><code class="language-py">x</code></pre>',
            parse_mode="HTML",
        )
    heard = await ann.hears()
    assert heard.text == "🟢 BTC up <2> here x"
    assert heard.entities == [
        {"offset": 3, "length": 6, "type": "bold"},
        {"offset": 7, "length": 2, "type": "italic"},
        {"offset": 14, "length": 4, "type": "text_link", "url": "https://example.org/a?b=1&c"},
        {"offset": 19, "length": 1, "type": "pre", "language": "py"},
    ]


@pytest.mark.parametrize(
    ("mode", "text", "reason"),
    [
        ("HTML", "a <b>b", 'find end tag corresponding to start tag "b"'),
        ("HTML", "é <b>b</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("HTML", "a < b", 'Unsupported start tag "" at byte offset 2'),
        ("HTML", "a <b", "Unclosed start tag at byte offset 2"),
        ("HTML", "a</b>", "Unexpected end tag at byte offset 1"),
        ("HTML", "<h1>a</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("HTML", "<span>a</span>", 'Tag "span" must have class "tg-spoiler"'),
        ("MarkdownV2", "1.5", "Character '.' is reserved and must be escaped"),
        ("MarkdownV2", "*bold", "Can't find end of Bold entity at byte offset 0"),
        ("MarkdownV2", "a [b](c", "Can't find end of a URL at byte offset 6"),
        ("MarkdownV2", "`code", "Can't find end of Code entity at byte offset 0"),
    ],
)
async def test_broken_markup_is_refused_with_its_place(telegram, mode, text, reason):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match="Can't parse entities") as refused:
            await bot.send_message(ann.id, text, parse_mode=mode)
    assert reason.lower() in refused.value.message.lower()
    assert await ann.messages() == []


async def test_markdown_becomes_entities(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        await bot.send_message(
            ann.id,
            "*bold _both_* __under__ ~gone~ ||secret|| `a\\`b` [link](https://example.org/\\)) 1\\.5\n"
            "```py\nx = 1```\n>quoted\n>more",
            parse_mode="MarkdownV2",
        )
    heard = await ann.hears()
    assert heard.text == "bold both under gone secret a`b link 1.5\nx = 1\nquoted\nmore"
    assert [(e["type"], heard.text[e["offset"] :][: e["length"]]) for e in heard.entities] == [
        ("bold", "bold both"),
        ("italic", "both"),
        ("underline", "under"),
        ("strikethrough", "gone"),
        ("spoiler", "secret"),
        ("code", "a`b"),
        ("text_link", "link"),
        ("pre", "x = 1"),
        ("blockquote", "quoted\nmore"),
    ]


async def test_lengths_count_after_parsing_and_in_utf16_units(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        await bot.send_message(ann.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
        with pytest.raises(BadRequest, match="Message is too long"):
            await bot.send_message(ann.id, "🟢" * 2049)
        with pytest.raises(BadRequest, match="Message text is empty"):
            await bot.send_message(ann.id, " <b> </b> ", parse_mode="HTML")
        with pytest.raises(BadRequest, match="Message caption is too long"):
            await bot.send_photo(ann.id, picture(), caption="x" * 1025)
    assert len(await ann.messages()) == 1


async def test_a_photo_is_uploaded_once_and_sent_again_by_its_file_id(telegram):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    content = picture(1600, 900)
    async with bot_of(telegram) as bot:
        first = await bot.send_photo(ann.id, content, caption="<b>BTC</b>", parse_mode="HTML")
        again = await bot.send_photo(bob.id, first.photo[-1].file_id, caption="again")
        file = await bot.get_file(first.photo[-1].file_id)
        small = await bot.get_file(first.photo[0].file_id)
        assert bytes(await file.download_as_bytearray()) == content
        assert 0 < len(await small.download_as_bytearray()) < len(content)
    heard, other = await ann.hears(), await bob.hears()
    assert heard.entities == [{"offset": 0, "length": 3, "type": "bold"}]
    assert heard.file_id == other.file_id == again.photo[-1].file_id
    assert await telegram.picture(other.file_id) == content
    assert [(size.width, size.height) for size in first.photo][-1] == (1600, 900)
    uploads = [call.parameters["photo"] for call in await telegram.calls("sendPhoto")]
    assert uploads == [{"file": "application.octet-stream", "bytes": len(content)}, heard.file_id]


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (picture(9000, 1001), "Photo_invalid_dimensions"),
        (picture(2100, 100), "Photo_invalid_dimensions"),
        (picture()[:200], "Image_process_failed"),
        (b"GIF89a no picture at all", "Image_process_failed"),
        (b"\x89PNG" + bytes(10 * 1024 * 1024), "Type of file mismatch"),
        ("AgACAgIAAxkunknown", "Wrong remote file identifier specified"),
        ("https://example.org/a.png", "Failed to get http url content"),
    ],
    ids=["too large", "too long", "cut off", "no picture", "too heavy", "unknown file_id", "address"],
)
async def test_what_is_no_photo_is_refused(telegram, photo, reason):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match=f"(?i){reason}"):
            await bot.send_photo(ann.id, photo)


async def test_jpeg_is_a_photo_too(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        sent = await bot.send_photo(ann.id, picture(20, 1, kind="JPEG"))
    assert (sent.photo[-1].width, sent.photo[-1].height) == (20, 1)


async def test_callback_data_has_1_to_64_bytes(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        for data in ("x" * 64, "é" * 32):
            await bot.send_message(ann.id, "x", reply_markup=_key(data))
        for data in ("é" * 33, "x" * 65):
            with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
                await bot.send_message(ann.id, "x", reply_markup=_key(data))
        with pytest.raises(BadRequest, match=r"(?i)button url"):
            await bot.send_message(
                ann.id,
                "x",
                reply_markup=InlineKeyboardMarkup.from_button(InlineKeyboardButton("a", url="ftp:a")),
            )


def _key(data):
    return InlineKeyboardMarkup.from_button(InlineKeyboardButton("press", callback_data=data))


async def test_an_edit_replaces_text_and_keyboard_in_place(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(ann.id, "one", reply_markup=_key("a"))
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_text("one", ann.id, sent.message_id, reply_markup=_key("a"))
        await bot.edit_message_text("two", ann.id, sent.message_id, reply_markup=_key("b"))
        await bot.edit_message_reply_markup(ann.id, sent.message_id)
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_reply_markup(ann.id, sent.message_id)
    heard = await telegram.edited(await ann.hears(), times=0)
    assert (heard.text, heard.buttons) == ("two", [])
    assert [before["text"] for before in heard.before] == ["one", "two"]


async def test_the_media_and_caption_of_a_message_can_change(telegram):
    ann = await telegram.person()
    async with bot_of(telegram) as bot:
        text = await bot.send_message(ann.id, "a text")
        photo = await bot.send_photo(ann.id, picture(colour="red"), caption="red", reply_markup=_key("a"))
        same = InputMediaPhoto(photo.photo[-1].file_id, caption="red")
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_media(same, ann.id, photo.message_id, reply_markup=_key("a"))
        blue = InputMediaPhoto(picture(colour="blue"), caption="<i>blue</i>", parse_mode="HTML")
        await bot.edit_message_media(blue, ann.id, photo.message_id, reply_markup=_key("a"))
        await bot.edit_message_caption(ann.id, photo.message_id, caption="still blue")
        with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
            await bot.edit_message_caption(ann.id, text.message_id, caption="x")
        with pytest.raises(BadRequest, match="There is no text in the message to edit"):
            await bot.edit_message_text("x", ann.id, photo.message_id)
    heard = (await ann.messages())[1]
    assert (heard.text, len(heard.before)) == ("still blue", 2)
    assert await telegram.picture(heard.file_id) == picture(colour="blue")


async def test_only_own_and_present_messages_are_edited_and_deleted(telegram):
    ann = await telegram.person()
    theirs = await ann.says("mine")
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(ann.id, "x")
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await bot.edit_message_text("y", ann.id, theirs["message_id"])
        await bot.delete_message(ann.id, sent.message_id)
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await bot.edit_message_text("y", ann.id, sent.message_id)
        with pytest.raises(BadRequest, match="Message to delete not found"):
            await bot.delete_message(ann.id, sent.message_id)
    assert (await ann.messages())[0].deleted


async def test_a_reply_names_what_it_answers(telegram):
    ann = await telegram.person()
    asked = await ann.says("hi")
    async with bot_of(telegram) as bot:
        await bot.send_message(ann.id, "ho", reply_to_message_id=asked["message_id"])
        with pytest.raises(BadRequest, match="Message to be replied not found"):
            await bot.send_message(ann.id, "ho", reply_to_message_id=99_999)
        await bot.send_message(ann.id, "hm", reply_to_message_id=99_999, allow_sending_without_reply=True)
    first, second = await ann.messages()
    assert first.raw["reply_to_message"]["text"] == "hi"
    assert "reply_to_message" not in second.raw


async def test_topics_keep_their_messages_apart(telegram):
    ann = await telegram.person()
    forum = await telegram.supergroup("Desk", ann, forum=True)
    topic = await forum.opens_topic("alerts")
    async with bot_of(telegram) as bot:
        await bot.send_message(forum.id, "to the topic", message_thread_id=topic)
        await bot.send_message(forum.id, "to all")
        with pytest.raises(BadRequest, match="Message thread not found"):
            await bot.send_message(forum.id, "nowhere", message_thread_id=topic + 1000)
        await forum.closes_topic(topic)
        with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
            await bot.send_message(forum.id, "x", message_thread_id=topic)
        await forum.deletes_topic(topic)
        with pytest.raises(BadRequest, match="Message thread not found"):
            await bot.send_message(forum.id, "x", message_thread_id=topic)
    assert [(seen.text, seen.topic) for seen in await forum.messages()] == [
        ("to the topic", topic),
        ("to all", None),
    ]


async def test_chats_that_cannot_be_written_to_say_why(telegram):
    ann, shy = await telegram.person("Ann"), await telegram.person("Shy", started=False)
    group = await telegram.group("Us", ann)
    channel = await telegram.channel("News", ann, bot="absent", username="the_news")
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(4711, "x")
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await bot.send_message(shy.id, "x")
        with pytest.raises(Forbidden, match="bot is not a member of the channel chat"):
            await bot.send_message("@the_news", "x")
        await channel.promotes_bot()
        await bot.send_message("@The_News", "x")
        await channel.promotes_bot("can_edit_messages")
        with pytest.raises(BadRequest, match="Need administrator rights in the channel chat"):
            await bot.send_message(channel.id, "x")
        await group.forbids("photos")
        with pytest.raises(BadRequest, match="Not enough rights to send photos to the chat"):
            await bot.send_photo(group.id, picture())
        await group.kicks_bot()
        with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
            await bot.send_message(group.id, "x")
        await ann.blocks()
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_chat_action(ann.id, "typing")
        await ann.unblocks()
        await ann.deletes_account()
        with pytest.raises(Forbidden, match="user is deactivated"):
            await bot.send_message(ann.id, "x")


@pytest.mark.parametrize("token", ["nonsense", "123:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghi"])
async def test_a_wrong_token_is_turned_away(telegram, token):
    with pytest.raises(InvalidToken):
        async with bot_of(telegram, token):
            pass
