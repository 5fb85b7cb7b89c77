import bisect
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.engine.level_table import LevelTable
from liqbot.engine.measured import ABSURD, Levels
from liqbot.market.cohort import Cohort
from liqbot.market.maps import Bins
from liqbot.market.positions import Positions
from liqbot.market.side import Side

SPOT = 100.0
EDGES = Bins.around(SPOT).edges
ONE_BIN = EDGES[Bins.around(SPOT).place(SPOT) :][:2]
"""The edges of the bin that holds spot."""

special = st.sampled_from(
    [
        math.nan,
        SPOT,
        np.nextafter(SPOT, 0),
        np.nextafter(SPOT, 200),
        0.95 * SPOT,
        1.05 * SPOT,
        np.nextafter(0.95 * SPOT, 0),
        np.nextafter(1.05 * SPOT, 200),
        *ONE_BIN,
        EDGES[0],
        EDGES[-1],
        np.nextafter(EDGES[0], 0),
        np.nextafter(EDGES[-1], 0),
        ABSURD * SPOT,
        np.nextafter(ABSURD * SPOT, 2000),
        3e8,
        1e-9,
    ]
)
levels_at = special | st.floats(80.0, 120.0) | st.floats(1.0, 2000.0)
sizes = st.floats(0.001, 1000.0).flatmap(lambda coins: st.sampled_from([coins, -coins]))
rows = st.lists(st.tuples(sizes, levels_at, st.sampled_from(Cohort), st.booleans()), max_size=30)


def levels_of(some) -> Levels:
    positions = Positions.of(
        size=[size for size, *_ in some],
        entry=[SPOT] * len(some),
        liquidation=[level for _, level, *_ in some],
    )
    cohort = np.array([cohort for _, _, cohort, _ in some], dtype=np.int8)
    passed = np.array([passed and not math.isnan(level) for _, level, _, passed in some], dtype=np.bool_)
    return Levels(positions, cohort, passed)


def read_at(some, spot: float = SPOT) -> LevelTable:
    """Return the table of these levels, and beside them of another coin's."""
    return LevelTable(
        [levels_of([(7.0, 95.0, Cohort.WHALE, False)]), levels_of(some)], np.array([99.0, spot])
    )


def is_live(size: float, level: float, *, passed: bool, spot: float) -> bool:
    return not passed and (level < spot if size > 0 else level > spot)


@given(rows)
@example([(1.0, ONE_BIN[0], Cohort.RETAIL, False), (-1.0, np.nextafter(SPOT, 200), Cohort.RETAIL, False)])
def test_the_map_is_what_a_plain_loop_over_positions_gives(some):
    bins = Bins.around(SPOT)
    edges = bins.edges.tolist()
    expected = np.zeros((2, len(Cohort), bins.count))
    for size, level, cohort, passed in some:
        if is_live(size, level, passed=passed, spot=SPOT) and edges[0] <= level < edges[-1]:
            side = Side.LONG if size > 0 else Side.SHORT
            expected[side.row, cohort, bisect.bisect_right(edges, level) - 1] += abs(size) * SPOT
    liquidation_map = levels_of(some).map(SPOT)
    assert liquidation_map.bins == bins
    assert np.allclose(liquidation_map.usd, expected, rtol=1e-12, atol=0)


@given(rows, st.floats(50.0, 200.0), st.floats(50.0, 200.0))
def test_the_sum_between_two_prices_is_what_a_plain_loop_gives_both_ends_included(some, low, high):
    for side in Side:
        expected = np.zeros(len(Cohort))
        for size, level, cohort, passed in some:
            if (
                size * side.sign > 0
                and is_live(size, level, passed=passed, spot=SPOT)
                and low <= level <= high
            ):
                expected[cohort] += abs(size) * SPOT
        within = read_at(some).within(np.full((2, 2), low), np.full((2, 2), high))[1] * SPOT
        assert np.allclose(within[side.row], expected, rtol=1e-12, atol=0)


@given(rows)
def test_each_sides_open_size_is_mapped_beyond_stale_or_unreachable(some):
    mapped, table = levels_of(some).map(SPOT), read_at(some)
    unmapped = (table.beyond + table.stale + table.unreachable)[1].sum(axis=1) * SPOT
    whole = table.held[1].sum(axis=1) * SPOT
    for side in Side:
        assert mapped.of(side).sum() + unmapped[side.row] == pytest.approx(whole[side.row], rel=1e-12)


@given(rows, st.floats(20.0, 500.0), st.floats(20.0, 500.0))
def test_levels_are_read_afresh_at_every_spot(some, first, then):
    used = levels_of(some)
    used.map(first)
    assert np.array_equal(used.map(then).usd, levels_of(some).map(then).usd)


@given(rows)
def test_no_side_lies_across_spot(some):
    liquidation_map = levels_of(some).map(SPOT)
    here = liquidation_map.bins.place(SPOT)
    assert not liquidation_map.of(Side.LONG)[here + 1 :].any()
    assert not liquidation_map.of(Side.SHORT)[:here].any()


@given(rows)
def test_cohorts_add_up_to_the_whole(some):
    liquidation_map = levels_of(some).map(SPOT)
    assert np.allclose(
        sum(liquidation_map.of(side, cohort) for side in Side for cohort in Cohort),
        liquidation_map.total,
        rtol=1e-12,
    )


def test_fuel_is_summed_to_the_cent_whatever_the_bins():
    inside = [long("a", 1, at=95.0), long("b", 2, at=np.nextafter(100, 0)), short("c", 4, at=105.0)]
    outside = [long("d", 8, at=np.nextafter(95, 0)), short("e", 16, at=np.nextafter(105, 200))]
    view = view_of(*inside, *outside, spot=100)
    assert view.down_usd == 300
    assert view.up_usd == 400


@pytest.mark.parametrize("row", [long("ann", 1, at=SPOT), short("bob", 1, at=SPOT)], ids=["long", "short"])
def test_a_level_that_spot_stands_on_is_stale(row):
    view = view_of(row, spot=SPOT)
    assert view.stale.long + view.stale.short == SPOT
    assert view.map.total.sum() == 0
    assert view.up_usd == view.down_usd == 0


def test_a_level_on_the_wrong_side_of_spot_is_stale_and_no_fuel_for_the_other_side():
    view = view_of(long("ann", 1, at=101), short("bob", 2, at=99), spot=100)
    assert (view.stale.long, view.stale.short) == (100, 200)
    assert (view.up_usd, view.down_usd) == (0, 0)
    assert view.map.total.sum() == 0


def test_the_bin_that_spot_divides_holds_longs_below_and_shorts_above_apart():
    low, high = ONE_BIN
    spot = (low + high) / 2
    view = view_of(
        long("a", 1, at=(low + spot) / 2),
        long("b", 2, at=(spot + high) / 2),
        short("c", 4, at=(spot + high) / 2),
        short("d", 8, at=(low + spot) / 2),
        spot=spot,
    )
    here = view.map.bins.place(spot)
    assert view.map.of(Side.LONG)[here] == pytest.approx(1 * spot)
    assert view.map.of(Side.SHORT)[here] == pytest.approx(4 * spot)
    assert (view.stale.long, view.stale.short) == pytest.approx((2 * spot, 8 * spot))


@pytest.mark.parametrize("level", [None, 3e8, math.inf, -5.0, 0.0], ids=str)
def test_a_position_without_a_reachable_level_is_open_but_never_in_the_map(level):
    view = view_of(long("ann", 1, at=None), short("bob", 2, at=level), spot=100)
    assert (view.open_usd.long, view.open_usd.short) == (100, 200)
    assert (view.unreachable.long, view.unreachable.short) == (100, 200)
    assert view.map.total.sum() == 0


def test_a_level_out_of_the_maps_reach_is_counted_as_beyond():
    view = view_of(long("ann", 1, at=10), short("bob", 2, at=900), spot=100)
    assert (view.beyond.long, view.beyond.short) == (100, 200)
    assert view.map.total.sum() == 0


def test_an_empty_market_has_an_empty_map():
    view = view_of()
    assert view.map.total.sum() == 0
    assert (view.up_usd, view.down_usd) == (0, 0)
    assert (view.open_usd.long, view.open_usd.short) == (0, 0)
    assert view.map.delta.shape == (view.map.bins.count,)


def test_one_account_makes_a_map_of_one_side():
    view = view_of(short("ann", 2, at=104), spot=100)
    assert view.map.of(Side.SHORT).sum() == 200
    assert view.map.of(Side.LONG).sum() == 0
    assert (view.up_usd, view.down_usd) == (200, 0)


def test_forced_flows_run_away_from_spot():
    view = view_of(long("a", 1, at=98), long("b", 2, at=90), short("c", 4, at=103), spot=100)
    place = view.map.bins.place
    assert [view.map.forced_sells[place(price)] for price in (99, 97, 89, 50)] == [0, 100, 300, 300]
    assert [view.map.forced_buys[place(price)] for price in (101, 104, 200)] == [0, 400, 400]
    assert [view.map.delta[place(price)] for price in (89, 97, 100, 104)] == [-300, -100, 0, 400]


@given(rows)
def test_the_curves_end_at_all_that_a_side_holds(some):
    liquidation_map = levels_of(some).map(SPOT)
    assert liquidation_map.forced_sells[0] == pytest.approx(liquidation_map.of(Side.LONG).sum())
    assert liquidation_map.forced_buys[-1] == pytest.approx(liquidation_map.of(Side.SHORT).sum())
    assert liquidation_map.delta[-1] == pytest.approx(liquidation_map.of(Side.SHORT).sum())
    assert liquidation_map.delta[0] == pytest.approx(-liquidation_map.of(Side.LONG).sum())
