import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import board_of, long, price, seen, short, view_of

from liqbot.engine.cohorts import cohorts, market_makers
from liqbot.market.cohort import Cohort
from liqbot.market.positions import Positions


def cohorts_of(*coins: float, account=None, makers=()) -> list[Cohort]:
    positions = Positions.of(
        size=coins, entry=np.ones(len(coins)), liquidation=np.ones(len(coins)), account=account
    )
    is_maker = np.isin(np.arange(100), list(makers))
    return [Cohort(int(cohort)) for cohort in cohorts(positions, is_maker)]


RETAIL, WHALE, MAKER = Cohort.RETAIL, Cohort.WHALE, Cohort.MARKET_MAKER


def test_whales_are_the_fewest_accounts_that_hold_half():
    assert cohorts_of(1, 6, 1, 2, 1) == [RETAIL, WHALE, RETAIL, RETAIL, RETAIL]
    assert cohorts_of(3, 4, 2, 2) == [WHALE, WHALE, RETAIL, RETAIL]


def test_exactly_half_is_enough():
    assert cohorts_of(5, 5) == [WHALE, RETAIL]
    assert cohorts_of(4, 2, 2) == [WHALE, RETAIL, RETAIL]


def test_longs_and_shorts_count_alike():
    assert cohorts_of(-6, 1, 2) == [WHALE, RETAIL, RETAIL]


def test_the_only_account_is_a_whale():
    assert cohorts_of(0.001) == [WHALE]


def test_nobody_is_nothing():
    assert cohorts_of() == []


def test_of_equally_large_accounts_the_one_first_heard_of_is_the_whale():
    assert cohorts_of(2, 2, 2, account=[7, 3, 5]) == [RETAIL, WHALE, WHALE]


def test_market_makers_are_left_out_before_the_money_is_halved():
    assert cohorts_of(100, 3, 2, 1, makers=[0]) == [MAKER, WHALE, RETAIL, RETAIL]


def test_where_all_are_market_makers_nobody_is_a_whale():
    assert cohorts_of(2, 1, makers=[0, 1]) == [MAKER, MAKER]


sizes = st.lists(st.integers(1, 1000).map(float), min_size=1, max_size=30)


@given(sizes)
def test_whales_hold_half_and_without_the_smallest_of_them_would_not(coins):
    cohort = cohorts_of(*coins)
    whales = [held for held, each in zip(coins, cohort, strict=True) if each is WHALE]
    retail = [held for held, each in zip(coins, cohort, strict=True) if each is RETAIL]
    assert sum(whales) >= sum(coins) / 2
    assert sum(whales) - min(whales) < sum(coins) / 2
    assert not retail or max(retail) <= min(whales)


@given(sizes, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(coins, chance):
    account = list(range(len(coins)))
    before = dict(zip(account, cohorts_of(*coins, account=account), strict=True))
    chance.shuffle(account)
    after = cohorts_of(*[coins[number] for number in account], account=account)
    assert dict(zip(account, after, strict=True)) == before


@pytest.mark.parametrize(
    ("notional", "is_maker"),
    [
        pytest.param([100.0, -100.0], True, id="flat"),
        pytest.param([110.0, -90.0], True, id="nearly flat"),
        pytest.param([120.0, -90.0], False, id="leaning"),
        pytest.param([100.0], False, id="one side"),
        pytest.param([0.1, 0.2, 0.3], False, id="one side in many coins"),
        pytest.param([-0.1, -0.2, -0.3], False, id="short in many coins"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_market_makers_hold_both_sides_in_a_near_flat_book(notional, is_maker):
    account = np.zeros(len(notional), dtype=np.int64)
    assert market_makers(account, np.array(notional), 1).tolist() == [is_maker]


def test_market_makers_are_told_from_all_coins_together():
    board = board_of(
        long("maker", 10, at=50, coin="BTC"),
        short("maker", 10, at=200, coin="ETH"),
        long("ann", 5, at=90, coin="BTC"),
    )
    board.apply(price(100, coin="ETH"))
    cohort = {holding.account: holding.cohort for holding in board.view("BTC").holdings}
    assert cohort == {"maker": Cohort.MARKET_MAKER, "ann": Cohort.WHALE}


def test_a_market_maker_is_recognised_once_the_other_coins_price_is_known():
    board = board_of(long("maker", 10, at=50, coin="BTC"), short("maker", 10, at=200, coin="ETH"))
    (holding,) = board.view("BTC").holdings
    assert holding.cohort is Cohort.WHALE
    board.apply(price(100, coin="ETH"))
    (holding,) = board.view("BTC").holdings
    assert holding.cohort is Cohort.MARKET_MAKER


def test_who_is_a_whale_does_not_depend_on_who_was_polled_last():
    rows = [long("ann", 2, at=90), long("bob", 2, at=91), long("cid", 2, at=92)]
    board = board_of(*rows)
    before = {holding.account: holding.cohort for holding in board.view("BTC").holdings}
    board.apply(seen(rows[0], time_ms=1))
    assert {holding.account: holding.cohort for holding in board.view("BTC").holdings} == before


def test_each_cohort_reads_what_it_holds():
    view = view_of(
        long("whale", 60, at=96, entry=110),
        short("ann", 10, at=104, entry=90),
        long("bob", 5, at=80, entry=90),
    )
    whale, retail = view.cohorts[Cohort.WHALE], view.cohorts[Cohort.RETAIL]
    assert (whale.accounts, retail.accounts) == (1, 2)
    assert (whale.open_usd.long, whale.open_usd.short) == (6000, 0)
    assert (retail.open_usd.long, retail.open_usd.short) == (500, 1000)
    assert (whale.fuel_usd.long, whale.fuel_usd.short) == (6000, 0)
    assert (retail.fuel_usd.long, retail.fuel_usd.short) == (0, 1000)
    assert (whale.underwater.long, whale.underwater.short) == (1.0, None)
    assert (retail.underwater.long, retail.underwater.short) == (0.0, 1.0)


def test_a_cohort_that_nobody_belongs_to_has_no_reading():
    assert view_of(long("ann", 1, at=90)).cohorts.keys() == {Cohort.WHALE}
    assert view_of().cohorts == {}
