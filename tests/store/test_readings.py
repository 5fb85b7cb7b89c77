"""What is kept for long: readings by the hour, the path of price by the day, and no digit of them changes."""

from dataclasses import replace

import numpy as np
from databases import opened
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, LAYER, MINUTE, long, short, view_of

from liqbot.engine.cases import CaseFinder
from liqbot.market.dated_reading import DatedReading
from liqbot.market.price_path import Path
from liqbot.store.retention import DAY_MS, Retention
from liqbot.store.sql import readings as dated

VIEW = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0, open_interest=7.0, funding=1e-5)


def at(time_ms, spot=100.0, low=None, high=None):
    low, high = (spot if edge is None else edge for edge in (low, high))
    return replace(VIEW, time_ms=time_ms, spot=spot, low=low, high=high)


async def test_one_reading_an_hour_is_kept_as_the_view_had_it(store):
    for minute in range(0, 180, 5):
        await store.history.record([at(minute * MINUTE + 1)])
    found = await store.history.readings(LAYER, "BTC", -1, 10 * HOUR)
    assert [one.time_ms // HOUR for one in found] == [0, 1, 2]
    assert found[1] == DatedReading.of(at(found[1].time_ms))
    assert (found[0].ratio, found[0].regime) == (VIEW.ratio, VIEW.regime)


async def test_the_path_has_every_step_with_its_wicks(store):
    for step in range(600):
        low = 90.0 if step == 7 else None
        await store.history.record([at(step * 5 * MINUTE, 100 + step / 10, low)])
    path = await store.history.path(LAYER, "BTC", 0, 600 * 5 * MINUTE)
    assert len(path) == 600
    assert path.reached_ms(91, 0, 600 * 5 * MINUTE) == 7 * 5 * MINUTE
    assert path.close_at(300 * 5 * MINUTE) == 130.0
    some = await store.history.path(LAYER, "BTC", 100 * 5 * MINUTE, 200 * 5 * MINUTE)
    assert len(some) == 101


async def test_nothing_is_kept_longer_than_is_set(address):
    with opened(address, retention=Retention(history_ms=3 * DAY_MS)) as store:
        for hour in range(24 * 6):
            await store.history.record([at(hour * HOUR)])
        now_ms = 24 * 6 * HOUR
        found = await store.history.readings(LAYER, "BTC", -1, now_ms)
        kept = await store.history.path(LAYER, "BTC", 0, now_ms)
        grid = await store.history.grid(at(now_ms), 100 * DAY_MS)
    assert min(one.time_ms for one in found) >= now_ms - 3 * DAY_MS - HOUR
    assert int(kept.time_ms[0]) >= now_ms - 4 * DAY_MS - HOUR
    assert int(grid.time_ms[0]) >= now_ms - 4 * DAY_MS


async def test_a_market_that_begins_anew_has_no_past(store):
    await store.history.record([at(HOUR)])
    await store.cases.record(LAYER, "BTC", CaseFinder().see(VIEW))
    await store.begin_anew(LAYER)
    assert await store.history.readings(LAYER, "BTC", -1, DAY_MS) == []
    assert len(await store.history.path(LAYER, "BTC", 0, DAY_MS)) == 0
    assert await store.cases.between(LAYER, "BTC", -1, DAY_MS) == []


async def test_cases_are_read_as_they_were_written_and_thinned_with_age(store):
    cases = CaseFinder().see(VIEW)
    await store.cases.record(LAYER, "BTC", cases)
    await store.cases.record(LAYER, "BTC", cases)
    assert sorted(await store.cases.between(LAYER, "BTC", -1, DAY_MS), key=str) == sorted(cases, key=str)
    await store.cases.thin(400 * DAY_MS)
    assert await store.cases.between(LAYER, "BTC", -1, DAY_MS) == []


prices = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=40)


@given(prices)
def test_a_packed_path_is_the_same_digit_by_digit(closes):
    steps = np.array([np.arange(len(closes), dtype=float), closes, closes, closes])
    assert np.array_equal(dated.unpacked(dated.packed(steps)), steps)


def test_a_path_knows_its_gaps():
    time_ms = np.array([*range(0, 60, 5), *range(120, 180, 5)]) * MINUTE
    ones = np.ones(len(time_ms))
    path = Path(time_ms, ones, ones, ones)
    assert path.is_seen(0, 50 * MINUTE)
    assert not path.is_seen(0, 61 * MINUTE)
    assert not path.is_seen(40 * MINUTE, 130 * MINUTE)
    assert path.is_seen(120 * MINUTE, 150 * MINUTE)
    assert not path.is_seen(120 * MINUTE, 300 * MINUTE)
