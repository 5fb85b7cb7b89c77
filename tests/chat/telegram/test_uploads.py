"""Pictures that Telegram has already are not uploaded again, whoever asks for them and wherever they go."""

import asyncio
import io
import json

import pytest
from chat.telegram.stand_ins import chat_of
from PIL import Image

from liqbot.chat.telegram.connection import Connection
from liqbot.chat.telegram.message_sender import MessageSender
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.chat.telegram.uploads import Uploads
from liqbot.message import Message, Picture


@pytest.fixture
async def bot(telegram):
    """Give the bot with nobody who keeps it to a pace; Telegram does not either."""
    await telegram.limits(on=False)
    connection = Connection(TelegramSettings(token=telegram.token, api_url=telegram.api_url))
    yield connection.bot
    await connection.close()


@pytest.fixture
def sender(bot):
    return MessageSender(bot)


def drawn(colour="teal"):
    written = io.BytesIO()
    Image.new("RGB", (640, 360), colour).save(written, "PNG")
    return Picture(written.getvalue(), "BTC liquidation map.", "BTC-map.png")


def answer(picture, title="BTC"):
    return Message(title, picture=picture)


async def uploads(telegram, method="sendPhoto"):
    """Return of each call whether the picture itself was in it."""
    calls = await telegram.calls(method)
    if method == "sendPhoto":
        return [isinstance(call.parameters["photo"], dict) for call in calls]
    return [json.loads(call.parameters["media"])["media"].startswith("attach://") for call in calls]


async def test_who_asks_for_the_same_picture_gets_the_one_that_is_there(telegram, sender):
    ann, ben = await telegram.person("Ann"), await telegram.person("Ben")
    await sender.post(chat_of(ann), answer(drawn()))
    await sender.post(chat_of(ben), answer(drawn(), "the same, drawn again"))
    await sender.post(chat_of(ann), answer(drawn("red")))
    assert await uploads(telegram) == [True, False, True]
    heard = await ben.hears()
    assert heard.text.startswith("the same, drawn again")
    assert await telegram.picture(heard.file_id) == drawn().png


async def test_a_message_is_given_a_picture_that_is_there(telegram, sender):
    ann = await telegram.person("Ann")
    shown = await sender.post(chat_of(ann), answer(drawn()))
    await sender.renew(chat_of(ann), shown.message_id, answer(drawn("red")))
    await sender.renew(chat_of(ann), shown.message_id, answer(drawn(), "back again"))
    assert await uploads(telegram, "editMessageMedia") == [True, False]
    [kept] = await ann.messages()
    assert kept.text.startswith("back again")
    assert await telegram.picture(kept.file_id) == drawn().png


async def test_what_telegram_has_forgotten_is_uploaded_anew_and_known_from_then_on(telegram, sender):
    ann = await telegram.person("Ann")
    shown = await sender.post(chat_of(ann), answer(drawn()))
    await telegram.forget_pictures()
    await asyncio.gather(*(sender.post(chat_of(ann), answer(drawn(), str(n))) for n in range(3)))
    await sender.post(chat_of(ann), answer(drawn(), "once more"))
    assert (await uploads(telegram))[-1] is False
    await telegram.forget_pictures()
    await sender.renew(chat_of(ann), shown.message_id, answer(drawn(), "edited"))
    assert await uploads(telegram, "editMessageMedia") == [False, True]
    assert {one.text.splitlines()[0] for one in await ann.messages()} == {
        "edited",
        "0",
        "1",
        "2",
        "once more",
    }


async def test_only_the_last_ones_are_known(telegram, bot):
    ann, known = await telegram.person("Ann"), Uploads(most=1)

    async def send(photo):
        return await bot.send_photo(ann.id, photo if isinstance(photo, str) else photo.png)

    for colour in ("teal", "red", "red", "teal"):
        await known.send(drawn(colour), None, send)
    assert await uploads(telegram) == [True, True, False, True]
