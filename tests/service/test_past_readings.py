"""The past of what is not kept as such: several modelled venues added up, and a part of a map."""

import threading
from dataclasses import replace

import pytest
from chat.stand_ins import BTC
from chat.test_layer_commands import binance
from markets import HOUR
from modelled import DAY, backfill, history

from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.clusters import Cluster
from liqbot.market.dated_reading import DatedReading
from liqbot.market.events import ClusterBorn
from liqbot.market.layer import Basis, Layer
from liqbot.market.price_path import Path
from liqbot.market.side import Side
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.service.past_readings import thinned
from liqbot.service.scoreboards import ScoreQuery
from liqbot.web.questions import ServiceQuestions

MODELLED = LayerQuery("modelled")


async def lived(room, view, hours, *, up_usd):
    """Let a layer have had one reading an hour, and one cluster."""
    times = [view.time_ms - hour * HOUR for hour in range(hours, 0, -1)]
    readings = [replace(DatedReading.of(view), time_ms=at, up_usd=up_usd) for at in times]
    await room.store.history.take_over(view.layer, "BTC", readings, Path.empty())
    cluster = Cluster(
        f"{view.layer.venue}-1", Side.LONG, 59_000.0, 58_900.0, 59_100.0, 5e6, None, None, -2.0, 0
    )
    born = ClusterBorn(coin="BTC", layer=view.layer, time_ms=view.time_ms - HOUR, cluster=cluster)
    await room.store.events.record([born])


@pytest.fixture
async def house(room):
    """Two modelled venues beside a measured one; Bybit is known half as long as Binance."""
    first = binance(room)
    board = ModelledBoard(Layer("Bybit", Basis.MODELLED))
    board.apply_all(backfill(*history(DAY, 2)))
    second = board.view("BTC")
    room.services.markets.layers.keep([second], {"BTC": board.snapshot("BTC")})
    await lived(room, first, 20, up_usd=3e6)
    await lived(room, second, 10, up_usd=4e6)
    return room


@pytest.fixture
def questions(house):
    async def metrics():
        return b""

    return ServiceQuestions(house.services, troubles=dict, metrics=metrics)


async def test_readings_of_venues_added_up_are_of_the_hours_that_each_of_them_knows(house):
    answer = await house.services.past_readings.past("BTC", "24h", MODELLED)
    assert answer.label == "Binance + Bybit, added up, modelled"
    assert {one.up_usd for one in answer.readings[:-1]} == {7e6}
    assert len(answer.readings) in (10, 11)
    whole = house.services.markets.seen("BTC", MODELLED).view
    assert answer.readings[-1].up_usd == whole.up_usd


async def test_readings_by_day_of_venues_added_up_are_the_sum_as_well(questions):
    (*_, last) = await questions.readings("BTC", 7, {"venue": "modelled"})
    assert last.up_usd == 7e6


async def test_what_happened_at_venues_that_are_added_up_is_told_with_the_venue(questions):
    told = await questions.happenings("BTC", "24h", {"venue": "modelled"}, 50)
    assert sorted(one.text.split(":")[0] for one in told if one.kind == "born") == ["Binance", "Bybit"]
    alone = await questions.happenings("BTC", "24h", {"venue": "bybit"}, 50)
    assert [one.text for one in alone] == ["$5M of longs stand out at 59,000"]
    assert len(await questions.happenings("BTC", "24h", {"venue": "modelled"}, 1)) == 1


async def test_readings_of_a_part_are_of_that_part_alone(house):
    past = house.services.past_readings
    whole = await past.past("BTC", "24h", LayerQuery("binance"))
    part = await past.past("BTC", "24h", LayerQuery.of({"venue": "binance", "tier": "10x"}))
    seen = house.services.markets.seen("BTC", LayerQuery.of({"venue": "binance", "tier": "10x"})).view
    assert "10x only" in part.label
    assert part.readings[-1].up_usd == pytest.approx(seen.up_usd, rel=0.02, abs=1)
    assert len(part.readings) > 20
    assert max(one.up_usd for one in part.readings) > 0
    assert part.readings[0] != whole.readings[0]


async def test_a_scoreboard_of_what_nobody_has_followed_is_refused_with_what_there_is(house):
    board = house.services.scoreboards.scoreboard
    with pytest.raises(UserError, match=r"venue by venue\. Choose from venue=b"):
        await board("BTC", "30d", ScoreQuery(MODELLED))
    with pytest.raises(UserError, match="leave out tier= and opened="):
        await board("BTC", "30d", ScoreQuery(LayerQuery.of({"venue": "binance", "tier": "10x"})))
    assert (await board("BTC", "30d", ScoreQuery(LayerQuery("binance")))).cases == 0


async def test_a_sum_that_another_process_models_is_drawn_from_the_maps_that_were_kept(house):
    layers = house.services.markets.layers
    seen = layers.seen("BTC", MODELLED)
    for view in seen.summed:
        await house.store.history.record([replace(view, time_ms=view.time_ms - HOUR), view])
    bare = replace(seen, parts=())
    grid = await house.services.pictures.grid_of(bare, "24h")
    assert len(grid) == 2
    assert grid.usd[-1].sum() == pytest.approx(sum(one.map.usd.sum() for one in seen.summed), rel=1e-3)


async def test_a_year_is_worked_out_off_the_event_loop(room, monkeypatch):
    hours = range(366 * 24, 0, -1)
    readings = [replace(DatedReading.of(BTC), time_ms=BTC.time_ms - hour * HOUR) for hour in hours]
    await room.store.history.take_over(BTC.layer, "BTC", readings, Path.empty())
    threads, regime = set(), DatedReading.regime

    def noted(self):
        threads.add(threading.current_thread())
        return regime.fget(self)

    monkeypatch.setattr(DatedReading, "regime", property(noted))
    answer = await room.services.past_readings.past("BTC", "1y")
    assert len(answer.readings) > 300
    assert threads
    assert threading.main_thread() not in threads


def test_thinned_keeps_the_newest_of_each_step():
    readings = [replace(DatedReading.of(BTC), time_ms=hour * HOUR) for hour in range(1000)]
    kept = thinned(readings, 100)
    assert len(kept) <= 100
    assert kept[-1] is readings[-1]
