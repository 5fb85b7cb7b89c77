"""What is handed to the charts: all that the bot knows of a market, as its stores and its sources tell it."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from markets import long, short, view_of
from modelled import DAY, backfill, history

from liqbot.charts.request import EventKind, Zoom
from liqbot.charts.studio import Studio
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.candles import Candles
from liqbot.market.clusters import End
from liqbot.market.events import ClusterEnded, LiquidationSeen, LiquidationSum
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side
from liqbot.market.updates import CandlesSeen
from liqbot.rules.plugin_loading import Rules
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.service.picture_query import PictureQuery
from liqbot.service.services import Services

MINUTE = 60_000
STEP = 5 * MINUTE
MANY = 40
BASE = view_of(
    long("ann", 200_000, at=97), short("cid", 150_000, at=104), spot=100, open_interest=1_000_000.0
)
START = 1_000 * STEP


def view_at(number):
    """Return the view of step `number`; the interest grows by 1% of the first a step."""
    interest = None if number < 4 else 1_000_000 * (1 + number / 100)
    return replace(BASE, time_ms=START + number * STEP, open_interest=interest)


NOW = view_at(MANY)


@pytest.fixture
async def services(store):
    """Return the services of a bot that has watched for three hours and twenty minutes."""
    for number in range(MANY):
        await store.history.record([view_at(number)])
    with Studio() as studio:
        services = Services(store, Rules(), studio, lambda: NOW.time_ms)
        services.markets.views["BTC"] = NOW
        services.markets.layers.keep([NOW], {})
        yield services


async def handed_over(services, window="12h", query=None, **more):
    """Return what the charts are given."""
    query = query or PictureQuery()
    given, draw = [], services.pictures.studio.heatmap

    async def heatmap(asked):
        given.append(asked)
        return await draw(asked)

    services.pictures.studio.heatmap = heatmap
    seen = services.markets.seen("BTC", query.layer)
    await services.pictures.heatmap_of(seen, window, query=query, **more)
    services.pictures.studio.heatmap = draw
    return given[0]


async def test_what_happened_is_taken_from_the_event_log(services):
    (cluster, *_) = NOW.clusters
    about = {"coin": "BTC", "layer": NOW.layer, "time_ms": NOW.time_ms - MINUTE}
    await services.history._log.record(
        [
            ClusterEnded(**about, cluster=cluster, end=End.SWEPT),
            LiquidationSeen(**about, side=Side.SHORT, price=101.0, usd=2e5, sampled=False),
            LiquidationSum(**about, side=Side.SHORT, usd=2e5, count=1, sampled=False),
        ]
    )
    shown = (await handed_over(services)).events
    assert {(event.kind, event.usd) for event in shown} == {
        (EventKind.SWEPT, cluster.usd),
        (EventKind.LIQUIDATION, 2e5),
    }


async def test_what_happened_before_the_window_or_on_another_layer_is_not(services):
    layer = Layer("Elsewhere", NOW.layer.basis)
    seen = {"coin": "BTC", "side": Side.LONG, "price": 99.0, "usd": 3e5, "sampled": False}
    await services.history._log.record(
        [
            LiquidationSeen(**seen, layer=NOW.layer, time_ms=NOW.time_ms - 13 * 12 * STEP),
            LiquidationSeen(**seen, layer=layer, time_ms=NOW.time_ms - MINUTE),
        ]
    )
    assert (await handed_over(services)).events == ()


async def test_open_interest_is_kept_beside_each_map_and_outlives_a_restart(services):
    grid = (await handed_over(services)).grid
    assert np.isnan(grid.open_interest[:4]).all()
    assert grid.open_interest[4:] == pytest.approx(
        [100 * 1_000_000 * (1 + number / 100) for number in range(4, MANY + 1)]
    )


async def test_where_no_open_interest_is_known_there_is_none(services):
    services.markets.views["BTC"] = replace(view_at(3), time_ms=view_at(2).time_ms + 1)
    assert (await handed_over(services)).grid.open_interest is None


def candles(begin_ms, price=100.0, volume=5.0):
    one = np.full(len(begin_ms), price)
    return Candles.of(MINUTE, begin_ms, open=one, high=one, low=one, close=one, volume=one * volume)


async def test_a_venues_candles_are_handed_over_as_its_source_tells_them(services):
    begin = NOW.time_ms - np.arange(200, 0, -1) * MINUTE
    for piece in (begin[:120], begin[100:150], begin[150:]):  # a source may repeat itself
        services.pictures.traded.take(NOW.layer, CandlesSeen("BTC", candles(piece)))
    shown = (await handed_over(services)).candles
    assert shown.begin_ms.tolist() == begin.tolist()


async def test_candles_of_another_venue_are_not(services):
    other = Layer("Elsewhere", NOW.layer.basis)
    services.pictures.traded.take(other, CandlesSeen("BTC", candles([NOW.time_ms - MINUTE])))
    assert (await handed_over(services)).candles is None


async def test_of_candles_a_week_is_kept(services):
    begin = np.arange(9 * 24 * 60) * MINUTE
    for piece in np.array_split(begin, 600):
        services.pictures.traded.take(NOW.layer, CandlesSeen("BTC", candles(piece)))
    shown = services.pictures.traded.of(NOW.layer, "BTC")
    assert len(shown) <= 7 * 24 * 60
    assert shown.begin_ms[-1] == begin[-1]


def modelled(services):
    """Let the market have a modelled layer too."""
    board = ModelledBoard(Layer("Binance", Basis.MODELLED))
    board.apply_all(backfill(*history(DAY)))
    services.markets.layers.keep([board.view("BTC")], {"BTC": board.snapshot("BTC")})


async def test_another_layer_is_handed_over_with_its_own_past(services):
    modelled(services)
    asked = await handed_over(services, query=PictureQuery.of({"beside": "binance", "zoom": "20%"}))
    assert asked.second.view.layer.label == "Binance, modelled"
    assert len(asked.second.grid) > 2
    assert asked.zoom is Zoom.WIDE
    assert asked.view.layer == NOW.layer


async def test_a_layer_beside_itself_is_none(services):
    assert (await handed_over(services, query=PictureQuery.of({"beside": "measured"}))).second is None


async def test_another_layer_that_there_is_not_is_refused(services):
    with pytest.raises(UserError, match="'krakn' has no BTC here"):
        await services.pictures.heatmap("BTC", "12h", PictureQuery.of({"beside": "krakn"}))


async def test_a_modelled_layers_past_knows_its_open_interest(services):
    modelled(services)
    asked = await handed_over(services, query=PictureQuery(LayerQuery("binance")))
    assert np.isfinite(asked.grid.open_interest).all()


async def test_all_of_it_becomes_a_picture(services):
    picture = await services.pictures.heatmap("BTC", "12h")
    assert picture.png.startswith(b"\x89PNG")
    assert "3 hours of 12 hours" in picture.alt


async def test_the_past_is_read_once_for_all_who_ask_the_same_of_a_view(services, store, monkeypatch):
    read, grid = [], store.history.grid

    async def counted(view, span_ms):
        read.append(view)
        return await grid(view, span_ms)

    monkeypatch.setattr(store.history, "grid", counted)
    asked = [services.pictures.heatmap("BTC", "12h") for _ in range(8)]
    first, *others = await asyncio.gather(*asked)
    assert all(other is first for other in others)
    assert await services.pictures.heatmap("BTC", "12h") is first
    assert len(read) == 1
    await services.pictures.heatmap("BTC", "24h")
    assert len(read) == 2, "another question"
    newer = view_at(MANY + 1)
    services.markets.views["BTC"] = newer
    services.markets.layers.keep([newer], {})
    assert await services.pictures.heatmap("BTC", "12h") is not first
    assert read[-1] is newer
