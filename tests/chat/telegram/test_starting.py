"""What is asked in the first seconds of a bot waits for an answer; meanwhile Telegram shows "typing"."""

import asyncio

import pytest
from app.stand_ins import Told
from chat.telegram.stand_ins import WITHIN, eventually, fuel

from liqbot.app.bot import Bot
from liqbot.chat.telegram import typing_sign
from liqbot.chat.telegram.adapter import TelegramAdapter

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def starting(settings_of, monkeypatch):
    """Return a bot on Telegram whose market has yet to be read, and what has it read."""
    monkeypatch.setattr(typing_sign, "AFTER_S", 0.0)
    monkeypatch.setattr(typing_sign, "AGAIN_S", 0.05)
    settings, first = settings_of(), asyncio.Event()
    bot = Bot(settings, [Told([first, *fuel(1), asyncio.Event()])], {})
    adapter = TelegramAdapter(settings.telegram, bot.reception("telegram"))
    bot.serve("telegram", adapter)
    return bot, adapter, first


async def signs(telegram):
    return [call for call in await telegram.calls() if call.method.lower() == "sendchataction"]


async def test_a_question_waits_for_the_market_and_its_chat_sees_that_it_is_worked_on(telegram, starting):
    bot, adapter, first = starting
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    async with bot:
        await ann.says("/regime BTC")
        await eventually(lambda: signs(telegram), lambda shown: len(shown) > 1)
        await bob.says("/help")
        assert "What you can ask" in (await bob.hears(within=WITHIN)).text  # nobody waits for others
        first.set()
        assert "Ratio" in (await ann.hears(within=WITHIN)).text
        assert {call.chat for call in await signs(telegram)} == {ann.id}
        shown = len(await signs(telegram))
        await ann.says("/regime BTC")
        await ann.hears(within=WITHIN)
        assert len(await signs(telegram)) == shown, "it is shown at the start alone"
    await adapter.close()


async def test_in_a_topic_it_is_shown_in_that_topic(telegram, starting):
    bot, adapter, first = starting
    owner = await telegram.person("Owner")
    room = await telegram.supergroup("Traders", owner, forum=True)
    topic = await room.opens_topic("Alerts")
    async with bot:
        await owner.says("/regime BTC", to=room, topic=topic)
        await eventually(lambda: signs(telegram), bool)
        first.set()
        await telegram.messages(room, at_least=1, within=WITHIN)
        assert {str(call.parameters["message_thread_id"]) for call in await signs(telegram)} == {str(topic)}
    await adapter.close()
