"""Many different alerts at once: nobody waits for the pictures of others, and nobody long for their own."""

import asyncio

import pytest
from alerts.stand_ins import ANN, BOB, at_work, saying
from databases import look
from markets import long, view_of
from platforms import Paper

from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.alerts.delivery import drawings, preparing
from liqbot.alerts.delivery.platform_sender import STOP_S
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Limits
from liqbot.message import Picture
from liqbot.store.chats import ChatKey, ChatSettings

COINS = [f"C{number}" for number in range(12)]
PICTURE = Picture(b"png", "words", "BTC.png")
FEW = Limits(in_flight=2)


class Easel:
    """Draws at once, but for the coins that hang until they are let go; those that fail raise."""

    def __init__(self):
        self.hanging = set()
        self.failing = set()
        self.begun = []
        self.pause_s = 0.0
        self._changed = asyncio.Event()

    async def draw(self, view, _hit, look):
        self.begun.append((view.coin, look))
        self._changed.set()
        await asyncio.sleep(self.pause_s)
        while view.coin in self.hanging:
            self._changed.clear()
            await self._changed.wait()
        if view.coin in self.failing:
            raise RuntimeError("no ink")
        return PICTURE

    def let_go(self):
        self.hanging.clear()
        self._changed.set()

    async def has_begun(self, count=1):
        async with asyncio.timeout(20):
            while len(self.begun) < count:
                self._changed.clear()
                await self._changed.wait()


class Studio:
    """A house in which each coin has an alert of its own, a dispatcher, and the easel."""

    def __init__(self, house, clock):
        self.house = house.with_rules(saying("one", "one", cooldown=0))
        self.store, self.clock = house.store, clock
        self.easel = Easel()
        self.connect(house.store)

    def connect(self, store, paper=None, **others):
        """Begin anew with a dispatcher for `paper`, as after a restart."""
        self.paper = Paper(limits=FEW) if paper is None else paper
        self.dispatcher = Dispatcher(store, self.easel.draw, self.clock)
        self.dispatcher.connect("paper", self.paper)
        for name, other in others.items():
            self.dispatcher.connect(name, other)

    async def subscribe(self, coin, *chats):
        for chat in chats:
            await self.house.subscribe(chat, "one", coin)

    async def alert(self, *coins):
        for coin in coins:
            await Evaluator(self.house.rules, self.store.alerts).take(
                view_of(long("ann", 2, at=95), spot=100, coin=coin), self.clock()
            )
        self.dispatcher.wake()

    async def drained(self):
        async with asyncio.timeout(20):
            self.dispatcher.wake()
            await self.dispatcher.drained()

    def sender(self):
        """Return what waits on the first platform."""
        return self.dispatcher.platforms[0]._preparing

    def statuses(self):
        return {status for (status,) in look(self.store, "SELECT status FROM deliveries")}

    def pictured(self):
        """Return of which chats the message came with a picture."""
        return {parcel.chat.native_id for parcel in self.paper.parcels if parcel.message.picture is not None}


@pytest.fixture
def studio(house, clock):
    return Studio(house, clock)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(preparing, "PATIENCE_S", 0.3)
    monkeypatch.setattr(preparing, "GATHERING_S", 0.05)


def chat_of(coin):
    return ChatKey("paper", coin)


async def of_all(studio, coins=COINS):
    """Let a chat of each coin subscribe."""
    for coin in coins:
        await studio.subscribe(coin, chat_of(coin))


async def test_others_do_not_wait_for_drawings_and_nothing_is_claimed_meanwhile(studio):
    """More pictures hang than may be in flight; what needs none goes out at once."""
    coins = COINS[:6]
    await of_all(studio, coins)
    await studio.subscribe("BTC", BOB)
    studio.easel.hanging = set(coins)
    async with at_work(studio.dispatcher):
        await studio.alert(*coins)
        await studio.easel.has_begun()
        await studio.store.alerts.announce("news", studio.clock(), studio.clock() + 3_600_000)
        studio.dispatcher.wake()
        await studio.paper.has_got(1)
        assert [parcel.chat for parcel in studio.paper.parcels] == [BOB]
        assert not [coin for coin in coins if await studio.store.deliveries.is_sending(chat_of(coin))]
        studio.easel.let_go()
        await studio.drained()
    assert studio.pictured() == set(coins)
    for coin in coins:
        [alert, news] = [one.message for one in studio.paper.parcels if one.chat == chat_of(coin)]
        assert (alert.picture, news.picture) == (PICTURE, None), "in their order"


@pytest.mark.usefixtures("impatient")
async def test_a_drawing_that_hangs_delays_words_by_the_patience_alone(studio):
    await of_all(studio)
    studio.easel.hanging = set(COINS)
    async with at_work(studio.dispatcher):
        await studio.alert(*COINS)
        await studio.paper.has_got(len(COINS))
        await studio.drained()
        assert studio.pictured() == set()
        assert studio.statuses() == {"sent"}
        studio.easel.let_go()
        await studio.drained()
    assert sorted(name for name, _ in studio.paper.got) == sorted(COINS), "each once"
    assert all(MAY_REPEAT not in parcel.message.notes for parcel in studio.paper.parcels)


async def test_behind_one_that_may_never_end_nobody_waits(studio, monkeypatch):
    monkeypatch.setattr(drawings, "STUCK_S", 0.1)
    monkeypatch.setattr(preparing, "GATHERING_S", 0.05)
    monkeypatch.setattr(preparing, "PATIENCE_S", 60.0)
    await of_all(studio)
    studio.easel.hanging = {COINS[0]}
    async with at_work(studio.dispatcher):
        await studio.alert(COINS[0])
        await studio.easel.has_begun()
        await asyncio.sleep(0.2)  # it hangs for longer than any other takes
        await studio.alert(*COINS[1:])
        await studio.paper.has_got(len(COINS) - 1)
        assert studio.easel.begun == [(COINS[0], "")], "people's pictures have the other threads"
        studio.easel.let_go()
        await studio.drained()
    assert studio.pictured() == {COINS[0]}


async def test_a_drawing_that_fails_harms_no_other(studio):
    await of_all(studio)
    studio.easel.failing = {COINS[1], COINS[5]}
    async with at_work(studio.dispatcher):
        await studio.alert(*COINS)
        await studio.paper.has_got(len(COINS))
        await studio.drained()
    assert studio.pictured() == set(COINS) - studio.easel.failing


async def test_what_most_chats_wait_for_is_drawn_first_and_then_what_was_asked_for_first(studio, monkeypatch):
    monkeypatch.setattr(drawings, "AT_ONCE", 1)
    await studio.subscribe("C0", ANN)
    await studio.subscribe("C1", chat_of("one"))
    await studio.subscribe("C2", chat_of("two"))
    await studio.subscribe("C3", *(chat_of(f"many-{number}") for number in range(5)))
    studio.easel.hanging = {"C0"}
    async with at_work(studio.dispatcher):
        await studio.alert("C0")
        await studio.easel.has_begun()
        await studio.alert("C1", "C2", "C3")
        async with asyncio.timeout(20):
            while len(studio.sender().waiting) < 8:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        studio.easel.let_go()
        await studio.paper.has_got(8)
    assert [coin for coin, _ in studio.easel.begun] == ["C0", "C3", "C1", "C2"]


async def test_where_too_many_wait_words_go_at_once_but_not_to_those_who_wait_for_the_same(
    studio, monkeypatch
):
    monkeypatch.setattr(preparing, "MOST", 3)
    same = [chat_of(f"same-{number}") for number in range(3)]
    await studio.subscribe("C0", *same)
    await of_all(studio, COINS[1:6])
    await studio.subscribe("C0", chat_of("same-late"))
    studio.easel.hanging = {"C0"}
    async with at_work(studio.dispatcher):
        await studio.alert("C0", *COINS[1:6])
        await studio.paper.has_got(5)
        assert {parcel.chat.native_id for parcel in studio.paper.parcels} == set(COINS[1:6])
        studio.easel.let_go()
        await studio.drained()
    assert {"same-0", "same-1", "same-2", "same-late"} <= studio.pictured()
    assert len(studio.paper.parcels) == 9


async def test_who_would_have_to_wait_too_long_is_told_in_words_and_others_get_their_pictures(
    studio, monkeypatch
):
    monkeypatch.setattr(preparing, "PATIENCE_S", 1.2)
    monkeypatch.setattr(preparing, "GATHERING_S", 0.05)
    studio.easel.pause_s = 0.5
    await of_all(studio)
    await studio.alert(*COINS)
    async with at_work(studio.dispatcher):
        await studio.paper.has_got(len(COINS))
        await studio.drained()
    assert sorted(name for name, _ in studio.paper.got) == sorted(COINS)
    assert 1 <= len(studio.pictured()) < len(COINS)
    assert len(studio.easel.begun) < len(COINS), "what nobody waits for is not drawn"


async def test_a_kill_while_pictures_are_drawn_loses_and_repeats_nothing(studio):
    await of_all(studio)
    studio.easel.hanging = set(COINS)
    async with at_work(studio.dispatcher):
        await studio.alert(*COINS)
        await studio.easel.has_begun()
        left = studio.house.as_a_kill_leaves_it()
    studio.easel.let_go()
    studio.connect(left)
    async with at_work(studio.dispatcher):
        await studio.drained()
    await left.close()
    assert sorted(name for name, _ in studio.paper.got) == sorted(COINS)
    assert studio.pictured() == set(COINS)
    assert all(MAY_REPEAT not in parcel.message.notes for parcel in studio.paper.parcels)


async def test_a_stop_waits_for_no_picture_and_leaves_what_waits_owed_as_it_was(studio):
    await of_all(studio)
    studio.easel.hanging = set(COINS)
    async with at_work(studio.dispatcher):
        await studio.alert(*COINS)
        await studio.easel.has_begun()
        began_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began_s < STOP_S
    assert studio.statuses() == {"due"}
    studio.easel.let_go()
    async with at_work(studio.dispatcher):  # the same one again
        await studio.drained()
    assert studio.pictured() == set(COINS)


@pytest.mark.usefixtures("impatient")
async def test_within_a_chat_alerts_keep_their_order_whatever_their_pictures_take(studio):
    await studio.subscribe("C0", ANN)
    await studio.subscribe("C1", ANN)
    await studio.store.chats.save(ANN, ChatSettings(grouped=False), studio.clock())
    studio.easel.hanging = {"C0"}
    async with at_work(studio.dispatcher):
        await studio.alert("C0", "C1")
        await studio.paper.has_got(2)
    assert [title for _, title in studio.paper.got] == ["C0: C0 one", "C1: C1 one"]


async def test_what_comes_at_once_to_a_chat_is_one_message_with_the_picture_of_the_first(studio):
    await of_all(studio, COINS[:4])
    for coin in COINS[:4]:
        await studio.subscribe(coin, BOB)
    await studio.alert(*COINS[:4])
    async with at_work(studio.dispatcher):
        await studio.drained()
    [grouped] = [parcel.message for parcel in studio.paper.parcels if parcel.chat == BOB]
    assert grouped.title == "4 alerts at once"
    assert grouped.picture == PICTURE


async def test_a_chat_that_wants_no_more_meanwhile_gets_nothing(studio):
    await of_all(studio, COINS[:3])
    studio.easel.hanging = set(COINS[:3])
    async with at_work(studio.dispatcher):
        await studio.alert(*COINS[:3])
        await studio.easel.has_begun()
        await studio.store.deliveries.withdraw(chat_of("C1"))
        await studio.dispatcher.arrived(chat_of("C1"))
        studio.easel.let_go()
        await studio.drained()
    assert {name for name, _ in studio.paper.got} == {"C0", "C2"}


async def test_two_platforms_wait_for_one_drawing(studio):
    other = Paper(limits=FEW)
    studio.connect(studio.store, other=other)
    await studio.subscribe("C0", ANN, ChatKey("other", "olga"))
    async with at_work(studio.dispatcher):
        await studio.alert("C0")
        await studio.paper.has_got(1)
        await other.has_got(1)
    assert studio.easel.begun == [("C0", "")]
    assert {id(parcel.message.picture) for parcel in (*studio.paper.parcels, *other.parcels)} == {id(PICTURE)}
