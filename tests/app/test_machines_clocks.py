"""Processes on machines whose clocks differ: a wrong one is named, and decides nothing for others."""

import asyncio
import time
from contextlib import AsyncExitStack, closing

import psycopg
import pytest
from app.stand_ins import ME, Told, beat
from platforms import Paper

from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.roles import Duties
from liqbot.service.processes import short_name
from liqbot.settings import Settings
from liqbot.store.chats import ChatSettings

PATIENCE_S = 30
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def now_ms():
    return time.time_ns() // 1_000_000


async def eventually(holds):
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - it tells nobody here
            await asyncio.sleep(0.02)


@pytest.fixture
async def machine(postgres, tmp_path, undrawn, monkeypatch):
    """Return how to begin a process on a machine whose clock is ahead by so much."""
    assert undrawn is None
    async with AsyncExitStack() as stack:

        async def machine(*roles, ahead_ms=0, source=None, **chats):
            monkeypatch.setattr("liqbot.app.bot.clock_ms", lambda: now_ms() + ahead_ms)
            settings = Settings(
                database=postgres,
                coins=("BTC",),
                plugins_path=tmp_path,
                pictures_path=tmp_path,
                plugins={"enabled": False},
            )
            bot = Bot(settings, [source or Told()], chats, duties=Duties(frozenset(roles)))
            return await stack.enter_async_context(bot)

        yield machine


def observed(database):
    """Return the times of all that was seen."""
    with closing(psycopg.connect(database.url)) as connection:
        return connection.execute("SELECT time_ms FROM observations ORDER BY 1").fetchall()


def monitor_of(bot):
    return HealthMonitor(bot, Operator(None, {}, may_send=lambda _: False), bot.services.clock)


async def test_a_machine_that_is_behind_takes_nothing_back_that_others_have_written(machine, postgres):
    seen_ms = now_ms() // MINUTE_MS * MINUTE_MS
    engine = await machine("engine", source=Told([*beat(seen_ms), asyncio.Event()]))
    await eventually(lambda: engine.beats)
    kept = observed(postgres)
    assert kept
    await machine("web", ahead_ms=-HOUR_MS)
    assert observed(postgres) == kept


async def test_what_lies_in_the_future_of_all_is_put_back(machine):
    store = (await machine("web")).store
    await store.chats.save(ME, ChatSettings(), now_ms() + HOUR_MS)
    assert await store.put_back(now_ms()) > 0


async def test_a_machine_that_sends_nothing_declares_nothing_out_of_date(machine):
    sends, stands_by = Paper(), Paper()
    one = await machine("telegram", here=sends)
    await eventually(lambda: one.dispatcher.sends_on("here"))
    await one.services.access.pause("here", paused=True)
    other = await machine("telegram", "web", ahead_ms=100 * HOUR_MS, here=stands_by)
    await one.store.chats.save(ME, ChatSettings(), now_ms())
    await one.store.alerts.announce("news", now_ms(), now_ms() + HOUR_MS)
    looks = other.dispatcher._tidied_ms
    other.dispatcher.wake()
    await other.dispatcher._look()
    assert other.dispatcher._tidied_ms == looks
    assert await one.store.deliveries.owed() == 1


@pytest.mark.parametrize(("ahead_ms", "said"), [(2 * MINUTE_MS, "2 min ahead"), (-2 * MINUTE_MS, "behind")])
async def test_a_machine_whose_clock_is_off_says_so_and_keeps_no_house(machine, ahead_ms, said):
    right, wrong = await machine("web"), await machine("alerts", ahead_ms=ahead_ms)
    await eventually(lambda: wrong.alerts.leads)
    monitor = monitor_of(wrong)
    await monitor.look()
    await monitor.look()
    told = wrong.services.troubles.by_name["clock"].finding.whole
    assert said in told
    assert "PostgreSQL" in told
    assert monitor._tidied_ms == 0, "nothing is ended by it"
    await monitor_of(right).look()
    heard = right.services.troubles.by_name["clock"].finding.whole
    assert heard.startswith(f"Process {short_name(wrong.backend.shared.name)}: This machine's clock is")


async def test_a_machine_whose_clock_is_off_stands_by_where_another_is_right(machine):
    wrong = await machine("alerts", ahead_ms=HOUR_MS)
    await eventually(lambda: wrong.alerts.leads)
    await monitor_of(wrong).look()
    assert wrong.alerts.leads, "nobody else is there"
    right = await machine("alerts", "web")
    watching, of_wrong = monitor_of(right), monitor_of(wrong)
    await watching.look()
    await of_wrong.look()
    await eventually(lambda: right.alerts.leads)
    assert not wrong.alerts.leads
    await right.alerts.caught_up()
    with closing(psycopg.connect(wrong.store.address.url, autocommit=True)) as connection:
        connection.execute("DELETE FROM processes WHERE name = %s", [right.backend.shared.name])
    await of_wrong.look()
    assert not wrong.backend.leases.stands_aside, "nobody else is there any more"
