"""The map of stop orders: what waits on which side, in steps that match the bins of the liquidation map."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.market.maps import absolute_bin
from liqbot.market.side import Side
from liqbot.market.stops import (
    BINS_A_STEP,
    FRESH_MS,
    REACH,
    StopKind,
    StopMap,
    first_step,
    liquidations_in,
    step_count,
    step_of,
)

PRICES = st.floats(1e-6, 1e7)


def stop_map(*orders, spot=100.0):
    """Return a map of (kind, side, price, coins)."""
    first, coins = first_step(spot), np.zeros((2, 2, step_count()))
    for kind, side, price, size in orders:
        coins[kind.row, side.row, step_of(price) - first] += size
    return StopMap(0, first, coins, np.zeros((2, 2)), len(orders), len(orders))


@given(PRICES)
def test_a_step_holds_its_price_and_is_two_bins_of_the_map(price):
    step = step_of(price)
    assert absolute_bin(price) // BINS_A_STEP == step or math.isclose(
        math.log(price) % 0.002, 0.0, abs_tol=1e-9
    )


@given(PRICES)
def test_a_map_reaches_a_fifth_to_each_side_of_the_price(spot):
    before, after = step_of(spot) - first_step(spot), first_step(spot) + step_count() - 1 - step_of(spot)
    assert min(before, after) >= REACH


def test_stops_sell_below_and_buy_above_and_take_profits_the_other_way():
    told = stop_map(
        (StopKind.STOP_LOSS, Side.LONG, 95, 1.0),
        (StopKind.STOP_LOSS, Side.SHORT, 105, 2.0),
        (StopKind.TAKE_PROFIT, Side.LONG, 106, 3.0),
        (StopKind.TAKE_PROFIT, Side.SHORT, 94, 4.0),
    )
    sums = {(kind, side): told.waiting(kind, side, 100.0).sum() for kind in StopKind for side in Side}
    assert list(sums.values()) == [100.0, 200.0, 300.0, 400.0]


def test_what_price_has_been_through_since_does_not_wait_any_more():
    told = stop_map((StopKind.STOP_LOSS, Side.LONG, 95, 1.0), (StopKind.TAKE_PROFIT, Side.LONG, 103, 1.0))
    assert told.waiting(StopKind.STOP_LOSS, Side.LONG, 94.0).sum() == 0
    assert told.waiting(StopKind.TAKE_PROFIT, Side.LONG, 104.0).sum() == 0


@given(
    st.lists(st.tuples(st.floats(82, 99.5), st.floats(0.01, 100)), max_size=20),
    st.floats(0.005, 0.19),
)
def test_a_band_holds_what_lies_within_it_to_a_fifth_of_a_percent(orders, share):
    told = stop_map(*((StopKind.STOP_LOSS, Side.LONG, price, size) for price, size in orders))
    within = told.usd_within(StopKind.STOP_LOSS, Side.LONG, share, 100.0)
    least = sum(size for price, size in orders if 1 - price / 100 <= share - 0.002) * 100
    most = sum(size for price, size in orders if 1 - price / 100 <= share + 0.002) * 100
    assert least - 1e-6 <= within <= most + 1e-6


def test_liquidations_beside_a_step_are_those_of_its_two_bins():
    view = view_of(long("ann", 3, at=90.0), short("bob", 2, at=111.0))
    assert liquidations_in(view.map, Side.LONG, step_of(90.0)) == pytest.approx(300)
    assert liquidations_in(view.map, Side.SHORT, step_of(111.0)) == pytest.approx(200)
    assert liquidations_in(view.map, Side.LONG, step_of(90.0) + 1) == 0
    assert liquidations_in(view.map, Side.LONG, step_of(1e-9)) == 0


def test_orders_of_long_ago_are_no_orders():
    told = stop_map()
    assert told.if_fresh(FRESH_MS) is told
    assert told.if_fresh(FRESH_MS + 1) is None
