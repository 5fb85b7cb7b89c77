"""Several accounts in one request: used where served, given up where not, and its weight learned."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from counterparts.hyperliquid import virtual
from sources.hyperliquid.stand_ins import NOW_MS, VirtualClock, parsed, read, state
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.sources.hyperliquid import batches
from liqbot.sources.hyperliquid.batches import SIZE, Batches
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.client import RequestFailed
from liqbot.sources.hyperliquid.poller import Poller
from liqbot.sources.hyperliquid.polling import ByWorth, FirstLook
from liqbot.sources.hyperliquid.roster import Roster


class Market(VirtualSource):
    """A still market of 407 accounts that answers batches in some way, and a source that follows it."""

    def __init__(self, folder, *, batches="served", **settings):
        super().__init__(folder, **settings)
        self.exchange.faults.batches = batches

    def follow(self, until, minutes=60):
        super().follow(until, minutes)
        assert self.wrong() == []


def test_where_batches_are_served_an_account_costs_less_than_half_a_weight(tmp_path):
    market = Market(tmp_path, limit=1200, weight_per_minute=1000, crowd=0.5)
    market.follow(market.all_asked)
    together, source = market.requests["batchClearinghouseStates"], market.source
    assert market.requests["clearinghouseState"] < 50  # until it was found out nobody else is asked
    assert source.roster.answered > 0.5 * SIZE * together
    assert market.exchange.weight.refused == 0
    assert f"{SIZE} accounts a request, at a weight of 20" in source.report().lines


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("unknown", "batchClearinghouseStates: 422 Failed to deserialize"),
        ("null", "batchClearinghouseStates: Expected `array`, got `null`"),
        ("short", "batchClearinghouseStates: 1 answers of 2 accounts"),
        ("shuffled", "its answers are not those of single requests"),
    ],
)
def test_where_they_are_not_served_every_account_is_asked_singly(tmp_path, how, told):
    market = Market(tmp_path, batches=how)
    market.follow(market.all_asked)
    assert market.requests["clearinghouseState"] >= market.accounts
    assert market.requests["batchClearinghouseStates"] <= 3
    assert market.source.poller.batches.words.startswith(f"one account a request: {told}")


@pytest.mark.parametrize("how", ["unknown", "null", "short"])
def test_when_they_fail_later_single_requests_follow_at_once_and_nobody_is_left_out(tmp_path, how):
    market = Market(tmp_path, weight_per_minute=1000)
    seen = {}

    def until():
        if market.source.poller.batches.served and market.requests.get("batchClearinghouseStates", 0) > 5:
            market.exchange.faults.batches = how
            seen.setdefault("singles", market.requests["clearinghouseState"])
        return "singles" in seen and market.requests["clearinghouseState"] > seen["singles"] + 450

    market.follow(until)
    assert not market.source.poller.batches.served
    assert market.source.roster.asked == market.accounts


def test_what_is_null_in_a_batch_is_asked_for_singly(tmp_path):
    market = Market(tmp_path, batches="partly")
    market.follow(market.all_asked)
    assert market.source.poller.batches.served
    assert market.requests["clearinghouseState"] > market.accounts / 4
    assert {name for name, held in market.holdings.held.items() if held} == set(market.market.positions())


def test_after_a_failure_it_is_tried_again(tmp_path):
    market = Market(tmp_path, batches="null", weight_per_minute=1000)
    began = []

    def until():
        if market.all_asked() and not began:
            assert not market.source.poller.batches.served
            market.exchange.faults.batches = "served"
            began.append(market.source.clock.now_ms())
        return market.source.poller.batches.served

    market.follow(until)


def test_what_is_served_is_tried_again_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "PROBE_AGAIN_S", 180.0)
    market = Market(tmp_path, weight_per_minute=200)
    tried = set()

    def until():
        tried.add(market.source.poller.batches._begin_at_ms)
        return market.source.clock.now_ms() > NOW_MS + 600_000

    market.follow(until)
    assert 3 <= len(tried) <= 5


@pytest.mark.parametrize("weight", [30.0, 60.0, 500.0])
def test_its_weight_is_learned_from_refusals_and_is_never_above_that_of_single_requests(tmp_path, weight):
    market = Market(tmp_path, limit=1200, weight_per_minute=1000)
    market.exchange.batch_weight = weight
    names = [name for name in market.exchange.market.names if market.exchange.market.positions().get(name)]
    source, refused = market.source, []

    async def ask():
        async with source.client:
            while source.clock.now_ms() < NOW_MS + 900_000:
                with contextlib.suppress(RequestFailed):
                    await source.poller.batches.ask(names[:SIZE], "")
                refused.append(market.exchange.weight.refused)

    virtual.run(ask())
    learned = source.poller.batches.weight
    if weight < 100:
        assert 0.8 * weight <= learned <= 1.6 * weight
        assert refused[-1] == refused[len(refused) // 2]
    else:
        assert learned == 2 * SIZE


def test_a_gateway_that_fails_for_a_while_does_not_end_batches(tmp_path):
    market = Market(tmp_path, weight_per_minute=1000)
    answered = []

    def until():
        if market.all_asked() and not answered:
            market.exchange.faults.answers = {}
            market.exchange.faults.dexes_down = [""]
            answered.append(market.source.clock.now_ms())
        if answered and market.source.clock.now_ms() > answered[0] + 60_000:
            market.exchange.faults.dexes_down = []
        return bool(answered) and market.source.clock.now_ms() > answered[0] + 180_000

    market.follow(until)
    assert market.source.poller.batches.served
    assert market.source.roster.failed > 0


async def test_without_a_limit_a_round_of_everybody_does_not_keep_those_waiting_who_have_changed():
    clock, roster = VirtualClock(), Roster()
    poller = Poller(
        SimpleNamespace(), roster, feed=SimpleNamespace(marks={}, coins={}), policy=ByWorth(), dexes=(),
        clock=clock, batches=Batches(SimpleNamespace(), Budget(0, clock), clock), take=lambda _: None,
    )  # fmt: skip
    names = [f"0x{number:040x}" for number in range(300)]
    for name in names:
        roster.find(name, NOW_MS)
    assert [len(poller._next(50)) for _ in range(6)] == [50] * 6  # whom nobody knows yet, as fast as it goes
    for number, name in enumerate(names):
        roster.answer(number, read(state(), account=name), NOW_MS)
    clock.time_ms += 60_000
    assert len(poller._next(50)) == 50
    assert poller._next(50) == []
    poller.ask_soon(names[299])
    assert poller._next(50) == [299]
    clock.time_ms += 100
    assert len(poller._next(50)) == 50


async def test_who_was_chosen_by_what_was_known_before_makes_way_for_who_is_worth_more_now():
    clock, roster, learned = VirtualClock(), Roster(), []
    poller = Poller(
        SimpleNamespace(), roster, feed=SimpleNamespace(marks={}, coins={}), policy=FirstLook(), dexes=(),
        clock=clock, batches=Batches(SimpleNamespace(), Budget(0, clock), clock), take=lambda _: None,
        learn=lambda: bool(learned) and learned.pop(),
    )  # fmt: skip
    for name, usd in (("ann", 3.0), ("bob", 2.0), ("cyd", 1.0)):
        roster.find(name, NOW_MS, guess_usd=usd)
    assert poller._next(1) == [0]
    roster.find("cyd", NOW_MS, guess_usd=9.0)
    learned.append(True)
    assert poller._next(2) == [2, 1]


async def test_an_account_that_is_wanted_soon_goes_first_and_once_more_after_a_change():
    # In the loop's own time: who is wanted while being asked is asked again, never twice at once.
    asked, release = [], asyncio.Event()

    class Client:
        async def clearinghouse_state(self, name, _=""):
            asked.append(name)
            await release.wait()
            return parsed(state())

    clock = VirtualClock()
    roster = Roster()
    served = Batches(Client(), Budget(0, clock), clock)
    poller = Poller(
        Client(), roster, feed=SimpleNamespace(marks={}, coins={}), policy=FirstLook(), dexes=(),
        clock=clock, batches=served, take=lambda _: None,
    )  # fmt: skip
    poller.ask_soon("ann")
    (number,) = poller._next(1)
    first = asyncio.create_task(poller.ask(number))
    await asyncio.sleep(0)
    poller.ask_soon("ann")
    assert poller._next(1) == []
    release.set()
    await first
    assert poller._next(1) == [number]
    assert asked == ["ann"]
