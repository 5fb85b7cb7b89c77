"""Depth of book: possible, sorted, not crossed; known as far as it reaches, and for a minute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.depth import FRESH_MS, Depth, DepthError
from liqbot.market.side import Side

ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
LEVELS = st.lists(st.tuples(ANYTHING | st.floats(90, 110), ANYTHING | st.floats(0.1, 10)), max_size=20)


def book(bids, asks, *, time_ms=1000, venue="Binance"):
    return Depth.of("BTC", venue, time_ms, bids, asks)


def test_the_best_comes_first_on_both_sides_whatever_the_order_of_the_levels():
    depth = book([(98, 3), (99, 1), (97, 5)], [(103, 4), (101, 2), (102, 6)])
    assert depth.bid_prices.tolist() == [99, 98, 97]
    assert depth.bid_sizes.tolist() == [1, 3, 5]
    assert depth.ask_prices.tolist() == [101, 102, 103]
    assert depth.ask_sizes.tolist() == [2, 6, 4]
    assert (depth.mid, depth.spread) == (100, 0.02)


@given(LEVELS, LEVELS)
def test_whatever_comes_in_a_book_is_possible_or_refused(bids, asks):
    try:
        depth = book(bids, asks)
    except DepthError:
        return
    assert depth.bid_prices[0] < depth.ask_prices[0]
    assert np.all(np.diff(depth.bid_prices) < 0)
    assert np.all(np.diff(depth.ask_prices) > 0)
    for side, given_levels in ((Side.LONG, bids), (Side.SHORT, asks)):
        prices, sizes = depth.column(side)
        possible = [(p, s) for p, s in given_levels if 0 < p < 1e15 and 0 < s < 1e15]
        assert set(prices.tolist()) == {p for p, _ in possible}
        assert sizes.sum() == pytest.approx(sum(s for _, s in possible))


@pytest.mark.parametrize(
    ("bids", "asks", "why"),
    [
        ([], [(101, 1)], "no bids"),
        ([(99, 1)], [], "no asks"),
        ([(99, 0)], [(101, 1)], "no bids"),
        ([(99, float("nan"))], [(101, 1)], "no bids"),
        ([(101, 1)], [(101, 1)], "crossed"),
        ([(102, 1)], [(101, 1)], "crossed"),
    ],
)
def test_a_book_that_cannot_be_is_refused_with_the_reason(bids, asks, why):
    with pytest.raises(DepthError, match=why):
        book(bids, asks)


def test_a_level_that_cannot_be_is_left_out_and_the_others_stand():
    depth = book([(99, 1), (98, -1), (float("nan"), 1), (0, 3)], [(101, 2), (102, float("inf"))])
    assert (depth.bid_prices.tolist(), depth.ask_prices.tolist()) == ([99], [101])


def test_a_book_older_than_a_minute_is_no_depth():
    depth = book([(99, 1)], [(101, 1)])
    assert depth.if_fresh(1000 + FRESH_MS) is depth
    assert depth.if_fresh(1001 + FRESH_MS) is None


def test_beyond_its_reach_a_book_says_nothing_rather_than_that_nothing_is_there():
    depth = book([(99.5, 2), (98, 1)], [(100.5, 3), (104, 1)])
    assert depth.usd_within(Side.LONG, 0.01) == pytest.approx(199)
    assert depth.usd_within(Side.LONG, 0.03) is None
    assert depth.usd_within(Side.SHORT, 0.03) == pytest.approx(301.5)


def test_a_coarser_book_adds_only_what_lies_beyond_the_finer_one():
    fine = book([(99.9, 1), (99.8, 2)], [(100.1, 1), (100.2, 1)], time_ms=900)
    coarse = book([(99.5, 5), (99, 7)], [(100.5, 2), (101, 4)])
    both = Depth.combined([coarse, fine])
    assert both.time_ms == 900
    assert both.bid_prices.tolist() == [99.9, 99.8, 99.5, 99]
    assert both.bid_sizes.tolist() == [1, 2, 2, 7], "of the 5 within 99.5 the finer book has told of 3"
    assert both.ask_prices.tolist() == [100.1, 100.2, 101], "and here of both"
    assert both.ask_sizes.tolist() == [1, 1, 4]


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 50)), min_size=30, max_size=120),
    st.sampled_from([5, 10, 20]),
)
def test_a_combined_book_has_at_each_step_what_the_true_book_has(levels, step):
    """The true book is read as Hyperliquid tells it: 20 levels as they are, and in steps rounded outwards."""
    true = book([(1000 - p, s) for p, s in levels], [(1000 + p, s) for p, s in levels])
    fine = book(
        [(1000 - p, s) for p, s in _merged(levels)[:20]], [(1000 + p, s) for p, s in _merged(levels)[:20]]
    )
    stepped = [(-(-p // step) * step, s) for p, s in levels]
    coarse = book([(1000 - p, s) for p, s in stepped], [(1000 + p, s) for p, s in stepped])
    both = Depth.combined([fine, coarse])
    for side in Side:
        prices, sizes = both.column(side)
        true_prices, true_sizes = true.column(side)
        for place, price in enumerate(prices):
            within = abs(true_prices - 1000) <= abs(price - 1000)
            assert sizes[: place + 1].sum() == pytest.approx(true_sizes[within].sum())


def _merged(levels):
    sums = {}
    for price, size in levels:
        sums[price] = sums.get(price, 0) + size
    return sorted(sums.items())
