"""What is looked after while the bot runs, and who hears of it."""

import asyncio
import json
import sqlite3

import pytest
from aiohttp import ClientSession
from app.stand_ins import ME, Told, beat, subscribe
from platforms import Paper

from liqbot.alerts.evaluation import STALE_MS, decode_state
from liqbot.alerts.platform import NotSent
from liqbot.alerts.states import Status
from liqbot.app import health_monitor as module
from liqbot.app import other_processes
from liqbot.app.background import in_background
from liqbot.app.health_monitor import DAY_MS, KEEP_DAYS, HealthMonitor
from liqbot.app.metrics import metrics_server, questions_of
from liqbot.app.operator_chat import LOOKS, TRIES, Operator
from liqbot.sections import WebSettings
from liqbot.service.troubles import Finding
from liqbot.store.access import BLOCKED
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError
from liqbot.store.subscriptions import Manner
from liqbot.web.pushes import Pushes
from liqbot.web.server import web_server

OPERATOR = ChatKey("paper", "operator")


class Desk:
    """A bot with a monitor whose operator reads on paper."""

    def __init__(self, bot, paper=None):
        self.bot = bot
        self.now_ms = 2
        self.paper = paper or Paper({})
        self.operator = Operator(OPERATOR, {"paper": self.paper}, sleep=self.sleep)
        self.monitor = HealthMonitor(bot, self.operator, lambda: self.now_ms)
        bot.services.clock = lambda: self.now_ms

    async def sleep(self, _seconds):
        await asyncio.sleep(0)

    async def look(self, later_ms=0):
        self.now_ms += later_ms
        try:
            await self.monitor.look()
        finally:
            await self.operator.catch_up()

    @property
    def heard(self):
        return [message.title for _, message in self.paper.messages]


async def test_all_is_well_as_long_as_it_is(bot_of):
    bot = bot_of(Told(beat(1)))
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: False)
        await desk.look()
    assert desk.heard == []
    assert desk.operator.troubles == {}


async def test_a_source_that_stops_is_told_once(bot_of):
    failed, stays_down = asyncio.Event(), asyncio.Event()

    async def pause(_seconds):
        failed.set()
        await stays_down.wait()

    bot = bot_of(Told([RuntimeError("the exchange is down")]))
    bot.feeds[0]._sleep = pause
    desk = Desk(bot)
    async with bot:
        await asyncio.wait_for(failed.wait(), 10)
        for _ in range(3):
            await desk.look()
    assert desk.heard == ["Trouble: source told"]


async def test_a_live_market_that_falls_silent_has_no_data_and_its_alerts_stand(bot_of):
    bot = bot_of(Told([*beat(1, near=99), asyncio.Event()]))
    await subscribe(bot)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: bot.beats == 1)
        await desk.look()
        assert desk.heard == []
        await desk.look(STALE_MS)
        state = decode_state((await bot.store.alerts.watches("BTC"))[0][1])
        assert state.status is Status.NO_DATA
        assert [key.on for key in state.keys.values()] == [True]
        await desk.look(60_000)
    assert desk.heard == ["Trouble: no data of BTC"]


async def test_a_database_that_fails_is_told_and_that_it_is_over_and_no_alert_is_lost(bot_of):
    step = asyncio.Event()
    bot = bot_of(Told([*beat(1), step, *beat(60_000, near=99), asyncio.Event()]), here=Paper({}))
    await subscribe(bot)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: bot.beats == 1)
        bot.store._db.execute("PRAGMA query_only = ON")
        step.set()
        await bot.until(lambda: bot.beats == 2)
        assert bot.services.markets.views["BTC"].time_ms == 60_000, "people still see the market"
        await desk.look()
        bot.store._db.execute("PRAGMA query_only = OFF")
        await bot.engine.take(0, [bot.services.markets.views["BTC"]])
        assert await bot.store.deliveries.owed() == 1
        await bot.drain()
        await desk.look()
    assert desk.heard == ["Trouble: database", "Resolved: database"]
    assert "readonly" in desk.paper.messages[0][1].lines[0]


async def test_a_database_that_fails_is_told_also_while_there_is_something_to_write(bot_of):
    bot = bot_of(Told(beat(1)), here=Paper({}))
    await bot.store.subscriptions.subscribe(
        ME, rule="near-cluster", coin="BTC", parameters="{}", now_ms=1, manner=Manner(until_ms=2)
    )
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: bot.beats == 1)
        bot.store._db.execute("PRAGMA query_only = ON")
        await bot.engine.take(0, [bot.services.markets.views["BTC"]])
        with pytest.raises(StoreError):
            await desk.look(60_000)
        bot.store._db.execute("PRAGMA query_only = OFF")
    assert desk.heard == ["Trouble: database"]


async def test_what_cannot_be_looked_at_hides_nothing_else(bot_of, monkeypatch):
    def broken(*_):
        raise RuntimeError("a plugin's source cannot say how it is")

    bot = bot_of(Told(beat(1)))
    desk = Desk(bot)
    monkeypatch.setattr(module, "_free_mb", lambda _: 3)
    for part in ("findings_of", "_clock_error"):
        monkeypatch.setattr(module, part, broken)
    async with bot:
        await desk.look()
    assert desk.heard == ["Trouble: disk"]


async def test_a_full_disk_is_told(bot_of, monkeypatch):
    bot = bot_of(Told(beat(1)))
    desk = Desk(bot)
    monkeypatch.setattr(module, "_free_mb", lambda _: 3)
    async with bot:
        await bot.until(lambda: False)
        await desk.look()
    assert desk.heard == ["Trouble: disk"]


async def test_deliveries_that_wait_for_long_are_told(bot_of):
    bot = bot_of(Told(beat(1, near=99)))  # nobody brings them
    await subscribe(bot)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: False)
        due_ms = min((await bot.store.deliveries.oldest_due()).values())
        await desk.look(due_ms + module.LATE_MS - desk.now_ms)
        assert "deliveries" not in desk.operator.troubles
        await desk.look(1)
    assert "Trouble: deliveries" in desk.heard


async def test_what_is_old_is_removed_once_a_day(bot_of):
    bot = bot_of(Told(beat(1)))
    await subscribe(bot)
    await bot.store.chats.deactivate(ME, "blocked", now_ms=1)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: False)
        await desk.look()
        assert len(await bot.store.subscriptions.of(ME)) == 1
        await desk.look(KEEP_DAYS * DAY_MS)
        assert await bot.store.subscriptions.of(ME) == []


async def test_what_another_process_has_decided_is_carried_through(bot_of):
    bot = bot_of(Told(beat(1)))
    await subscribe(bot)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: False)
        bot.services.access.peopled = None
        await desk.look(module.CARRY_MS)
        await bot.store.access.set_standing(ME.platform, ME.native_id, "blocked", 1)
        await bot.services.access.read()
        await desk.look(module.CARRY_MS)
        assert (await bot.store.chats.settings(ME)).inactive == BLOCKED


async def test_an_operator_who_cannot_be_reached_at_once_is_tried_again(bot_of):
    desk = Desk(bot_of(Told(beat(1))), Paper({"operator": [NotSent("busy"), ValueError("a bug")]}))
    await desk.operator.tell({"disk": "full"})
    await desk.operator.catch_up()
    assert desk.heard == ["Trouble: disk"]
    await desk.bot.store.close()


async def told(operator, *troubles):
    """Have an operator told of what is wrong, often enough."""
    for _ in range(LOOKS):
        await operator.tell(dict.fromkeys(troubles, "bad"))
        await operator.catch_up()


async def test_an_operator_who_cannot_be_reached_keeps_nobody_waiting_and_is_told_in_the_end(bot_of):
    """Others would take a process that does not look for one that is gone."""
    desk = Desk(bot_of(Told(beat(1))), Paper({"operator": "hangs"}))
    async with in_background(desk.operator.run()), asyncio.timeout(20):
        await desk.operator.tell({"disk": "full"})
        await desk.paper.tried.wait()
        await desk.operator.tell({"disk": "full", "clock": "off"})
        desk.paper.trouble["operator"] = [NotSent("busy")] * (TRIES + 1)
    async with in_background(desk.operator.run()), asyncio.timeout(20):
        while len(desk.heard) < 2:
            await desk.operator.tell({"disk": "full", "clock": "off"})
            await asyncio.sleep(0.01)
    assert desk.heard == ["Trouble: disk", "Trouble: clock"]
    await desk.bot.store.close()


async def test_what_is_found_while_nobody_sends_is_told_once_somebody_does():
    paper, sends = Paper({}), []
    operator = Operator(OPERATOR, {"paper": paper}, may_send=sends.count)
    await told(operator, "disk")
    assert paper.got == []
    sends.append("paper")
    await told(operator, "disk")
    assert [title for _, title in paper.got] == ["Trouble: disk"]


async def test_of_several_processes_the_next_one_tells_what_the_one_before_has_not(store):
    """Each hears of all troubles, and one of them sends; the first dies before the clock goes wrong."""
    paper, sends = Paper({}), []
    one, other = (Operator(OPERATOR, {"paper": paper}, may_send=sends.count, notes=store.notes) for _ in "ab")
    sends.append("paper")
    await told(one, "disk", "source")
    sends.clear()
    await told(other, "disk", "source")
    await told(other, "disk", "clock")
    sends.append("paper")
    await told(other, "disk", "clock")
    titles = [title for _, title in paper.got]
    assert titles == ["Trouble: disk", "Trouble: source", "Trouble: clock", "Resolved: source"]
    assert len({parcel.key for parcel in paper.parcels}) == 4, (
        "Discord takes a key that it knows for a repeat"
    )


async def test_where_nobody_knows_what_was_told_it_is_told_again(store, monkeypatch):
    async def away(*_):
        raise StoreError("the database is away")

    paper = Paper({})
    for name in ("get", "set"):
        monkeypatch.setattr(store.notes, name, away)
    operator = Operator(OPERATOR, {"paper": paper}, notes=store.notes)
    await told(operator, "database")
    assert [title for _, title in paper.got] == ["Trouble: database"]


async def test_without_an_operator_troubles_are_logged_and_counted(bot_of):
    bot = bot_of(Told(beat(1)))
    operator = Operator(None, {})
    await operator.tell({"disk": "full"})
    assert operator.troubles == {"disk": "full"}
    await bot.store.close()


@pytest.fixture
def asked():
    """Return how to ask a bot's own port."""

    async def asked(desk, path):
        server = metrics_server(desk.bot, desk.monitor, desk.operator, host="127.0.0.1", port=0)
        async with (
            server as (_, port),
            ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}{path}") as answer,
        ):
            return answer.status, await answer.text()

    return asked


async def test_machines_may_ask_how_it_is(bot_of, asked):
    bot = bot_of(Told([*beat(1, near=99), asyncio.Event()]), here=Paper({}))
    await subscribe(bot)
    desk = Desk(bot)
    async with bot:
        await bot.until(lambda: bot.beats == 1)
        await bot.drain()
        status, text = await asked(desk, "/healthz")
        assert (status, json.loads(text)) == (200, {"ok": True, "troubles": {}})
        desk.now_ms = 5_001
        status, text = await asked(desk, "/metrics")
        assert status == 200
        for line in (
            'liqbot_view_age_seconds{coin="BTC"} 5.0',
            'liqbot_sends_total{outcome="sent",platform="here"} 1.0',
            "liqbot_subscriptions 1.0",
            "liqbot_oldest_due_seconds 0.0",
            'liqbot_source_up{source="told"} 1.0',
        ):
            assert line in text.splitlines()
        assert "liqbot_loop_lag_seconds" in text
        desk.now_ms = 0
        _, text = await asked(desk, "/metrics")
        assert 'liqbot_view_age_seconds{coin="BTC"} 0.0' in text, "a simulated market may be ahead of time"
        await desk.operator.tell({"disk": "only 3 MB are free"})
        status, text = await asked(desk, "/healthz")
        assert (status, json.loads(text)["troubles"]) == (503, {"disk": "only 3 MB are free"})


async def test_machines_are_told_what_there_is_to_tell_while_the_database_is_away(bot_of, asked, monkeypatch):
    bot = bot_of(Told([*beat(1, near=99), asyncio.Event()]), here=Paper({}))
    desk = Desk(bot)

    async def silent():
        await asyncio.Event().wait()

    async with bot:
        await bot.until(lambda: bot.beats == 1)
        _, text = await asked(desk, "/metrics")
        assert "liqbot_database_up 1.0" in text.splitlines()
        monkeypatch.setattr(other_processes, "ANSWER_S", 0.1)
        monkeypatch.setattr(bot.store.deliveries, "oldest_due", silent)
        await desk.look()
        status, text = await asked(desk, "/metrics")
    assert status == 200
    assert {"liqbot_database_up 0.0", "liqbot_troubles 1.0"} <= set(text.splitlines())
    assert "liqbot_oldest_due_seconds" not in text


async def test_a_process_is_ready_unless_something_keeps_itself_from_serving(bot_of, asked, monkeypatch):
    is_read = asyncio.Event()
    bot = bot_of(Told([is_read, *beat(1, near=99), asyncio.Event()]), here=Paper({}))
    desk = Desk(bot)

    async def silent():
        await asyncio.Event().wait()

    async with bot:
        await desk.look()
        status, text = await asked(desk, "/readyz")
        assert (status, json.loads(text)["troubles"]) == (503, {"views": "The market is still being read."})
        is_read.set()
        await bot.until(lambda: bot.beats == 1)
        bot.ports.taken["metrics"] = "127.0.0.1:1: Address already in use."
        await desk.look()
        status, text = await asked(desk, "/readyz")
        assert (status, json.loads(text)) == (200, {"ok": True, "troubles": {}})
        status, text = await asked(desk, "/healthz")
        assert (status, [*json.loads(text)["troubles"]]) == (503, ["metrics"])
        monkeypatch.setattr(other_processes, "ANSWER_S", 0.1)
        monkeypatch.setattr(bot.store.deliveries, "oldest_due", silent)
        await desk.look()
        status, text = await asked(desk, "/readyz")
        assert (status, [*json.loads(text)["troubles"]]) == (503, ["database"])
        monkeypatch.undo()
        await desk.look()
        assert (await asked(desk, "/readyz"))[0] == 200


async def test_anybody_is_told_what_is_wrong_and_nothing_of_the_machine(bot_of):
    bot = bot_of(Told(beat(1)))
    desk = Desk(bot)
    bot.services.troubles.renew([Finding("disk", "Only 3 MB are free.", "Make room.", "/srv/liqbot.")], 0)
    server = web_server(questions_of(bot, desk.monitor), Pushes(1, int), WebSettings(port=0))
    async with server as (host, port), ClientSession() as session:
        answer = await session.get(f"http://{host}:{port}/healthz")
        told = await answer.json()
    assert (answer.status, told) == (503, {"ok": False, "troubles": {"disk": "Only 3 MB are free."}})
    await bot.store.close()


async def test_the_monitor_goes_on_when_a_look_fails(bot_of, monkeypatch):
    bot = bot_of(Told(beat(1)))
    desk = Desk(bot)
    looks = asyncio.Semaphore(0)
    monkeypatch.setattr(module, "LOOK_S", 0.001)

    def broken(_now_ms):
        looks.release()
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(desk.monitor, "troubles", broken)
    async with bot:
        task = asyncio.create_task(desk.monitor.run())
        async with asyncio.timeout(10):
            for _ in range(3):
                await looks.acquire()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
