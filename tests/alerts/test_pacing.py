"""How fast a platform may be sent to: with a clock that the tests turn."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.pacing import MARGIN, MINUTE_S, Pacing
from liqbot.alerts.platform import Limits

TELEGRAM = Limits(a_second=30, a_chat_s=1, a_group_minute=20, in_flight=30)


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
