"""Receiving: polling and webhook, and what makes the adapter give up, or not."""

import asyncio
import contextlib
import socket

import httpx
import pytest
from chat.telegram.stand_ins import WITHIN, chat_of, eventually
from pydantic import SecretStr

from liqbot.alerts.platform import Parcel
from liqbot.chat.adapter import AdapterError
from liqbot.chat.telegram.incoming import read
from liqbot.chat.telegram.receiving import UNKNOWN_BOT
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


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


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
    def strange(update, username):
        if update.message and update.message.text == "/strange":
            raise KeyError("something new")
        return read(update, username)

    monkeypatch.setattr("liqbot.chat.telegram.adapter.read", strange)
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


async def test_two_pollers_on_one_token_are_told_apart_and_alerts_still_go_out(telegram, adapter_of):
    first, second = adapter_of(), adapter_of()
    async with running(first) as one:
        await telegram.polled(within=WITHIN)
        async with running(second) as other:
            await asyncio.wait([one, other], timeout=60, return_when=asyncio.FIRST_COMPLETED)
            stopped, adapter = (one, first) if one.done() else (other, second)
            with pytest.raises(
                AdapterError, match=r"another process fetches this bot's updates; only one may"
            ):
                await stopped
            ann = await telegram.person("Ann")
            await adapter.send(Parcel(chat_of(ann), Message("BTC: fuel has moved"), key="7-1"))
            assert (await ann.hears(within=WITHIN)).text == "BTC: fuel has moved"


@pytest.mark.parametrize("when", ["at the start", "later"])
async def test_a_token_that_telegram_does_not_know_ends_it_with_advice(telegram, adapter_of, when):
    adapter = adapter_of(**({"token": WRONG_TOKEN} if when == "at the start" else {}))
    async with running(adapter) as task:
        if when == "later":
            await telegram.polled(within=WITHIN)
            for request in adapter._connection._requests:
                request._client._transport._token = SecretStr(WRONG_TOKEN)
            await (await telegram.person()).says("wakes the poll")
        with pytest.raises(AdapterError) as error:
            async with asyncio.timeout(WITHIN):
                await task
    assert str(error.value) == UNKNOWN_BOT
    assert "LIQBOT_TELEGRAM__TOKEN" in UNKNOWN_BOT


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
    forged = {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "date": 1,
            "chat": {"id": ann.id, "type": "private"},
            "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
            "text": "/stop",
        },
    }
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
