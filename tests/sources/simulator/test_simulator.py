"""The simulated market as a source."""

import asyncio
from itertools import pairwise

import pytest

from liqbot.market.updates import AccountsSeen, AssetContext, Beat
from liqbot.sources.simulator import KNOWN_COINS, Scenario, SimulatedMarket, Simulator
from liqbot.sources.source import Source

NOW_MS = 1_770_000_000_000
HOUR_MS = 3_600_000


def simulator(**arguments):
    return Simulator(
        **{"now_ms": NOW_MS, "speed": 0, "backfill_days": 0.25, "until_ms": NOW_MS + HOUR_MS} | arguments
    )


async def beats(source):
    return [update.time_ms async for update in source.updates() if isinstance(update, Beat)]


def test_it_is_a_source_that_says_that_it_is_simulated():
    source: Source = simulator()
    assert source.name == "simulator"
    assert source.layer.label == "Sandbox, measured, simulated"


async def test_its_past_ends_with_a_beat_at_the_present_and_then_it_goes_on_in_finer_steps():
    source = simulator()
    assert (source.live_from_ms, source.is_live) == (NOW_MS, False)
    times = await beats(source)
    assert NOW_MS in times
    assert times[0] == NOW_MS - 6 * HOUR_MS + 600_000
    past = [time for time in times if time <= NOW_MS]
    present = [time for time in times if time >= NOW_MS]
    assert {late - early for early, late in pairwise(past)} == {600_000}
    assert {late - early for early, late in pairwise(present)} == {60_000}


async def test_without_a_pause_it_ends_where_it_should():
    source = simulator()
    assert (await beats(source))[-1] == NOW_MS + HOUR_MS
    assert source.is_live


async def test_it_says_nothing_where_the_end_lies_before_the_beginning():
    assert await beats(simulator(until_ms=0)) == []


async def test_a_market_may_begin_without_a_past():
    assert (await beats(simulator(backfill_days=0)))[0] == NOW_MS + 60_000


@pytest.mark.long
async def test_what_lies_far_back_is_told_in_coarse_steps():
    times = await beats(simulator(backfill_days=9, until_ms=NOW_MS))
    assert times[1] - times[0] == HOUR_MS
    assert times[-1] - times[-2] == 600_000
    assert times[-1] == NOW_MS


async def test_updates_come_in_the_order_of_their_time_and_the_first_beat_has_all_coins_and_many_accounts():
    updates = [update async for update in simulator(until_ms=NOW_MS).updates()]
    times = [update.time_ms for update in updates]
    assert times == sorted(times)
    first = [update for update in updates if update.time_ms == times[0]]
    assert [update.coin for update in first if isinstance(update, AssetContext)] == ["BTC", "ETH", "SOL"]
    assert sum(len(update.accounts) for update in first if isinstance(update, AccountsSeen)) > 1000


async def test_it_tells_the_same_as_the_market_does():
    source = simulator(seed=3, backfill_days=0, event_after_s=60)
    told = [update.mark async for update in source.updates() if isinstance(update, AssetContext)]
    market = SimulatedMarket(3, Scenario.NATURAL, start_ms=NOW_MS, event_after_s=60)
    steps = [market.step() for _ in range(60)]
    assert told == [update.mark for step in steps for update in step if isinstance(update, AssetContext)]


async def test_others_get_their_turn_at_every_beat():
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    told = await beats(simulator())
    counting.cancel()
    assert turns >= len(told)


async def test_the_present_runs_at_the_chosen_speed(monkeypatch):
    pauses = []
    sleep = asyncio.sleep

    async def note(seconds):
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    await beats(simulator(speed=60, backfill_days=0, until_ms=NOW_MS + 10 * 60_000))
    assert len(pauses) == 10
    assert pauses[-1] == pytest.approx(10, abs=1.5)  # no time passes, so the tenth beat is due in ten seconds


async def test_a_shock_that_is_asked_for_comes_with_the_next_beats():
    source = simulator(backfill_days=0, scenario=Scenario.CALM, until_ms=NOW_MS + 5 * 60_000)
    source.shock("ETH", 6, over_s=120)
    marks = [u.mark async for u in source.updates() if isinstance(u, AssetContext) and u.coin == "ETH"]
    assert marks[-1] / marks[0] > 1.02
    assert marks[-1] > 2050 * 1.045


async def test_a_cascade_begins_soon_after_the_present():
    source = simulator(scenario=Scenario.CASCADE, until_ms=NOW_MS + 4 * HOUR_MS)
    marks = {
        u.time_ms: u.mark async for u in source.updates() if isinstance(u, AssetContext) and u.coin == "BTC"
    }
    assert min(mark for time, mark in marks.items() if time > NOW_MS) < 0.96 * marks[NOW_MS]


def test_all_known_coins_can_be_simulated():
    assert simulator(coins=KNOWN_COINS).market.coins == KNOWN_COINS


@pytest.mark.parametrize("wrong", [{"speed": -1}, {"backfill_days": -1}])
def test_a_speed_or_a_past_below_zero_is_refused(wrong):
    with pytest.raises(ValueError, match="makes no sense"):
        simulator(**wrong)
