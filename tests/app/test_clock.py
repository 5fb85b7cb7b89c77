"""A clock that is wrong and put right: no watch falls silent for that, and no alert comes twice."""

import asyncio
import time

import pytest
from app.stand_ins import ME, Told, subscribe
from markets import MINUTE, long, price, seen, short
from platforms import Paper

from liqbot.alerts.states import KeyState, WatchState, put_back
from liqbot.app.clock import PUT_BACK_MS, ClockWatch
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.market.updates import Beat

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def minutes(start_ms, count=3, *, shorts=1_000):
    """Return a market with $10M of longs 5% below, and so many coins of shorts 4% above."""
    return [
        update
        for now in range(start_ms, start_ms + count * MINUTE, MINUTE)
        for update in (
            price(100.0, time_ms=now),
            seen(long("ann", 100_000, at=95), short("bob", shorts, at=104), time_ms=now),
            Beat(now),
        )
    ]


@pytest.fixture
def lives(bot_of, monkeypatch):
    """Return how to let a bot live while the clock is wrong by so much; it gives what chats got."""

    async def lives(wrong_by_ms, **market):
        now_ms = time.time_ns() // 1_000_000 + wrong_by_ms
        monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
        paper = Paper()
        begins = asyncio.Event()
        told = [begins, *minutes(now_ms // MINUTE * MINUTE - 3 * MINUTE, **market)]
        bot = bot_of(Told(told), here=paper)
        async with bot:
            await subscribe(bot, within="10")
            begins.set()
            await bot.until(lambda: False)
            await bot.drain()
        return [title for _, title in paper.got]

    return lives


@pytest.mark.parametrize("ahead_ms", [2 * DAY_MS, HOUR_MS])
async def test_after_a_clock_that_was_ahead_a_watch_tells_what_is_new_and_nothing_twice(lives, ahead_ms):
    [first] = await lives(ahead_ms)
    assert "longs" in first.lower() or "below" in first.lower(), first
    assert await lives(0) == [], "it has been told already"
    [second] = await lives(5 * MINUTE, shorts=200_000)
    assert second != first


async def test_what_is_owed_since_a_clock_that_was_ahead_comes_at_once(bot_of, monkeypatch):
    now_ms = time.time_ns() // 1_000_000
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms + 2 * DAY_MS)
    ahead = now_ms + 2 * DAY_MS
    begins = asyncio.Event()
    bot = bot_of(Told([begins, *minutes(ahead // MINUTE * MINUTE - 3 * MINUTE)]))
    async with bot:
        await subscribe(bot, within="10")
        begins.set()
        await bot.until(lambda: False)
        away = "INSERT INTO absences (chat_id, reason, since_ms, tries, next_ms) "
        away += "SELECT id, 'closed', ?, 1, ? FROM chats"
        bot.store._db.execute(away, [ahead, ahead + DAY_MS])
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
    paper = Paper()
    async with bot_of(Told([]), here=paper) as bot:
        await bot.drain()
        assert len(paper.got) == 1
        assert await bot.store.put_back(now_ms) == 0, "nothing lies in the future any more"


async def test_a_clock_that_is_right_changes_nothing(bot_of):
    now_ms = time.time_ns() // 1_000_000
    async with bot_of(Told(minutes(now_ms // MINUTE * MINUTE - 3 * MINUTE))) as bot:
        await subscribe(bot)
        await bot.until(lambda: False)
        await bot.services.chats.mute(ME, now_ms + 9 * DAY_MS)
        before = list(bot.store._db.iterdump())
        assert await bot.store.put_back(now_ms + MINUTE) == 0
        assert list(bot.store._db.iterdump()) == before


def test_a_state_that_is_put_back_stays_on_and_cools_down_for_what_was_left():
    ahead = WatchState({"a": KeyState(on=True, sent_ms=900, changing_ms=950)}, time_ms=1_000, accounts=3)
    after = put_back(ahead, 400)
    assert after == WatchState(
        {"a": KeyState(on=True, sent_ms=300, changing_ms=350)}, time_ms=400, accounts=3
    )


def test_only_a_clock_that_is_put_back_is_noticed():
    now_ms, now_s = 1_000_000.0, 50.0
    watch = ClockWatch(lambda: now_ms, lambda: now_s)
    now_ms, now_s = now_ms + 10_000, now_s + 10
    assert watch.put_back_ms() == 0
    now_ms += DAY_MS
    assert watch.put_back_ms() == 0, "asleep, or set forward"
    now_ms -= DAY_MS
    assert watch.put_back_ms() == DAY_MS
    now_ms -= PUT_BACK_MS / 2
    assert watch.put_back_ms() == 0, "a correction of every day"


class Elsewhere(Paper):
    """A platform whose time is another."""

    clock_ahead_s = 2 * 86_400.0

    async def run(self):
        await asyncio.Event().wait()


async def test_the_clocks_error_is_named_and_a_correction_lets_everything_begin_anew(bot_of):
    now_ms = 10 * DAY_MS
    bot = bot_of(Told([]))
    bot.serve("telegram", Elsewhere())
    monitor = HealthMonitor(bot, Operator(None, {}), lambda: now_ms)
    async with bot:
        await asyncio.sleep(0)
        troubles = {trouble.name: trouble.whole async for trouble in monitor.troubles(now_ms)}
        assert "2 d ahead of Telegram's" in troubles["clock"]
        await monitor.look()
        assert not bot.clock_put_back.is_set()
        now_ms -= 2 * DAY_MS
        await monitor.look()
        assert bot.clock_put_back.is_set()


@pytest.mark.parametrize("digest", ["off", "daily"])
async def test_what_was_held_back_while_the_clock_was_ahead_is_not_held_for_days(bot_of, monkeypatch, digest):
    now_ms = time.time_ns() // 1_000_000
    ahead = now_ms + 2 * DAY_MS
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: ahead)
    begins = asyncio.Event()
    bot = bot_of(Told([begins, *minutes(ahead // MINUTE * MINUTE - 3 * MINUTE)]), here=Paper())
    async with bot:
        await subscribe(bot, within="10")
        bot.store._db.execute(
            "UPDATE subscriptions SET digest = ?, until_ms = ?", [digest, ahead + 2 * HOUR_MS]
        )
        if digest == "off":
            await bot.services.chats.mute(ME, ahead + HOUR_MS)
        begins.set()
        await bot.until(lambda: False)
        await bot.drain()
        assert bot.store._db.execute("SELECT status FROM deliveries").fetchall() == [("held",)]
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
    paper = Paper()
    async with bot_of(Told([]), here=paper) as bot:
        await bot.drain()
        muted_ms = (await bot.store.chats.settings(ME)).mute_until_ms
        [(until_ms,)] = bot.store._db.execute("SELECT until_ms FROM subscriptions").fetchall()
        assert until_ms == pytest.approx(now_ms + 2 * HOUR_MS, abs=10 * MINUTE)
        if digest == "daily":
            assert len(paper.got) == 1, "early rather than after days"
        else:
            assert muted_ms == pytest.approx(now_ms + HOUR_MS, abs=10 * MINUTE)
            [(due_ms,)] = bot.store._db.execute("SELECT due_ms FROM deliveries").fetchall()
            assert due_ms == muted_ms
