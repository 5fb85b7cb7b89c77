"""The picture of an alert shows what the alert is about: on recorded days, for each of their alerts."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import crowd, grid_of, heatmap_of, looked_at
from shared import shared_file

from liqbot.builtin import RULES
from liqbot.builtin.near_cluster import near_cluster
from liqbot.charts import heatmap, labels
from liqbot.charts.canvas import Box
from liqbot.charts.request import HeatmapInput, Look, Shape, Zoom
from liqbot.charts.theme import DARK
from liqbot.engine.board import Board
from liqbot.market import figures
from liqbot.market.clusters import Clusters, End, EndedCluster
from liqbot.market.updates import Beat
from liqbot.service.pictures import cluster_of
from liqbot.sources.replay.player import RECORDED_LAYER, Replay

COINS = ("BTC", "ETH", "SOL", "HYPE")
SNAPSHOTS = 30
DAY_MS = 86_400_000


def past(views):
    """Return the day up to the newest of `views`, as a grid."""
    day = [view for view in views if view.time_ms > views[-1].time_ms - DAY_MS]
    return grid_of(
        [(view.map.bins, view.map.total) for view in day],
        [view.time_ms for view in day],
        [view.spot for view in day],
        low=[view.low for view in day],
        high=[view.high for view in day],
    )


@pytest.fixture(scope="module")
def alerts():
    """Return the view, its past and the cluster of every hit of a rule about clusters, in the first days.

    All of the recording, through the whole bot, is a matter of `make long`.
    """
    return asyncio.run(replayed(COINS, SNAPSHOTS))


DEFAULTS = [(rule, rule.form.defaults()) for rule in RULES]
MANY = {"within": "20%", "at_least": "100k", "size": "0%", "single": "1"}
"""What makes near-cluster tell of small coins, too."""


async def replayed(coins, snapshots, asked=DEFAULTS):
    """Return the hits about clusters in so many snapshots; without `coins` of all that were recorded."""
    board, views, found, beats = Board(RECORDED_LAYER), {}, [], 0
    source = Replay(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz"))
    async for update in source.updates():
        board.apply(update)
        if not isinstance(update, Beat):
            continue
        if beats == snapshots:
            break
        beats += 1
        for coin in coins or board.coins:
            if coin not in board.coins:
                continue
            view = board.view(coin)
            own = views.setdefault(coin, [])
            own[:] = [one for one in own if one.time_ms > view.time_ms - DAY_MS] + [view]
            for rule, values in asked:
                hits = rule.read(view, values).hits
                keys = {cluster_of(view, hit) for hit in hits} - {None}
                found += [(view, past(own), key) for key in sorted(keys)]
    return found


def asked_for(view, grid, key, **more) -> HeatmapInput:
    return HeatmapInput(view=view, grid=grid, window="24h", highlight=key, **more)


@pytest.mark.parametrize("shape", Shape)
def test_its_cluster_is_inside_the_picture_highlighted_and_labelled(alerts, shape):
    assert len(alerts) > 12
    assert_shown(alerts, shape)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_so_is_that_of_every_hit_of_every_rule_of_every_coin_of_the_whole_recording():
    loose = near_cluster, near_cluster.form.parse(MANY)
    found = asyncio.run(replayed((), None, [*DEFAULTS, loose]))
    assert len({view.coin for view, _, _ in found}) > 20
    assert len(found) > 1_000
    for shape in Shape:
        assert_shown(found, shape)


def assert_shown(alerts, shape):
    for view, grid, key in alerts:
        cluster = labels.highlighted(view, key)
        plan = heatmap.layout(asked_for(view, grid, key, look=Look(shape=shape)))
        axis, place = plan.place.prices, plan.place
        assert axis.low <= cluster.low <= cluster.high <= axis.high
        (label,) = [it for it in plan.labels if it.is_highlighted]
        assert label.cluster == cluster
        panel = Box(plan.frame.panel, place.top, plan.frame.right, place.bottom)
        assert panel.holds(label.box(plan.frame.words, plan.frame.right - 2))
        top, bottom = heatmap._band_edges(plan, cluster)
        assert place.top <= top < bottom <= place.bottom
        assert top <= place.bottom - axis.at(cluster.price) <= bottom


def test_one_of_each_coin_is_drawn_so(alerts):
    newest = {view.coin: (view, grid, key) for view, grid, key in alerts}
    for view, grid, key in newest.values():
        cluster, asked = view.clusters.get(key), asked_for(view, grid, key)
        picture, plan = heatmap.draw(asked), heatmap.layout(asked)
        named = f"About {figures.usd(cluster.usd)} of {cluster.side.value}s at {figures.price(cluster.price)}"
        assert named in picture.alt
        pixels, hue = looked_at(picture), DARK.hue[cluster.side]
        (label,) = [it for it in plan.labels if it.is_highlighted]
        box = label.box(plan.frame.words, plan.frame.right - 2)
        chip = pixels[round(box.top) + 2 : round(box.bottom) - 2, plan.frame.words : plan.frame.right - 4]
        assert (chip == hue).all(axis=-1).mean() > 0.5
        top, bottom = heatmap._band_edges(plan, cluster)
        for y in (top, bottom):
            edge = pixels[y - 1 : y + 2, plan.place.left : plan.place.right]
            assert (edge == DARK.text).all(axis=-1).any(axis=0).mean() > 0.3


def test_without_anything_particular_the_nearest_heavy_cluster_of_each_side_is_in_the_picture(alerts):
    for view, grid, _ in alerts:
        plan = heatmap.layout(HeatmapInput(view=view, grid=grid, window="24h"))
        named = {label.cluster.id for label in plan.labels}
        for nearest in (labels.nearest_heavy(view, side) for side in type(view.clusters[0].side)):
            if nearest is not None:
                assert nearest.id in named
                if abs(nearest.distance_pct) < 25:
                    assert plan.place.prices.holds(nearest.price)


def test_a_cluster_that_was_just_swept_is_shown_too():
    view = crowd()
    gone = replace(view.clusters.within(10)[0], id="BTC-gone")
    ended = replace(view, ended=(EndedCluster(gone, End.SWEPT, view.time_ms),))
    (label,) = [it for it in heatmap.layout(heatmap_of(ended, highlight=gone.id)).labels if it.is_highlighted]
    assert label.cluster == gone


def test_an_identity_that_is_unknown_highlights_nothing():
    plan = heatmap.layout(heatmap_of(crowd(), highlight="BTC-nobody"))
    assert plan.about is None
    assert not any(label.is_highlighted for label in plan.labels)


@pytest.mark.parametrize(("zoom", "low", "high"), [(Zoom.NEAR, 4.9, 7), (Zoom.WIDE, 19, 28)])
def test_a_zoom_shows_as_much_to_each_side(zoom, low, high):
    view = crowd()
    axis = heatmap.layout(heatmap_of(view, zoom=zoom)).place.prices
    for edge in (axis.low, axis.high):
        assert low < abs(edge / view.spot - 1) * 100 < high


def test_all_shows_more_than_what_is_near():
    view = crowd()
    near, everything = (
        heatmap.layout(heatmap_of(view, zoom=zoom)).place.prices for zoom in (Zoom.AUTO, Zoom.ALL)
    )
    assert everything.high / everything.low > near.high / near.low


def test_the_range_is_what_price_did_and_the_nearest_heavy_clusters_and_no_more():
    view = replace(crowd(), clusters=Clusters(list(crowd().clusters.within(10))))
    plan = heatmap.layout(heatmap_of(view))
    axis, grid = plan.place.prices, view.grid
    seen = [grid.low.min(), grid.high.max(), 0.95 * view.spot, 1.05 * view.spot]
    for side in type(view.clusters[0].side):
        nearest = labels.nearest_heavy(view, side)
        seen += [nearest.low, nearest.high] if nearest is not None else []
    assert axis.low <= min(seen)
    assert axis.high >= max(seen)
    assert np.log(axis.high / axis.low) < 1.25 * np.log(max(seen) / min(seen)) + 0.02
