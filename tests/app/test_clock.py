"""A clock that is wrong and put right: no watch falls silent for that, and no alert comes twice."""

import asyncio
import time
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest
from app.stand_ins import ME, Told, subscribe
from chat.stand_ins import BTC
from databases import ON_BOTH, alter, contents, look
from markets import MINUTE, long, price, seen, short
from platforms import Paper

from liqbot.alerts.states import KeyState, WatchState, put_back
from liqbot.app.clock import PUT_BACK_MS, ClockError, ClockWatch
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.chat.platform_time import PlatformTime
from liqbot.market.updates import Beat
from liqbot.rules.hit import Hit
from liqbot.store.absences import Absence
from liqbot.store.subscriptions import Watch

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
        alter(bot.store, away, [ahead, ahead + DAY_MS])
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
    paper = Paper()
    async with bot_of(Told([]), here=paper) as bot:
        await bot.drain()
        assert len(paper.got) == 1
        assert await bot.store.put_back(now_ms) == 0, "nothing lies in the future any more"


async def test_a_clock_that_is_right_changes_nothing(bot_of, address):
    now_ms = time.time_ns() // 1_000_000
    async with bot_of(Told(minutes(now_ms // MINUTE * MINUTE - 3 * MINUTE))) as bot:
        await subscribe(bot)
        await bot.until(lambda: False)
        await bot.services.chats.mute(ME, now_ms + 9 * DAY_MS)
        before = contents(address)
        assert await bot.store.put_back(now_ms + MINUTE) == 0
        assert contents(address) == before


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


@ON_BOTH
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
        alter(bot.store, "UPDATE subscriptions SET digest = ?, until_ms = ?", [digest, ahead + 2 * HOUR_MS])
        if digest == "off":
            await bot.services.chats.mute(ME, ahead + HOUR_MS)
        begins.set()
        await bot.until(lambda: False)
        await bot.drain()
        assert look(bot.store, "SELECT status FROM deliveries") == [("held",)]
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
    paper = Paper()
    async with bot_of(Told([]), here=paper) as bot:
        await bot.drain()
        muted_ms = (await bot.store.chats.settings(ME)).mute_until_ms
        [(until_ms,)] = look(bot.store, "SELECT until_ms FROM subscriptions")
        assert until_ms == pytest.approx(now_ms + 2 * HOUR_MS, abs=10 * MINUTE)
        if digest == "daily":
            assert len(paper.got) == 1, "early rather than after days"
        else:
            assert muted_ms == pytest.approx(now_ms + HOUR_MS, abs=10 * MINUTE)
            [(due_ms,)] = look(bot.store, "SELECT due_ms FROM deliveries")
            assert due_ms == muted_ms


class Honest(Paper):
    """A platform that knows the time, and is far from this machine's while that is wrong."""

    clock_ahead_s: float | None = None

    async def run(self):
        await asyncio.Event().wait()


@pytest.fixture
def machine(bot_of, monkeypatch):
    """Return how to live for a moment while the clock is wrong by so much; `None` is before anybody told."""

    @asynccontextmanager
    async def machine(wrong_by_ms):
        now_ms = time.time_ns() // 1_000_000 + wrong_by_ms
        monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms)
        bot, paper = bot_of(Told([])), Honest()
        bot.serve("here", paper)
        paper.clock_ahead_s = wrong_by_ms / 1000
        monitor = HealthMonitor(bot, Operator(None, {}), lambda: now_ms)
        async with bot:
            yield bot, monitor, now_ms

    return machine


async def looks(monitor):
    """Let the platforms' word be heard, and be heard again."""
    for _ in range(2):
        await monitor.look()


@pytest.mark.parametrize("wrong_ms", [2 * DAY_MS, -2 * DAY_MS])
async def test_what_people_asked_for_ends_in_time_though_the_clock_goes_wrong_and_is_put_right(
    machine, wrong_ms
):
    async with machine(0) as (bot, monitor, now_ms):
        await looks(monitor)
        await subscribe(bot)
        await bot.services.chats.mute(ME, now_ms + 9 * DAY_MS)
        alter(bot.store, "UPDATE subscriptions SET until_ms = ?", [now_ms + 8 * HOUR_MS])
        away = Absence("closed", now_ms, 1, now_ms + HOUR_MS)
        await bot.store.absences.begin(ME, away)
    async with machine(wrong_ms) as (bot, monitor, now_ms):
        await looks(monitor)
        assert await ends(bot, now_ms) == [216, 8, 1]
    async with machine(0) as (bot, monitor, now_ms):
        await looks(monitor)
        assert await ends(bot, now_ms) == [216, 8, 1]


@pytest.mark.parametrize("wrong_ms", [2 * DAY_MS, -2 * DAY_MS])
async def test_a_mute_that_was_set_by_a_wrong_clock_lasts_as_long_as_it_was_meant_to(machine, wrong_ms):
    async with machine(wrong_ms) as (bot, monitor, now_ms):
        await looks(monitor)
        await bot.services.chats.mute(ME, now_ms + 8 * HOUR_MS)
    async with machine(0) as (bot, monitor, now_ms):
        await looks(monitor)
        muted_ms = (await bot.store.chats.settings(ME)).mute_until_ms
        assert muted_ms - now_ms == pytest.approx(8 * HOUR_MS, abs=10 * MINUTE)


@ON_BOTH
async def test_what_is_held_for_a_digest_keeps_its_time(machine):
    async with machine(0) as (bot, _monitor, now_ms):
        await subscribe(bot)
        await owe(bot, "held", now_ms + 7 * HOUR_MS)
        for error_ms in (0, -DAY_MS, HOUR_MS, 0):
            await bot.store.date_by_clock(now_ms + error_ms, error_ms)
            [(due_ms,)] = look(bot.store, "SELECT due_ms FROM deliveries")
            assert due_ms - error_ms == now_ms + 7 * HOUR_MS


async def test_a_clock_that_is_set_while_the_bot_runs_moves_ends_and_holds_no_alert_up(machine):
    async with machine(0) as (bot, monitor, now_ms):
        await looks(monitor)
        await subscribe(bot)
        await bot.services.chats.mute(ME, now_ms + 8 * HOUR_MS)
        await owe(bot, "due", now_ms + DAY_MS, expires_ms=now_ms + 2 * DAY_MS)
        assert await bot.store.date_by_clock(now_ms + DAY_MS, DAY_MS) == DAY_MS
        assert (await bot.store.chats.settings(ME)).mute_until_ms == now_ms + 32 * HOUR_MS
        query = "SELECT due_ms, expires_ms FROM deliveries"
        assert look(bot.store, query) == [(now_ms + DAY_MS, now_ms + 3 * DAY_MS)]
        assert await bot.store.date_by_clock(now_ms + DAY_MS, DAY_MS) == 0, "the same error again"
        assert await bot.store.date_by_clock(now_ms, 0) == -DAY_MS
        assert (await bot.store.chats.settings(ME)).mute_until_ms == now_ms + 8 * HOUR_MS
        assert look(bot.store, query) == [(now_ms, now_ms + 3 * DAY_MS)]


def test_an_error_of_the_clock_is_believed_when_platforms_have_said_it_twice():
    error = ClockError()
    assert error.told_ms([None, None]) is None
    assert error.told_ms([None, 0.4]) is None
    assert error.told_ms([None, 0.2]) == 0
    assert error.told_ms([0.3, 0.1]) is None, "no news"
    assert error.told_ms([3_600.0, 3_600.1]) is None, "it may have slept, until a platform tells the time"
    assert error.told_ms([0.2, 0.1]) is None
    assert error.told_ms([3_600.0, 3_600.1]) is None
    assert error.told_ms([3_600.3, 3_600.1]) == 3_600_100


def test_a_platforms_time_is_believed_when_it_has_told_and_not_before(monkeypatch):
    platform = PlatformTime()
    platform.note("no time at all")
    assert platform.clock_ahead_s is None
    assert platform.now_s() == pytest.approx(time.time(), abs=1)
    platform.note(formatdate(time.time() - 7_200))
    assert platform.clock_ahead_s == pytest.approx(7_200, abs=2)
    now_s = time.time()
    monkeypatch.setattr("liqbot.chat.platform_time.time.time", lambda: now_s - 7_200)
    assert platform.clock_ahead_s == pytest.approx(0, abs=2), "at once, without another answer"
    assert platform.now_s() == pytest.approx(now_s - 7_200, abs=2)


def test_a_minute_of_a_quota_is_a_minute_whatever_the_clock_is_set_to(bot_of, monkeypatch):
    now_ms = [time.time_ns() // 1_000_000]
    monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms[0])
    quotas = bot_of(Told([])).services.quotas
    while not quotas.take("commands_person", "telegram", "1"):
        pass
    now_ms[0] += 2 * DAY_MS
    assert quotas.take("commands_person", "telegram", "1") > 0


async def owe(bot, status, due_ms, expires_ms=None):
    """Owe the chat an alert."""
    [(watch_id,)] = look(bot.store, "SELECT id FROM watches")
    watch = Watch(watch_id, "near-cluster", "BTC", "{}")
    await bot.store.alerts.sample(ME, watch, Hit("a", "a"), BTC, due_ms)
    alter(
        bot.store,
        "UPDATE deliveries SET status = ?, due_ms = ?, expires_ms = ?",
        [status, due_ms, expires_ms or due_ms + 2 * DAY_MS],
    )


async def ends(bot, now_ms):
    """Return in how many hours a mute, a subscription and the wait for the next try are at their end."""
    of = ["mute_until_ms FROM chats", "until_ms FROM subscriptions", "next_ms FROM absences"]
    times = [look(bot.store, f"SELECT {one}")[0][0] for one in of]
    return [round((one - now_ms) / HOUR_MS) for one in times]
