"""Receiving: polling and webhook, and what makes the adapter give up, or not."""

import asyncio
import contextlib
import socket
import time

import httpx
import pytest
from chat.telegram.stand_ins import WITHIN, chat_of, eventually, free_port
from pydantic import SecretStr

from liqbot.alerts.platform import OutgoingMessage
from liqbot.chat.adapter import AdapterError
from liqbot.chat.telegram.incoming import read
from liqbot.chat.telegram.receiving import ANOTHER, BORNE_S, CALM_S
from liqbot.message import Message

WRONG_TOKEN = "70000001:another-secret-than-the-right-one"  # noqa: S105 - names no bot anywhere
pytestmark = pytest.mark.usefixtures("unhurried")


@contextlib.asynccontextmanager
async def running(adapter):
    """Run an adapter; at the end of the block it is stopped."""
    task = asyncio.create_task(adapter.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def greets(person):
    """Let a person say something, and wait for the answer."""
    await person.says("/regime BTC")
    return await person.hears(within=WITHIN)


# What is fetched


async def test_what_was_said_while_the_bot_was_away_is_heard(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await ann.says("/subscribe near-cluster BTC")
        await ann.hears(within=WITHIN)
        await telegram.settled(within=WITHIN)
    await ann.says("/unsubscribe 1")
    async with serving() as bot:
        await ann.hears(within=WITHIN)
        assert not await bot.store.subscriptions.of(chat_of(ann))
    dropping = [call.parameters.get("drop_pending_updates") for call in await telegram.calls()]
    assert set(dropping) <= {None, "false", False}


async def test_what_was_fetched_before_the_end_is_answered_and_does_not_come_again(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving():
        await telegram.polled(within=WITHIN)
        await ann.says("/regime BTC")
        await telegram.settled(within=WITHIN)
    assert (await ann.hears(within=WITHIN)).text
    async with serving():
        await greets(ann)
    assert len(await ann.messages()) == 2


async def test_only_what_is_needed_is_asked_for(telegram, serving):
    async with serving():
        await telegram.polled(within=WITHIN)
    (first, *_) = await telegram.calls("getUpdates")
    wanted = ["message", "channel_post", "callback_query", "my_chat_member"]
    assert first.parameters["allowed_updates"] in (wanted, str(wanted).replace("'", '"'))


async def test_the_commands_of_one_chat_are_dealt_with_in_their_order(telegram, serving):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        for _ in range(4):
            await ann.says("/subscribe near-cluster BTC")
            await ann.says("/unsubscribe 1")
            await ann.says("/forget yes")
        heard = await telegram.messages(ann, at_least=12, within=WITHIN)
        assert not await bot.store.subscriptions.of(chat_of(ann))
    told = [message.text.split(":")[0] for message in heard]
    assert told[:2] * 4 == [text for place, text in enumerate(told) if place % 3 != 2]


async def test_one_chat_that_asks_for_too_much_holds_up_no_other(telegram, serving):
    ann, ben = await telegram.person("Ann"), await telegram.person("Ben")
    async with serving():
        await telegram.fail("delay", "sendMessage", chat=ann.id, times=None, seconds=0.2)
        for _ in range(60):
            await ann.says("/regime BTC")
        assert (await greets(ben)).text
        assert len(await ann.messages()) < 20
        await telegram.settled(within=WITHIN)
        await telegram.messages(ann, at_least=20, within=WITHIN)


# What goes wrong


async def test_an_update_that_cannot_be_read_harms_only_itself(telegram, serving, monkeypatch):
    def strange(update, username, platform):
        if update.message and update.message.text == "/strange":
            raise KeyError("something new")
        return read(update, username, platform)

    monkeypatch.setattr("liqbot.chat.telegram.intake.read", strange)
    ann = await telegram.person("Ann")
    async with serving():
        await ann.says("/strange")
        assert (await greets(ann)).text


@pytest.mark.parametrize("kind", ["reset", "bad_gateway", "server_error", "too_many", "conflict"])
@pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
async def test_a_poll_that_fails_once_leaves_a_working_bot(telegram, serving, kind):
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await telegram.polled(within=WITHIN)
        order = await telegram.fail(kind, "getUpdates", seconds=1)
        await greets(ann)
        await telegram.hits(order, at_least=1, within=WITHIN)
        assert (await greets(ann)).text
        assert bot.servings[0].failure is None


async def test_telegram_may_be_away_at_the_start(telegram, serving):
    ann = await telegram.person("Ann")
    await telegram.fail("reset", "getMe", times=1)
    await telegram.fail("bad_gateway", "deleteWebhook", times=1)
    async with serving():
        assert (await greets(ann)).text


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *(("unauthorized", 401), ("not_found", 404), ("conflict", 409)),
        *(("page", 403), ("page", 404), ("foreign_json", 401), ("empty", 200)),
    ],
)
async def test_whatever_answers_a_few_polls_the_bot_is_there_afterwards(
    telegram, serving, monkeypatch, kind, status
):
    monkeypatch.setattr("liqbot.chat.telegram.receiving.FIRST_PAUSE_S", 0.05)
    ann = await telegram.person("Ann")
    async with serving() as bot:
        await telegram.polled(within=WITHIN)
        order = await telegram.fail(kind, "getUpdates", times=2, status=status)
        await ann.says("/regime BTC")
        await telegram.hits(order, at_least=2, within=WITHIN)
        assert (await ann.hears(within=WITHIN)).text
        assert bot.servings[0].state == "running"


async def test_while_another_process_polls_too_the_operator_reads_why_and_afterwards_it_is_over(
    telegram, adapter_of
):
    first, second = adapter_of(), adapter_of()
    clock = Clock()
    first._receiving._clock_s = clock
    ann = await telegram.person("Ann")
    async with running(first):
        await telegram.polled(within=WITHIN)
        async with running(second):
            await eventually(lambda: conflicts(telegram), bool)
            clock.now_s += BORNE_S
            await eventually(lambda: told(first), lambda trouble: trouble == ANOTHER)
            await first.send(OutgoingMessage(chat_of(ann), Message("BTC: fuel has moved"), key="7-1"))
        clock.now_s += CALM_S
        await ann.says("/regime BTC")
        await eventually(lambda: told(first), lambda trouble: trouble is None)


async def test_a_token_that_telegram_does_not_know_is_told_and_tried_again_until_it_works(
    telegram, adapter_of, monkeypatch
):
    monkeypatch.setattr("liqbot.chat.telegram.adapter.FIRST_PAUSE_S", 0.05)
    adapter = adapter_of(token=WRONG_TOKEN)
    async with running(adapter):
        await eventually(lambda: told(adapter), bool)
        assert "LIQBOT_TELEGRAM__TOKEN must be the token" in adapter.trouble
        for request in adapter._connection._requests:
            request._client._transport._token = SecretStr(telegram.token)
        await eventually(lambda: told(adapter), lambda trouble: trouble is None)
        await telegram.polled(within=WITHIN)


class Clock:
    """Seconds that stand until they are told."""

    def __init__(self):
        self.now_s = 1_000.0

    def __call__(self):
        return self.now_s


async def told(adapter):
    return adapter.trouble


async def conflicts(telegram):
    return [call for call in await telegram.calls("getUpdates") if call.status == 409]


async def test_an_update_that_is_none_is_passed_over_once_and_what_was_written_stays_out_of_the_log(
    telegram, serving, caplog
):
    ann = await telegram.person("Ann")
    async with serving():
        await telegram.polled(within=WITHIN)
        await telegram.garble({"message": {"text": "my secret", "date": "yesterday", "chat": 7}})
        assert (await greets(ann)).text
        assert len(await telegram.calls("getUpdates")) < 8
    assert "update_not_readable" in caplog.text
    assert "my secret" not in caplog.text
    await telegram.reset()


# Webhook


async def test_updates_can_be_brought_to_a_webhook(telegram, serving):
    ann, port = await telegram.person("Ann"), free_port()
    async with serving(webhook_url=f"http://127.0.0.1:{port}/liqbot", webhook_port=port) as bot:
        assert (await greets(ann)).text
        assert not await telegram.calls("getUpdates")
        url = (await telegram.webhook())["url"]
        (call,) = await telegram.calls("setWebhook")
        secret = call.parameters["secret_token"]
        assert url.startswith(f"http://127.0.0.1:{port}/liqbot/")
        assert len(url.rpartition("/")[2]) >= 40
        assert len(secret) >= 40
        assert bot.servings[0].failure is None
    async with serving():
        assert (await greets(ann)).text
        assert not (await telegram.webhook())["url"]


async def test_nobody_but_telegram_is_heard_at_the_webhook(telegram, serving):
    ann, port = await telegram.person("Ann"), free_port()
    forged = update_of(ann, 1, "/stop")
    hooked = serving(webhook_url=f"http://127.0.0.1:{port}", webhook_port=port)
    async with hooked, httpx.AsyncClient() as client:
        await telegram.calls("setWebhook", at_least=1, within=WITHIN)
        url = (await telegram.webhook())["url"]
        header = "X-Telegram-Bot-Api-Secret-Token"
        await eventually(lambda: asyncio.to_thread(is_open, port), bool)
        assert (await client.post(url, json=forged)).status_code == 403
        assert (await client.post(url, json=forged, headers={header: "x" * 43})).status_code == 403
        assert (await client.post(f"http://127.0.0.1:{port}/", json=forged)).status_code == 404
        assert (await greets(ann)).text
    assert len(await ann.messages()) == 1


async def test_an_update_that_is_brought_three_times_is_answered_once_and_what_is_no_json_gets_a_400(
    telegram, serving, caplog
):
    ann, port = await telegram.person("Ann"), free_port()
    brought = update_of(ann, 999_999, "/regime BTC")
    hooked = serving(webhook_url=f"http://127.0.0.1:{port}", webhook_port=port)
    async with hooked, httpx.AsyncClient() as client:
        (call,) = await telegram.calls("setWebhook", at_least=1, within=WITHIN)
        url = (await telegram.webhook())["url"]
        headers = {"X-Telegram-Bot-Api-Secret-Token": call.parameters["secret_token"]}
        for _ in range(3):
            assert (await client.post(url, json=brought, headers=headers)).status_code == 200
        headers["Content-Type"] = "application/json"
        assert (await client.post(url, content=b"{no json", headers=headers)).status_code == 400
        assert (
            await client.post(url, json={"update_id": 7, "message": 3}, headers=headers)
        ).status_code == 200
        await telegram.messages(ann, at_least=1, within=WITHIN)
        assert (await greets(ann)).text
    assert len(await ann.messages()) == 2
    assert "Traceback" not in caplog.text


async def test_a_webhook_that_cannot_listen_says_where(adapter_of):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        adapter = adapter_of(webhook_url="http://127.0.0.1/x", webhook_port=port)
        with pytest.raises(AdapterError, match=f"the webhook cannot listen on 127.0.0.1:{port}"):
            await adapter.run()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def update_of(ann, number, text):
    """Return an update in which Ann says something."""
    return {
        "update_id": number,
        "message": {
            "message_id": 1,
            "date": int(time.time()),
            "chat": {"id": ann.id, "type": "private"},
            "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
            "text": text,
        },
    }
