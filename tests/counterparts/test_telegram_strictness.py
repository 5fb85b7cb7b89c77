"""The counterpart is strict: every parameter, result and update as in the published description."""

import json

import aiohttp
import pytest
from counterparts.telegram import Telegram, start
from counterparts.telegram.published import Published
from counterparts.telegram_bots import picture
from shared import shared_file


@pytest.fixture(scope="module")
def published():
    """The published description, or a visible skip: without it the counterpart does not check against it."""
    return Published(shared_file("specs/telegram-api.json"))


@pytest.fixture
async def post(telegram):
    """Call a method by hand: with `json`, `data` or `params`."""
    async with aiohttp.ClientSession() as session:

        async def call(method, **body):
            async with session.post(f"{telegram.base_url}{telegram.token}/{method}", **body) as answer:
                return await answer.json()

        yield call


def test_every_method_and_type_of_the_description_is_understood(published):
    for method in published._methods.values():
        assert published.wrong_parameters(method["name"], {"no such thing": 1}) is not None
        assert published.wrong_result(method["name"], object()) is not None
    for name in published._types:
        assert published._type(name)(object()) is not None


def test_a_result_is_checked_in_its_depth(published):
    chat = {"id": 1, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "text": "x"}
    assert published.wrong_result("sendMessage", message) is None
    wrong = message | {"entities": [{"type": "bold", "offset": "0", "length": 1}]}
    assert "entities[0].offset must be Integer" in published.wrong_result("sendMessage", wrong)
    assert "chat.type is missing" in published.wrong_result("sendMessage", message | {"chat": {"id": 1}})
    assert ".colour is unknown (Message)" in published.wrong_result("sendMessage", message | {"colour": 1})
    assert published.wrong_result("editMessageText", True) is None  # noqa: FBT003  the result of an inline edit
    left = {"status": "left", "user": {"id": 1, "is_bot": False, "first_name": "A"}}
    assert published.wrong_result("getChatMember", left) is None
    assert published.wrong_result("getChatMember", left | {"status": "gone"}) is not None


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"chat_id": 1, "text": "x", "colour": 1}, "no parameter “colour”"),
        ({"chat_id": 1}, "text is missing"),
        ({"chat_id": 1, "text": 5}, "text must be String"),
        ({"chat_id": 1.5, "text": "x"}, "chat_id must be"),
        (
            {"chat_id": 1, "text": "x", "disable_notification": "maybe"},
            "disable_notification must be Boolean",
        ),
        ({"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"txt": 1}]]}}, "reply_markup"),
        (
            {"chat_id": 1, "text": "x", "entities": '[{"type":"bold","offset":0}]'},
            "entities[0].length is missing",
        ),
    ],
)
@pytest.mark.usefixtures("published")
async def test_wrong_parameters_are_refused_and_remembered(telegram, post, parameters, problem):
    answer = await post("sendMessage", json=parameters)
    assert (answer["error_code"], problem in answer["description"]) == (400, True)
    (violation,) = await telegram.violations()
    assert (violation["kind"], problem in violation["what"]) == ("parameters", True)
    await telegram.reset()


async def test_an_unknown_method_is_refused_and_remembered(telegram, post):
    assert (await post("sendNothing"))["error_code"] == 404
    assert (await telegram.violations())[0]["what"] == "no such method: sendNothing"
    await telegram.reset()


async def test_json_forms_queries_and_multipart_say_the_same(telegram, post):
    ann = await telegram.person()
    keys = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    written = json.dumps(keys)
    await telegram.limits(on=False)
    await post("sendMessage", json={"chat_id": ann.id, "text": "x", "reply_markup": keys})
    await post("SendMessage", json={"chat_id": str(ann.id), "text": "x", "reply_markup": written})
    await post("sendMessage", data={"chat_id": str(ann.id), "text": "x", "reply_markup": written})
    await post("sendMessage", params={"chat_id": str(ann.id), "text": "x", "reply_markup": written})
    form = {"chat_id": str(ann.id), "text": "x", "reply_markup": written}
    await post("sendMessage", data=aiohttp.FormData(form, default_to_multipart=True))
    assert [(one.text, one.rows) for one in await ann.messages()] == [("x", keys["inline_keyboard"])] * 5


@pytest.mark.usefixtures("published")
async def test_a_file_that_nobody_wants_is_refused(telegram, post):
    ann = await telegram.person()
    form = aiohttp.FormData({"chat_id": str(ann.id), "text": "x"})
    form.add_field("nothing", b"x", filename="nothing")
    assert "no parameter “nothing”" in (await post("sendMessage", data=form))["description"]
    await telegram.reset()


async def test_a_photo_comes_by_its_own_name_or_attached(telegram, post):
    ann = await telegram.person()
    own = aiohttp.FormData({"chat_id": str(ann.id)})
    own.add_field("photo", picture(), filename="p.png")
    assert (await post("sendPhoto", data=own))["ok"]
    attached = aiohttp.FormData({"chat_id": str(ann.id), "photo": "attach://here"})
    attached.add_field("here", picture(), filename="p.png")
    assert (await post("sendPhoto", data=attached))["ok"]
    missing = await post("sendPhoto", data={"chat_id": str(ann.id), "photo": "attach://nowhere"})
    assert missing["description"] == 'Bad Request: file "nowhere" is not attached'
    first, second = await ann.messages()
    assert first.file_id == second.file_id


async def test_bodies_that_are_no_json_are_refused(post):
    for body in ("{", "[]", '"x"'):
        answer = await post("getMe", data=body, headers={"Content-Type": "application/json"})
        assert answer["description"].startswith("Bad Request: can't parse request")


async def test_a_body_that_cannot_be_read_is_refused_and_remembered(telegram, post):
    cut = {"data": b"--x\r\nno header", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    wide = {"data": b"text=%FF\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    for body in (cut, wide):
        assert (await post("getMe", **body))["error_code"] == 400
        assert [violation["kind"] for violation in await telegram.violations()] == ["body"]
        await telegram.reset()


async def test_without_checks_the_same_calls_are_carried_out():
    running = start("--no-validate")
    try:
        async with Telegram(running) as telegram, aiohttp.ClientSession() as session:
            ann = await telegram.person()
            body = {"chat_id": ann.id, "text": "x", "colour": 1}
            async with session.post(f"{telegram.base_url}{telegram.token}/sendMessage", json=body) as answer:
                assert (await answer.json())["ok"]
            assert (await ann.hears()).text == "x"
            assert not telegram.validates
            assert await telegram.violations() == []
    finally:
        running.stop()
    assert running.process.returncode == 0
