"""The guard where requests leave: whatever way they take, no second gets more than the platform takes."""

import asyncio
import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.pacing import Pacing
from liqbot.alerts.platform import Limits
from liqbot.alerts.rate_window import LONGEST_S, RateWindow

MOST = 30
ENOUGH = 200
"""After so many answers the shortest way is known."""


class Way:
    """A way to a platform in virtual time: requests leave as soon as they may, and arrive some time later."""

    def __init__(self, ways):
        self.now_s = 100.0
        self.window = RateWindow(MOST, lambda: self.now_s)
        self.pacing = Pacing(Limits(a_second=MOST), lambda: self.now_s)
        self.arrived = []
        self._ways = iter(ways)
        self._under_way = []

    def run(self, count):
        """Let `count` requests leave, at our own pace and through the window; return when each arrived."""
        for _ in range(count):
            while wait_s := max(self.pacing.wait_s(), self.window.wait_s()):
                self._go_on(self.now_s + wait_s)
            self.pacing.take("anyone", is_group=False)
            there_s, back_s = next(self._ways)
            self.arrived.append(self.now_s + there_s)
            heapq.heappush(self._under_way, (self.now_s + there_s + back_s, self.window.enter()))
        return sorted(self.arrived)

    def _go_on(self, until_s):
        """Let time go on until then, or until the next answer, if that is earlier."""
        if self._under_way and self._under_way[0][0] <= until_s:
            self.now_s, number = heapq.heappop(self._under_way)
            self.window.leave(number)
        else:
            self.now_s = until_s


def most_within_a_second(times):
    return max(
        sum(start <= time < start + 1 for time in times[at : at + 3 * MOST]) for at, start in enumerate(times)
    )


def ways(shortest, jitter, seed=0):
    chance = random.Random(seed)  # noqa: S311 - a reproducible choice
    while True:
        yield shortest + chance.random() * jitter, shortest + chance.random() * jitter


@pytest.mark.parametrize("shortest", [0.001, 0.02, 0.15])
@pytest.mark.parametrize("jitter", [0.0, 0.01])
def test_a_steady_way_costs_no_pace_once_it_is_known(shortest, jitter):
    times = Way(ways(shortest, jitter)).run(1_100)
    assert most_within_a_second(times) <= MOST
    times = times[ENOUGH:]
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.97 * MOST


@pytest.mark.parametrize("jitter", [0.1, 0.5, 2.0])
def test_however_ways_vary_no_second_gets_more_than_allowed(jitter):
    assert most_within_a_second(Way(ways(0.02, jitter)).run(900)) <= MOST


def test_what_was_stuck_and_arrives_all_at_once_has_its_second_for_itself():
    def stuck():
        """Ten requests within a third of a second arrive at one moment, two seconds later."""
        yield from [(0.02, 0.02)] * 60
        yield from [(2.0 - number / MOST, 0.02) for number in range(10)]
        yield from [(0.02, 0.02)] * 500

    assert most_within_a_second(Way(stuck()).run(400)) <= MOST


@pytest.mark.parametrize("slow", [30, 199])
def test_new_connections_make_the_first_ways_longer_and_later_ones_still_share_no_second_with_them(slow):
    def cold():
        """So many requests wait for a connection on their way there; the next ones find one."""
        yield from [(0.3, 0.002)] * slow
        yield from [(0.002, 0.002)] * 300

    assert most_within_a_second(Way(cold()).run(slow + 250)) <= MOST


def test_what_nobody_waited_for_any_more_may_still_arrive():
    way = Way([])
    first, *others = [way.window.enter() for _ in range(MOST)]
    for number in others:
        way.window.leave(number)
    way.window.abandon(first)
    way.now_s += 1.5
    for _ in range(MOST - 1):
        assert way.window.wait_s() == 0
        way.window.enter()
    assert way.window.wait_s() > 0
    way.now_s = 100.0 + LONGEST_S + 1.1
    assert way.window.wait_s() == 0


def test_a_refused_connection_is_no_way_there_and_back():
    way = Way(ways(0.05, 0.0))
    for _ in range(ENOUGH):
        way.window.leave(way.window.enter(), answered=False)
        way.now_s += 0.05
    way.now_s += 10
    times = way.run(600)[ENOUGH:]
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.97 * MOST


@given(
    st.lists(
        st.tuples(st.floats(0.001, LONGEST_S / 2), st.floats(0.001, LONGEST_S / 2)), min_size=40, max_size=120
    )
)
def test_whatever_the_ways_are_like_no_second_gets_more_than_allowed(ways):
    assert most_within_a_second(Way([(0.001, 0.001), *ways]).run(len(ways))) <= MOST


async def test_who_waits_goes_as_soon_as_an_answer_lets_it():
    clock = asyncio.get_running_loop().time
    window = RateWindow(2, clock)
    first, _ = await window.turn(), await window.turn()
    third = asyncio.create_task(window.turn())
    begun_s = clock()
    window.leave(first)
    await third
    assert 0.9 < clock() - begun_s < 2


async def test_without_a_limit_nobody_waits():
    window = RateWindow(float("inf"))
    async with asyncio.timeout(5):
        for _ in range(1_000):
            async with window.passing():
                pass
