"""Map history: what is kept of the past, and how it is thinned."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from databases import alter, faster, look
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import HOUR, LAYER, MINUTE, long, short, view_of
from shared import shared_file

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer
from liqbot.market.wire import to_bytes
from liqbot.sources.recording import Recording
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.store.errors import DatabaseError, StoreError
from liqbot.store.history import TIERS
from liqbot.store.opening import open_store
from liqbot.store.sql import history as history_room

DAY = 24 * HOUR
AGES = 400 * DAY
START = 20_000 * DAY
OTHER_LAYER = Layer("Otherex", Basis.MODELLED)
VIEW = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0)


def at(time_ms, spot=100.0, *, low=None, high=None, coin="BTC", layer=LAYER):
    """Return a view of that time; all else is the same in all of them."""
    low, high = spot if low is None else low, spot if high is None else high
    return replace(VIEW, time_ms=time_ms, spot=spot, low=low, high=high, coin=coin, layer=layer)


async def kept(store, last):
    """Return what is kept of the market of `last`, a view that comes after all of it."""
    grid = await store.history.grid(last, AGES)
    return list(zip(grid.time_ms.tolist(), grid.spot, grid.low, grid.high, strict=True))[:-1]


async def times(store, last):
    return [time for time, *_ in await kept(store, last)]


def later(view):
    return replace(view, time_ms=view.time_ms + 1)


# What is kept


async def test_the_first_view_of_each_five_minutes_is_kept(store):
    views = [at(START + minute * MINUTE) for minute in (0, 1, 4, 5, 9, 11, 25)]
    assert [await store.history.record([view]) for view in views] == [1, 0, 0, 1, 0, 1, 1]
    assert await times(store, later(views[-1])) == [START + minute * MINUTE for minute in (0, 5, 11, 25)]


async def test_the_views_of_a_beat_are_kept_together(store):
    assert await store.history.record([at(START), at(START, coin="ETH")]) == 2
    assert await store.history.record([at(START + MINUTE), at(START, coin="SOL")]) == 1
    assert await store.history.coins() == ["BTC", "ETH", "SOL"]


async def test_how_far_spot_went_between_two_kept_views_is_kept_with_the_second(store):
    await store.history.record([at(START, 100)])
    await store.history.record([at(START + MINUTE, 99, low=80, high=101)])
    await store.history.record([at(START + 2 * MINUTE, 100, low=98, high=130)])
    await store.history.record([at(START + 6 * MINUTE, 105, low=100, high=106)])
    first, second = await kept(store, at(START + 10 * MINUTE))
    assert first[1:] == (100, 100, 100)
    assert second[1:] == (105, 80, 130)


async def test_what_another_process_has_kept_counts_and_what_spot_did_before_that_does_not(store):
    """Two processes follow the layer by turns: how far spot went is counted from the newest row of either."""
    other = history_room.SqlHistory(store.history.connections)
    await store.history.record([at(START, 100)])
    await store.history.record([at(START + MINUTE, 100, low=50, high=200)])
    assert await other.record([at(START + HOUR, 100)]) == 1
    store.look_anew(LAYER)
    assert await store.history.record([at(START + HOUR + MINUTE, 100)]) == 0
    assert await store.history.record([at(START + HOUR + 5 * MINUTE, 100, low=99, high=101)]) == 1
    rows = await kept(store, at(START + HOUR + 10 * MINUTE))
    assert [row[1:] for row in rows] == [(100, 100, 100), (100, 100, 100), (100, 99, 101)]


async def test_what_is_looked_at_anew_of_one_layer_is_known_of_the_others(store):
    there = replace(LAYER, venue="Otherex")
    for layer in (LAYER, there):
        await store.history.record([at(START, 100, layer=layer)])
        await store.history.record([at(START + MINUTE, 100, low=50, high=200, layer=layer)])
    store.look_anew(LAYER)
    for layer in (LAYER, there):
        await store.history.record([at(START + 6 * MINUTE, 100, layer=layer)])
    assert (await kept(store, at(START + 10 * MINUTE)))[1][1:] == (100, 100, 100)
    assert (await kept(store, at(START + 10 * MINUTE, layer=there)))[1][1:] == (100, 50, 200)


async def test_a_clock_that_goes_backwards_records_nothing(store, address):
    await store.history.record([at(START, 100)])
    assert await store.history.record([at(START - HOUR, 50)]) == 0
    await store.close()
    reopened = open_store(address)
    assert await reopened.history.record([at(START - DAY, 200)]) == 0
    assert await reopened.history.record([at(START + HOUR, 101)]) == 1
    assert [row[1:] for row in await kept(reopened, at(START + DAY))] == [(100, 100, 100), (101, 101, 101)]
    await reopened.close()


async def test_two_layers_and_two_coins_do_not_mix(store):
    for minute in range(0, 30, 5):
        await store.history.record([at(START + minute * MINUTE)])
        await store.history.record(
            [at(START + minute * MINUTE, 7, layer=OTHER_LAYER), at(START, 9, coin="ETH")]
        )
    last = START + HOUR
    assert {row[1] for row in await kept(store, at(last))} == {100}
    assert {row[1] for row in await kept(store, at(last, layer=OTHER_LAYER))} == {7}
    assert {row[1] for row in await kept(store, at(last, coin="ETH"))} == {9}


async def test_a_layer_is_forgotten_without_the_others_and_may_begin_earlier_than_before(store):
    await store.history.record([at(START)])
    await store.history.record([at(START, layer=OTHER_LAYER)])
    await store.history.forget(LAYER)
    assert await times(store, at(START + 1)) == []
    assert await times(store, at(START + 1, layer=OTHER_LAYER)) == [START]
    assert await store.history.record([at(START - DAY)]) == 1
    assert await times(store, at(START + 1)) == [START - DAY]


async def test_what_could_not_be_written_is_kept_with_the_next_view(store, monkeypatch):
    await store.history.record([at(START)])
    await store.history.record([at(START + MINUTE, low=60)])
    encode = history_room.map_to_blob
    monkeypatch.setattr(history_room, "map_to_blob", lambda _: (_ for _ in ()).throw(StoreError))
    with pytest.raises(StoreError):
        await store.history.record([at(START + 5 * MINUTE), at(START + 5 * MINUTE, coin="ETH")])
    assert await store.history.coins() == ["BTC"]
    monkeypatch.setattr(history_room, "map_to_blob", encode)
    assert await store.history.record([at(START + 6 * MINUTE), at(START + 6 * MINUTE, coin="ETH")]) == 2
    assert (await kept(store, at(START + DAY)))[-1] == (START + 6 * MINUTE, 100, 60, 100)


# Thinning


@pytest.mark.long
async def test_history_is_thinned_with_age_and_dropped_after_a_year(store):
    faster(store)
    hours = [*range(0, 340 * 24, 6), *range(340 * 24, 368 * 24)]
    views = [at(START + hour * HOUR) for hour in hours]
    views += [at(views[-1].time_ms + step * 5 * MINUTE) for step in range(1, 12 * 49)]
    for view in views:
        await store.history.record([view])
    now_ms = views[-1].time_ms
    ages = [now_ms - time for time in await times(store, later(views[-1]))]

    def steps(above, up_to):
        """Return how far apart kept views of these ages stand."""
        of_age = [age for age in ages if above < age <= up_to]
        return {one - other for one, other in pairwise(of_age)}

    assert max(ages) <= 366 * DAY
    assert steps(0, DAY) == {5 * MINUTE}
    assert steps(DAY + HOUR, 2 * DAY) == {30 * MINUTE}
    assert steps(3 * DAY, 8 * DAY) == {HOUR}
    assert steps(8 * DAY + HOUR, 27 * DAY) == {2 * HOUR}
    assert steps(32 * DAY, 366 * DAY) == {DAY}


gaps = st.sampled_from([MINUTE, 4 * MINUTE, 5 * MINUTE, 31 * MINUTE, 3 * HOUR, DAY, 9 * DAY, 40 * DAY])
moves = st.tuples(gaps, st.floats(0.5, 2), st.floats(0.5, 1), st.floats(1, 2))


def market(moves):
    """Return views one after the other; each one's low and high enclose the spot of the one before."""
    views = [at(START)]
    for gap, change, below, above in moves:
        before = views[-1]
        spot = min(max(before.spot * change, 1e-3), 1e6)
        low, high = min(before.spot, spot) * below, max(before.spot, spot) * above
        views.append(at(before.time_ms + gap, spot, low=low, high=high))
    # The last view begins a step of the coarser tiers as well, so that all before it has just been thinned.
    return [*views, at((views[-1].time_ms // DAY + 1) * DAY, views[-1].spot)]


@settings(max_examples=40)
@given(st.lists(moves, min_size=1, max_size=60))
async def test_thinning_keeps_one_view_a_step_and_loses_no_low_and_no_high(new_address, moves):
    views = market(moves)
    store = faster(open_store(new_address()))
    for view in views:
        await store.history.record([view])
    rows, now_ms = await kept(store, later(views[-1])), views[-1].time_ms
    await store.close()
    told = {view.time_ms: view for view in views}
    assert rows[-1][0] == now_ms
    assert rows[0][0] >= now_ms - TIERS[-1].age_ms
    for (before_ms, *_), (time_ms, spot, low, high) in pairwise(rows):
        passed = [view for view in views if before_ms < view.time_ms <= time_ms]
        assert spot == told[time_ms].spot
        assert low == min(view.low for view in passed)
        assert high == max(view.high for view in passed)
    for finer, tier in pairwise(TIERS):
        aged = [time for time, *_ in rows if finer.age_ms < now_ms - time <= tier.age_ms]
        assert set(Counter(time // tier.step_ms for time in aged).values()) <= {1}
    recent = [time for time, *_ in rows if now_ms - time <= TIERS[0].age_ms]
    steps = {view.time_ms // TIERS[0].step_ms for view in views if now_ms - view.time_ms <= TIERS[0].age_ms}
    assert {time // TIERS[0].step_ms for time in recent} == steps


# Whole views


async def test_the_newest_view_is_found_in_any_layer_at_any_time(store):
    other = Layer("Otherex", Basis.MEASURED)
    await store.history.record([at(START, 1)])
    await store.history.record([at(START + HOUR, 2, layer=other)])
    await store.history.record([at(START + 2 * HOUR, 3), at(START + 9 * HOUR, 9, coin="ETH")])
    newest = store.history.newest
    assert (await newest("BTC")).spot == 3
    assert (await newest("BTC", START + 2 * HOUR)).spot == 3
    assert (await newest("BTC", START + 2 * HOUR - 1)).spot == 2
    assert (await newest("BTC", START)).spot == 1
    assert await newest("BTC", START - 1) is None
    assert await newest("DOGE") is None


async def test_no_modelled_view_takes_the_place_of_a_measured_one(store):
    await store.history.record([at(START + HOUR, 2, layer=OTHER_LAYER)])
    assert (await store.history.newest("BTC")).spot == 2
    await store.history.record([at(START, 1)])
    assert (await store.history.newest("BTC")).spot == 1


async def test_a_view_of_the_past_is_the_one_that_was_recorded(store):
    view = at(START)
    await store.history.record([view])
    assert to_bytes(await store.history.newest("BTC")) == to_bytes(view)


async def test_whole_views_are_kept_for_eight_days_and_maps_for_longer(store):
    faster(store)
    for hour in range(0, 24 * 10, 2):
        await store.history.record([at(START + hour * HOUR)])
    now_ms = START + (24 * 10 - 2) * HOUR
    whole = [view.time_ms async for view in store.history.views(LAYER, "BTC", 0)]
    assert whole == [time for time in await times(store, at(now_ms + 1)) if time >= now_ms - 8 * DAY]
    assert (await times(store, at(now_ms + 1)))[0] == START
    assert await store.history.newest("BTC", START + DAY) is None


async def test_the_views_since_a_time_come_the_oldest_first(store):
    for hour in range(5):
        await store.history.record(
            [at(START + hour * HOUR, hour + 1), at(START + hour * HOUR, 77, layer=OTHER_LAYER)]
        )
    assert [view.spot async for view in store.history.views(LAYER, "BTC", START + 2 * HOUR)] == [3, 4, 5]


async def test_a_view_that_is_damaged_is_refused(store):
    await store.history.record([at(START)])
    alter(store, "UPDATE history SET view = map")
    with pytest.raises(DatabaseError, match="cannot be read"):
        await store.history.newest("BTC")


async def test_a_year_of_a_busy_coin_takes_a_few_megabytes(store):
    recording = Recording(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz"))
    board = Board(RECORDED_LAYER)
    board.apply_all(next(recording.snapshots()).updates())
    await store.history.record([board.view("BTC")])
    [(map_bytes, view_bytes)] = look(store, "SELECT length(map), length(view) FROM history")
    rows, whole = 288 + 336 + 276 + 335, 288 + 336
    a_year = rows * map_bytes + whole * view_bytes
    print(f"a map takes {map_bytes:,} bytes, a view {view_bytes:,}, a year {a_year / 1e6:.1f} MB")  # noqa: T201 - for people
    assert map_bytes < 3000
    assert view_bytes < 12_000
    assert a_year < 10e6


async def test_spot_may_be_anything_a_price_can_be(store):
    await store.history.record([at(START, 1e-9)])
    await store.history.record([at(START + HOUR, 1e9)])
    assert np.array([row[1] for row in await kept(store, at(START + DAY))]).tolist() == [1e-9, 1e9]


@pytest.mark.parametrize("window_h", [12, 24, 72, 7 * 24, 30 * 24, 365 * 24])
async def test_a_past_that_a_source_makes_up_has_no_gaps_in_any_window(store, window_h):
    """As the simulator's: a step of two hours up to a day ago, then one of fifteen minutes, then of one."""
    now = 400 * DAY
    ages_min = [*range(7 * 1440, 1440, -120), *range(1440, 60, -15), *range(60, 0, -1)]
    for age in ages_min:
        await store.history.record([at(now - age * MINUTE)])
    grid = await store.history.grid(at(now), window_h * HOUR)
    assert len(grid) > 30
    assert grid.until_ms[:-1].tolist() == grid.time_ms[1:].tolist()


@pytest.mark.parametrize("window_h", [12, 24, 72, 7 * 24])
async def test_hours_without_data_are_one_gap_in_every_window_that_reaches_them(store, window_h):
    now = 400 * DAY
    off = range(4 * 60, 9 * 60)
    for age in (*range(7 * 1440, 1440, -30), *range(1440, 0, -5)):
        if age not in off:
            await store.history.record([at(now - age * MINUTE)])
    grid = await store.history.grid(at(now), window_h * HOUR)
    gaps = np.flatnonzero(grid.until_ms[:-1] < grid.time_ms[1:])
    assert len(gaps) == 1
    length_h = float(grid.time_ms[gaps[0] + 1] - grid.until_ms[gaps[0]]) / HOUR
    assert 4 < length_h <= 5.1
