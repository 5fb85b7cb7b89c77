import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.cohort import Cohort
from liqbot.market.maps import BIN_WIDTH, REACH, Bins, LiquidationMap
from liqbot.market.side import Side

prices = st.floats(math.log(1e-9), math.log(1e9)).map(math.exp)


@given(prices)
def test_a_map_reaches_over_a_third_of_spot_down_and_to_two_and_a_half_of_it_up(spot):
    edges = Bins.around(spot).edges
    assert edges[0] < 0.36 * spot
    assert edges[-1] > 2.78 * spot


@given(prices)
def test_every_bin_is_a_thousandth_wide_in_ln_price(spot):
    bins = Bins.around(spot)
    assert len(bins.edges) == bins.count + 1
    assert np.allclose(np.diff(np.log(bins.edges)), BIN_WIDTH, rtol=1e-9, atol=0)


@given(prices, st.floats(0.8, 1.25))
def test_the_bins_of_two_maps_of_a_coin_are_the_same_where_both_reach(spot, move):
    one, other = Bins.around(spot), Bins.around(spot * move)
    first = max(one.first, other.first)
    last = min(one.first + one.count, other.first + other.count)
    assert last > first
    assert np.array_equal(
        one.edges[first - one.first : last - one.first], other.edges[first - other.first : last - other.first]
    )


@given(prices, st.floats(0.37, 2.7))
def test_a_price_lies_between_the_edges_of_its_bin(spot, move):
    bins, price = Bins.around(spot), spot * move
    place = bins.place(price)
    assert bins.edges[place] <= price < bins.edges[place + 1]


@given(prices, st.integers(0, 2 * REACH))
def test_the_lower_edge_of_a_bin_lies_in_it(spot, place):
    bins = Bins.around(spot)
    assert bins.place(bins.edges[place]) == place


@given(prices)
def test_prices_out_of_reach_have_no_bin(spot):
    bins = Bins.around(spot)
    assert bins.place(spot / 4) < 0
    assert bins.place(spot * 4) >= bins.count


@given(prices)
def test_centers_are_the_middle_of_their_bins(spot):
    bins = Bins.around(spot)
    assert np.allclose(bins.centers, np.sqrt(bins.edges[:-1] * bins.edges[1:]), rtol=1e-12, atol=0)


def test_bins_change_seldom_while_price_moves():
    moves = np.linspace(0.95, 1.05, 200)
    assert len({Bins.around(100.0 * move) for move in moves}) <= 2


@pytest.mark.parametrize("spot", [0.0, -1.0, math.nan, math.inf])
def test_there_is_no_map_around_a_price_that_is_none(spot):
    with pytest.raises(ValueError, match="spot price above 0"):
        Bins.around(spot)


def map_of(*levels: tuple[Side, float, float], spot: float = 100.0) -> LiquidationMap:
    bins = Bins.around(spot)
    usd = np.zeros((2, len(Cohort), bins.count))
    for side, price, money in levels:
        usd[side.row, Cohort.RETAIL, bins.place(price)] += money
    return LiquidationMap(bins, spot, usd)


def test_forced_sells_add_up_on_the_way_down():
    liquidation_map = map_of((Side.LONG, 95, 10.0), (Side.LONG, 90, 5.0), (Side.SHORT, 105, 99.0))
    sells = {price: liquidation_map.forced_sells[liquidation_map.bins.place(price)] for price in (99, 94, 89)}
    assert sells == {99: 0.0, 94: 10.0, 89: 15.0}


def test_forced_buys_add_up_on_the_way_up():
    liquidation_map = map_of((Side.SHORT, 105, 10.0), (Side.SHORT, 110, 5.0), (Side.LONG, 95, 99.0))
    buys = {
        price: liquidation_map.forced_buys[liquidation_map.bins.place(price)] for price in (101, 106, 111)
    }
    assert buys == {101: 0.0, 106: 10.0, 111: 15.0}


def test_delta_is_what_a_move_from_spot_forces_buys_above_and_sells_below():
    liquidation_map = map_of((Side.LONG, 95, 10.0), (Side.SHORT, 105, 7.0))
    delta = {
        price: liquidation_map.delta[liquidation_map.bins.place(price)] for price in (94, 99, 100, 101, 106)
    }
    assert delta == {94: -10.0, 99: 0.0, 100: 0.0, 101: 0.0, 106: 7.0}


def test_delta_nets_both_sides_in_the_bin_that_holds_spot():
    spot = 100.0
    liquidation_map = map_of((Side.LONG, spot, 10.0), (Side.SHORT, spot, 7.0), spot=spot)
    assert liquidation_map.delta[liquidation_map.bins.place(spot)] == -3.0
    assert liquidation_map.total[liquidation_map.bins.place(spot)] == 17.0


def test_one_side_is_the_sum_of_its_cohorts():
    bins = Bins.around(100.0)
    usd = np.random.default_rng(1).random((2, len(Cohort), bins.count))
    liquidation_map = LiquidationMap(bins, 100.0, usd)
    for side in Side:
        parts = [liquidation_map.of(side, cohort) for cohort in Cohort]
        assert liquidation_map.of(side) == pytest.approx(np.sum(parts, axis=0))
    assert liquidation_map.total == pytest.approx(
        liquidation_map.of(Side.LONG) + liquidation_map.of(Side.SHORT)
    )
