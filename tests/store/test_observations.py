"""Observations: what rules have read, kept whole, with what happened before each."""

from dataclasses import replace
from itertools import pairwise

import pytest
from databases import faster
from markets import HOUR, LAYER, MINUTE, long, view_of

from liqbot.market.events import LiquidationSeen
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side
from liqbot.store.observations import COARSE_STEP_MS, FINE_MS, LONGEST_MS
from liqbot.store.opening import open_store
from liqbot.store.sql import observations as module

VIEW = view_of(long("ann", 2, at=95), spot=100.0)
DAY = 24 * HOUR
START = 20_000 * DAY
OTHER = Layer("Otherex", Basis.MODELLED)


def at(time_ms, coin="BTC", layer=LAYER):
    return replace(VIEW, time_ms=time_ms, coin=coin, layer=layer)


def liquidation(time_ms, usd=1.0, coin="BTC", layer=LAYER):
    return LiquidationSeen(
        coin=coin, layer=layer, time_ms=time_ms, side=Side.LONG, price=100.0, usd=usd, sampled=False
    )


async def read(store, since_ms=0, coin="BTC", layer=LAYER):
    return [
        (one.time_ms, [event.usd for event in one.events])
        async for one in store.observations.since(layer, coin, since_ms)
    ]


async def test_the_first_view_of_each_minute_is_kept_and_given_to_read(store):
    given = []
    for seconds in range(0, 180, 25):
        given += await store.observations.record([at(START + seconds * 1_000)])
    assert [one.time_ms - START for one in given] == [0, 75_000, 125_000]
    assert [time - START for time, _ in await read(store)] == [0, 75_000, 125_000]


async def test_views_of_many_coins_and_minutes_are_kept_at_once_each_as_it_is_alone(store):
    await store.events.record([liquidation(START, 1), liquidation(START, 2, "ETH", OTHER)])
    views = [at(START, f"COIN{number}") for number in range(600)]
    views += [at(START), at(START + 1), at(START + MINUTE), at(START, "ETH", OTHER), at(START, "ETH")]
    given = await store.observations.record(views)
    assert [(one.coin, one.time_ms - START) for one in given[-5:]] == [
        ("COIN599", 0),
        ("BTC", 0),
        ("ETH", 0),
        ("ETH", 0),
        ("BTC", MINUTE),
    ]
    assert await read(store) == [(START, [1]), (START + MINUTE, [])]
    assert await read(store, coin="ETH", layer=OTHER) == [(START, [2])]
    assert await read(store, coin="ETH") == [(START, [])]


async def test_each_tells_of_what_was_logged_since_the_one_before_however_late_it_was(store):
    given = []
    for minute, usd, happened_ms in (
        (0, 1, START),
        (1, 2, START + 1),
        (3, 3, START + MINUTE),
        (3.5, 4, START),
    ):
        await store.events.record([liquidation(happened_ms, usd)])
        given += await store.observations.record([at(START + round(minute * MINUTE))])
    await store.events.record([liquidation(START, 9, coin="ETH"), liquidation(START, 9, layer=OTHER)])
    given += await store.observations.record([at(START + 6 * MINUTE)])
    told = [(one.time_ms, [event.usd for event in one.events]) for one in given]
    assert [usd for _, usd in told] == [[1], [2], [3], [4]]
    assert await read(store) == told
    assert await read(store, START + MINUTE) == told[1:], "the first of a span tells no more than it did"


async def test_of_many_coins_the_next_ones_are_read_together_each_as_it_is_alone(store):
    for minute in range(3):
        await store.events.record([liquidation(START + minute * MINUTE, minute + 1.0)])
        await store.events.record([liquidation(START + minute * MINUTE, 9.0, coin="ETH")])
        views = [at(START + minute * MINUTE), at(START + minute * MINUTE, layer=OTHER)]
        views += [at(START, "ETH")] if minute == 2 else []
        await store.observations.record(views)
    asked = {"BTC": START + 1, "ETH": None, "SOL": START, "XRP": None}
    found = {one.coin: one for one in await store.observations.next_of(LAYER, asked)}
    assert found.keys() == {"BTC", "ETH"}
    assert found["BTC"].time_ms == START + MINUTE
    assert [event.usd for event in found["BTC"].events] == [2.0]
    assert found["ETH"].events == (await store.observations.newest(LAYER, "ETH")).events
    assert (found["ETH"].time_ms, len(found["ETH"].events)) == (START, 3)
    [last] = await store.observations.next_of(LAYER, {"BTC": None})
    assert last.time_ms == START + 2 * MINUTE
    assert await store.observations.next_of(LAYER, {"BTC": last.time_ms + 1}) == []
    assert await store.observations.next_of(LAYER, {}) == []


async def test_a_coin_of_which_nothing_was_seen_for_long_tells_of_all_that_happened(store, monkeypatch):
    monkeypatch.setattr(module, "NEAR", 2)
    await store.observations.record([at(START), at(START, "ETH")])
    await store.events.record([liquidation(START, 1.0 + number, coin="ETH") for number in range(4)])
    await store.events.record([liquidation(START, 7.0)])
    await store.observations.record([at(START + MINUTE)])
    await store.events.record([liquidation(START, 8.0)])
    await store.observations.record([at(START + 2 * MINUTE), at(START + 2 * MINUTE, "ETH")])
    after = {"BTC": START + 2 * MINUTE, "ETH": START + 2 * MINUTE}
    found = {one.coin: one.events for one in await store.observations.next_of(LAYER, after)}
    assert [event.usd for event in found["ETH"]] == [1.0, 2.0, 3.0, 4.0]
    assert [event.usd for event in found["BTC"]] == [8.0]


async def test_after_a_restart_it_goes_on_where_it_was(store, address):
    await store.observations.record([at(START)])
    await store.events.record([liquidation(START + 1)])
    await store.close()
    reopened = open_store(address)
    assert await reopened.observations.record([at(START + MINUTE - 1)]) == []
    [one] = await reopened.observations.record([at(START + MINUTE)])
    assert [event.usd for event in one.events] == [1.0]
    assert (await reopened.observations.newest(LAYER, "BTC")).events == one.events
    await reopened.close()


async def test_a_clock_that_goes_backwards_records_nothing_and_coins_and_layers_do_not_mix(store):
    assert len(await store.observations.record([at(START), at(START, "ETH"), at(START, layer=OTHER)])) == 3
    assert await store.observations.record([at(START - HOUR)]) == []
    assert await store.observations.newest(LAYER, "SOL") is None


async def test_a_layer_is_forgotten_without_the_others_and_may_begin_earlier_than_before(store):
    await store.observations.record([at(START), at(START, layer=OTHER)])
    await store.begin_anew(LAYER)
    assert await read(store) == []
    assert await read(store, layer=OTHER) == [(START, [])]
    assert len(await store.observations.record([at(START - DAY)])) == 1


async def test_what_another_layer_forgets_takes_no_event_from_this_one(store):
    await store.events.record([liquidation(START, 1), *[liquidation(START, 5, layer=OTHER)] * 9])
    await store.observations.record([at(START), at(START, layer=OTHER)])
    await store.begin_anew(OTHER)
    await store.events.record([liquidation(START + 1, 2)])
    await store.observations.record([at(START + MINUTE)])
    assert await read(store) == [(START, [1]), (START + MINUTE, [2])]


@pytest.mark.long
async def test_of_what_is_older_than_a_day_one_each_half_hour_is_left_with_all_that_happened(store):
    faster(store)
    times = [
        *range(START, START + 9 * DAY, COARSE_STEP_MS // 3),
        *range(START + 9 * DAY, START + 10 * DAY, MINUTE),
    ]
    for number, time_ms in enumerate(times):
        await store.events.record([liquidation(time_ms, number)])
        await store.observations.record([at(time_ms)])
    kept = await read(store)
    now_ms = times[-1]
    ages = [now_ms - time_ms for time_ms, _ in kept]
    assert max(ages) <= LONGEST_MS + COARSE_STEP_MS
    fine = [age for age in ages if age <= FINE_MS - COARSE_STEP_MS]
    assert {one - other for one, other in pairwise(fine) if one <= DAY - HOUR} == {MINUTE}
    coarse = [age for age in ages if age > FINE_MS + COARSE_STEP_MS]
    assert {one - other for one, other in pairwise(coarse)} == {COARSE_STEP_MS}
    numbers = [usd for _, told in kept[1:] for usd in told]
    assert numbers == sorted(numbers)
    assert numbers == [*map(float, range(int(numbers[0]), len(times)))], "nothing is told twice or left out"


async def test_sums_that_the_log_writes_of_old_events_are_no_news(store):
    await store.observations.record([at(START)])
    await store.events.record([liquidation(START - 8 * DAY, 7), liquidation(START, 1)])
    [one] = await store.observations.record([at(START + MINUTE)])
    assert [event.usd for event in one.events] == [1]
