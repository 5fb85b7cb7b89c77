"""The bus between processes: whatever one tells, the others hear, also what they have missed."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import psycopg
import pytest
from markets import MINUTE, long, short, view_of

from liqbot.app.background import in_background
from liqbot.bus import AccessChanged, DeliveriesDue, ObservationsKept, ViewsMade
from liqbot.market.events import RegimeChanged
from liqbot.market.layer import Basis, Layer
from liqbot.market.regime import Regime
from liqbot.market.wire import to_bytes
from liqbot.store.errors import StoreError
from liqbot.store.leases import Lease, fenced
from liqbot.store.postgres import bus as module
from liqbot.store.postgres.bus import PostgresBus

LAYER = Layer("Testex", Basis.MEASURED)
OTHER = Layer("Otherex", Basis.MODELLED)


def view(coin="BTC", minute=1, layer=LAYER):
    made = view_of(
        long("ann", 2, at=95, coin=coin), short("bob", 1, at=104, coin=coin), spot=100.0, coin=coin
    )
    return replace(made, time_ms=minute * MINUTE, layer=layer)


class Heard:
    """All that a process hears."""

    def __init__(self, bus):
        self.notices = []
        self._more = asyncio.Condition()
        for kind in (ViewsMade, ObservationsKept, DeliveriesDue, AccessChanged):
            bus.subscribe(kind, self._take)

    async def _take(self, notice):
        async with self._more:
            self.notices.append(notice)
            self._more.notify_all()

    async def of(self, kind, count=1):
        """Wait for so many notices of a kind."""
        async with asyncio.timeout(20), self._more:
            await self._more.wait_for(lambda: len(self._some(kind)) >= count)
        return self._some(kind)

    def _some(self, kind):
        return [notice for notice in self.notices if isinstance(notice, kind)]


@asynccontextmanager
async def running(postgres, name):
    """Give the bus of a process, and what it hears."""
    bus = PostgresBus(postgres, name)
    heard = Heard(bus)
    await bus.begin()
    task = asyncio.create_task(bus.run())
    try:
        await bus.listens.wait()
        yield bus, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def two(postgres):
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(postgres, name)) for name in ("a", "b")]


async def test_views_are_told_to_every_other_process_with_what_happened(two):
    (engine, own), (_, other) = two
    told = view()
    event = RegimeChanged(
        coin="BTC",
        layer=LAYER,
        time_ms=MINUTE,
        before=Regime.BALANCED,
        after=Regime.SHORT_SQUEEZE,
        ratio=2.0,
    )
    await engine.publish(ViewsMade(LAYER, [told], {"BTC": (event,)}))
    [heard] = await other.of(ViewsMade)
    assert heard.is_remote
    assert heard.layer == LAYER
    assert [to_bytes(one) for one in heard.views] == [to_bytes(told)]
    assert heard.events == {"BTC": (event,)}
    assert [notice.is_remote for notice in await own.of(ViewsMade)] == [False], "once, and as its own"


async def test_every_kind_of_notice_is_told(two):
    (one, _), (_, other) = two
    await one.publish(ObservationsKept(LAYER, ["BTC", "ETH"], ["not told"]))
    await one.publish(DeliveriesDue(3))
    await one.publish(AccessChanged())
    [kept] = await other.of(ObservationsKept)
    assert (kept.layer, sorted(kept.coins), list(kept.observations)) == (LAYER, ["BTC", "ETH"], [])
    assert [notice.count for notice in await other.of(DeliveriesDue, 2)] == [0, 3], "first, that it listens"
    assert [notice.is_remote for notice in await other.of(AccessChanged, 2)] == [True, True]


async def test_who_comes_later_finds_the_newest_view_of_each_coin_and_layer(two, postgres):
    (engine, _), _ = two
    await engine.publish(ViewsMade(LAYER, [view("BTC", 1), view("ETH", 1)]))
    await engine.publish(ViewsMade(LAYER, [view("BTC", 2)]))
    await engine.publish(ViewsMade(OTHER, [view("BTC", 3, OTHER)]))
    async with running(postgres, "late") as (_, late):
        heard = [one for notice in await late.of(ViewsMade, 2) for one in notice.views]
    found = {(one.layer.venue, one.coin, one.time_ms // MINUTE) for one in heard}
    assert found == {("Testex", "BTC", 2), ("Testex", "ETH", 1), ("Otherex", "BTC", 3)}


async def test_what_was_told_while_a_connection_was_away_is_made_good(two, postgres):
    (engine, _), (listener, other) = two
    await engine.publish(ViewsMade(LAYER, [view("BTC", 1)]))
    await other.of(ViewsMade)
    listener.listens.clear()
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'liqbot bus b'"
        )
    await engine.publish(ViewsMade(LAYER, [view("BTC", 2)]))
    await engine.publish(ObservationsKept(LAYER, ["BTC"]))
    heard = await other.of(ViewsMade, 2)
    assert heard[-1].views[0].time_ms == 2 * MINUTE
    await other.of(ObservationsKept)
    async with asyncio.timeout(20):
        await listener.listens.wait()


async def test_what_was_decided_while_nobody_listened_is_read_as_soon_as_somebody_does(two, postgres):
    """No table tells of it: decisions of before the first listening may have been missed as well."""
    (engine, _), (listener, other) = two
    assert [notice.is_remote for notice in await other.of(AccessChanged)] == [True]
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'liqbot bus b'"
        )
    await engine.publish(ObservationsKept(LAYER, ["BTC"]))
    await other.of(AccessChanged, 2)
    await other.of(DeliveriesDue, 2)
    assert listener.listens.is_set()


async def test_a_decision_that_nobody_told_of_is_made_good_by_looking(postgres, monkeypatch):
    monkeypatch.setattr(module, "ACCESS_LOOK_S", 0.05)
    async with running(postgres, "a") as (_, heard):
        await heard.of(AccessChanged, 3)


async def test_decisions_are_read_together_however_many_there_are_and_hold_up_nothing_else(two):
    """As where hundreds come in by one invitation: each would be all that was ever decided to read."""
    (one, _), (listener, other) = two
    let, reads = asyncio.Event(), []

    async def read(notice):
        reads.append(notice)
        await let.wait()

    await other.of(AccessChanged)
    listener.subscribe(AccessChanged, read)
    for _ in range(50):
        await one.publish(AccessChanged())
    await one.publish(DeliveriesDue(7))
    async with asyncio.timeout(20):
        while DeliveriesDue(7) not in other.notices:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    assert len(reads) == 1
    let.set()
    async with asyncio.timeout(20):
        while len(reads) < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_decisions_that_could_not_be_read_are_read_in_a_moment(postgres, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    bus, tries = PostgresBus(postgres, "a"), []

    async def read(notice):
        tries.append(notice)
        if len(tries) < 3:
            raise StoreError("the database is away")

    bus.subscribe(AccessChanged, read)
    await bus.begin()
    async with in_background(bus.run()), asyncio.timeout(20):
        while len(tries) < 3:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_notification_that_never_comes_is_made_good_by_looking(two, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    (engine, _), (deaf, other) = two
    monkeypatch.setattr(deaf, "_heard", _nothing)
    await engine.publish(ObservationsKept(LAYER, ["BTC"]))
    await other.of(ObservationsKept)


async def _nothing(_payload):
    """Hear nothing."""


async def test_who_has_lost_the_lease_of_a_layer_shows_nobody_anything(two):
    (engine, _), (_, other) = two
    with fenced(Lease("engine/testex/measured/live", "a", 1)):
        await engine.publish(ViewsMade(LAYER, [view("BTC", 1)]))
    await engine.publish(ViewsMade(OTHER, [view("BTC", 2, OTHER)]))
    heard = await other.of(ViewsMade)
    assert {notice.layer for notice in heard} == {OTHER}


async def test_a_server_that_is_away_keeps_nobody_in_the_process_from_hearing(two, postgres_server):
    (engine, own), (_, other) = two
    postgres_server.stop()
    try:
        await engine.publish(ViewsMade(LAYER, [view("BTC", 1)]))
        await own.of(ViewsMade)
    finally:
        postgres_server.start()
    await engine.publish(ViewsMade(LAYER, [view("BTC", 2)]))
    heard = await other.of(ViewsMade)
    assert heard[-1].views[0].time_ms == 2 * MINUTE
