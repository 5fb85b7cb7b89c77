"""How fast a platform may be sent to: with a clock that the tests turn."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from counterparts.telegram import pacing as telegram
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.pacing import MARGIN, MINUTE_S, Pacing
from liqbot.alerts.platform import Limits
from liqbot.chat.telegram.adapter import LIMITS as TELEGRAM_OWN

TELEGRAM = Limits(a_second=30, a_chat_s=1, a_group_minute=20, in_flight=30)
BURSTS = replace(TELEGRAM, chat_burst=2)


class Time:
    """Seconds that go on when somebody waits."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s

    async def sleep(self, seconds):
        self.now_s += seconds


@pytest.fixture
def time():
    return Time()


def broadcast(pacing, time, chats, *, until_s, late_s=0.0, groups=()):
    """Send to `chats` in turn as fast as the pace allows; return when each message went, by chat."""
    sent = []
    waiting = list(chats)
    while waiting and time.now_s < until_s:
        busy = pacing.busy()
        free = next((chat for chat in waiting if chat not in busy), None)
        if pacing.wait_s() == 0 and free is not None:
            pacing.take(free, is_group=free in groups)
            waiting.remove(free)
            sent.append((time.now_s, free))
        else:
            waits = [pacing.wait_s(), *([min(busy.values())] if busy and free is None else [])]
            time.now_s += max(*waits, 0.001) + late_s if len(waits) > 1 else max(waits[0], 0.001) + late_s
    return sent


def most_within(times, window_s):
    return max(sum(start <= time < start + window_s for time in times) for start in times)


@pytest.mark.parametrize("late_s", [0, 0.002, 0.015])
def test_a_broadcast_keeps_close_to_the_allowed_rate_and_never_beyond(time, late_s):
    pacing = Pacing(TELEGRAM, time)
    sent = broadcast(pacing, time, range(3_000), until_s=1_000, late_s=late_s)
    times = [at_s for at_s, _ in sent]
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert 30 * 0.97 <= rate <= 30
    assert most_within(times, 1.0) <= 30


def test_one_chat_gets_one_a_second_and_a_group_twenty_a_minute(time):
    pacing = Pacing(TELEGRAM, time)
    sent = broadcast(pacing, time, ["ann"] * 30 + ["group"] * 50, until_s=1_000, groups={"group"})
    ann = [at_s for at_s, chat in sent if chat == "ann"]
    group = [at_s for at_s, chat in sent if chat == "group"]
    assert all(later - earlier >= 1 for earlier, later in pairwise(ann))
    assert len(ann) == 30
    assert most_within(group, MINUTE_S) == 20


def test_a_chat_that_has_to_wait_holds_up_no_other(time):
    pacing = Pacing(TELEGRAM, time)
    pacing.halt("ann", 60)
    assert pacing.busy() == {"ann": 60}
    sent = broadcast(pacing, time, ["ann", *range(100)], until_s=time.now_s + 10)
    assert len(sent) == 100


def test_a_platform_that_asks_for_a_pause_gets_it(time):
    pacing = Pacing(TELEGRAM, time)
    pacing.halt(None, 7)
    assert pacing.wait_s() == pytest.approx(7)
    time.now_s += 7
    assert pacing.wait_s() == 0


async def test_a_reply_goes_ahead_of_the_broadcast(time):
    pacing = Pacing(TELEGRAM, time, time.sleep)
    for chat in "abcde":
        pacing.take(chat, is_group=False)
    assert pacing.wait_s() > 0
    before_s = time.now_s
    await pacing.turn("person", is_group=False)
    assert time.now_s - before_s <= 3 / (30 * MARGIN) + 1e-9
    assert pacing.wait_s() > 0, "its place is taken"


async def test_replies_to_one_chat_are_paced_as_well(time):
    pacing = Pacing(TELEGRAM, time, time.sleep)
    times = []
    for _ in range(3):
        await pacing.turn("person", is_group=False)
        times.append(time.now_s)
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([1, 1])


async def test_a_member_who_goes_on_asking_keeps_no_alert_of_the_group_away(time):
    """One member asks every 2.5 s for three minutes; an alert comes every ten seconds."""
    pacing = Pacing(TELEGRAM, time, time.sleep)
    late, replies, sent = [], [], []
    asked_s = due_s = time.now_s
    until_s = time.now_s + 180
    while time.now_s < until_s:
        if due_s <= time.now_s and not pacing.wait_s() and "group" not in pacing.busy():
            pacing.take("group", is_group=True)
            late.append(time.now_s - due_s)
            sent.append(time.now_s)
            due_s += 10
        elif asked_s <= time.now_s and "group" not in pacing.busy() and _may_reply(pacing, time.now_s):
            await pacing.turn("group", is_group=True)
            replies.append(time.now_s)
            sent.append(time.now_s)
            asked_s = max(asked_s + 2.5, time.now_s)
        else:
            time.now_s += 0.1
    assert max(late) <= 2
    assert most_within(replies, MINUTE_S) == 12
    assert most_within(sent, MINUTE_S) <= 20


def _may_reply(pacing, now_s):
    """Return whether a reply would not wait: this test has one clock for all."""
    lately = pacing._chats.get("group")
    return lately is None or sum(at_s > now_s - MINUTE_S for at_s in lately.replies) < 12


async def test_replies_that_wait_take_no_place_in_advance():
    clock = Time()
    waits = asyncio.Queue()

    async def sleep(_seconds):
        await waits.get()

    pacing = Pacing(TELEGRAM, clock, sleep)
    for _ in range(12):
        await pacing.turn("group", is_group=True)
        clock.now_s += 1
    waiting = [asyncio.create_task(pacing.turn("group", is_group=True)) for _ in range(10)]
    await asyncio.sleep(0)
    assert "group" not in pacing.busy(), "an alert may go at once"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_asks_in_the_second_of_an_alert_is_answered_at_once_where_a_platform_lets_it(time):
    pacing = Pacing(BURSTS, time, time.sleep)
    pacing.take("ann", is_group=False)
    times = []
    for _ in range(4):
        await pacing.turn("ann", is_group=False)
        times.append(time.now_s - 100)
    assert times == pytest.approx([0, 1, 2, 3], abs=0.05), "one goes ahead, the others at the chat's pace"
    assert pacing.busy()["ann"] == pytest.approx(2, abs=0.05), "an alert goes at the chat's pace alone"


async def test_nothing_goes_ahead_of_a_pause_that_a_platform_has_asked_for(time):
    pacing = Pacing(BURSTS, time, time.sleep)
    pacing.halt("ann", 5)
    assert pacing.reply_wait_s("ann", is_group=False) == pytest.approx(5)
    await pacing.turn("ann", is_group=False)
    assert time.now_s == pytest.approx(105)


async def test_what_waits_for_its_picture_takes_no_place_twice_and_none_ahead_of_replies():
    clock, waits = Time(), asyncio.Queue()
    waiting = 0

    async def sleep(_seconds):
        nonlocal waiting
        waiting += 1
        await waits.get()

    pacing = Pacing(TELEGRAM, clock, sleep)
    places = []
    for chat in range(24):
        clock.now_s += pacing.wait_s()
        places.append(pacing.take(chat, is_group=False))
    clock.now_s += 0.2
    late = [asyncio.create_task(pacing.take_later(place)) for place in places]
    while waiting < 20:  # noqa: ASYNC110 - what has begun to wait tells nobody
        await asyncio.sleep(0)
    assert pacing.reply_wait_s("person", is_group=False) <= 2 / 30, "what waits takes no place in advance"
    began_s = clock.now_s
    while not all(task.done() for task in late):
        clock.now_s += max(pacing.wait_s(), 0.001)
        for _ in range(24):
            waits.put_nowait(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    times = [task.result().at_s for task in late]
    assert most_within(times, 1.0) <= 30
    assert clock.now_s - began_s <= 24 / 30 + 0.1, "the places that were not used are free again"


async def test_a_place_that_was_not_used_leaves_what_else_went_to_its_chat_in_force(time):
    pacing = Pacing(BURSTS, time, time.sleep)
    unused = pacing.take("ann", is_group=False)
    await pacing.turn("ann", is_group=False)
    replied_s = time.now_s
    place = await pacing.take_later(unused)
    assert place.at_s - replied_s >= 1
    group = pacing.take("group", is_group=True)
    await pacing.take_later(group)
    assert len(pacing._chats["group"].group) == 1


def test_without_limits_nothing_has_to_wait(time):
    pacing = Pacing(Limits(), time)
    for number in range(1_000):
        assert pacing.wait_s() == 0
        pacing.take(number % 3, is_group=True)
    assert pacing.busy() == {}


@given(st.lists(st.tuples(st.floats(0, 0.2), st.integers(0, 5)), max_size=200))
def test_however_it_is_asked_it_keeps_every_limit(steps):
    time = Time()
    pacing = Pacing(TELEGRAM, time)
    sent = []
    for pause_s, chat in steps:
        time.now_s += pause_s
        if pacing.wait_s() == 0 and chat not in pacing.busy():
            pacing.take(chat, is_group=chat == 0)
            sent.append((time.now_s, chat))
    for chat in range(6):
        own = [at_s for at_s, who in sent if who == chat]
        assert all(later - earlier >= 1 - 1e-9 for earlier, later in pairwise(own))
    times = [at_s for at_s, _ in sent]
    assert not times or most_within(times, 1.0 - 1e-9) <= 30


class TestOrder:
    """Which replies go first where a platform takes fewer than there are."""

    async def test_private_chats_come_before_groups_and_who_was_answered_longest_ago_first(self):
        clock, sleeping = Time(), asyncio.Event()

        async def sleep(seconds):
            await sleeping.wait()
            clock.now_s += seconds

        pacing = Pacing(replace(BURSTS, a_second=2), clock, sleep)
        await pacing.turn("ann", is_group=False)
        clock.now_s += 3
        await pacing.turn("bob", is_group=False)
        clock.now_s += 3
        pacing.halt(None, 1)
        order = []
        places = [pacing.request(chat, is_group=chat == "club") for chat in ("club", "bob", "ann", "cid")]
        for chat, place in zip(("club", "bob", "ann", "cid"), places, strict=True):
            place.add_done_callback(lambda _, chat=chat: order.append(chat))
        sleeping.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*places)
            await asyncio.sleep(0)
        assert order == ["cid", "ann", "bob", "club"]

    async def test_who_waits_no_more_keeps_nobody_waiting(self, time):
        pacing = Pacing(replace(TELEGRAM, a_second=1), time, time.sleep)
        await pacing.turn("ann", is_group=False)
        gone = [pacing.request(f"gone-{number}", is_group=False) for number in range(50)]
        for place in gone:
            place.cancel()
        before_s = time.now_s
        await pacing.turn("bob", is_group=False)
        assert time.now_s - before_s <= 2.1

    async def test_fifty_groups_that_ask_without_end_leave_alerts_half_of_each_second(self):
        """Alerts are due all the time, and so are answers to groups."""
        clock = Time()

        async def sleep(seconds):
            until_s = clock.now_s + seconds
            while clock.now_s < until_s:  # noqa: ASYNC110 - the test turns the clock
                await asyncio.sleep(0)

        pacing, alerts, answers = Pacing(TELEGRAM, clock, sleep), 0, []
        asking = [asyncio.create_task(_ask(pacing, -group, answers)) for group in range(1, 51)]
        until_s = clock.now_s + 10
        while clock.now_s < until_s:
            if pacing.wait_s():
                pacing.want()
            else:
                pacing.take(f"alerted-{alerts}", is_group=False)
                alerts += 1
            clock.now_s += 0.005
            for _ in range(3):
                await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert alerts >= 10 * 13
        assert len(answers) >= 10 * 13
        assert max(map(answers.count, answers)) - min(map(answers.count, answers)) <= 2, "all groups alike"


async def _ask(pacing, chat, answers):
    while True:
        await pacing.turn(chat, is_group=True)
        answers.append(chat)


@given(
    st.lists(
        st.tuples(st.floats(0, 0.5), st.integers(0, 3), st.sampled_from(["alert", "reply", "late"])),
        max_size=100,
    )
)
def test_whatever_comes_together_telegram_finds_it_slow_enough(steps):
    """Judged by the counterpart, which lets a chat have three at once and then one a second."""
    asyncio.run(_judged(steps))


async def _judged(steps):
    time, judge = Time(), telegram.Pacing()
    pacing = Pacing(TELEGRAM_OWN, time, time.sleep)

    def arrives(chat):
        assert judge.check("sendMessage", chat, time.now_s, chat == 0) is None
        judge.count("sendMessage", chat, time.now_s, chat == 0)

    for pause_s, chat, what in steps:
        time.now_s += pause_s
        if what == "reply":
            await pacing.turn(chat, is_group=chat == 0)
            arrives(chat)
        elif pacing.wait_s() == 0 and chat not in pacing.busy():
            place = pacing.take(chat, is_group=chat == 0)
            if what == "late":
                time.now_s += 0.3
                await pacing.take_later(place)
            arrives(chat)
