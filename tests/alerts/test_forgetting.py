"""A chat that is forgotten gets nothing afterwards, whatever was under way; rules forget it as well."""

import asyncio
import threading
from dataclasses import dataclass, field, replace

import pytest
from alerts.stand_ins import ANN, BOB, at_work, saying
from markets import long, view_of
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.evaluator import Evaluator
from liqbot.plugin import Hit, rule
from liqbot.service.privacy import Privacy

VIEW = view_of(long("ann", 2, at=95), spot=100)


class Gate:
    """Holds up a rule, in its thread, or whoever draws a picture, until it is opened."""

    def __init__(self):
        self.reached = threading.Event()
        self.open = threading.Event()

    def close(self):
        self.reached.clear()
        self.open.clear()

    def pass_through(self):
        self.reached.set()
        assert self.open.wait(20)

    async def until_reached(self):
        assert await asyncio.to_thread(self.reached.wait, 20)


GATE = Gate()


@dataclass
class Names:
    names: list[str] = field(default_factory=lambda: [ANN.native_id, "somebody"])


@rule("names")
class names:  # noqa: N801 - the name of a rule
    """It remembers who, and takes its time."""

    State = Names

    def read(self, _view, _state):
        GATE.pass_through()
        return [Hit("key", "names")]

    def forget(self, state, who):
        state.names = [name for name in state.names if name != who]


class Scene:
    """Rules, an evaluator, a dispatcher for a platform on paper, and who forgets."""

    def __init__(self, house, clock):
        self.house = house.with_rules(saying("one", "one", cooldown=0), saying("two", "two"), names)
        self.store = house.store
        self.picture = Gate()
        self.paper = Paper({})
        self.evaluator = Evaluator(house.rules, self.store.alerts)
        self.dispatcher = Dispatcher(self.store, self.illustrate, clock, clock_s=lambda: clock.now_ms / 1000)
        self.dispatcher.connect("paper", self.paper)
        self.clock = clock
        self.privacy = Privacy(
            self.store,
            house.rules,
            evaluating=self.evaluator.evaluating,
            arrived=self.dispatcher.arrived,
        )

    async def illustrate(self, _view, _hit, _look):
        await asyncio.to_thread(self.picture.pass_through)
        self.clock.now_ms += 1_000

    def at_work(self):
        return at_work(self.dispatcher)


@pytest.fixture
def scene(house, clock):
    GATE.close()
    return Scene(house, clock)


async def test_a_view_that_is_being_read_brings_nothing_to_a_chat_that_was_forgotten_meanwhile(scene):
    await scene.house.subscribe(ANN, "names")
    reading = asyncio.create_task(scene.evaluator.take(VIEW, 0))
    await GATE.until_reached()
    forgetting = asyncio.create_task(scene.privacy.forget(ANN))
    GATE.open.set()
    await asyncio.gather(reading, forgetting)
    assert await scene.house.due() == []
    assert not await scene.store.chats.is_known(ANN)


async def test_whoever_subscribes_next_does_not_get_what_the_forgotten_chat_had_asked_for(scene):
    await scene.house.subscribe(ANN, "names")
    reading = asyncio.create_task(scene.evaluator.take(VIEW, 0))
    await GATE.until_reached()
    await scene.store.chats.forget(ANN)  # as whoever tidies up does it, and waits for nobody
    await scene.house.subscribe(BOB, "two")
    GATE.open.set()
    await reading
    assert await scene.house.due() == []


async def test_what_a_rule_remembers_of_a_chat_is_not_written_back_by_a_view_that_was_being_read(scene):
    await scene.house.subscribe(ANN, "names")
    await scene.house.subscribe(BOB, "names")
    GATE.open.set()
    await scene.evaluator.take(VIEW, 0)
    GATE.open.clear()
    GATE.reached.clear()
    reading = asyncio.create_task(scene.evaluator.take(replace(VIEW, time_ms=VIEW.time_ms + 60_000), 0))
    await GATE.until_reached()
    forgetting = asyncio.create_task(scene.privacy.forget(ANN))
    await asyncio.sleep(0)  # it has begun
    GATE.open.set()
    await asyncio.gather(reading, forgetting)
    [(_, state)] = await scene.store.alerts.watches("BTC")
    assert b'["somebody"]' in decode_state(state).memory


async def test_an_alert_whose_picture_is_being_drawn_does_not_come_to_a_chat_that_was_forgotten(scene):
    await scene.house.subscribe(ANN, "one")
    async with scene.at_work():
        await scene.evaluator.take(VIEW, scene.clock())
        scene.dispatcher.wake()
        await scene.picture.until_reached()
        forgetting = asyncio.create_task(scene.privacy.forget(ANN))
        while await scene.store.chats.is_known(ANN):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0)
        scene.picture.open.set()
        await forgetting
        await scene.dispatcher.drained()
    assert scene.paper.got == []


async def test_a_message_that_is_on_its_way_has_arrived_before_the_chat_is_told_that_it_is_forgotten(scene):
    scene.picture.open.set()
    await scene.house.subscribe(ANN, "one")
    arrives, arriving = asyncio.Event(), asyncio.Event()
    send = scene.paper.send

    async def slowly(message):
        arriving.set()
        await arrives.wait()
        return await send(message)

    scene.paper.send = slowly
    async with scene.at_work():
        await scene.evaluator.take(VIEW, scene.clock())
        scene.dispatcher.wake()
        await arriving.wait()
        forgetting = asyncio.create_task(scene.privacy.forget(ANN))
        while await scene.store.chats.is_known(ANN):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0)
        assert not forgetting.done()
        arrives.set()
        await forgetting
        assert len(scene.paper.got) == 1
        await scene.dispatcher.drained()
    assert len(scene.paper.got) == 1


async def test_no_delivery_takes_the_key_of_one_that_was_forgotten(scene):
    scene.picture.open.set()
    keys = []
    for chat in (ANN, BOB):
        await scene.house.subscribe(chat, "one")
        await scene.store.alerts.forget_states()
        await scene.evaluator.take(VIEW, scene.clock())
        [head] = await scene.store.deliveries.queue_heads("paper", 9, scene.clock(), but_not=())
        keys.append(head.key)
        await scene.privacy.forget(chat)
    assert len(set(keys)) == 2


@pytest.fixture
async def slow(scene):
    """Return a scene with a message on its way to Ann, and the event that lets it arrive."""
    scene.picture.open.set()
    await scene.house.subscribe(ANN, "one")
    arrives, arriving = asyncio.Event(), asyncio.Event()
    send = scene.paper.send

    async def slowly(message):
        arriving.set()
        await arrives.wait()
        return await send(message)

    scene.paper.send = slowly
    async with scene.at_work():
        await scene.evaluator.take(VIEW, scene.clock())
        scene.dispatcher.wake()
        await arriving.wait()
        yield scene, arrives


async def test_who_wants_no_more_alerts_is_told_so_after_the_one_that_is_on_its_way(slow):
    scene, arrives = slow
    waiting = asyncio.create_task(scene.dispatcher.in_flight(ANN))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    await scene.dispatcher.in_flight(BOB)  # to whom nothing is on its way
    arrives.set()
    await waiting
    assert len(scene.paper.got) == 1


async def test_one_that_takes_long_is_not_waited_for_and_not_called_back(slow, monkeypatch):
    scene, arrives = slow
    monkeypatch.setattr("liqbot.alerts.dispatcher.IN_FLIGHT_S", 0.01)
    await scene.dispatcher.in_flight(ANN)
    assert scene.paper.got == []
    arrives.set()
    await scene.dispatcher.drained()
    assert len(scene.paper.got) == 1
