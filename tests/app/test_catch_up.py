"""What was kept and not read by rules, as the bot was killed in between, is read at the next start."""

import shutil
import time
from dataclasses import replace

import pytest
from app.stand_ins import ME, Told, beat, subscribe
from markets import MINUTE
from platforms import Paper
from plugins.examples import examples

from liqbot.alerts.evaluator import Evaluator
from liqbot.app.bot import Bot
from liqbot.store.errors import StoreError

SWEPT = "cluster-swept"


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


async def test_what_was_read_before_is_not_told_again_after_a_restart(bot_of):
    first, second = Paper({}), Paper({})
    bot = bot_of(Told(minutes(2)), first)
    await subscribe(bot, ME, SWEPT)
    await lived(bot)
    await lived(bot_of(Told([]), second))
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
