"""The guard where requests leave: whatever way they take, no second gets more than the platform takes."""

import asyncio
import heapq
import random

import pytest
from hypothesis import given, settings
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


def changing(*parts):
    """Return ways of which so many are like this, and then so many like that."""
    return [way for way, count in parts for _ in range(count)]


@pytest.mark.parametrize("before", [(0.0135, 0.0015), (0.02, 0.0), (0.0, 0.02)])
@pytest.mark.parametrize("at", [400, 417])
def test_on_a_machine_that_was_busy_from_the_start_the_shortest_way_is_not_known_for_sure(before, at):
    way = Way(changing((before, at), ((0.0005, 0.0015), 200)))
    assert most_within_a_second(way.run(at + 200)) <= MOST


@pytest.mark.parametrize(("before", "after"), [(0.15, 0.14), (0.05, 0.04), (0.02, 0.01)])
def test_a_way_that_is_a_little_shorter_from_one_moment_to_the_next_is_no_trouble(before, after):
    way = Way(changing(((before, before), 410), ((after, after), 200)))
    assert most_within_a_second(way.run(610)) <= MOST


@pytest.mark.parametrize("at", [405, 412])
def test_a_way_that_is_much_shorter_at_one_stroke_is_known_with_its_first_answer(at):
    """What leaves until then cannot know it: within 20 ms that is one."""
    way = Way(changing(((0.15, 0.15), at), ((0.01, 0.01), 60)))
    assert most_within_a_second(way.run(at + 60)) <= MOST + 1


def test_a_way_that_gets_shorter_bit_by_bit_is_followed():
    lengths = [max(0.01, 0.2 * (1 - number / 600)) for number in range(700)]
    assert most_within_a_second(Way((one, one) for one in lengths).run(700)) <= MOST


@pytest.mark.parametrize("seed", range(4))
def test_what_is_busy_for_a_while_and_calm_then_gets_no_more_than_allowed(seed):
    def waiting():
        """Each waits for its turn on the machine, of which a busy one has few."""
        chance = random.Random(seed)  # noqa: S311 - a reproducible choice
        while True:
            least, mean = chance.choice([(0.007, 0.02), (0.0005, 0.001)])
            for _ in range(chance.randrange(20, 300)):
                yield least + chance.expovariate(1 / mean), least + chance.expovariate(1 / mean)

    assert most_within_a_second(Way(waiting()).run(800)) <= MOST


def test_a_way_that_was_shorter_long_ago_costs_no_pace_for_ever():
    way = Way(ways(0.15, 0.0))
    for way_s in (*[0.002] * ENOUGH, *[0.3] * 6_000):
        number = way.window.enter()
        way.now_s += way_s
        way.window.leave(number)
    assert way.window.wait_s() == 0
    times = way.run(400)
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.97 * MOST


def test_what_is_under_way_for_longer_than_anything_counts_until_it_is_answered():
    way = Way([])
    stuck = way.window.enter()
    way.now_s += 4 * LONGEST_S
    for number in [way.window.enter() for _ in range(MOST - 1)]:
        way.window.leave(number)
    assert way.window.wait_s() > 0
    way.now_s += 1.1
    way.window.leave(stuck)
    others = [way.window.enter() for _ in range(MOST - 1)]
    assert way.window.wait_s() > 0
    for number in others:
        way.window.leave(number)
    way.now_s += 1.1
    assert way.window.wait_s() == 0


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


@settings(max_examples=40)
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
