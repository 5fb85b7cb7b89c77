"""The names of clusters stand clear of each other, each as near to its bars as can be."""

from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from charts.scenes import crowd, recorded
from hypothesis import assume, given
from hypothesis import strategies as st

from liqbot.charts import frame, labels
from liqbot.charts.labels import APART, MOST
from liqbot.charts.price_axis import fitted
from liqbot.charts.request import Look
from liqbot.charts.strip import Strip
from liqbot.market.clusters import Cluster, Clusters, worth_naming
from liqbot.market.side import Side


def strip_between(view, low, high) -> Strip:
    axis = fitted(low, high, 520, fine=(3, 2), coarse=(3,))
    measures = frame.of(Look())
    return Strip.of(view, axis, left=measures.panel, right=measures.words, bottom=measures.bottom)


def cluster_at(price: float, usd: float) -> Cluster:
    spot = crowd().spot
    side = Side.LONG if price < spot else Side.SHORT
    distance = (price / spot - 1) * 100
    return Cluster(f"BTC-{price}", side, price, price * 0.999, price * 1.001, usd, 3, 0.5, distance, 0)


prices = st.floats(40_000, 90_000)
clusters = st.lists(st.builds(cluster_at, prices, st.floats(1, 1e9)), max_size=12, unique_by=lambda it: it.id)


@given(clusters, st.floats(41_000, 61_000), st.floats(63_000, 89_000))
def test_labels_never_cover_each_other_or_the_names_of_the_sides(found, low, high):
    view = replace(crowd(), clusters=Clusters(found))
    strip = strip_between(view, low, high)
    placed = labels.placed(view, strip)
    boxes = [label.box(1000, 1180) for label in placed]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for label, box in zip(placed, boxes, strict=True):
        assert strip.top <= box.top
        assert box.bottom <= strip.bottom
        if label.cluster.side is Side.SHORT:
            assert box.bottom <= strip.spot_y - 28
        else:
            assert box.top >= strip.spot_y + 28


@given(clusters)
def test_the_nearest_that_matters_the_heaviest_in_sight_and_what_else_is_worth_naming_are_named(found):
    view = replace(crowd(), clusters=Clusters(found))
    strip = strip_between(view, 45_000, 85_000)
    for side in Side:
        named = [label.cluster for label in labels.placed(view, strip) if label.cluster.side is side]
        in_sight = [cluster for cluster in view.clusters.of(side) if strip.axis.holds(cluster.price)]
        nearest = labels.nearest_heavy(view, side)
        assert nearest is None or nearest in named
        heaviest = max(in_sight, key=lambda cluster: cluster.usd, default=None)
        assert heaviest is None or len(named) < 2 or heaviest in named
        others = [cluster for cluster in worth_naming(in_sight) if cluster not in (nearest, heaviest)]
        assert {it.id for it in named if it not in (nearest, heaviest)} <= {it.id for it in others[:MOST]}
        assert len(named) <= MOST


@given(clusters.filter(bool), st.data())
def test_the_cluster_that_a_picture_is_about_is_named_wherever_it_is(found, data):
    view = replace(crowd(), clusters=Clusters(found))
    about = data.draw(st.sampled_from(found))
    strip = strip_between(view, 55_000, 70_000)
    (label,) = [it for it in labels.placed(view, strip, about.id) if it.is_highlighted]
    assert label.cluster == about


def test_a_heavy_cluster_beyond_the_strip_stands_at_its_end():
    view = replace(crowd(), clusters=Clusters([cluster_at(75_000, 1e6)]))
    strip = strip_between(view, 60_000, 65_000)
    (label,) = labels.placed(view, strip)
    assert label.middle < strip.top + 70
    assert labels._places(strip, label.cluster)[0].startswith("↑")


def test_a_small_cluster_beside_spot_is_not_the_one_that_matters():
    near, heavy = cluster_at(62_500, 1e4), cluster_at(65_000, 1e6)
    view = replace(crowd(), clusters=Clusters([near, heavy]))
    assert labels.nearest_heavy(view, Side.SHORT) == heavy
    assert labels.nearest_heavy(view, Side.LONG) is None


@pytest.mark.parametrize("coin", ["BTC", "ETH"])
def test_labels_of_the_recorded_market_keep_their_distance(coin):
    view = recorded(coin)
    placed = labels.placed(view, strip_between(view, view.spot * 0.7, view.spot * 1.4))
    assert len(placed) >= 4
    assert all(after.middle - before.middle >= APART - 1e-6 for before, after in pairwise(placed))


def test_a_label_with_room_is_beside_its_peak():
    view = replace(crowd(), clusters=Clusters([cluster_at(55_000, 1e6)]))
    strip = strip_between(view, 50_000, 75_000)
    (label,) = labels.placed(view, strip)
    assert label.middle == pytest.approx(strip.y(55_000))


def test_two_that_would_collide_share_the_way():
    assert labels.spread([100, 110], 50, 0, 300) == [80, 130]


def test_a_crowd_at_the_edge_stays_inside():
    assert labels.spread([290, 295, 300], 50, 0, 300) == [200, 250, 300]
    assert labels.spread([0, 5, 8], 50, 10, 300) == [10, 60, 110]


@given(st.lists(st.floats(0, 500), max_size=8).map(sorted), st.floats(1, 60))
def test_places_are_apart_and_in_order(wanted, apart):
    assume(len(wanted) * apart <= 500)
    places = labels.spread(wanted, apart, 0, 500)
    assert all(after - before >= apart - 1e-6 for before, after in pairwise(places))
    assert all(-1e-6 <= place <= 500 + 1e-6 for place in places)


@given(st.lists(st.floats(100, 400), max_size=5).map(sorted))
def test_places_with_room_do_not_move(wanted):
    assume(all(after - before >= 20 for before, after in pairwise(wanted)))
    assert labels.spread(wanted, 20, 0, 500) == pytest.approx(wanted)
