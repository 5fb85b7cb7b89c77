"""What a push would set off: checked against a walk through book and levels, one order at a time."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liqbot.engine.cascade import DEEP, FIRST_SHARE, THIN, USUAL, Cascade, Refill, cascade
from liqbot.market.cohort import Cohort
from liqbot.market.depth import Depth
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.side import Side

SPOT = 100.0
BINS = Bins.around(SPOT)

sizes = st.lists(st.tuples(st.integers(1, 300), st.floats(1e3, 5e7)), max_size=30)
books = st.lists(st.tuples(st.floats(0.0005, 0.3), st.floats(10, 1e6)), min_size=1, max_size=40)
pushes = st.floats(0.1, 25)


def levels(long=(), short=()):
    """Return a map with USD at so many bins below and above spot."""
    usd = np.zeros((2, len(Cohort), BINS.count))
    here = BINS.place(SPOT)
    for away, money in long:
        usd[Side.LONG.row, Cohort.RETAIL, here - away] += money
    for away, money in short:
        usd[Side.SHORT.row, Cohort.RETAIL, here + away] += money
    return LiquidationMap(BINS, SPOT, usd)


def book(steps, spread=1e-4):
    """Return a book with the same coins on both sides at each distance |ln(price / mid)|."""
    steps = [(distance + spread, coins) for distance, coins in steps]
    return Depth.of(
        "BTC",
        "Test",
        0,
        [(SPOT * math.exp(-distance), coins) for distance, coins in steps],
        [(SPOT * math.exp(distance), coins) for distance, coins in steps],
    )


def distances(found: Cascade):
    return [abs(math.log(stop.price / SPOT)) for stop in (found.deep, found.usual, found.thin)]


def test_where_nothing_is_forced_price_stops_where_it_was_pushed_to():
    found = cascade(levels(), book([(0.001, 5.0)]), -3)
    assert found.usual.price == pytest.approx(97)
    assert (found.usual.forced_usd, found.overshoot_pct) == (0, pytest.approx(0))


def test_levels_beyond_what_the_push_reaches_are_not_forced():
    found = cascade(levels(long=[(100, 1e9)]), book([(0.001, 5.0)]), -3)
    assert found.thin.forced_usd == 0


def test_what_is_forced_on_the_way_eats_the_book_and_sets_off_the_next():
    # Pushed by 1%: $1M at -0.5% is forced. $0.6M stand at -2%, $10M at -4%; on the way lies $2M more, at -3%.
    steps = [(0.005, 1.0), (0.02, 6_000.0), (0.04, 100_000.0)]
    found = cascade(levels(long=[(5, 1e6), (30, 2e6)]), book(steps), -1)
    assert found.simultaneous.price == pytest.approx(SPOT * math.exp(-0.0401))
    assert found.simultaneous.forced_usd == pytest.approx(3e6)
    assert found.pushed_usd == pytest.approx(1e6)
    assert not found.simultaneous.is_beyond_book


def test_a_book_that_ends_before_goes_on_as_its_outer_half_and_says_so():
    found = cascade(levels(long=[(5, 2e6)]), book([(0.01, 1_000.0), (0.02, 1_000.0)]), -1)
    assert found.thin.is_beyond_book
    assert found.thin.price < SPOT * math.exp(-0.02)


def test_of_large_positions_a_part_is_sold_at_once_and_the_rest_after_the_book_has_refilled():
    large = np.ones(BINS.count)
    forced, depth = levels(long=[(5, 1e6)]), book([(0.02, 2_000.0), (0.03, 4_000.0), (0.05, 1e6)])
    held_back = cascade(forced, depth, -1, large_share=large)
    assert FIRST_SHARE == 0.2
    assert held_back.usual.price > cascade(forced, depth, -1).thin.price
    assert held_back.thin.price == cascade(forced, depth, -1).thin.price  # nothing refills: all is the same


@pytest.mark.parametrize("push", [0.0, -100.0, -250.0, math.nan, math.inf])
def test_a_push_that_cannot_be_is_refused(push):
    with pytest.raises(ValueError, match="a push is"):
        cascade(levels(), book([(0.01, 1.0)]), push)


@pytest.mark.parametrize("parts", [(-0.1, 0), (0, math.nan)])
def test_a_refill_that_cannot_be_is_refused(parts):
    with pytest.raises(ValueError, match="refill"):
        Refill(*parts)


@given(sizes, books, pushes, st.floats(1, 10))
def test_more_depth_never_cascades_farther(long, steps, push, times):
    thicker = [(distance, coins * times) for distance, coins in steps]
    here = distances(cascade(levels(long=long), book(steps), -push))
    there = distances(cascade(levels(long=long), book(thicker), -push))
    assert all(more <= less + 1e-9 for more, less in zip(there, here, strict=True))


@given(sizes, books, pushes, st.floats(1, 2))
def test_a_larger_push_never_stops_earlier(long, steps, push, times):
    here = distances(cascade(levels(long=long), book(steps), -push))
    there = distances(cascade(levels(long=long), book(steps), -push * times))
    assert all(farther >= near - 1e-9 for farther, near in zip(there, here, strict=True))


@given(sizes, books, pushes)
def test_the_band_is_ordered_and_never_short_of_the_push(long, steps, push):
    found = cascade(levels(long=long), book(steps), -push)
    deep, usual, thin = distances(found)
    assert abs(math.log1p(-push / 100)) <= deep + 1e-12
    assert deep <= usual + 1e-12 <= thin + 2e-12
    assert thin <= abs(math.log(found.simultaneous.price / SPOT)) + 1e-9


@given(sizes, books, pushes)
@example([(1, 5674992.0)], [(0.25, 10.0)], 1.0)  # next to no book: extrapolated, price was no number
@example([(1, 5638165.0)], [(0.25, 10.0)], 1.0)
def test_a_mirrored_market_has_the_mirrored_answer(money, steps, push):
    fall = cascade(levels(long=money), book(steps), -push)
    rise = cascade(_mirrored(levels(long=money)), book(steps), 100 * (1 / (1 - push / 100) - 1))
    for stop, other in ((fall.thin, rise.thin), (fall.usual, rise.usual), (fall.deep, rise.deep)):
        assert stop.price * other.price == pytest.approx(SPOT**2, rel=1e-9)
        assert stop.forced_usd == pytest.approx(other.forced_usd)


@given(sizes, books, pushes)
def test_the_stop_is_the_one_that_a_walk_order_by_order_finds(long, steps, push):
    forced, depth = levels(long=long), book(steps)
    found = cascade(forced, depth, -push).simultaneous
    if not found.is_beyond_book:
        assert abs(math.log(found.price / SPOT)) == pytest.approx(_walked(forced, depth, push), abs=1e-9)


def _mirrored(below: LiquidationMap) -> LiquidationMap:
    """Return a map with the same money as far above spot as `below` has it below, to the last digit."""
    width = math.log(SPOT) * 2 / 0.001
    first = math.ceil(width) - BINS.first - BINS.count
    offset = width - (first + BINS.first + BINS.count)

    class Moved(Bins):
        @property
        def centers(self):
            return np.exp((np.arange(self.first, self.first + self.count) + 0.5 + offset) * 0.001)

    usd = np.zeros_like(below.usd)
    usd[Side.SHORT.row] = below.usd[Side.LONG.row][:, ::-1]
    return LiquidationMap(Moved(first, BINS.count), SPOT, usd)


def _walked(forced: LiquidationMap, depth: Depth, push: float) -> float:
    """Sell what is forced, level by level of the book, until nothing is left to sell."""
    at = -math.log1p(-push / 100)
    waiting = sorted(
        (max(0.0, -math.log(center / SPOT)), usd)
        for center, usd in zip(forced.bins.centers, forced.of(Side.LONG), strict=True)
        if usd > 0
    )
    middle = math.sqrt(depth.bid_prices[0] * depth.ask_prices[0])
    bids = [
        (max(0.0, -math.log(price / middle)), coins * SPOT)
        for price, coins in zip(depth.bid_prices, depth.bid_sizes, strict=True)
    ]
    bids = [bid for bid in bids if bid[0] > at]
    owed = 0.0
    while True:
        while waiting and waiting[0][0] <= at:
            owed += waiting.pop(0)[1]
        if owed <= 1e-6 or not bids:
            return at
        at, standing = bids.pop(0)
        while waiting and waiting[0][0] <= at:
            owed += waiting.pop(0)[1]
        owed -= standing


def test_the_assumptions_are_named_from_thin_to_deep():
    assert [part.at_once for part in (THIN, USUAL, DEEP)] == sorted(
        part.at_once for part in (THIN, USUAL, DEEP)
    )
