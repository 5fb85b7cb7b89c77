"""Leadership: who holds a lease leads, whoever is to lose it has stopped before, and a stand-by follows."""

import asyncio
import math
import time

import pytest

from liqbot.store.errors import StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import MARGIN_S, TTL_S, HeldLease, Lease, LocalLeases


class Clock:
    """Seconds that pass where somebody sleeps."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s

    async def sleep(self, seconds):
        self.now_s += seconds
        await asyncio.sleep(0)


class SharedLeases:
    """Leases of several processes, kept by one clock; they can be out of reach."""

    ttl_s = TTL_S
    stands_aside = False

    def __init__(self, clock, rows=None, holder="a"):
        self.clock = clock
        self.rows = {} if rows is None else rows
        self.holder = holder
        self.is_reached = True

    def beside(self, holder):
        return SharedLeases(self.clock, self.rows, holder)

    def _ask(self):
        if not self.is_reached:
            raise StoreError("nobody there")

    async def acquire(self, name):
        self._ask()
        row = self.rows.get(name)
        if row is not None and row[1] > self.clock():
            return None
        lease = Lease(name, self.holder, 1 if row is None else row[0].number + 1)
        self.rows[name] = (lease, self.clock() + TTL_S)
        return lease

    async def renew(self, lease):
        self._ask()
        if self.rows[lease.name][0] != lease:
            return False
        self.rows[lease.name] = (lease, self.clock() + TTL_S)
        return True

    async def release(self, lease):
        self._ask()
        if self.rows[lease.name][0] == lease:
            self.rows[lease.name] = (lease, 0.0)

    async def held(self):
        return [
            HeldLease(name, one.holder, 0, until - self.clock()) for name, (one, until) in self.rows.items()
        ]


class Duty:
    """Something that only one may do."""

    def __init__(self):
        self.leads = asyncio.Event()
        self.stopped_s = None
        self.numbers = []

    async def do(self, lease, clock=None):
        self.numbers.append(lease.number)
        self.leads.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leads.clear()
            self.stopped_s = clock and clock()


@pytest.fixture
def clock():
    return Clock()


async def until(holds):
    """Let others run until it holds."""
    while not holds():  # noqa: ASYNC110 - the clock of the test goes on as they sleep
        await asyncio.sleep(0)


async def ended(*tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_of_two_one_leads_and_when_it_ends_the_other_follows_at_once(clock):
    leases = SharedLeases(clock)
    mine, other = Duty(), Duty()
    first = Leadership(leases, "sender/x", clock_s=clock, sleep=clock.sleep)
    second = Leadership(leases.beside("b"), "sender/x", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(first.run(mine.do))
    await mine.leads.wait()
    waiting = asyncio.create_task(second.run(other.do))
    for _ in range(200):
        await asyncio.sleep(0)
    assert first.is_held
    assert not second.is_held
    assert second.is_elsewhere
    await ended(leading)
    begun_s = clock()
    await other.leads.wait()
    assert clock() - begun_s < 2, "it was given back"
    assert other.numbers == [2]
    await ended(waiting)


async def test_who_cannot_renew_has_stopped_before_another_may_begin(clock):
    leases = SharedLeases(clock)
    duty, renewed_s = Duty(), clock()
    leadership = Leadership(leases, "sender/x", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(leadership.run(lambda lease: duty.do(lease, clock)))
    await duty.leads.wait()
    leases.is_reached = False
    await until(lambda: duty.stopped_s is not None)
    free_s = leases.rows["sender/x"][1]
    assert duty.stopped_s <= free_s - MARGIN_S
    assert duty.stopped_s > renewed_s
    leases.is_reached = True
    await duty.leads.wait()
    assert duty.numbers == [1, 2], "nobody else wanted it"
    await ended(leading)


async def test_who_was_asleep_for_longer_than_the_lease_is_not_taken_for_its_holder(clock):
    leases, duty = SharedLeases(clock), Duty()
    leadership = Leadership(leases, "sender/x", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(leadership.run(duty.do))
    await duty.leads.wait()
    assert leadership.is_held
    clock.now_s += TTL_S - MARGIN_S + 1
    assert not leadership.is_held, "without anything having run in between"
    await ended(leading)


async def test_a_lease_that_somebody_else_has_taken_is_left_at_the_next_renewal(clock):
    leases, duty = SharedLeases(clock), Duty()
    leadership = Leadership(leases, "alerts", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(leadership.run(duty.do))
    await duty.leads.wait()
    leases.rows["alerts"] = (Lease("alerts", "b", 2), math.inf)
    await until(lambda: not duty.leads.is_set())
    assert not leadership.is_held
    assert leases.rows["alerts"][0].holder == "b"
    await ended(leading)


async def test_what_is_wanted_no_more_is_given_back(clock):
    leases, duty, wanted = SharedLeases(clock), Duty(), [True]
    leadership = Leadership(leases, "alerts", wanted=lambda: wanted[0], clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(leadership.run(duty.do))
    await duty.leads.wait()
    wanted[0] = False
    await until(lambda: not leases.rows["alerts"][1])
    assert not duty.leads.is_set()
    await ended(leading)


async def test_a_duty_that_is_done_ends_its_leadership(clock):
    async def once(_lease):
        pass

    leases = SharedLeases(clock)
    await Leadership(leases, "x", clock_s=clock, sleep=clock.sleep).run(once)
    assert leases.rows["x"][1] == 0


async def test_in_one_process_a_lease_is_had_at_once_and_never_lost(clock):
    leases, duty = LocalLeases("me", lambda: 7), Duty()
    leadership = Leadership(leases, "sender/x", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(leadership.run(duty.do))
    await duty.leads.wait()
    clock.now_s += 10**9
    assert leadership.is_held
    assert await leases.held() == [HeldLease("sender/x", "me", 7, math.inf)]
    await ended(leading)
    assert await leases.held() == []


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_a_lease_runs_out_also_while_the_machine_sleeps(monkeypatch):
    slept_s = 3600.0
    awake = time.clock_gettime
    leadership = Leadership(LocalLeases(), "sender/x")
    leadership._lease, leadership._until_s = Lease("sender/x", "a", 1), awake(time.CLOCK_BOOTTIME) + TTL_S
    assert leadership.is_held
    monkeypatch.setattr(time, "clock_gettime", lambda clock: awake(clock) + slept_s)
    assert not leadership.is_held


async def test_who_stands_aside_gives_up_what_it_holds_and_asks_for_nothing(clock):
    leases, duty, other = SharedLeases(clock), Duty(), Duty()
    first = Leadership(leases, "sender/x", clock_s=clock, sleep=clock.sleep)
    leading = asyncio.create_task(first.run(duty.do))
    await duty.leads.wait()
    leases.stands_aside = True
    second = Leadership(leases.beside("b"), "sender/x", clock_s=clock, sleep=clock.sleep)
    waiting = asyncio.create_task(second.run(other.do))
    await other.leads.wait()
    assert not duty.leads.is_set()
    await ended(waiting)
    for _ in range(200):
        await asyncio.sleep(0)
    assert not first.is_held
    leases.stands_aside = False
    await duty.leads.wait()
    await ended(leading)
