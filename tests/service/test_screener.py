"""All coins beside each other, in the order of what one looks for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.market.side import Side
from liqbot.service.errors import UserError
from liqbot.service.markets import Markets
from liqbot.service.screener import (
    Order,
    Screener,
    read_order,
    read_page,
    screener_answer,
    screener_row,
)


def coin(name, *positions, spot=100.0):
    return view_of(*positions, spot=spot, coin=name)


NEAR = coin("NEAR", long("a", 10, at=99.5, coin="NEAR", entry=101))
HEAVY = coin("HEAVY", short("b", 900, at=101.5, coin="HEAVY", entry=99), long("c", 100, at=80, coin="HEAVY"))
FAR = coin("FAR", long("d", 5, at=60, coin="FAR", entry=90), short("e", 5, at=150, coin="FAR", entry=90))
EMPTY = coin("EMPTY")
VIEWS = [FAR, EMPTY, HEAVY, NEAR]


@pytest.mark.parametrize(
    ("order", "coins"),
    [
        (Order.NEAREST, ["NEAR", "HEAVY", "FAR", "EMPTY"]),
        (Order.FUEL, ["HEAVY", "NEAR", "EMPTY", "FAR"]),
        (Order.IMBALANCE, ["HEAVY", "NEAR", "EMPTY", "FAR"]),
        (Order.TRAPPED, ["FAR", "HEAVY", "NEAR", "EMPTY"]),
    ],
)
def test_each_order_puts_first_what_it_is_about_and_last_what_has_nothing(order, coins):
    answer = screener_answer(map(screener_row, VIEWS), order, 1)
    assert [row.coin for row in answer.rows] == coins


def test_a_row_says_what_the_other_answers_say():
    row = screener_row(HEAVY)
    assert (row.nearest_side, row.nearest_price, row.nearest_pct) == (Side.SHORT, 101.5, pytest.approx(1.5))
    assert row.nearest_usd == pytest.approx(90_000)
    assert row.lean == HEAVY.lean
    assert (row.trapped_long, row.trapped_short) == (0.0, 1.0)


@given(st.lists(st.tuples(st.floats(90, 110), st.floats(0.1, 100)), max_size=20))
def test_fuel_within_2_percent_is_the_sum_of_its_levels_but_for_the_bin_at_its_edge(levels):
    view = coin(
        "C",
        *(
            (long if at < 100 else short)(f"a{number}", size, at=at, coin="C")
            for number, (at, size) in enumerate(levels)
            if at != 100
        ),
    )
    row = screener_row(view)

    def held(low, high):
        return sum(size for at, size in levels if low <= at <= high and at != 100) * 100

    bin_width = 0.0011
    assert held(98 * (1 + bin_width), 100) - 1e-6 <= row.down_2pct_usd
    assert row.down_2pct_usd <= held(98 * (1 - bin_width), 100) + 1e-6
    assert held(100, 102 * (1 - bin_width)) - 1e-6 <= row.up_2pct_usd
    assert row.up_2pct_usd <= held(100, 102 * (1 + bin_width)) + 1e-6


async def test_thousands_of_coins_are_on_pages_and_every_coin_is_on_one():
    markets = Markets()
    markets.views.update({f"C{number}": coin(f"C{number}") for number in range(30)})
    screener = Screener(markets)
    pages = [await screener.screener(Order.FUEL, page) for page in (1, 2, 3, 9)]
    assert [answer.page for answer in pages] == [1, 2, 3, 3]
    assert {answer.pages for answer in pages} == {3}
    assert sorted(row.coin for answer in pages[:3] for row in answer.rows) == sorted(markets.views)


async def test_without_any_coin_there_is_one_empty_page():
    answer = await Screener(Markets()).screener(Order.NEAREST)
    assert (answer.rows, answer.page, answer.pages, answer.time_ms) == ((), 1, 1, None)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "99999999999", ""])
def test_what_is_no_page_is_refused(text):
    with pytest.raises(UserError):
        read_page(text)


def test_an_order_is_read_whatever_its_case_and_a_wrong_one_is_corrected():
    assert read_order("Fuel") is Order.FUEL
    with pytest.raises(UserError) as refused:
        read_order("trappd")
    assert refused.value.instead == ("trappd", "trapped")
    assert math.isfinite(read_page("12"))
