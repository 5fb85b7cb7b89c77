"""A database of before readings were kept: its past is filled in from the maps and views that it has."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from databases import alter, faster, opened
from markets import HOUR, LAYER, long, short, view_of

from liqbot.service.past_backfill import fill_past

DAY = 24 * HOUR
DAYS = 10
VIEW = view_of(long("ann", 2, at=96), short("bob", 1, at=104), spot=100.0, open_interest=7.0, funding=1e-5)


def at(time_ms):
    hour = time_ms // HOUR
    return replace(
        VIEW, time_ms=time_ms, spot=100 + hour / 300, low=99.0 - hour / 300, high=101.0 + hour / 300
    )


async def live(store, since_ms, until_ms):
    for time_ms in range(since_ms, until_ms, HOUR):
        await store.history.record([at(time_ms)])


async def kept(store, until_ms):
    path = await store.history.path(LAYER, "BTC", 0, until_ms)
    steps = zip(*(column.tolist() for column in (path.time_ms, path.low, path.high, path.close)), strict=True)
    return await store.history.readings(LAYER, "BTC", -1, until_ms), list(steps)


async def live_through(address):
    """Let a database have ten days in an older version, and two hours of today in this one."""
    with opened(address) as store:
        faster(store)
        await live(store, HOUR, DAYS * DAY + 6 * HOUR)
        before = await kept(store, DAYS * DAY - 1)
        for forgotten in ("DELETE FROM readings", "DELETE FROM prices", "DELETE FROM cases"):
            alter(store, forgotten)
        await live(store, DAYS * DAY + 6 * HOUR, DAYS * DAY + 8 * HOUR)
    return before


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Return such a database on SQLite, to be copied, and what was kept in it before."""
    path = tmp_path_factory.mktemp("lived") / "liqbot.db"
    return path, asyncio.run(live_through(path))


@pytest.fixture
async def upgraded(lived, address):
    """Return the store, its newest view, and what would have been kept before today."""
    if isinstance(address, Path):
        database, before = lived
        shutil.copy(database, address)
    else:
        before = await live_through(address)
    with opened(address) as store:
        yield faster(store), at(DAYS * DAY + 8 * HOUR), before


async def test_what_whole_views_say_is_what_would_have_been_kept(upgraded):
    store, view, (readings, _) = upgraded
    assert await fill_past(store, view) > 100
    filled, _ = await kept(store, DAYS * DAY)
    recent = {one.time_ms: one for one in filled if one.coverage == VIEW.coverage and one.funding}
    assert len(recent) > 100
    assert set(recent.values()) <= {*readings}


async def test_what_maps_alone_say_is_the_fuel_that_was_known(upgraded):
    store, view, (readings, _) = upgraded
    await fill_past(store, view)
    [oldest, *_] = (await kept(store, DAYS * DAY))[0]
    assert oldest.time_ms <= 2 * HOUR
    assert (oldest.coverage, oldest.funding) == (None, None)
    assert oldest.up_usd == pytest.approx(readings[0].up_usd, rel=0.01)
    assert oldest.down_usd == pytest.approx(readings[0].down_usd, rel=0.01)
    assert oldest.open_interest == pytest.approx(7.0)


async def test_the_path_has_every_step_that_was_kept_and_no_other(upgraded):
    store, view, (_, steps) = upgraded
    await fill_past(store, view)
    filled = (await kept(store, DAYS * DAY - 1))[1]
    assert len(filled) > 100
    assert {(time_ms, close) for time_ms, _, _, close in filled} <= {(t, close) for t, _, _, close in steps}
    lowest = min(low for _, low, _, _ in steps)
    assert min(low for _, low, _, _ in filled) == pytest.approx(lowest)


async def test_cases_begin_when_clusters_were_first_seen_near(upgraded):
    store, view, _ = upgraded
    await fill_past(store, view)
    cases = await store.cases.between(LAYER, "BTC", -1, view.time_ms)
    assert cases
    assert {case.cluster.side for case in cases} == {one.side for one in VIEW.clusters}


async def test_it_is_done_once_and_what_is_kept_already_stays(upgraded):
    store, view, _ = upgraded
    today = (await kept(store, view.time_ms))[0]
    await fill_past(store, view)
    once = await kept(store, view.time_ms)
    assert {one.time_ms: one for one in once[0]}.items() >= {one.time_ms: one for one in today}.items()
    assert await fill_past(store, view) == 0
    assert await kept(store, view.time_ms) == once


async def test_the_day_of_the_upgrade_is_made_whole_the_day_after(upgraded):
    store, view, _ = upgraded
    await fill_past(store, view)
    midnight = DAYS * DAY
    assert not [time_ms for time_ms, *_ in (await kept(store, view.time_ms))[1]
                if midnight <= time_ms < midnight + 6 * HOUR]  # fmt: skip
    await live(store, DAYS * DAY + 8 * HOUR, (DAYS + 1) * DAY + HOUR)
    await fill_past(store, at((DAYS + 1) * DAY + HOUR))
    times = [time_ms for time_ms, *_ in (await kept(store, (DAYS + 1) * DAY))[1]]
    assert len([one for one in times if midnight <= one < midnight + 6 * HOUR]) == 6
    assert times == sorted(set(times))


async def test_a_market_without_a_past_is_left_as_it_is(address):
    with opened(address) as store:
        assert await fill_past(store, at(DAY)) == 0
        await store.history.record([at(DAY)])
        assert await fill_past(store, at(DAY + HOUR)) == 0
