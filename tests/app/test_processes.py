"""A bot of several processes on PostgreSQL: each has some of the roles, and together they are one bot."""

import asyncio
import time
from contextlib import AsyncExitStack, closing

import psycopg
import pytest
from app.stand_ins import LIVE, ME, Told, beat, subscribe
from platforms import Paper

from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.roles import Duties, all_roles
from liqbot.chat.command import CommandContext
from liqbot.settings import Settings
from liqbot.sources.source import SourceError
from liqbot.store.chats import ChatSettings

PATIENCE_S = 30


def now_ms():
    return time.time_ns() // 1_000_000


async def eventually(holds):
    """Wait for what another process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - it tells nobody here
            await asyncio.sleep(0.02)


class Ticking(Told):
    """A market that goes on as long as it is followed."""

    def __init__(self, spot=100.0, **more):
        super().__init__(**more)
        self.spot = spot
        self.followed = 0

    async def updates(self):
        self.followed += 1
        while True:
            for update in beat(now_ms(), self.spot, near=99):
                yield update
            await asyncio.sleep(0.05)


@pytest.fixture
async def process(postgres, tmp_path, undrawn):
    """Return how to begin a process with some roles: the real bot, as each machine runs it."""
    assert undrawn is None
    async with AsyncExitStack() as stack:

        async def process(*roles, source=None, **chats):
            settings = Settings(
                database=postgres,
                coins=("BTC", "ETH"),
                plugins_path=tmp_path,
                pictures_path=tmp_path,
                plugins={"enabled": False},
            )
            bot = Bot(settings, [source or Told()], chats, duties=Duties(frozenset(roles)))
            return await stack.enter_async_context(bot)

        yield process


async def test_what_one_process_sees_another_evaluates_and_a_third_sends(process):
    chat = Paper()
    sender = await process("telegram", here=chat)
    alerts = await process("alerts")
    await subscribe(sender)
    await process("engine", source=Ticking())
    await chat.has_got(1)
    assert chat.messages[0][1].title.startswith("BTC")
    assert sender.services.markets.views["BTC"].layer == LIVE, "people there see the views, too"
    assert alerts.dispatcher.platforms == []


async def test_of_two_engines_one_follows_the_market_and_the_other_takes_its_place(process):
    one, other = Ticking(100.0), Ticking(200.0)
    first = await process("engine", source=one)
    await eventually(lambda: first.beats)
    second = await process("engine", source=other)
    watching = await process("web")
    await eventually(lambda: watching.services.markets.view("BTC"))
    assert other.followed == 0
    assert second.services.markets.view("BTC").spot == 100.0, "it shows what the leader sees"
    await first.engine.stop()
    await eventually(lambda: watching.services.markets.view("BTC").spot == 200.0)


async def test_an_engine_whose_turn_comes_again_goes_by_what_the_other_one_has_written(process, monkeypatch):
    first = await process("engine", source=Ticking(100.0))
    await eventually(lambda: first.beats)
    second = await process("engine", source=Ticking(200.0))
    anew = []
    for part, name in ((first.store, "look_anew"), (first.engine._minutes, "forget")):
        monkeypatch.setattr(part, name, anew.append)
    first.backend.leases.stands_aside = True
    await eventually(lambda: second.engine.led and second.beats)
    first.backend.leases.stands_aside, second.backend.leases.stands_aside = False, True
    await eventually(lambda: first.engine.led and first.services.markets.view("BTC").spot == 100.0)
    assert anew == [LIVE, LIVE]


async def test_a_source_that_one_machine_may_not_ask_is_read_there_as_another_one_tells_of_it(process):
    """As an exchange that serves some countries only: whoever evaluates is on the wrong machine here."""
    refused = await process("engine", "alerts", source=Told([SourceError("not in your country")]))
    await eventually(lambda: refused.failure)
    await subscribe(refused)
    chat = Paper()
    await process("telegram", here=chat)
    await process("engine", source=Ticking())
    await chat.has_got(1)


async def test_what_nobody_had_read_whoever_evaluates_next_reads(process):
    chat = Paper()
    sender = await process("telegram", here=chat)
    await subscribe(sender)
    engine = await process("engine", source=Ticking())
    await eventually(lambda: engine.beats > 2)
    assert chat.messages == []
    await process("alerts")
    await chat.has_got(1)


async def test_of_two_senders_one_sends(process):
    chats = [Paper(), Paper()]
    bots = [await process("telegram", here=chat) for chat in chats]
    await subscribe(bots[0])
    await process("engine", "alerts", source=Ticking())
    await eventually(lambda: sum(len(chat.messages) for chat in chats))
    assert sorted(len(chat.messages) for chat in chats) == [0, 1]
    assert [bot.dispatcher.sends_on("here") for bot in bots].count(True) == 1


async def test_a_chat_that_is_forgotten_gets_nothing_either_from_a_process_that_is_sending_to_it(process):
    slow, idle = Paper(), Paper()
    let, sending = asyncio.Event(), asyncio.Event()

    async def send(parcel):
        sending.set()
        await let.wait()
        return await Paper.send(slow, parcel)

    slow.send = send
    sender = await process("telegram", here=slow)
    await eventually(lambda: sender.dispatcher.sends_on("here"))
    other = await process("telegram", here=idle)
    await subscribe(sender)
    await process("engine", "alerts", source=Ticking())
    async with asyncio.timeout(PATIENCE_S):
        await sending.wait()
    forgetting = asyncio.create_task(other.services.privacy.forget(ME))
    await eventually_paused(other)
    assert not forgetting.done(), "it waits for what is on its way"
    let.set()
    await forgetting
    assert len(slow.messages) == 1
    assert idle.messages == []
    assert not (await other.services.privacy.kept(ME)).is_known


async def eventually_paused(bot):
    """Wait until a chat's subscriptions have been paused."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(item.paused for item in await bot.store.subscriptions.of(ME)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_an_owner_decides_holds_in_every_process(process):
    one, other = await process("telegram"), await process("discord")
    await one.services.access.pause("telegram", paused=True)
    await one.services.access.decide("telegram:7", "blocked")
    await eventually(lambda: other.services.access.paused == {"telegram"})
    await eventually(lambda: other.services.access.standings == {("telegram", "7"): "blocked"})


async def test_the_status_shows_who_leads_and_how_far_each_is_behind(process):
    engine = await process("engine", source=Ticking())
    everything_else = await process(*(role for role in all_roles() if role != "engine"), here=Paper())
    await eventually(lambda: everything_else.dispatcher.sends_on("here") and engine.engine.led)
    await eventually(lambda: everything_else.alerts.leads and everything_else.follower.late_ms is not None)
    for bot in (engine, everything_else):
        await HealthMonitor(bot, Operator(None, {}), now_ms).look()
    message = await everything_else.answering.answer("/status", CommandContext(ME, everything_else.services))
    facts = {fact.label: fact.value for fact in message.facts}
    [own] = [text for label, text in facts.items() if label.endswith(": engine")]
    assert own.startswith(f"leads engine/{LIVE.key}")
    [other] = [text for label, text in facts.items() if "alerts" in label]
    assert "leads alerts, sender/here" in other
    assert "web" in other


async def test_the_status_says_who_has_not_been_heard_of_for_a_while(process, postgres):
    alive, dead = await process("web"), await process("engine", source=Ticking())
    for bot in (alive, dead):
        await HealthMonitor(bot, Operator(None, {}), now_ms).look()
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute(
            "UPDATE processes SET seen = clock_timestamp() - interval '21 seconds' WHERE name = %s",
            [dead.backend.shared.name],
        )
    message = await alive.answering.answer("/status", CommandContext(ME, alive.services))
    said = {fact.label.rpartition(": ")[2]: fact.value for fact in message.facts}
    assert said["engine"].endswith("; silent for 21 s")
    assert "silent" not in said["web"]


async def test_what_is_announced_or_paused_in_one_process_is_sent_or_not_by_the_one_that_sends(process):
    chat = Paper()
    sender, other = await process("telegram", here=chat), await process("discord", "web")
    await eventually(lambda: sender.dispatcher.sends_on("here"))
    await sender.store.chats.save(ME, ChatSettings(), now_ms())

    async def announce(text):
        await other.services.administration.announce((await other.services.administration.draft(text)).id)

    await announce("news")
    await chat.has_got(1)
    async with asyncio.timeout(PATIENCE_S):
        while await other.store.deliveries.owed():  # noqa: ASYNC110 - it tells nobody here
            await asyncio.sleep(0.02)
    await other.services.access.pause("here", paused=True)
    await eventually(lambda: sender.services.access.paused == {"here"})
    await announce("more news")
    await sender.dispatcher._look()
    assert await other.store.deliveries.owed() == 1
    assert len(chat.messages) == 1
    await other.services.access.pause("here", paused=False)
    await chat.has_got(2)
