"""The modelled map against the truth: tried on what is stored, written down, and told in /status."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from chat.stand_ins import Room
from databases import faster
from markets import HOUR, long, short, view_of

from liqbot.market.events import LiquidationSeen
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.maps import BIN_WIDTH, Bins, absolute_bin
from liqbot.market.side import Side
from liqbot.operations.simulated_day import simulated_day
from liqbot.service.model_scores import ModelScores
from liqbot.store.scores import ModelScore

EXCHANGE = Layer("Examplex", Basis.MODELLED, Origin.LIVE)


@pytest.fixture
async def room(store):
    return Room(faster(store))


@pytest.mark.long
async def test_the_model_is_tried_on_known_positions_and_told_in_status(room):
    day = [view for view in simulated_day(0) if view.coin == "BTC"]
    views = [replace(view, time_ms=view.time_ms + back * 24 * HOUR) for back in range(3) for view in day]
    for view in views:
        await room.store.history.record([view])
    scores = ModelScores(room.store, room.services.markets, lambda: views[-1].time_ms)
    room.services.markets.layers.keep([views[-1]], {})
    assert await scores.try_all() == 1
    [score] = await scores.newest()
    assert (score.coin, score.label) == ("BTC", views[-1].layer.label)
    assert score.maps > 0
    assert score.rank is not None
    assert score.rank[1] <= score.rank[0] <= score.rank[2]
    assert f"BTC modelled, against {score.label}: rank {score.rank[0]:.2f}" in await room.text("/status")


async def test_too_short_a_past_is_no_score(room):
    view = next(view for view in simulated_day(0) if view.coin == "BTC")
    await room.store.history.record([view])
    room.services.markets.layers.keep([view], {})
    assert await ModelScores(room.store, room.services.markets, lambda: 0).try_all() == 0


async def test_a_day_has_one_score_of_a_coin_and_layer(room):
    view = next(view for view in simulated_day(0) if view.coin == "BTC")
    score = ModelScore(
        coin="BTC", label="x", time_ms=5 * HOUR, maps=4, days=2, rank=(0.5, 0.4, 0.6), size=None, bits=None
    )
    await room.store.scores.record(view.layer, score)
    later = replace(score, time_ms=9 * HOUR, maps=6)
    await room.store.scores.record(view.layer, later)
    assert await room.store.scores.newest() == [later]


DAYS = 5


def modelled(time_ms, spot):
    """Return a view of a modelled layer: something at every seventh bin."""
    view = view_of(long("ann", 2, at=90), short("bob", 1, at=110), spot=spot, open_interest=500.0)
    bins = Bins(absolute_bin(80.0), absolute_bin(125.0) - absolute_bin(80.0))
    held = np.where(np.arange(bins.first, bins.first + bins.count) % 7 == 0, 50.0, 0.0)
    usd = np.zeros((2, 4, bins.count))
    usd[0, 0], usd[1, 0] = held * (bins.centers < spot), held * (bins.centers > spot)
    found = replace(view.map, bins=bins, usd=usd, spot=spot)
    return replace(view, layer=EXCHANGE, time_ms=time_ms, map=found)


async def lived(room, places, days=DAYS):
    """Live days in which price swings, and what it comes to is liquidated where `places` says so."""
    views = [
        modelled(at, 100 * math.exp(0.03 * math.sin(at / HOUR / 3) + 0.01 * math.sin(at / HOUR / 11)))
        for at in range(0, days * 24 * HOUR, HOUR)
    ]
    events = []
    for before, view in pairwise(views):
        await room.store.history.record([view])
        first, last = sorted((absolute_bin(before.spot), absolute_bin(view.spot)))
        side = Side.LONG if view.spot < before.spot else Side.SHORT
        events += [
            LiquidationSeen(coin=view.coin, layer=EXCHANGE, time_ms=view.time_ms, side=side, usd=6e5,
                            price=float(np.exp((place + 0.5) * BIN_WIDTH)), sampled=True)
            for place in range(first, last + 1) if places(place)
        ]  # fmt: skip
    await room.store.events.record(events)
    room.services.markets.layers.keep([views[-1]], {})
    return ModelScores(room.store, room.services.markets, lambda: views[-1].time_ms)


async def test_a_modelled_layer_is_scored_by_what_its_exchange_liquidates(room):
    scores = await lived(room, lambda place: place % 7 == 0)
    assert await scores.try_all() == 1
    [score] = await scores.newest()
    assert (score.label, score.maps, score.rank) == (EXCHANGE.label, 0, None)
    assert score.forecasts > 4
    assert score.bits is not None
    assert score.bits[1] > 1
    assert score.ranked is not None
    assert score.ranked[1] > 0.8
    assert f"BTC of {EXCHANGE.label}, by its liquidations: bits over distance only" in await room.text(
        "/status"
    )


async def test_a_modelled_layer_that_says_nothing_of_liquidations_gains_nothing(room):
    random = np.random.default_rng(1)
    scores = await lived(room, lambda _place: random.random() < 1 / 7)
    assert await scores.try_all() == 1
    [score] = await scores.newest()
    assert score.bits is not None
    assert score.bits[1] <= 0.05
    assert score.ranked is not None
    assert score.ranked[1] < 0.6


async def test_where_an_exchange_tells_no_liquidations_a_modelled_layer_has_no_score(room):
    assert await (await lived(room, lambda _place: False, days=1)).try_all() == 0
