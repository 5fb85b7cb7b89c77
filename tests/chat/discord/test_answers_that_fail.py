"""Answers that Discord does not take, or that get lost: whoever asked is never left with "thinking…"."""

import contextlib
import logging

import pytest
from chat.discord.stand_ins import bring, eventually, text_of

from liqbot.alerts.platform import NotSent
from liqbot.chat.discord.replies import NOT_SHOWN
from liqbot.message import Message

EDIT = "/webhooks/.*@original"


def tracebacks(caplog):
    return [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()]


@pytest.mark.parametrize(
    ("status", "code"), [(413, None), (413, 40005), (403, 50013), (400, 50035), (403, None)]
)
async def test_an_answer_that_is_refused_comes_in_words(house, caplog, monkeypatch, status, code):
    monkeypatch.setattr("liqbot.chat.discord.replies.PATIENT_PAUSES_S", (0.01, 0.01))
    async with house.open():
        await house.discord.fault("PATCH", EDIT, status=status, code=code, times=1 if code else 2)
        answer = await house.slash("heatmap", coin="BTC")
    assert answer.message.content.startswith("**BTC 64,000: ")
    assert "BTC heatmap-24h in words" in answer.message.content
    assert not tracebacks(caplog)


async def test_where_no_form_is_taken_there_is_an_excuse(house):
    async with house.open():
        await house.discord.fault("PATCH", EDIT, status=400, code=50035, times=2)
        answer = await house.slash("clusters", coin="BTC")
    assert answer.message.content == NOT_SHOWN


async def test_a_renewal_that_is_refused_leaves_the_message_and_is_told_to_the_asker(house):
    async with house.open():
        first = await house.slash("weather")
        await house.discord.fault("PATCH", EDIT, status=400, code=50035)
        pressed = await house.discord.press(first.message, "Refresh", until="acknowledged")
        told = await house.followup(pressed)
    assert told.ephemeral
    assert told.content.startswith("**Weather of 24h**")


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 502}, {"reset": True}, {"status": 200}])
@pytest.mark.parametrize("after", [False, True])
async def test_one_trouble_on_the_way_of_an_answer_is_not_noticed(house, caplog, trouble, after):
    async with house.open():
        await house.discord.fault("PATCH", EDIT, after=after, **trouble)
        answer = await house.slash("subscribe near-cluster", coin="BTC")
    assert text_of(answer.message).startswith("Subscribed")
    assert not tracebacks(caplog)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 413, 500, 502, 503])
async def test_a_page_in_place_of_discord_loses_no_alert_and_leaves_no_traceback(house, caplog, status):
    caplog.set_level(logging.DEBUG, "liqbot")
    async with house.open() as adapter:
        await house.discord.fault("POST", "/channels/.*/messages", status=status, times=1)
        for _ in range(2):
            with contextlib.suppress(NotSent):
                await bring(adapter, house.chat, Message("Storm"))
        await eventually(house.messages, len)
    assert [text_of(one) for one in await house.messages()] == ["Storm"]
    assert not tracebacks(caplog)


async def test_a_slow_database_does_not_delay_the_acknowledgement(house, monkeypatch):
    async def never(*_):
        import asyncio

        await asyncio.sleep(3_600)

    async with house.open():
        monkeypatch.setattr("liqbot.chat.discord.conversation.read_arguments", never)
        answer = await house.slash("clusters", coin="BTC")
    assert answer.acknowledged_in < 2.5


async def test_an_answer_in_a_server_without_rights_comes_in_words_and_says_what_is_missing(house):
    await house.discord.overwrite(house.channel, deny=["embed_links", "attach_files"])
    async with house.open():
        await house.discord.fault("PATCH", "/webhooks/", status=403, code=50013)
        answer = await house.slash("weather")
    assert "*dry*" in answer.message.content.replace("\\", "")
    assert "I lack Embed Links, Attach Files in this channel" in answer.message.content
