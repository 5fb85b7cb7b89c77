"""The small nouns: sides, layers, positions, clusters in a row, what a source may say."""

import dataclasses
import itertools

import numpy as np
import pytest
from markets import long, seen, short, view_of

from liqbot.market.clusters import Cluster, Clusters
from liqbot.market.cohort import Cohort
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.positions import Positions
from liqbot.market.regime import Regime
from liqbot.market.side import BySide, Side


def test_a_side_knows_its_sign_its_row_and_its_opposite():
    assert (Side.LONG.sign, Side.SHORT.sign) == (1, -1)
    assert (Side.LONG.row, Side.SHORT.row) == (0, 1)
    assert (Side.LONG.other, Side.SHORT.other) == (Side.SHORT, Side.LONG)
    assert BySide(long=1, short=2)[Side.SHORT] == 2


def test_a_label_names_venue_and_basis_and_what_is_not_live():
    assert Layer("Hyperliquid", Basis.MEASURED).label == "Hyperliquid, measured"
    assert Layer("Binance", Basis.MODELLED, Origin.SIMULATED).label == "Binance, modelled, simulated"


def test_layers_that_differ_in_anything_differ_in_their_key():
    layers = itertools.product(["OKX", "Gate"], Basis, Origin)
    keys = [Layer(*layer).key for layer in layers]
    assert len(set(keys)) == len(keys)


def test_every_cohort_has_words():
    assert [cohort.words for cohort in Cohort] == ["unknown", "retail", "whales", "market makers"]


def test_columns_of_positions_must_be_of_one_length():
    with pytest.raises(ValueError, match="'size': 2"):
        Positions.of(size=[1, 2], entry=[1], liquidation=[1, 1])


def test_positions_can_be_picked_and_joined():
    some = Positions.of(size=[1, -2, 3], entry=[9, 9, 9], liquidation=[8, np.nan, 7])
    both = Positions.joined([some.take(some.is_long), Positions.empty(), some.take(np.array([1]))])
    assert both.size.tolist() == [1, 3, -2]
    assert both.account.tolist() == [0, 2, 1]
    assert both.is_long.tolist() == [True, True, False]


def cluster(name: str, usd: float, distance_pct: float = 1.0, side: Side = Side.SHORT) -> Cluster:
    return Cluster(name, side, 101.0, 100.5, 101.5, usd, 3, 0.5, distance_pct, 0)


def test_clusters_stand_the_heaviest_first():
    clusters = Clusters([cluster("a", 1), cluster("b", 3), cluster("c", 2)])
    assert [each.id for each in clusters] == ["b", "c", "a"]
    assert [each.id for each in clusters[:2]] == ["b", "c"]
    assert clusters[0].id == "b"
    assert len(clusters) == 3


def test_clusters_can_be_asked_by_distance_side_and_identity():
    near, far = cluster("a", 1, distance_pct=-2.0, side=Side.LONG), cluster("b", 2, distance_pct=2.1)
    below = cluster("c", 3, distance_pct=-2.1, side=Side.LONG)
    clusters = Clusters([near, far, below])
    assert list(clusters.within(2.0)) == [near]
    assert list(clusters.of(Side.SHORT)) == [far]
    assert clusters.get("b") is far
    assert clusters.get("z") is None


def test_clusters_are_equal_whatever_order_they_came_in():
    one, other = cluster("a", 1), cluster("b", 1)
    assert Clusters([one, other]) == Clusters([other, one])
    assert hash(Clusters([one, other])) == hash(Clusters([other, one]))
    assert Clusters([one]) != Clusters([other])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"size": np.ones(1)}, "differ in length", id="a column is too short"),
        pytest.param(
            {"account": np.array([0, 2])}, "`account` must lie in 0 to 1", id="an account is unnamed"
        ),
        pytest.param({"coin": np.array([0, -1])}, "`coin` must lie in 0 to 0", id="a place counts backwards"),
        pytest.param({"coin": np.zeros(2)}, "whole numbers, not float64", id="a place is not whole"),
    ],
)
def test_what_was_seen_of_accounts_must_hang_together(change, complaint):
    good = seen(long("ann", 1), short("bob", 1))
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(good, **change)


def test_a_view_reads_its_ratio_and_regime_off_its_fuel():
    rows = (long("ann", 1, at=96), short("bob", 3, at=104))
    view = view_of(*rows)
    assert view.ratio == 3.0
    assert view.regime is Regime.SHORT_SQUEEZE


def test_where_open_interest_is_known_each_side_is_scaled_by_its_own_coverage():
    view = view_of(long("ann", 2, at=96), short("bob", 6, at=104), open_interest=10.0)
    assert view.side_coverage == BySide(0.2, 0.6)
    assert view.coverage == 0.4
    assert view.fuel.weighed == BySide(long=1000.0, short=1000.0)
    assert (view.ratio, view.regime, view.lean) == (1.0, Regime.BALANCED, 0.0)
    assert (view.elsewhere.ratio, view.elsewhere.regime) == (view.ratio, view.regime)
    assert view.provenance.endswith("coverage 20% of longs, 60% of shorts · positions 0 s old")


@pytest.mark.parametrize(("longs", "regime"), [(0.9, Regime.NO_READING), (1.1, Regime.BALANCED)])
def test_where_little_of_either_side_is_known_there_is_no_reading(longs, regime):
    view = view_of(long("ann", longs, at=96), short("bob", 3, at=104), open_interest=10.0)
    assert (view.regime, view.ratio is None, view.lean is None) == (regime, longs < 1, longs < 1)


def test_more_than_all_cannot_be_known():
    view = view_of(long("ann", 20, at=96), short("bob", 5, at=104), open_interest=10.0)
    assert view.fuel.weighed == BySide(long=2000.0, short=1000.0)


def test_a_view_with_open_interest_knows_its_dollars():
    view = view_of(open_interest=10.0)
    assert view.open_interest_usd == 1000.0


def test_a_view_without_open_interest_knows_no_dollars_of_it():
    assert view_of().open_interest_usd is None


def test_a_view_is_not_changed_but_copied_with_a_grid():
    view = view_of(long("ann", 1, at=96))
    nothing = np.zeros(0)
    grid = Grid(
        bins=view.map.bins,
        time_ms=nothing.astype(np.int64),
        until_ms=nothing.astype(np.int64),
        spot=nothing,
        low=nothing,
        high=nothing,
        usd=np.zeros((0, view.map.bins.count), np.float32),
    )
    assert view.with_grid(grid).grid is grid
    assert len(grid) == 0
    assert view.grid is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        view.spot = 1.0
