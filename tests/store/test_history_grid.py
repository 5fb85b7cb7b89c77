"""The grid of past maps that a heatmap is drawn from."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from databases import faster, opened
from markets import HOUR, LAYER, MINUTE, long, short, view_of

from liqbot.market.layer import Basis, Layer
from liqbot.service.windows import WINDOWS
from liqbot.store.history import TIERS
from liqbot.store.opening import open_store

DAY = 24 * HOUR
START = 20_000 * DAY
VIEW = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0)


def at(time_ms, *, spot=100.0, low=None, high=None, view=VIEW):
    low, high = spot if low is None else low, spot if high is None else high
    return replace(view, time_ms=time_ms, spot=spot, low=low, high=high)


async def recorded(store, *views):
    for view in views:
        await store.history.record([view])
    return views[-1]


def usd_at(grid, column, price):
    return float(grid.usd[column, grid.bins.place(price)])


async def test_without_history_the_grid_is_the_view_alone(store):
    grid = await store.history.grid(VIEW, DAY)
    assert len(grid) == 1
    assert grid.time_ms.tolist() == grid.until_ms.tolist() == [VIEW.time_ms]
    assert (grid.spot[0], grid.low[0], grid.high[0]) == (100, 100, 100)
    assert grid.bins == VIEW.map.bins
    np.testing.assert_array_equal(grid.usd[0], VIEW.map.total.astype(np.float32))


async def test_the_last_column_is_the_view_whether_it_was_kept_or_not(store):
    last = await recorded(store, *(at(START + step * 5 * MINUTE) for step in range(4)))
    for view in (last, at(last.time_ms + MINUTE)):
        grid = await store.history.grid(view, DAY)
        assert grid.time_ms[-1] == grid.until_ms[-1] == view.time_ms
        assert grid.time_ms[0] == START
        assert (np.diff(grid.time_ms) > 0).all()


async def test_a_column_holds_until_the_next_one(store):
    last = await recorded(store, *(at(START + step * 5 * MINUTE) for step in range(12)))
    grid = await store.history.grid(last, DAY)
    assert grid.until_ms[:-1].tolist() == grid.time_ms[1:].tolist()


async def test_a_pause_in_the_data_is_a_gap_not_a_long_column(store):
    steps = [*range(12), *range(100, 112)]
    last = await recorded(store, *(at(START + step * 5 * MINUTE) for step in steps))
    grid = await store.history.grid(last, DAY)
    gaps = [
        (until - START, after - START)
        for until, after in zip(grid.until_ms, grid.time_ms[1:], strict=False)
        if until < after
    ]
    assert gaps == [((11 + 3) * 5 * MINUTE, 100 * 5 * MINUTE)]


def gaps_of(grid):
    """Return when no column of a grid holds."""
    pairs = zip(grid.until_ms.tolist(), grid.time_ms.tolist()[1:], strict=False)
    return [(until, after) for until, after in pairs if until < after]


async def test_a_hole_is_the_same_hole_in_every_window(store):
    hole = range(-9 * 60, -6 * 60)
    minutes = [minute for minute in range(-40 * 60, 1, 5) if minute not in hole]
    last = await recorded(store, *(at(START + minute * MINUTE) for minute in minutes))
    found = {
        window: gaps_of(await store.history.grid(last, WINDOWS[window]))
        for window in ("12h", "24h", "3d", "7d")
    }
    assert len(found["12h"]) == 1
    assert all(gaps == found["12h"] for gaps in found.values())


async def test_a_hole_at_the_very_beginning_of_a_window_is_one_too(store):
    minutes = [*range(-30 * 60, -24 * 60, 5), *range(-21 * 60, 1, 5)]
    last = await recorded(store, *(at(START + minute * MINUTE) for minute in minutes))
    since = last.time_ms - 24 * HOUR - 10 * MINUTE
    grid = await store.history.grid(last, last.time_ms - since)
    assert len(gaps_of(grid)) == 1


async def test_a_past_that_was_made_up_in_coarser_steps_is_not_chopped_into_dashes(store):
    """As the demo's: every two hours for a month, then every quarter of an hour for a day."""
    minutes = [*range(-20 * 24 * 60, -24 * 60, 120), *range(-24 * 60, 1, 15)]
    last = await recorded(store, *(at(START + 30 * DAY + minute * MINUTE) for minute in minutes))
    for window in ("12h", "24h", "3d", "7d", "30d"):
        assert gaps_of(await store.history.grid(last, WINDOWS[window])) == [], window


async def test_data_that_comes_seldom_has_no_gaps(store):
    last = await recorded(store, *(at(START + step * 4 * HOUR) for step in range(70)))
    grid = await store.history.grid(last, 12 * DAY)
    assert grid.until_ms[:-1].tolist() == grid.time_ms[1:].tolist()


async def test_a_column_that_began_before_the_window_is_clipped_to_it(store):
    await recorded(store, at(START), at(START + 10 * MINUTE, low=60, high=150), at(START + 20 * MINUTE))
    grid = await store.history.grid(at(START + 25 * MINUTE), 10 * MINUTE)
    assert grid.time_ms.tolist() == [START + minute * MINUTE for minute in (15, 20, 25)]
    assert grid.until_ms.tolist() == [START + minute * MINUTE for minute in (20, 25, 25)]
    # How far spot had gone before the window is not in it.
    assert (grid.low[0], grid.high[0]) == (100, 100)


async def test_a_column_that_was_over_before_the_window_is_not_in_it(store):
    steps = [*range(12), *range(100, 112)]
    last = await recorded(store, *(at(START + step * 5 * MINUTE) for step in steps))
    grid = await store.history.grid(last, last.time_ms - START - 50 * 5 * MINUTE)
    assert grid.time_ms[0] == START + 100 * 5 * MINUTE
    assert (grid.until_ms >= grid.time_ms).all()


async def test_money_stands_at_its_price_in_every_column_however_far_spot_went(store):
    times = [START + step * HOUR for step in range(3)]
    views = [
        at(
            time_ms,
            spot=spot,
            view=view_of(long("ann", 2, at=0.9 * spot), short("b", 1, at=1.2 * spot), spot=spot),
        )
        for time_ms, spot in zip(times, (100.0, 5000.0, 0.5), strict=True)
    ]
    await recorded(store, *views)
    grid = await store.history.grid(views[-1], DAY)
    assert grid.usd.shape == (3, grid.bins.count)
    for column, view in enumerate(views):
        assert usd_at(grid, column, 0.9 * view.spot) == np.float32(2 * view.spot)
        assert usd_at(grid, column, 1.2 * view.spot) == np.float32(view.spot)
        assert grid.usd[column].sum() == pytest.approx(3 * view.spot)


async def test_only_the_past_of_the_views_own_layer_and_coin_is_in_it(store):
    other = replace(VIEW, layer=Layer("Otherex", Basis.MODELLED))
    ether = replace(VIEW, coin="ETH")
    for hour, view in enumerate((VIEW, other, ether)):
        await recorded(store, at(START + hour * HOUR, view=view))
    for hour, view in enumerate((VIEW, other, ether)):
        grid = await store.history.grid(at(START + 9 * HOUR, view=view), DAY)
        assert grid.time_ms.tolist() == [START + hour * HOUR, START + 9 * HOUR]


async def test_what_comes_after_the_view_is_not_in_it(store):
    await recorded(store, *(at(START + step * HOUR, low=100 - step) for step in range(10)))
    grid = await store.history.grid(at(START + 5 * HOUR), DAY)
    assert grid.time_ms[-1] == START + 5 * HOUR
    assert grid.low.min() == 95


async def test_a_wick_shows_at_once_and_not_only_when_its_step_is_over(store):
    await recorded(store, at(START), at(START + MINUTE, low=60), at(START + 2 * MINUTE, high=130))
    grid = await store.history.grid(at(START + 2 * MINUTE), DAY)
    assert (grid.low[-1], grid.high[-1]) == (60, 130)


async def test_a_wick_still_shows_in_the_newest_view_after_a_restart(address):
    store = open_store(address)
    await recorded(store, at(START), at(START + MINUTE, low=60), at(START + 5 * MINUTE))
    await store.close()
    reopened = open_store(address)
    grid = await reopened.history.grid(await reopened.history.newest("BTC"), DAY)
    assert grid.low.tolist() == [100, 60]
    await reopened.close()


async def test_a_wick_that_is_still_to_come_does_not_show_in_an_older_view(store):
    earlier = at(START + MINUTE)
    await recorded(store, at(START), earlier, at(START + 2 * MINUTE, low=60))
    assert (await store.history.grid(earlier, DAY)).low.min() == 100


# A year, read after a restart


@pytest.fixture(scope="module")
def year(new_address):
    """Return a database with a year of history and its last view, closed by who wrote it."""
    address = new_address()
    store = faster(open_store(address))
    ages = [*range(365 * 24, 31 * 24, -24), *range(31 * 24, 24, -1)]
    minutes = [*(-age * 60 for age in ages), *range(-24 * 60, 1, 5)]
    views = (at(START + minute * MINUTE, spot=100.0 + minute / 1e5) for minute in minutes)
    last = asyncio.run(recorded(store, *views))
    store.close_now()
    return address, last


@pytest.fixture(scope="module")
def reopened(year):
    with opened(year[0]) as store:
        yield store


@pytest.mark.parametrize("window", WINDOWS)
async def test_every_window_can_be_had_after_a_restart(reopened, year, window):
    _, last = year
    grid = await reopened.history.grid(last, WINDOWS[window])
    since = last.time_ms - WINDOWS[window]
    assert grid.time_ms[0] == since
    assert grid.time_ms[-1] == grid.until_ms[-1] == last.time_ms
    assert all(until == after for until, after in zip(grid.until_ms, grid.time_ms[1:], strict=False))
    assert grid.usd.shape == (len(grid), grid.bins.count)
    assert usd_at(grid, 0, 95) == usd_at(grid, -1, 95) == 200
    assert (grid.low <= grid.spot).all()
    assert (grid.spot <= grid.high).all()
    assert len(grid) <= 1 + sum((tier.age_ms - finer) // tier.step_ms + 2 for finer, tier in finer_ages())


def finer_ages():
    return [(0, TIERS[0]), *((finer.age_ms, tier) for finer, tier in pairwise(TIERS))]


@pytest.mark.parametrize(
    ("window", "columns"), [("12h", 145), ("24h", 289), ("3d", 289 + 2 * 48), ("7d", 289 + 6 * 24 + 24)]
)
async def test_a_window_is_as_fine_as_its_ages_allow(reopened, year, window, columns):
    grid = await reopened.history.grid(year[1], WINDOWS[window])
    assert columns * 0.6 <= len(grid) <= columns + 2


async def test_the_past_is_read_while_more_is_written(store):
    faster(store)
    await recorded(store, at(START))
    grids = []
    for step in range(1, 100):
        view = await recorded(store, at(START + step * 5 * MINUTE))
        grids.append(asyncio.create_task(store.history.grid(view, DAY)))
    lengths = [len(grid) for grid in await asyncio.gather(*grids)]
    assert lengths == list(range(2, 101))


async def test_forgetting_a_layer_empties_its_grid(store):
    last = await recorded(store, *(at(START + step * HOUR, low=50) for step in range(3)))
    await store.begin_anew(LAYER)
    grid = await store.history.grid(later(last), DAY)
    assert len(grid) == 1
    assert grid.low.tolist() == [100]


def later(view):
    return replace(view, time_ms=view.time_ms + 1, low=100.0)
