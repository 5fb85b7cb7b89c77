"""Whenever a bot is killed, the next one keeps to the platform's pace, by the platform's own count.

Nobody waits in between: another process takes over in the very moment in which the one before dies.
Time is virtual.
"""

import asyncio
import random
from collections import Counter

import pytest
from alerts.stand_ins import Clock, House, saying
from counterparts.discord.buckets import RateLimits
from counterparts.telegram.pacing import Pacing as TelegramPacing
from databases import all_written
from markets import long, view_of

from liqbot.alerts.delivery.address import AddressStage
from liqbot.alerts.delivery.platform_sender import PlatformSender
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Receipt, SlowDown
from liqbot.chat.discord.adapter import LIMITS as DISCORD
from liqbot.chat.telegram.adapter import LIMITS as TELEGRAM
from liqbot.store.chats import ChatKey
from liqbot.store.leadership import Leadership
from liqbot.store.leases import LocalLeases
from liqbot.store.opening import open_store

STEP_MS = 100
VIEW = view_of(long("ann", 2, at=95), spot=100)
PERSON, GROUP = "7", "-7"


class Judge:
    """A platform that counts as the real one does; of some messages the answer never comes."""

    def __init__(self, clock, chance):
        self.clock = clock
        self.chance = chance
        self.got = Counter()
        self.refused = 0
        self.waiting = 0
        """What is under way."""

    def seconds(self):
        return self.clock.now_ms / 1000

    def is_group(self, chat):
        return chat.native_id.startswith("-")

    async def send(self, outgoing):
        if not self.passes(outgoing.chat):
            self.refused += 1
            raise SlowDown("429", pause_s=1)
        self.got[outgoing.chat] += 1
        if self.chance.random() < 0.2:
            self.waiting += 1
            await asyncio.Event().wait()
        return Receipt("1")


class Telegram(Judge):
    limits = TELEGRAM

    def __init__(self, *args):
        super().__init__(*args)
        self.pacing = TelegramPacing()

    def passes(self, chat, method="sendmessage"):
        asked = method, chat.native_id, self.seconds(), self.is_group(chat)
        if self.pacing.check(*asked) is not None:
            return False
        self.pacing.count(*asked)
        return True


class Discord(Judge):
    limits = DISCORD

    def __init__(self, *args):
        super().__init__(*args)
        self.buckets = RateLimits(clock_s=self.seconds)

    def passes(self, chat):
        template = "/channels/{channel_id}/messages"
        return self.buckets.take("POST", template, {"channel_id": chat.native_id}, counts=True).passed


class Life:
    """A sender of its own on what the one before has left."""

    def __init__(self, store, judge):
        self.judge = judge
        judge.waiting = 0
        clocks = judge.clock, judge.seconds
        self.sender = PlatformSender(
            "paper",
            judge,
            store,
            AddressStage(store.alerts, self._undrawn),
            leadership=Leadership(LocalLeases(), "sender/paper", wanted=lambda: True),
            clocks=clocks,
            wake=lambda: None,
        )
        self.leading = asyncio.create_task(self.sender.lead())

    async def _undrawn(self, *_):
        return None

    async def steps(self, count):
        """Let so many steps of time pass."""
        while not self.sender.leads:  # noqa: ASYNC110 - it runs beside, with nothing to wait for
            await asyncio.sleep(0)
        await self.sender.recover()
        for _ in range(count):
            await self.sender.begin(self.judge.clock())
            async with asyncio.timeout(20):
                while len(self.sender._tasks) > self.judge.waiting:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            self.judge.clock.now_ms += STEP_MS

    async def kill(self):
        """End without a word; what is on its way stays so."""
        for task in [self.leading, *self.sender._tasks.values()]:
            task.cancel()
        await asyncio.sleep(0)


class World:
    """Chats with a watch, and a store that is copied as each kill leaves it."""

    def __init__(self, house, chats):
        self.house = house.with_rules(saying("one", "one", cooldown=0))
        self.chats = chats
        self.kills = 0

    async def subscribe(self):
        for chat in self.chats:
            await self.house.subscribe(chat, "one")

    async def alert(self, clock):
        await self.house.store.alerts.forget_states()
        await Evaluator(self.house.rules, self.house.store.alerts).take(VIEW, clock())

    async def go_on(self):
        """Go on with what is written down by now."""
        store = self.house.as_a_kill_leaves_it()
        await self.house.store.close()
        self.house.store = store


@pytest.fixture
async def house(address):
    made = House(open_store(address))
    yield made
    await made.store.close()


@pytest.mark.parametrize("kind", [Telegram, Discord])
async def test_a_life_that_follows_a_kill_at_once_is_refused_nothing(house, kind):
    chance = random.Random(3)  # noqa: S311 - a reproducible choice
    clock = Clock()
    judge = kind(clock, chance)
    world = World(house, [ChatKey("paper", str(name)) for name in (*range(1, 12), *range(-2, 0))])
    await world.subscribe()
    for _ in range(6):
        await world.alert(clock)
        life = Life(house.store, judge)
        await life.steps(chance.randrange(1, 30))
        await world.go_on()
        await life.kill()
    judge.chance = random.Random(0)  # noqa: S311
    judge.chance.random = lambda: 1.0
    last = Life(house.store, judge)
    for _ in range(40):
        await last.steps(20)
        if not await house.store.deliveries.owed():
            break
    await last.kill()
    assert judge.refused == 0
    assert not await house.store.deliveries.owed()
    assert min(judge.got[chat] for chat in world.chats) >= 1


async def test_replies_that_nobody_wrote_down_leave_a_group_room_within_its_minute(house):
    clock = Clock()
    telegram = Telegram(clock, random.Random(1))  # noqa: S311 - a reproducible choice
    telegram.chance.random = lambda: 1.0
    group = ChatKey("paper", GROUP)
    world = World(house, [group])
    await world.subscribe()
    life = Life(house.store, telegram)
    await life.steps(1)
    clock.now_ms += 61_000  # the life before this one is far away
    assert await replied(life, telegram, group, seconds=30) == 11, "all that replies may take of a minute"
    await world.go_on()
    await life.kill()
    after = Life(house.store, telegram)
    for _ in range(12):
        await world.alert(clock)
        await after.steps(12)
    assert 6 <= telegram.got[group] <= 8, "a minute less what replies may have taken"
    await replied(after, telegram, group, seconds=50)
    await after.steps(40)
    await after.kill()
    assert telegram.refused == 0
    assert not await house.store.deliveries.owed()


async def test_a_life_that_ended_in_order_tells_the_next_one_which_replies_groups_got(house):
    clock = Clock()
    telegram = Telegram(clock, random.Random(1))  # noqa: S311 - a reproducible choice
    telegram.chance.random = lambda: 1.0
    group = ChatKey("paper", GROUP)
    world = World(house, [group])
    await world.subscribe()
    life = Life(house.store, telegram)
    await life.steps(1)
    clock.now_ms += 61_000
    assert await replied(life, telegram, group, seconds=4) == 4
    life.leading.cancel()
    await asyncio.gather(life.leading, return_exceptions=True)
    after = Life(house.store, telegram)
    await after.steps(1)
    assert await replied(after, telegram, group, seconds=20) == 7, "what is left of their share"
    assert after.sender._pacing.most_replies()[0] == 11, "also of what it was told itself"
    await world.go_on()
    await after.kill()
    killed = Life(house.store, telegram)
    await killed.steps(1)
    assert await replied(killed, telegram, group, seconds=20) <= 2, "nobody wrote down what that one said"
    await killed.kill()
    assert telegram.refused == 0


async def test_a_life_that_ended_in_order_leaves_no_word_of_which_groups_it_spoke_to(house):
    clock = Clock()
    telegram = Telegram(clock, random.Random(1))  # noqa: S311 - a reproducible choice
    telegram.chance.random = lambda: 1.0
    asking, forgotten = ChatKey("paper", "-1008123411"), ChatKey("paper", "-1008123422")
    await World(house, [forgotten]).subscribe()
    life = Life(house.store, telegram)
    await life.steps(1)
    for group in (asking, forgotten):
        assert await replied(life, telegram, group, seconds=4)
    await house.store.chats.forget(forgotten)
    await replied(life, telegram, forgotten, seconds=2)
    life.leading.cancel()
    await asyncio.gather(life.leading, return_exceptions=True)
    assert await house.store.notes.get("pace.paper")
    written = all_written(house.store)
    assert b"pace.paper" in written
    for group in (asking, forgotten):
        assert group.native_id.encode() not in written
        assert group.native_id.strip("-").encode() not in written


async def replied(life, telegram, group, *, seconds):
    """Answer whoever asks in a group, whenever it may be answered; return how often."""
    count = 0
    for _ in range(seconds):
        if life.sender.turn_within(group, 0.0) is not None:
            count += 1
            telegram.refused += not telegram.passes(group)
        telegram.clock.now_ms += 1_000
    return count
