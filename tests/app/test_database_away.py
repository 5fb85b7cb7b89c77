"""Processes of one bot whose database is away: out of reach of one of them, or begun anew under all."""

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager, closing

import psycopg
import pytest
from alerts.stand_ins import saying
from app.stand_ins import Told, beat, subscribe
from platforms import Paper
from postgres_server import programs, running
from proxies import proxy
from structlog.testing import capture_logs

from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.alerts.platform import Limits
from liqbot.app import other_processes
from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.plugin_setup import HOUSE
from liqbot.app.roles import Duties
from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.settings import Settings
from liqbot.store.address import PostgresUrl
from liqbot.store.chats import ChatKey

pytestmark = pytest.mark.long
PATIENCE_S = 30
TAKEN_OVER_S = 10
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
CHATS = [ChatKey("here", f"chat-{number}") for number in range(400)]
EACH_MINUTE = saying("each-minute", "so it is", repeat=60, cooldown=0)


class Hasty(Told):
    """A market of which a minute goes by with each beat, so that each beat is an observation."""

    def __init__(self):
        super().__init__()
        self.now_ms = time.time_ns() // 1_000_000 - 5 * HOUR_MS

    async def updates(self):
        while True:
            self.now_ms += MINUTE_MS
            for update in beat(self.now_ms):
                yield update
            await asyncio.sleep(0.3)


class Paced(Paper):
    """A chat platform with a pace, which writes down when it got something."""

    def __init__(self, a_second=50):
        super().__init__(limits=Limits(a_second=a_second))
        self.times_s = []

    async def send(self, parcel):
        self.times_s.append(time.monotonic())
        return await super().send(parcel)


async def eventually(holds, at_most_s=PATIENCE_S):
    async with asyncio.timeout(at_most_s):
        while not holds():  # noqa: ASYNC110 - it tells nobody here
            await asyncio.sleep(0.02)


async def all_sent(store):
    """Wait until nothing is owed any more."""
    async with asyncio.timeout(PATIENCE_S):
        while await store.deliveries.owed():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture
def process(tmp_path, undrawn):
    """Return how to begin a process with some roles: the real bot, as each machine runs it."""
    assert undrawn is None

    @asynccontextmanager
    async def process(database, *roles, source=None, **chats):
        settings = Settings(
            database=database,
            coins=("BTC",),
            plugins_path=tmp_path,
            pictures_path=tmp_path,
            plugins={"enabled": False},
        )
        plugins = load_plugins((*HOUSE, EACH_MINUTE), Wanted(folder=None, installed=False))
        duties = Duties(frozenset(roles))
        sources = [source or Told()]
        async with await asyncio.to_thread(Bot, settings, sources, chats, plugins, duties=duties) as bot:
            yield bot

    return process


@pytest.fixture
def way(postgres, postgres_server):
    """Give a proxy to the database's server, and the database's URL by it."""
    name = postgres.url.partition("?")[0].rpartition("/")[2]
    with proxy(postgres_server.port) as made:
        made.url = PostgresUrl(f"postgresql://liqbot@127.0.0.1:{made.port}/{name}")
        yield made


async def test_a_sender_that_is_cut_off_from_the_database_stops_before_another_begins(process, postgres, way):
    cut_off, other = Paced(), Paced()
    async with process(way.url, "telegram", here=cut_off) as one:
        await eventually(lambda: one.dispatcher.sends_on("here"))
        async with process(postgres, "telegram", here=other) as two:
            _meet(postgres)
            now_ms = time.time_ns() // 1_000_000
            await two.store.alerts.announce("news", now_ms, now_ms + HOUR_MS)
            await eventually(lambda: len(cut_off.messages) > 60)
            assert other.messages == [], "one sends"

            way.cut()
            cut_s = time.monotonic()
            while not two.dispatcher.sends_on("here"):
                assert time.monotonic() < cut_s + TAKEN_OVER_S
                before = one.dispatcher.sends_on("here")
                await asyncio.sleep(0.01)
            assert not before, "it had stopped"
            begun_s = time.monotonic()
            await all_sent(two.store)
            assert max(cut_off.times_s) < begun_s
            assert not one.dispatcher.sends_on("here")

            way.heal()
            got = Counter(chat for platform in (cut_off, other) for chat, _ in platform.messages)
            marked = Counter(chat for chat, message in other.messages if MAY_REPEAT in message.text)
            assert got.keys() == set(CHATS), "nothing is lost"
            assert all(got[chat] <= 1 + marked[chat] for chat in CHATS)
        await eventually(lambda: one.dispatcher.sends_on("here"), TAKEN_OVER_S)
        now_ms = time.time_ns() // 1_000_000
        await one.store.alerts.announce("more news", now_ms, now_ms + HOUR_MS)
        await all_sent(one.store)
        later = [message for _, message in cut_off.messages if "more news" in (message.title, *message.text)]
        assert len(later) == len(CHATS)


async def test_a_process_to_which_the_database_has_fallen_silent_says_so_and_asks_nothing_more(
    process, way, monkeypatch
):
    monkeypatch.setattr(other_processes, "ANSWER_S", 0.3)
    async with process(way.url, "web") as bot:
        monitor = HealthMonitor(bot, Operator(None, {}), bot.services.clock)
        await monitor.look()
        assert bot.services.troubles.by_name == {}
        way.cut()
        with capture_logs() as logs:
            for _ in range(2):
                async with asyncio.timeout(4):  # its connections are given up after ten
                    await monitor.look()
        said = bot.services.troubles.by_name["database"].finding.whole
        assert "it has not answered for" in said
        assert len([line for line in logs if line["event"] == "processes_not_heard"]) <= 1
        way.heal()
        async with asyncio.timeout(PATIENCE_S):
            while "database" in bot.services.troubles.by_name:
                await monitor.look()
        assert bot.services.troubles.by_name.keys() <= {"bus"}


async def test_every_role_goes_on_when_the_server_has_been_restarted_and_nothing_is_lost(process):
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed; tests/store/postgres/postgresql.sh installs Debian's")
    chat, source = Paced(), Hasty()
    with running(found, settings=()) as server:  # its own: what this one has committed is to be kept
        database = server.make("liqbot_model")
        async with (
            process(database, "telegram", here=chat) as sender,
            process(database, "alerts") as alerts,
            process(database, "engine", source=source) as engine,
            process(database, "web") as page,
        ):
            await subscribe(sender, CHATS[0], rule="each-minute")
            await eventually(lambda: len(chat.messages) > 3)
            with capture_logs() as logs:
                await asyncio.to_thread(server.stop)
                await eventually(lambda: all(bot.bus.trouble for bot in (sender, alerts, engine, page)))
                await eventually(lambda: not engine.engine.led)  # so long that leases are lost
                await eventually(lambda: engine.engine.trouble is None)  # it is another's to write
                await asyncio.to_thread(server.start)
                begun_s, seen, sent = time.monotonic(), source.now_ms, len(chat.messages)
                await eventually(lambda: _shown_ms(page) > seen, TAKEN_OVER_S)
                await eventually(lambda: len(chat.messages) > sent + 3, TAKEN_OVER_S)
                assert time.monotonic() - begun_s < TAKEN_OVER_S
            assert alerts.alerts.leads
            await engine.engine.stop()
            await alerts_read(alerts)
            await all_sent(sender.store)
            with closing(psycopg.connect(database.url)) as connection:
                (kept,), (raised,), (sent,) = (
                    connection.execute(statement).fetchone() for statement in (_KEPT, _RAISED, _SENT)
                )
        assert kept == raised == sent
    said = Counter(
        (line["event"], line.get("lease") or line.get("what") or line.get("layer"))
        for line in logs
        if line["log_level"] in ("warning", "error")
    )
    assert said, "the operator is told"
    assert max(said.values()) <= len((sender, alerts, engine, page)), said


async def alerts_read(alerts):
    """Wait until every observation is read."""
    await eventually(lambda: alerts.alerts.lag_s == 0)


def _shown_ms(bot):
    view = bot.services.markets.view("BTC")
    return 0 if view is None else view.time_ms


def _meet(database):
    with closing(psycopg.connect(database.url)) as connection:
        connection.cursor().executemany(
            "INSERT INTO chats (platform, native_id, thread, created_ms) VALUES (%s, %s, '', 0)",
            [(chat.platform, chat.native_id) for chat in CHATS],
        )
        connection.commit()


_KEPT = "SELECT count(*) FROM observations WHERE time_ms >= (SELECT min(time_ms) FROM alerts)"
_RAISED = "SELECT count(*) FROM alerts"
_SENT = "SELECT count(*) FROM deliveries WHERE status = 'sent'"
