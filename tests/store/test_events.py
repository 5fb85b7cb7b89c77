"""The event log: what happened is found again, and thinned with age by the stated policy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import LAYER

from liqbot.market.clusters import Cluster, End
from liqbot.market.events import (
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    LiquidationSum,
    RegimeChanged,
)
from liqbot.market.layer import Basis, Layer
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.store.events import DAY_MS, LARGE_USD, LONGEST_MS, WHOLE_MS
from liqbot.store.opening import open_store

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
OTHER = Layer("Other", Basis.MODELLED)


def cluster(usd=5e6):
    return Cluster("BTC-L1", Side.LONG, 95.0, 94.0, 96.0, usd, 3, 0.5, -5.0, 0)


def where(time_ms, layer=LAYER, coin="BTC"):
    return {"coin": coin, "layer": layer, "time_ms": time_ms}


def liquidated(time_ms, usd=50_000.0, side=Side.LONG, **more):
    return LiquidationSum(side=side, usd=usd, count=3, sampled=False, **where(time_ms, **more))


async def test_what_happened_is_found_again_in_its_order_by_layer_coin_time_and_kind(store):
    born = ClusterBorn(cluster=cluster(), **where(1_000))
    ended = ClusterEnded(cluster=cluster(), end=End.SWEPT, **where(2_000))
    flip = RegimeChanged(before=Regime.BALANCED, after=Regime.SHORT_SQUEEZE, ratio=2.5, **where(2_000))
    elsewhere = [liquidated(1_500, layer=OTHER), liquidated(1_500, coin="ETH")]
    await store.events.record([born, ended, flip, *elsewhere])
    found = await store.events.between(LAYER, "BTC", 0, 2_000)
    assert [event for _, event in found] == [born, ended, flip]
    assert [number for number, _ in found] == sorted(number for number, _ in found)
    assert [event for _, event in await store.events.between(LAYER, "BTC", 1_000, 2_000)] == [ended, flip]
    kinds = [ClusterBorn.kind]
    assert [e for _, e in await store.events.between(LAYER, "BTC", 0, 9_000, kinds=kinds)] == [born]
    assert [e for _, e in await store.events.between(LAYER, "BTC", 0, 9_000, limit=1)] == [flip]
    assert await store.events.between(LAYER, "BTC", 0, 9_000, kinds=[]) == []


async def test_a_layer_that_begins_anew_forgets_its_own_events_alone(store):
    await store.events.record([liquidated(1_000), liquidated(1_000, layer=OTHER)])
    await store.begin_anew(LAYER)
    assert await store.events.between(LAYER, "BTC", 0, 9_000) == []
    assert len(await store.events.between(OTHER, "BTC", 0, 9_000)) == 1


async def test_up_to_where_a_source_was_read_is_written_with_what_happened_until_then(store):
    assert await store.events.cursor(LAYER) == ""
    await store.events.record([liquidated(1000)], {LAYER: "file:7"})
    await store.events.record([], {LAYER: "file:9", OTHER: "b"})
    assert await store.events.cursor(LAYER) == "file:9"
    with pytest.raises(AttributeError):
        await store.events.record(["no event"], {LAYER: "file:11"})
    assert await store.events.cursor(LAYER) == "file:9"
    await store.events.forget(LAYER)
    assert (await store.events.cursor(LAYER), await store.events.cursor(OTHER)) == ("", "b")


async def test_what_has_aged_is_thinned_and_what_is_new_is_whole(store):
    def seen(time_ms, usd):
        return LiquidationSeen(side=Side.LONG, price=95.0, usd=usd, sampled=False, **where(time_ms))

    old, new = HOUR_MS, WHOLE_MS + 2 * HOUR_MS
    kept = [ClusterBorn(cluster=cluster(), **where(old)), seen(old, LARGE_USD)]
    dropped = [ClusterGrew(cluster=cluster(), before_usd=1e6, **where(old)), seen(old, LARGE_USD / 2)]
    fresh = [ClusterGrew(cluster=cluster(), before_usd=1e6, **where(new)), seen(new, 1e5), liquidated(new)]
    await store.events.record([*kept, *dropped, *fresh])
    await store.events.thin(new)
    assert [event for _, event in await store.events.between(LAYER, "BTC", 0, new)] == [*kept, *fresh]
    await store.events.thin(old + LONGEST_MS + 1)
    assert [e for _, e in await store.events.between(LAYER, "BTC", 0, old)] == []


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(Side), st.floats(1, 1e7)), min_size=1, max_size=40
    ),
    st.integers(0, 10),
)
async def test_however_often_it_is_thinned_no_liquidated_dollar_is_lost(new_address, told, days):
    store = open_store(new_address())
    try:
        await store.events.record([liquidated(minute * MINUTE_MS, usd, side) for minute, side, usd in told])
        for day in range(days + 1):
            await store.events.thin(WHOLE_MS + day * DAY_MS // 8)
        found = [event for _, event in await store.events.between(LAYER, "BTC", -1, LONGEST_MS)]
        for side in Side:
            mine = [event for event in found if event.side is side]
            assert sum(event.usd for event in mine) == pytest.approx(sum(u for _, s, u in told if s is side))
            assert sum(event.count for event in mine) == 3 * sum(s is side for _, s, _ in told)
    finally:
        await store.close()
