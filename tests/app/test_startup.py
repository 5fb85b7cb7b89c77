"""The first seconds of a bot: the present before the past, plugins behind, and questions that wait."""

import asyncio
import io

import pytest
from app.stand_ins import LIVE, ME, Told, beat
from markets import HOUR, MINUTE
from platforms import Paper
from rich.console import Console

from liqbot.app.bot import Bot
from liqbot.app.plugin_setup import may_come_later, plugins_of
from liqbot.app.tour import Player
from liqbot.chat.command import CommandContext
from liqbot.chat.console.printer import Printer
from liqbot.chat.console.script import Type
from liqbot.service import startup
from liqbot.service.errors import UserError
from liqbot.service.findings import READS_PAST
from liqbot.settings import Settings
from liqbot.sources.source import NoDataError
from liqbot.store.chats import ChatKey
from liqbot.web import questions
from liqbot.web.problems import of_user
from liqbot.web.questions import ServiceQuestions

RULE = '''
from liqbot.plugin import *

@rule("always", policy=Policy(cooldown=0))
def always(view):
    """Something is always the matter."""
    yield Hit("it", "it is the matter")

@command("spot")
def spot(view):
    """What spot is."""
    return Message(f"{view.coin} is at {view.spot:g}")
'''


class Foretold(Told):
    """A source that tells its present before its past."""

    def __init__(self, present, *runs, **options):
        super().__init__(*runs, **options)
        self._present = present

    def present(self):
        return self._present


def asked(bot, line):
    """Return the answer to come to a line."""
    return asyncio.create_task(bot.answering.answer(line, CommandContext(ME, bot.services)))


async def answered_at_once(task):
    """Return whether a question is answered while the loop has nothing but it to do."""
    for _ in range(200):
        await asyncio.sleep(0)
        if task.done():
            return True
    return False


async def test_the_present_is_seen_before_the_past_and_questions_about_the_past_wait_for_it(bot_of):
    past = asyncio.Event()
    source = Foretold(
        beat(9 * HOUR, 103),
        [*beat(7 * HOUR, 101), past, *beat(9 * HOUR, 103), *beat(9 * HOUR + MINUTE, 104), asyncio.Event()],
        live_from_ms=9 * HOUR,
    )
    async with bot_of(source) as bot:
        assert bot.services.markets.views["BTC"].spot == 103
        regime, picture = asked(bot, "/regime BTC"), asked(bot, "/heatmap BTC 24h")
        assert "BTC" in (await regime).title
        assert READS_PAST in "\n".join((await asked(bot, "/status")).lines)
        assert not await answered_at_once(picture)
        past.set()
        assert (await picture).picture is not None
        assert READS_PAST not in "\n".join((await asked(bot, "/status")).lines)
        assert (await bot.store.history.grid(bot.services.markets.views["BTC"], 24 * HOUR)).spot.tolist() == [
            101,
            103,
            104,
        ], "what was only looked at is no history"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/stops BTC", "stop orders"),
        ("/help", "What you can ask"),
        ("/scoreboard", "Which coin?"),
        ("/heatmap NONE", "There is no coin 'NONE'"),
        ("/history BTC 5m", "There is no window '5m'"),
    ],
)
async def test_what_needs_no_past_and_what_cannot_be_done_is_answered_before_the_past_is_there(
    bot_of, line, told
):
    source = Foretold(beat(9 * HOUR, 103), [*beat(7 * HOUR, 101), asyncio.Event()], live_from_ms=9 * HOUR)
    async with bot_of(source) as bot:
        question = asked(bot, line)
        assert await answered_at_once(question)
        assert told in (await question).title


async def test_a_script_waits_for_the_past_however_long_that_takes(bot_of, monkeypatch):
    monkeypatch.setattr(startup, "SETTLED_S", 0.0)
    past = asyncio.Event()
    source = Foretold(
        beat(9 * HOUR, 103), [*beat(7 * HOUR, 101), past, *beat(9 * HOUR, 103), asyncio.Event()]
    )
    console = Console(file=io.StringIO(), width=200)
    async with bot_of(source) as bot:
        player = Player(bot, source, Printer(console, None))
        playing = asyncio.create_task(player.play([Type("/history BTC 24h")]))
        assert not await answered_at_once(playing)
        past.set()
        await playing
    assert "One reading an hour is kept" in console.file.getvalue(), "that is what the whole past has to say"


async def test_a_past_that_is_only_half_read_is_no_answer(bot_of, monkeypatch):
    monkeypatch.setattr(startup, "SETTLED_S", 0.05)
    monkeypatch.setattr(questions, "PATIENCE_S", 0.05)
    source = Foretold(beat(9 * HOUR, 103), [*beat(7 * HOUR, 101), asyncio.Event()], live_from_ms=9 * HOUR)
    async with bot_of(source) as bot:
        said = await asked(bot, "/history BTC 3d")
        assert "its past is still being read. Ask again in a minute." in said.title
        programs = ServiceQuestions(bot.services, troubles=dict, metrics=bytes)
        with pytest.raises(UserError, match="still being read") as caught:
            await programs.readings("BTC", 3, {})
        assert of_user(None, caught.value).status_code == 503


@pytest.mark.parametrize("end", ["it ends", "it fails"])
async def test_a_past_that_never_comes_holds_up_nobody_for_long(bot_of, end):
    last = [] if end == "it ends" else [ValueError("it broke")]
    source = Foretold(beat(9 * HOUR, 103), [*beat(7 * HOUR, 101), *last], live_from_ms=9 * HOUR)
    async with bot_of(source) as bot:
        answer = await asked(bot, "/heatmap BTC 24h")
        assert answer.picture is not None


async def test_a_question_before_the_first_view_is_answered_as_soon_as_there_is_one(bot_of):
    first = asyncio.Event()
    async with bot_of(Told([first, *beat(1), asyncio.Event()])) as bot:
        question = asked(bot, "/regime BTC")
        assert not await answered_at_once(question)
        first.set()
        assert "BTC" in (await question).title


async def test_plugins_are_loaded_behind_the_first_view_and_their_rules_miss_nothing(settings):
    (settings.plugins_path / "always.py").write_text(RULE)
    live, chat = asyncio.Event(), Paper()
    source = Told([*beat(1), live, *beat(MINUTE), asyncio.Event()], layer=LIVE)
    bot = Bot(settings, [source], {"here": chat}, plugins_of(settings, later=may_come_later(settings)))
    assert "always" not in bot.services.rules.by_name
    async with bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        assert (await asked(bot, "/spot BTC")).title == "BTC is at 100"
        assert "always" in "\n".join(str(table) for table in (await asked(bot, "/help all")).tables)
        await bot.services.subscriptions.enter(ChatKey("here", "me"), "always", "BTC", {})
        live.set()
        await bot.until(lambda: bot.beats == 2)
        await bot.drain()
    assert len(chat.messages) == 1


def test_where_people_are_served_plugins_come_first_as_platforms_are_told_of_their_commands():
    assert may_come_later(Settings())
    assert not may_come_later(Settings.model_validate({"telegram": {"token": f"1234567890:{'a' * 35}"}}))
    assert not may_come_later(
        Settings.model_validate({"plugins": {"options": {"shelf": {"subscribe": ["wall BTC"]}}}})
    )


class Empty(Told):
    """A source that says why it has nothing to tell, whenever it is asked."""

    async def updates(self):
        raise NoDataError("the exchange does not answer")
        yield


async def test_what_needs_no_market_is_done_before_there_is_any(bot_of):
    async with bot_of(Told([asyncio.Event(), *beat(1)])) as bot:
        for line in ("/pause", "/mute 1h", "/status", "/help", "/privacy", "/unsubscribe 1", "/timezone"):
            async with asyncio.timeout(5):
                assert "still being read" not in (await asked(bot, line)).title
        assert not await answered_at_once(asked(bot, "/heatmap BTC"))


async def test_nobody_waits_for_a_view_where_no_source_has_any(bot_of):
    async with bot_of(Empty(), Empty()) as bot:
        async with asyncio.timeout(5):
            answer = await asked(bot, "/regime BTC")
        assert answer.title == "No coin is known yet: the market is still being read. See /status"


async def test_while_one_source_is_silent_another_is_waited_for(bot_of):
    first = asyncio.Event()
    async with bot_of(Empty(), Told([first, *beat(1), asyncio.Event()])) as bot:
        question = asked(bot, "/regime BTC")
        assert not await answered_at_once(question)
        first.set()
        assert "BTC" in (await question).title


async def test_a_request_of_a_program_waits_less_long_than_people(bot_of, monkeypatch):
    monkeypatch.setattr(questions, "PATIENCE_S", 0.05)
    source = Foretold(beat(9 * HOUR, 103), [*beat(7 * HOUR, 101), asyncio.Event()], live_from_ms=9 * HOUR)
    async with bot_of(source) as bot:
        person = asked(bot, "/history BTC 3d")
        with pytest.raises(UserError, match="still being read"):
            await ServiceQuestions(bot.services, troubles=dict, metrics=bytes).readings("BTC", 3, {})
        assert not await answered_at_once(person)
