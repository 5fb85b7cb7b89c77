"""What was kept and not read by rules, as the bot was killed in between, is read at the next start."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from app.stand_ins import ME, Told, beat, subscribe
from markets import MINUTE
from platforms import Paper
from plugins.examples import examples

from liqbot.alerts.evaluator import Evaluator
from liqbot.app.bot import Bot
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.rules.rule import Hit, rule
from liqbot.store.errors import StoreError

SWEPT = "cluster-swept"
HISTORY_STEP = 5 * MINUTE
"""How often the engine's memory is written where nothing happens."""


@pytest.fixture
def bot_of(settings, undrawn):
    """Return how to make a bot with the rules of the examples."""
    assert undrawn is None

    def bot_of(source, paper, database=settings.database):
        own = settings.model_copy(update={"database": database})
        return Bot(own, [source], {"here": paper}, replace(examples()))

    return bot_of


def minutes(count, *, ago=5):
    """Return a market that falls through its cluster in its second minute, some minutes ago."""
    start = time.time_ns() // 1_000_000 // MINUTE * MINUTE - ago * MINUTE
    told = [beat(start, 100), beat(start + MINUTE, 94, near=95), beat(start + 2 * MINUTE, 94, near=80)]
    return [update for one in told[:count] for update in one]


async def lived(bot):
    async with bot:
        await bot.until(lambda: False)
        await bot.drain()


class Kills:
    """Copies of a database, as kills leave it right before statements of the second minute's reading."""

    POINTS = ("INSERT INTO states", "INSERT INTO alerts", "INSERT INTO deliveries", "COMMIT")

    def __init__(self, path, folder):
        self.path = path
        self.folder = folder
        self.observations = 0
        self.copies = {}

    def statement(self, sql):
        self.observations += sql.startswith("INSERT INTO observations")
        point = next((point for point in self.POINTS if sql.startswith(point)), None)
        is_before = point == "COMMIT" and len(self.copies) < len(self.POINTS) - 1
        if self.observations < 2 or point is None or point in self.copies or is_before:
            return
        copy = self.folder / point / self.path.name
        copy.parent.mkdir()
        for file in (self.path, self.path.with_name(f"{self.path.name}-wal")):
            shutil.copy(file, copy.parent)
        self.copies[point] = copy


async def test_wherever_it_is_killed_after_a_minute_was_kept_its_events_are_told_once(
    bot_of, settings, tmp_path
):
    bot = bot_of(Told(minutes(2)), Paper({}))
    await subscribe(bot, ME, SWEPT)
    kills = Kills(settings.database, tmp_path)
    bot.store._db.set_trace_callback(kills.statement)
    await lived(bot)
    assert set(kills.copies) == set(Kills.POINTS)
    for name, database in kills.copies.items():
        paper = Paper({})
        await lived(bot_of(Told(minutes(3)[len(minutes(2)) :]), paper, database))
        assert len(paper.got) == 1, name
        assert paper.got[0][1].startswith("BTC: "), name


async def test_what_ended_within_the_minute_of_a_restart_is_in_the_view_that_rules_read_next(
    bot_of, monkeypatch
):
    @rule("minute")
    def minute(view) -> Iterable[Hit]:
        """What a view says of the time since the one before."""
        ended = [f"{one.cluster.side} {one.end}" for one in view.ended]
        return [Hit(str(view.time_ms), f"{ended} {view.liquidated.long:.0f}")] if ended else []

    def bot_with(source, paper):
        bot = bot_of(source, paper)
        monkeypatch.setitem(bot.plugins.rules.by_name, "minute", minute)  # which all bots of tests share
        return bot

    start = time.time_ns() // 1_000_000 // MINUTE * MINUTE - 5 * MINUTE
    forced = Liquidation("BTC", start + 9_000, Side.LONG, 94.5, 100.0)
    swept = beat(start + 10_000, 94, near=95)
    first = bot_with(Told([*beat(start, 100), forced, *swept]), Paper({}))
    await subscribe(first, ME, "minute")
    await lived(first)

    paper = Paper({})
    await lived(bot_with(Told(beat(start + MINUTE, 94, near=80)), paper))
    assert [title for _, title in paper.got] == ["BTC: ['long swept'] 9450"]


async def test_what_was_read_before_is_not_told_again_after_a_restart(bot_of):
    first, second = Paper({}), Paper({})
    bot = bot_of(Told(minutes(2)), first)
    await subscribe(bot, ME, SWEPT)
    await lived(bot)
    await lived(bot_of(Told([]), second))
    assert (len(first.got), second.got) == (1, [])


async def test_a_board_that_comes_back_knows_what_it_has_told_of_and_tells_of_nothing_again(bot_of):
    first, second = Paper({}), Paper({})
    start = time.time_ns() // 1_000_000 // HISTORY_STEP * HISTORY_STEP - 2 * HISTORY_STEP
    before, swept, after = (
        beat(start + minute * MINUTE, price) for minute, price in enumerate((100, 94, 94))
    )
    bot = bot_of(Told([*before, *swept]), first)
    await subscribe(bot, ME, SWEPT, cooldown="0s")
    await lived(bot)
    await lived(bot_of(Told(after), second))
    assert (len(first.got), second.got) == (1, [])


async def test_what_could_not_be_read_for_want_of_room_is_read_once_there_is(bot_of, monkeypatch):
    paper = Paper({})
    bot = bot_of(Told(minutes(3)), paper)
    await subscribe(bot, ME, SWEPT)
    take, takes = Evaluator.take, []

    async def full_once(self, view, now_ms, events=(), **late):
        takes.append(view.time_ms)
        if len(takes) == 2:
            raise StoreError("database or disk is full")
        return await take(self, view, now_ms, events, **late)

    monkeypatch.setattr(Evaluator, "take", full_once)
    await lived(bot)
    assert takes[1] == takes[2] < takes[3]
    assert len(paper.got) == 1
