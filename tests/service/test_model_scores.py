"""The modelled map against the truth: tried on what is stored, written down, and told in /status."""

from dataclasses import replace

import pytest
from chat.stand_ins import Room
from markets import HOUR

from liqbot.operations.simulated_day import simulated_day
from liqbot.service.model_scores import ModelScores
from liqbot.store.scores import ModelScore
from liqbot.store.sqlite.store import SqliteStore


@pytest.fixture
async def room(tmp_path):
    store = SqliteStore(tmp_path / "liqbot.db")
    store._db.execute("PRAGMA synchronous = OFF")
    yield Room(store)
    await store.close()


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
