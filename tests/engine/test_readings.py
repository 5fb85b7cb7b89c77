import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, MINUTE, board_of, long, price, seen, short, view_of

from liqbot.engine.readings import HOLDINGS
from liqbot.market.cohort import Cohort
from liqbot.market.side import Side


def test_a_position_is_trapped_where_spot_is_worse_than_its_entry():
    view = view_of(
        long("a", 3, entry=100.01),
        long("b", 1, entry=99),
        short("c", 1, entry=99.99),
        short("d", 4, entry=101),
    )
    assert view.trapped.underwater.long == 0.75
    assert view.trapped.underwater.short == 0.2


def test_at_its_entry_a_position_is_not_trapped():
    view = view_of(long("a", 1, entry=100), short("b", 1, entry=100), spot=100)
    assert (view.trapped.underwater.long, view.trapped.underwater.short) == (0, 0)


@pytest.mark.parametrize(
    ("spot", "deep_long", "deep_short"),
    [(94.99, 1.0, 0.0), (95.0, 0.0, 0.0), (100.0, 0.0, 0.0), (105.0, 0.0, 0.0), (105.01, 0.0, 1.0)],
)
def test_deeply_trapped_is_under_water_by_more_than_5_percent_of_the_entry(spot, deep_long, deep_short):
    view = view_of(long("a", 1, entry=100), short("b", 1, entry=100), spot=spot)
    assert (view.trapped.deep.long, view.trapped.deep.short) == (deep_long, deep_short)


def test_an_empty_side_has_no_trapped_share():
    view = view_of(long("a", 1, entry=110))
    assert (view.trapped.underwater.long, view.trapped.underwater.short) == (1.0, None)
    assert (view.trapped.deep.long, view.trapped.deep.short) == (1.0, None)


def test_positions_without_a_level_count_in_open_size_and_trapped_shares():
    view = view_of(long("a", 1, at=None, entry=110), long("b", 1, at=90, entry=90))
    assert view.trapped.underwater.long == 0.5
    assert view.open_usd.long == 200


entries = st.floats(10, 1000)


@given(st.lists(st.tuples(st.integers(1, 100), entries), min_size=1, max_size=10), entries)
def test_no_more_are_deeply_trapped_than_trapped(rows, spot):
    names = [f"account {number}" for number in range(len(rows))]
    longs = [long(name, coins, entry=entry) for name, (coins, entry) in zip(names, rows, strict=True)]
    view = view_of(*longs, spot=spot)
    assert 0 <= view.trapped.deep.long <= view.trapped.underwater.long <= 1


def test_coverage_is_the_mean_of_both_sides_over_open_interest():
    view = view_of(long("a", 3), short("b", 1), open_interest=8.0)
    assert view.coverage == 0.25


@pytest.mark.parametrize("interest", [None, 0.0, math.nan, math.inf, -1.0])
def test_where_open_interest_is_unknown_so_is_coverage(interest):
    view = view_of(long("a", 3), open_interest=interest)
    assert view.coverage is None


def test_open_interest_that_is_no_number_is_unknown_and_counted():
    board = board_of(open_interest=-1.0, funding=math.inf)
    view = board.view("BTC")
    assert (view.open_interest, view.funding) == (None, None)
    assert board.rejected == {"open interest is not a number from 0 up": 1, "funding rate is not a number": 1}


def test_age_is_weighted_by_notional_and_the_oldest_is_told_apart():
    board = board_of(long("old", 3, at=90))
    board.apply(seen(long("new", 1, at=90), time_ms=8 * MINUTE))
    view = board.view("BTC")
    assert view.age_s == 6 * 60
    assert view.oldest_s == 8 * 60


def test_positions_age_while_only_the_price_is_told():
    board = board_of(long("a", 1, at=90))
    board.apply(price(101, time_ms=HOUR))
    assert board.view("BTC").age_s == 3600


def test_without_positions_there_is_no_age():
    view = view_of()
    assert (view.age_s, view.oldest_s) == (None, None)


def test_accounts_are_counted_by_side():
    view = view_of(long("a", 1), long("b", 1), short("c", 1))
    assert (view.accounts.long, view.accounts.short) == (2, 1)


def test_the_largest_positions_are_named_the_largest_first():
    rows = [long(f"account {coins}", coins, at=90, entry=95, leverage=5) for coins in range(1, 30)]
    holdings = view_of(*rows).holdings
    assert [holding.usd for holding in holdings] == [coins * 100 for coins in range(29, 29 - HOLDINGS, -1)]
    assert holdings[0].account == "account 29"
    assert (holdings[0].side, holdings[0].entry, holdings[0].liquidation) == (Side.LONG, 95, 90)
    assert (holdings[0].leverage, holdings[0].cohort) == (5, Cohort.WHALE)


@pytest.mark.parametrize("unknown", [None, math.inf, 0.0, -3.0])
def test_what_a_holding_does_not_know_is_none(unknown):
    (holding,) = view_of(short("a", 1, at=unknown, leverage=unknown)).holdings
    assert (holding.liquidation, holding.leverage, holding.side) == (None, None, Side.SHORT)
