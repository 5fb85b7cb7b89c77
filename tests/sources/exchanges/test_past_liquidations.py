"""Liquidations of the past, and during breaks: fetched, labelled, and told once beside the stream."""

import asyncio

import pytest
from counterparts.exchanges.world import DAY_MS, HOUR_MS
from hypothesis import given
from hypothesis import strategies as st
from sources.exchanges.conftest import NOW, client_of, holds, the_world
from sources.exchanges.test_clients import asked
from sources.exchanges.test_exchange_source import Following, of

from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance
from liqbot.sources.exchanges.liquidations import OnceEach

FILLING = ("okx", "bitget", "gate")


@pytest.mark.parametrize("venue", FILLING)
async def test_what_was_liquidated_before_the_start_is_fetched_whole_over_all_pages(exchanges, venue):
    client = client_of(exchanges, venue)
    async with client.session():
        await client.margin_tiers(asked(venue))
        found = await client.past_liquidations(asked(venue), NOW - DAY_MS, NOW)
    events = [event for event in the_world().series["BTC"].liquidations if event.time_ms >= NOW - DAY_MS]
    assert len(events) > 3
    assert sorted(event.time_ms // 1000 for event in found) == [event.time_ms // 1000 for event in events]
    by_time = {event.time_ms // 1000: event for event in events}
    for event in found:
        assert event.side is by_time[event.time_ms // 1000].side or len(events) > len(by_time)


@pytest.mark.parametrize("venue", ["binance", "bybit"])
async def test_who_tells_of_none_afterwards_is_not_asked(exchanges, venue):
    client = client_of(exchanges, venue)
    assert client.liquidations_kept_ms == 0
    async with Following(exchanges, venue) as following:
        await following.begin()
    assert exchanges.asked(venue, "liq") == []


@pytest.mark.parametrize("venue", FILLING)
async def test_a_source_tells_of_the_past_as_backfilled_and_of_each_once(moving, venue):
    moving.shock(-12)
    moving.now(NOW + HOUR_MS)
    async with Following(moving, venue, now_ms=NOW + HOUR_MS) as following:
        told = []
        async with asyncio.timeout(60):
            while not of(Liquidation, told):
                told += await following.beat()
        for _ in range(3):
            told += await following.beat()
    events = of(Liquidation, told)
    assert {event.provenance for event in events} == {Provenance.BACKFILLED}
    assert len(events) == len({(e.time_ms, e.side, e.size, e.price) for e in events})


@pytest.mark.parametrize("venue", FILLING)
async def test_what_a_broken_stream_missed_is_fetched_when_it_is_back(moving, venue):
    async with Following(moving, venue) as following:
        moving.fault(venue, "refuse", "/ws")
        await following.begin()
        await holds(lambda: "liquidations" in following.source.missing)
        moving.shock(-12)
        following.now_ms += HOUR_MS
        truth = moving.now(following.now_ms)["BTC"]
        assert len(truth) > 3
        moving.clear()
        await holds(lambda: moving.log()["sockets"])
        moving.now(following.now_ms + 1)
        least = min(len(truth), 100) if venue == "okx" else len(truth)
        told = []
        async with asyncio.timeout(60):
            while len(of(Liquidation, told)) < least:
                told += await following.beat()
    assert {event.provenance for event in of(Liquidation, told)} == {Provenance.BACKFILLED}
    assert "liquidations" not in following.source.missing


def event(second, size, side=Side.LONG, price=100.0):
    return Liquidation("BTC", second * 1000 + 5, side, price, size)


EVENTS = st.lists(st.builds(event, st.integers(0, 3), st.sampled_from([1.0, 2.0])), max_size=12)


@given(EVENTS, st.data())
def test_of_a_stream_and_an_answer_that_tell_the_same_each_event_is_told_once(events, data):
    streamed = [one for one in events if data.draw(st.booleans())]
    once = OnceEach()
    told = [one for one in streamed if once.streamed(one)]
    told += once.asked_for(events)
    told += once.asked_for(events)
    assert sorted((e.time_ms, e.size) for e in told) == sorted((e.time_ms, e.size) for e in events)


@given(EVENTS)
def test_an_event_that_was_asked_for_first_is_not_told_again_by_the_stream(events):
    once = OnceEach()
    assert len(once.asked_for(events)) == len(events)
    assert [one for one in events if once.streamed(one)] == []


def test_prices_may_differ_between_the_stream_and_the_answer():
    once = OnceEach()
    assert once.streamed(event(1, 2.0, price=100.0))
    assert once.asked_for([event(1, 2.0, price=100.4)]) == []
