"""The role that evaluates: built-in rules at once, plugins behind; nothing is read twice, or never."""

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from alerts.stand_ins import ANN, House, saying
from databases import ON_BOTH, alter
from markets import MINUTE, long, short, view_of

from liqbot.alerts.evaluator import Evaluator
from liqbot.app import alerts_role
from liqbot.app.alerts_role import TOGETHER, AlertsRole
from liqbot.bus import DeliveriesDue, LocalBus, ObservationsKept
from liqbot.market.layer import Basis, Layer
from liqbot.store.deliveries import DeliveryStatus, Outcome
from liqbot.store.errors import StoreError
from liqbot.store.leases import LocalLeases

pytestmark = ON_BOTH
LIVE = Layer("Testex", Basis.MEASURED)
NOW = 1_000 * MINUTE


class SlowPlugin:
    """Reads as the rule that it is given, elsewhere: nobody has an answer until it is let go on."""

    def __init__(self, reader):
        self.reader = reader
        self.group = self
        self.asked = threading.Event()
        self.let = threading.Event()

    def answers(self, view, questions):
        self.asked.set()
        assert self.let.wait(20)
        return [one.rule.read(view, one.values, one.memory, one.events) for one in questions]

    def read(self, *question):
        return self.reader.read(*question)


class Scene:
    """A store, one built-in rule, one plugin, and the role that lets them read."""

    def __init__(self, store):
        self.house = House(store)
        plugin = saying("plugin", "slow", repeat=60, cooldown=0)
        self.plugin = SlowPlugin(plugin.reader)
        builtin = saying("builtin", "fast", repeat=60, cooldown=0)
        self.house.with_rules(builtin, replace(plugin, reader=self.plugin))
        self.bus, self.due = LocalBus(), 0
        self.bus.subscribe(DeliveriesDue, self._count)
        self.role = AlertsRole(store, Evaluator(self.house.rules, store.alerts), self.bus, lambda: NOW)

    async def _count(self, notice):
        self.due += notice.count

    async def subscribe(self):
        for name in ("builtin", "plugin"):
            await self.house.subscribe(ANN, name)

    async def keep(self, minute):
        """Write an observation down, and return the notice of it."""
        view = replace(
            view_of(
                long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0, time_ms=NOW + minute * MINUTE
            ),
            layer=LIVE,
        )
        kept = await self.house.store.observations.record([view])
        return ObservationsKept(LIVE, ["BTC"], kept)

    async def told(self):
        """Return what has become due since the last look; alerts of one moment may come as one message."""
        deliveries, texts = self.house.store.deliveries, []
        while heads := await deliveries.queue_heads("paper", 9, 10**15, but_not=()):
            await deliveries.claim(heads)
            await deliveries.settle(Outcome(head, DeliveryStatus.SENT, 1) for head in heads)
            numbers = [number for head in heads for number in head.alerts]
            texts += [(await self.house.store.alerts.alert(number)).hit.text for number in numbers]
        return texts

    @asynccontextmanager
    async def at_work(self):
        task = asyncio.create_task(self.role.run())
        try:
            yield
        finally:
            self.plugin.let.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def scene(store):
    scene = Scene(store)
    await scene.subscribe()
    return scene


async def test_a_slow_plugin_delays_neither_the_next_view_nor_the_alerts_of_other_rules(scene):
    async with scene.at_work():
        for minute in range(3):
            await scene.bus.publish(await scene.keep(minute))
        assert await asyncio.to_thread(scene.plugin.asked.wait, 20)
        assert await scene.told() == ["BTC fast"] * 3
        scene.plugin.let.set()
        await scene.role.caught_up()
        assert await scene.told() == ["BTC slow"] * 3
    assert scene.due == 6


async def test_what_a_plugin_had_not_read_when_the_bot_ended_it_reads_at_the_next_start(scene, store):
    scene.plugin.let.set()
    async with scene.at_work():
        await scene.bus.publish(await scene.keep(0))
        await scene.role.caught_up()
    for minute in (1, 2):
        await scene.bus.publish(await scene.keep(minute))
    assert await scene.told() == ["BTC fast", "BTC slow", "BTC fast", "BTC fast"]

    again = Scene(store)
    again.plugin.let.set()
    async with again.at_work():
        await again.role.read_what_is_left(LIVE, ("BTC",))
        await again.role.caught_up()
    assert await again.told() == ["BTC slow", "BTC slow"]


async def test_observations_of_another_process_are_read_from_the_store_and_each_once(scene):
    scene.plugin.let.set()
    async with scene.at_work():
        await scene.bus.publish(await scene.keep(0))
        for minute in (1, 2):
            await scene.keep(minute)
        elsewhere = ObservationsKept(LIVE, ["BTC"])
        await scene.bus.publish(elsewhere)
        await scene.bus.publish(elsewhere)
        await scene.role.caught_up()
    assert sorted(await scene.told()) == ["BTC fast"] * 3 + ["BTC slow"] * 3


class TestWhereAnotherProcessMakesTheViews:
    """One that evaluates by a lease, and reads all coins of a layer together."""

    @pytest.fixture
    async def role(self, store):
        house = House(store).with_rules(saying("builtin", "fast", repeat=60, cooldown=0))
        evaluator = Evaluator(house.rules, store.alerts)
        role = AlertsRole(store, evaluator, LocalBus(), lambda: NOW, leases=LocalLeases())
        role.house = house
        role.leading = asyncio.create_task(role.run())
        yield role
        role.leading.cancel()
        await asyncio.gather(role.leading, return_exceptions=True)

    async def record(self, role, minute, *coins):
        made = [view_of(long("ann", 2, at=95, coin=coin), spot=100.0, coin=coin) for coin in coins]
        views = [replace(view, layer=LIVE, time_ms=NOW + minute * MINUTE) for view in made]
        await role.house.store.observations.record(views)

    async def keep(self, role, minute, *coins):
        await self.record(role, minute, *coins)
        await role.observed(ObservationsKept(LIVE, coins))

    async def told(self, role, count):
        """Wait for so many alerts; return them in the order of their names."""
        told = []
        async with asyncio.timeout(20):
            while len(told) < count:
                told += [text for _, text in await role.house.due()]
                await asyncio.sleep(0)
        return sorted(told)

    async def test_more_coins_than_are_read_together_are_all_read_each_in_its_order(self, role):
        coins = [f"COIN{number}" for number in range(TOGETHER + 5)]
        for coin in coins:
            await role.house.subscribe(ANN._replace(native_id=coin), "builtin", coin=coin)
        await eventually_leads(role)
        for minute in (0, 1):
            await self.keep(role, minute, *coins, "UNWATCHED")
            assert await self.told(role, len(coins)) == sorted(f"{coin} fast" for coin in coins)

    async def test_an_observation_that_is_damaged_keeps_neither_its_coin_nor_others_from_being_read(
        self, role
    ):
        for coin in ("BTC", "ETH"):
            await role.house.subscribe(ANN, "builtin", coin=coin)
        await self.keep(role, 0, "BTC", "ETH")
        await eventually_leads(role)
        assert await self.told(role, 2) == ["BTC fast", "ETH fast"]
        await self.record(role, 1, "BTC", "ETH")
        alter(role.house.store, "UPDATE observations SET view = ? WHERE coin = 'BTC'", [b"\0"])
        await self.keep(role, 2, "BTC", "ETH")
        assert await self.told(role, 3) == ["BTC fast", "ETH fast", "ETH fast"]

    async def test_an_observation_of_which_nobody_ever_told_is_found_by_looking(self, role, monkeypatch):
        """Whoever kept it died before it told, or the database did, and forgot the notice."""
        monkeypatch.setattr(alerts_role, "LOOK_S", 0.02)
        await role.house.subscribe(ANN, "builtin", coin="BTC")
        await eventually_leads(role)
        await self.keep(role, 0, "BTC")
        assert await self.told(role, 1) == ["BTC fast"]
        for minute in (1, 2):
            await self.record(role, minute, "BTC")
            assert await self.told(role, 1) == ["BTC fast"]

    async def test_a_layer_that_was_lost_here_is_read_as_soon_as_another_process_tells_of_it(self, role):
        await role.house.subscribe(ANN, "builtin", coin="BTC")
        await eventually_leads(role)
        role._evaluator.choices.lose(LIVE)
        await self.keep(role, 0, "BTC")
        assert await self.told(role, 1) == ["BTC fast"]

    async def test_looking_lets_a_new_watch_read_nothing_that_was_seen_before_it_began(
        self, role, monkeypatch
    ):
        monkeypatch.setattr(alerts_role, "LOOK_S", 0.02)
        looked = asyncio.Event()
        look = role._look

        async def counted(layer, coins):
            await look(layer, coins)
            looked.set()

        await eventually_leads(role)
        await self.keep(role, 0, "BTC")
        async with asyncio.timeout(20):
            while role.lag_s:  # noqa: ASYNC110 - it tells nobody; what is read later is there for a new watch
                await asyncio.sleep(0)
        await role.house.subscribe(ANN, "builtin", coin="BTC")
        monkeypatch.setattr(role, "_look", counted)
        async with asyncio.timeout(20):
            await looked.wait()
        assert await role.house.due() == []

    async def test_nothing_waits_any_more_where_another_process_reads_it(self, role, monkeypatch):
        """Views of others wait for what waits here: they would for as long as that process runs."""
        reading = asyncio.Event()

        async def hang(*_):
            reading.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(role.house.store.observations, "next_of", hang)
        await role.house.subscribe(ANN, "builtin", coin="BTC")
        await eventually_leads(role)
        await self.keep(role, 0, "BTC")
        async with asyncio.timeout(20):
            await reading.wait()
        assert role.lag_s > 0
        role.leading.cancel()  # as when the lease is lost
        await asyncio.gather(role.leading, return_exceptions=True)
        assert role.lag_s == 0

    async def test_what_cannot_be_written_together_is_written_coin_by_coin(self, role, monkeypatch):
        commit_all = role.house.store.alerts.commit_all

        async def refused(read, now_ms):
            if len(read) > 1:
                raise StoreError("together it does not go")
            return await commit_all(read, now_ms)

        monkeypatch.setattr(role.house.store.alerts, "commit_all", refused)
        for coin in ("BTC", "ETH"):
            await role.house.subscribe(ANN, "builtin", coin=coin)
        await eventually_leads(role)
        await self.keep(role, 0, "BTC", "ETH")
        assert await self.told(role, 2) == ["BTC fast", "ETH fast"]


async def eventually_leads(role):
    """Wait until a role has its lease."""
    async with asyncio.timeout(20):
        while not role.leads:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
