"""The budget: never more in any minute than allowed, fair, and slower when told to."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources.hyperliquid.stand_ins import MINUTE_MS, NOW_MS, VirtualClock

from liqbot.sources.hyperliquid.budget import LONGEST_PAUSE_S, PAUSE_S, Budget


def spent_in_any_minute(spent):
    return max(sum(weight for at, weight in spent if start <= at < start + MINUTE_MS) for start, _ in spent)


def spend_all(budget, clock, weights):
    async def run():
        spent = []
        for weight in weights:
            await budget.spend(weight)
            spent.append((clock.now_ms(), weight))
        return spent

    return asyncio.run(run())


@given(st.integers(100, 5000), st.lists(st.sampled_from([2, 2, 2, 20]), min_size=50, max_size=400))
def test_in_no_minute_more_is_spent_than_allowed(limit, weights):
    clock = VirtualClock()
    spent = spend_all(Budget(limit, clock), clock, weights)
    assert spent_in_any_minute(spent) <= limit


def test_nearly_all_of_it_can_be_used():
    clock = VirtualClock()
    spent = spend_all(Budget(1000, clock), clock, [2] * 5000)
    minutes = (clock.now_ms() - NOW_MS) / MINUTE_MS
    assert sum(weight for _, weight in spent) / minutes > 930


def test_zero_is_no_limit():
    clock = VirtualClock()
    spend_all(Budget(0, clock), clock, [20] * 10_000)
    assert clock.slept == []


async def test_who_came_first_is_served_first():
    clock, order = VirtualClock(), []
    budget = Budget(100, clock)

    async def work(name, weight):
        await budget.spend(weight)
        order.append(name)

    await asyncio.gather(work("heavy", 90), work("light", 1), work("lighter", 1))
    assert order == ["heavy", "light", "lighter"]


def test_a_request_heavier_than_what_may_be_spent_at_once_waits_and_is_paid_back():
    clock = VirtualClock()
    spent = spend_all(Budget(100, clock), clock, [60, 60, 60])
    assert clock.now_ms() - NOW_MS > 50_000
    assert len(spent) == 3


@pytest.mark.parametrize("limit", [0, 1000])
def test_after_a_refusal_nothing_is_sent_for_a_while(limit):
    clock = VirtualClock()
    budget = Budget(limit, clock)
    budget.refused()
    spend_all(budget, clock, [2])
    assert clock.now_ms() - NOW_MS >= PAUSE_S * 1000
    assert budget.refusals == 1


def test_after_a_refusal_the_pace_is_half_and_recovers():
    clock = VirtualClock()
    budget = Budget(1000, clock)
    budget.refused()

    def minute():
        start_ms, total = clock.now_ms(), 0
        while clock.now_ms() - start_ms < MINUTE_MS:
            spend_all(budget, clock, [2])
            total += 2
        return total

    first = minute()
    rest = [minute() for _ in range(6)]
    assert 380 < first < 560
    assert rest == sorted(rest) or max(rest) - min(rest) < 600
    assert rest[-1] > 930


def test_refusals_in_a_row_pause_ever_longer_up_to_a_bound():
    clock = VirtualClock()
    budget, pauses = Budget(0, clock), []
    for _ in range(8):
        before = clock.now_ms()
        budget.refused()
        spend_all(budget, clock, [2])
        pauses.append((clock.now_ms() - before) / 1000)
    assert pauses[:4] == [2, 4, 8, 16]
    assert max(pauses) == LONGEST_PAUSE_S


def test_refusals_of_what_was_sent_together_count_once():
    clock = VirtualClock()
    budget = Budget(0, clock)
    for _ in range(16):
        budget.refused()
    spend_all(budget, clock, [2])
    assert clock.now_ms() - NOW_MS == PAUSE_S * 1000


def test_it_tells_what_was_spent_in_the_last_minute():
    clock = VirtualClock()
    budget = Budget(0, clock)
    spend_all(budget, clock, [20, 2])
    assert budget.spent == 22
    clock.time_ms += MINUTE_MS
    assert budget.spent == 0


def test_without_a_limit_it_can_be_asked_from_another_thread_while_it_is_spent():
    clock, budget, asked, done = VirtualClock(), None, [], threading.Event()
    budget = Budget(0, clock)

    def ask():
        while not done.is_set():
            asked.append(budget.spent)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as engine:
            asking = engine.submit(ask)
            spend_all(budget, clock, [2] * 5000)
            done.set()
            asking.result()
    finally:
        sys.setswitchinterval(interval)
    assert budget.spent == 10_000
    assert asked == sorted(asked)
