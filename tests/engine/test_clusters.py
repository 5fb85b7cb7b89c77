import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.engine.clusters import MOST_BEYOND, WITHIN, Found, find_clusters
from liqbot.engine.measured import Levels
from liqbot.market.cohort import Cohort
from liqbot.market.maps import Bins
from liqbot.market.positions import Positions
from liqbot.market.side import Side

SPOT = 100.0


def levels_of(size, level, cohort=None) -> Levels:
    size = np.asarray(size, dtype=np.float64)
    positions = Positions.of(size=size, entry=np.full(len(size), SPOT), liquidation=level)
    return Levels(
        positions, np.full(len(size), Cohort.RETAIL) if cohort is None else np.asarray(cohort, np.int8)
    )


def clusters_of(levels: Levels, spot: float = SPOT) -> list[Found]:
    return find_clusters(levels.map(spot), levels)


def outstanding(levels: Levels, spot: float = SPOT) -> list[Found]:
    return [found for found in clusters_of(levels, spot) if found.stands_out]


@st.composite
def markets(draw) -> Levels:
    """Return levels in lumps and strewn about, on both sides of spot and on the wrong side of it too."""
    centers = draw(st.lists(st.floats(0.5, 2.0), max_size=5))
    size, level, cohort = [], [], []
    for center in [*centers, None]:
        for _ in range(draw(st.integers(1, 8))):
            move = draw(st.floats(-0.004, 0.004)) if center else draw(st.floats(-0.6, 0.6))
            coins = draw(st.floats(0.1, 1000.0))
            at = SPOT * (center or 1.0) * math.exp(move)
            usual = 1 if at < SPOT else -1
            size.append(coins * usual * draw(st.sampled_from([1, 1, 1, -1])))
            level.append(at)
            cohort.append(draw(st.sampled_from([Cohort.RETAIL, Cohort.WHALE, Cohort.MARKET_MAKER])))
    return levels_of(size, level, cohort)


@given(markets())
def test_a_cluster_never_straddles_spot(levels):
    for found in clusters_of(levels):
        assert found.high < SPOT if found.side is Side.LONG else found.low > SPOT


@given(markets())
def test_a_clusters_dollars_accounts_and_whales_are_those_of_its_range_and_side(levels):
    positions = levels.positions
    for found in clusters_of(levels):
        inside = (positions.liquidation >= found.low) & (positions.liquidation <= found.high)
        inside &= positions.is_long == (found.side is Side.LONG)
        coins = np.abs(positions.size)
        assert sorted(found.account) == sorted(positions.account[inside])
        assert found.usd == pytest.approx(coins[inside].sum() * SPOT)
        whales = coins[inside & (levels.cohort == Cohort.WHALE)].sum()
        assert found.whale_share == pytest.approx(whales / coins[inside].sum())


@given(markets())
def test_a_clusters_ends_and_peak_are_real_levels_and_the_peak_lies_between(levels):
    for found in clusters_of(levels):
        assert found.low <= found.price <= found.high
        assert {found.low, found.price, found.high} <= set(levels.positions.liquidation)


EDGES = Bins.around(SPOT).edges[1000:1060]
crowded = st.lists(
    st.tuples(st.sampled_from(EDGES.tolist()), st.sampled_from([1.0, 3.0, 30.0])), min_size=5, max_size=60
).map(lambda rows: levels_of([coins for _, coins in rows], [level for level, _ in rows]))
"""Levels on the very edges of bins, so close together that clusters touch."""


@settings(max_examples=300)
@given(crowded)
@example(levels_of([10, 100, 1, 3, 10, 3, 30], EDGES[[1, 9, 12, 13, 15, 17, 18]]))
def test_clusters_that_touch_share_no_level(levels):
    accounts = [account for found in clusters_of(levels) for account in found.account]
    assert len(accounts) == len(set(accounts))


@given(markets())
def test_clusters_of_a_side_have_nothing_in_common(levels):
    for side in Side:
        ranges = sorted((found.low, found.high) for found in clusters_of(levels) if found.side is side)
        assert all(one[1] < other[0] for one, other in pairwise(ranges))


@given(markets())
def test_of_each_side_those_that_stand_out_come_first_and_the_heaviest_of_them_first(levels):
    found = clusters_of(levels)
    for side in Side:
        order = [(not each.stands_out, -each.usd) for each in found if each.side is side]
        assert order == sorted(order)


@given(markets())
def test_the_heaviest_place_of_a_side_is_always_in_a_cluster(levels):
    liquidation_map = levels.map(SPOT)
    for side in Side:
        usd = liquidation_map.of(side)
        if usd.any():
            assert any(found.side is side for found in outstanding(levels))


@given(markets(), st.sampled_from([0.5, 2.0, 1024.0]))
def test_clusters_do_not_depend_on_the_size_of_the_market(levels, factor):
    positions = levels.positions
    larger = Levels(
        Positions.of(
            size=positions.size * factor,
            entry=positions.entry,
            liquidation=positions.liquidation,
            account=positions.account,
        ),
        levels.cohort,
    )
    before, after = clusters_of(levels), clusters_of(larger)
    assert [(each.side, each.low, each.price, each.high) for each in before] == [
        (each.side, each.low, each.price, each.high) for each in after
    ]
    assert [each.usd for each in after] == pytest.approx([each.usd * factor for each in before])


lumps = st.lists(st.integers(2, 14), min_size=1, max_size=4, unique=True)


@given(lumps, st.integers(0, 2**32 - 1))
def test_a_mirrored_market_has_mirrored_clusters(places, seed):
    """Bins are anchored to 1 USD and not to spot, so a mirrored level may fall a bin beside."""
    chance = np.random.default_rng(seed)
    center = SPOT * np.exp(-0.04 * np.repeat(places, 10))
    level = center * np.exp(chance.normal(0, 0.0005, len(center)))
    size = chance.uniform(1.0, 2.0, len(center))
    below, above = outstanding(levels_of(size, level)), outstanding(levels_of(-size, SPOT**2 / level))
    below.sort(key=lambda found: found.price)
    above.sort(key=lambda found: -found.price)
    assert len(below) == len(above) == len(places)
    for found, mirrored in zip(below, above, strict=True):
        assert found.side is Side.LONG
        assert mirrored.side is Side.SHORT
        assert mirrored.price == pytest.approx(SPOT**2 / found.price, rel=0.002)
        assert mirrored.usd == pytest.approx(found.usd)


@pytest.mark.parametrize("level", [99.999, 95.0, 40.0, 37.5])
def test_a_lone_level_is_a_cluster(level):
    (found,) = clusters_of(levels_of([3.0], [level]))
    assert (found.low, found.price, found.high) == (level, level, level)
    assert found.usd == 3 * SPOT


def test_levels_of_one_price_are_one_cluster_of_several_accounts():
    (cluster,) = view_of(long("a", 1, at=95), long("b", 2, at=95), long("c", 3, at=95)).clusters
    assert cluster.accounts == 3
    assert cluster.usd == 600
    assert cluster.distance_pct == pytest.approx(-5)


def test_two_walls_with_nothing_between_are_two_clusters():
    found = clusters_of(levels_of([1.0, 1.0], [95.0, 90.0]))
    assert sorted(each.price for each in found) == [90.0, 95.0]


def test_a_wall_stands_out_of_strewn_levels():
    strewn = np.linspace(80, 98, 300)
    # Far away is so much that each of them is light for its side.
    found = outstanding(levels_of([*np.ones(300), 50.0, 5000.0], [*strewn, 91.0, 40.0]))
    found = [each for each in found if each.price > 60]
    assert len(found) == 1
    assert found[0].price == 91.0
    assert found[0].high - found[0].low < 1.5


def test_both_sides_at_the_same_distance_are_two_clusters():
    clusters = view_of(long("a", 1, at=99.95), short("b", 1, at=100.05)).clusters
    assert {(cluster.side, cluster.price) for cluster in clusters} == {
        (Side.LONG, 99.95),
        (Side.SHORT, 100.05),
    }


def test_levels_that_price_has_passed_are_in_no_cluster():
    assert not view_of(long("a", 1, at=101), short("b", 1, at=99)).clusters


def test_a_market_without_levels_has_no_clusters():
    assert not view_of().clusters
    assert not view_of(long("a", 1, at=None)).clusters


@pytest.mark.parametrize("seed", range(5))
def test_flat_noise_gives_hardly_any_clusters(seed):
    chance = np.random.default_rng(seed)
    level = SPOT * np.exp(-chance.uniform(0.0, 0.5, 5000))
    assert len(outstanding(levels_of(chance.uniform(0.5, 1.5, 5000), level))) <= 1


def test_the_peak_is_the_wall_and_not_what_stands_beside_it():
    (found,) = clusters_of(levels_of([1.0, 50.0, 1.0], [90.96, 91.0, 91.04]))
    assert (found.low, found.price, found.high) == (90.96, 91.0, 91.04)


def test_near_spot_all_that_stand_out_are_found_and_beyond_only_the_heaviest():
    level = SPOT * np.exp(-0.02 * np.arange(1, 50))
    found = outstanding(levels_of(np.linspace(10.0, 12.0, 49), level))
    near = [one for one in found if math.log(SPOT / one.price) <= WITHIN]
    assert len(near) == sum(-math.log(price / SPOT) <= WITHIN for price in level)
    assert len(found) - len(near) == MOST_BEYOND
