"""Rate budgets, in a time of the tests' own."""

import asyncio

import pytest

from liqbot.sources.exchanges.budget import Budget


class Time:
    """Seconds that pass while somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


async def spent(budget, time, weights):
    """Return when each weight was let through."""
    times = []
    for weight in weights:
        await budget.take(weight)
        times.append(round(time.now - 100, 6))
    return times


async def test_in_no_window_is_more_let_through_than_allowed():
    time = Time()
    budget = Budget(3, 10, slack_s=0, clock=time, sleep=time.sleep)
    assert await spent(budget, time, [1] * 8) == [0, 0, 0, 10, 10, 10, 20, 20]


async def test_a_window_is_taken_to_be_longer_for_not_all_requests_travel_equally_fast():
    time = Time()
    budget = Budget(2, 10, slack_s=0.5, clock=time, sleep=time.sleep)
    assert await spent(budget, time, [1] * 4) == [0, 0, 10.5, 10.5]


async def test_weight_counts():
    time = Time()
    budget = Budget(10, 1, slack_s=0, clock=time, sleep=time.sleep)
    assert await spent(budget, time, [5, 5, 5, 1, 5]) == [0, 0, 1, 1, 2]


async def test_a_pause_that_was_asked_for_holds_everybody():
    time = Time()
    budget = Budget(10, 1, slack_s=0, clock=time, sleep=time.sleep)
    budget.close_for(7)
    assert await spent(budget, time, [1, 1]) == [7, 7]


async def test_those_who_wait_are_served_in_turn():
    time, order = Time(), []
    budget = Budget(1, 1, slack_s=0, clock=time, sleep=time.sleep)

    async def come(name):
        await budget.take()
        order.append(name)

    await asyncio.gather(*(come(name) for name in "abcd"))
    assert order == list("abcd")


async def test_what_never_fits_is_refused_at_once():
    with pytest.raises(ValueError, match="never fits"):
        await Budget(3, 1).take(4)
    with pytest.raises(ValueError, match="lets nothing through"):
        Budget(0, 1)
