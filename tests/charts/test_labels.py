"""The names of clusters stand clear of each other, each as near to its bars as can be."""

from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from charts.scenes import crowd, recorded
from hypothesis import assume, given
from hypothesis import strategies as st

from liqbot.charts import labels, panel
from liqbot.charts.frame import BOTTOM
from liqbot.charts.labels import APART, MOST
from liqbot.charts.price_axis import fitted
from liqbot.charts.strip import Strip
from liqbot.market.clusters import Cluster, Clusters
from liqbot.market.side import Side


def strip_between(view, low, high) -> Strip:
    axis = fitted(low, high, 520, fine=(3, 2), coarse=(3,))
    return Strip.of(view, axis, left=panel.LEFT, right=panel.LEFT + 84, bottom=BOTTOM)


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
    boxes = [label.box(1000) for label in placed]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for label, box in zip(placed, boxes, strict=True):
        assert strip.top <= box.top
        assert box.bottom <= strip.bottom
        if label.cluster.side is Side.SHORT:
            assert box.bottom <= strip.spot_y - 30
        else:
            assert box.top >= strip.spot_y + 30


@given(clusters)
def test_the_heaviest_in_sight_are_named_and_at_most_three_a_side(found):
    view = replace(crowd(), clusters=Clusters(found))
    strip = strip_between(view, 45_000, 85_000)
    for side in Side:
        named = [label.cluster for label in labels.placed(view, strip) if label.cluster.side is side]
        in_sight = [cluster for cluster in view.clusters.of(side) if strip.axis.holds(cluster.price)]
        assert {cluster.id for cluster in named} == {cluster.id for cluster in in_sight[:MOST]}


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
