"""What a book says: imbalance, walls, market orders; and that few levels say the same as many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.depth import Depth
from liqbot.market.depth_readings import BANDS, bands, condensed, market_order, walls
from liqbot.market.side import Side

MID = 100.0
levels = st.lists(
    st.tuples(st.floats(1e-4, 0.4), st.floats(0.01, 1e4)),
    min_size=1,
    max_size=120,
    unique_by=lambda it: it[0],
)


def book(bids, asks):
    """Return a book around 100 of (distance as a share, coins)."""
    return Depth.of(
        "BTC",
        "Test",
        0,
        [(MID * (1 - away), n) for away, n in bids],
        [(MID * (1 + away), n) for away, n in asks],
    )


even = book(
    [(away, 10) for away in np.arange(1, 80) / 1000], [(away, 10) for away in np.arange(1, 80) / 1000]
)


class TestBands:
    def test_bids_and_asks_are_weighed_within_each_distance(self):
        depth = book([(0.001, 30), (0.004, 30), (0.06, 1)], [(0.001, 20), (0.06, 1)])
        near = bands(depth)[0]
        assert near.bid_usd == pytest.approx(30 * 99.9 + 30 * 99.6)
        assert near.imbalance == pytest.approx((near.bid_usd - near.ask_usd) / (near.bid_usd + near.ask_usd))

    def test_where_a_side_ends_before_nothing_is_said_which_is_not_zero(self):
        depth = book([(0.001, 30), (0.03, 30)], [(0.001, 20), (0.012, 20)])
        known = [(band.bid_usd is not None, band.ask_usd is not None) for band in bands(depth)]
        assert known == [(True, True), (True, True), (True, False), (False, False)]
        assert [band.imbalance is None for band in bands(depth)] == [False, False, True, True]

    @given(levels, levels)
    def test_an_imbalance_turns_round_in_the_mirror(self, some, others):
        here, there = bands(book(some, others)), bands(book(others, some))
        for one, other in zip(here, there, strict=True):
            if one.imbalance is not None and other.imbalance is not None:
                assert -1 <= one.imbalance <= 1
                assert (one.imbalance > 0.02) <= (other.imbalance < 0.02)


class TestFewLevels:
    @given(levels, levels)
    def test_they_hold_the_same_coins_reach_as_far_and_have_the_same_middle(self, some, others):
        depth = book(some, others)
        few = condensed(depth)
        assert few.mid == depth.mid
        for side in Side:
            assert few.column(side)[1].sum() == pytest.approx(depth.column(side)[1].sum())
            assert few.reach(side) == depth.reach(side)
            assert len(few.column(side)[0]) <= 82

    @given(levels, levels)
    def test_what_stands_within_each_band_is_the_same(self, some, others):
        depth = book(some, others)
        for one, other in zip(bands(depth), bands(condensed(depth)), strict=True):
            assert one.bid_usd == (None if other.bid_usd is None else pytest.approx(other.bid_usd))
            assert one.ask_usd == (None if other.ask_usd is None else pytest.approx(other.ask_usd))

    def test_done_twice_it_is_the_same(self):
        few = condensed(even)
        assert np.allclose(condensed(few).bid_prices, few.bid_prices)

    def test_each_band_is_an_edge_between_levels(self):
        assert {0.005, 0.01, 0.02, 0.05} == set(BANDS)


class TestMarketOrders:
    def test_a_sale_walks_down_the_bids_to_the_level_that_fills_it(self):
        order = market_order(even, Side.SHORT, 2_500)
        assert (order.price, order.moved_pct) == (pytest.approx(99.7), pytest.approx(-0.3))
        assert order.average == pytest.approx((10 * 99.9 + 10 * 99.8 + 5 * 99.7) / 25)

    def test_a_purchase_walks_up_the_asks(self):
        assert market_order(even, Side.LONG, 500).moved_pct == pytest.approx(0.1)

    def test_one_that_is_larger_than_the_book_has_no_price_and_says_what_is_known(self):
        order = market_order(even, Side.SHORT, 1e9)
        assert (order.price, order.moved_pct, order.average) == (None, None, None)
        assert order.known_usd == pytest.approx(79 * 10 * MID)

    @given(levels, levels, st.floats(1, 1e6), st.floats(1, 1e6))
    def test_a_larger_order_never_moves_price_less(self, some, others, usd, more):
        depth = book(some, others)
        small, large = market_order(depth, Side.SHORT, usd), market_order(depth, Side.SHORT, usd + more)
        assert small.price is not None or large.price is None
        if large.price is not None:
            assert large.price <= small.price
            assert large.price - 1e-9 <= large.average <= depth.mid

    def test_an_order_of_nothing_is_none(self):
        with pytest.raises(ValueError, match=r"more than \$0"):
            market_order(even, Side.LONG, 0)


class TestWalls:
    def test_a_level_that_holds_far_more_than_those_around_it_is_one(self):
        steps = [(away, 10) for away in np.arange(1, 40) / 1000]
        depth = book([*steps, (0.0205, 200)], steps)
        (wall,) = walls(depth)
        assert (wall.side, wall.price) == (Side.LONG, pytest.approx(97.95))
        assert wall.distance_pct == pytest.approx(-2.05)

    def test_an_even_book_has_none(self):
        assert walls(even) == ()

    def test_a_venue_that_adds_up_its_book_in_coarse_steps_has_none_for_that(self):
        fine = [(away, 10) for away in np.arange(1, 11) / 1000]
        coarse = [(away, 100) for away in (0.02, 0.03, 0.04, 0.05)]  # ten times as wide, ten times as much
        assert walls(book([*fine, *coarse], [*fine, *coarse])) == ()
