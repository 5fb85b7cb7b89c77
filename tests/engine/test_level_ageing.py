"""Levels between two looks: a cross position's level moves with its account, and no other does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, LAYER, price

from liqbot.engine.board import Board
from liqbot.engine.level_ageing import aged_levels
from liqbot.engine.liquidation_price import MarginTiers, liquidation_price
from liqbot.market.positions import MarginMode, Positions
from liqbot.market.updates import AccountsSeen

TIERS = MarginTiers.flat(25.0)
RATE = 0.02
CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED


def held(size, level, *, mark=100.0, mode=CROSS, rate=RATE, account=0):
    return Positions.of(
        account=[account],
        size=[size],
        entry=[100.0],
        liquidation=[level],
        margin_mode=[mode],
        mark=[mark],
        maintenance_rate=[rate],
    )


def level_of(size, mark, pool):
    return float(liquidation_price(np.array([size]), np.array([mark]), np.array([pool]), TIERS)[0])


def pool_after(pool, *moves):
    """Return an account's margin after `moves` of size and change of mark."""
    return pool + sum((size - RATE * abs(size)) * change for size, change in moves)


sizes = st.floats(0.1, 50) | st.floats(-50, -0.1)
marks = st.floats(60, 160)


@given(sizes, sizes, marks, marks, st.floats(50, 5000))
def test_a_level_is_where_the_exchange_would_put_it_after_the_other_coin_moved(
    mine, other, bitcoin, ether, pool
):
    positions = {
        "BTC": held(mine, level_of(mine, 100.0, pool)),
        "ETH": held(other, level_of(other, 100.0, pool)),
    }
    moved = aged_levels(positions, {"BTC": bitcoin, "ETH": ether}, 1)
    after = pool_after(pool, (mine, bitcoin - 100), (other, ether - 100))
    if not np.isnan(positions["BTC"].liquidation[0]):
        expected = level_of(mine, bitcoin, after)
        assert moved["BTC"][0] == pytest.approx(expected, rel=1e-6, abs=1e-4, nan_ok=True)


@given(sizes, marks)
def test_alone_in_its_account_a_position_keeps_its_level(size, mark):
    moved = aged_levels({"BTC": held(size, 80.0)}, {"BTC": mark}, 1)
    assert moved["BTC"][0] == pytest.approx(80.0)


def test_an_isolated_position_keeps_its_level_and_moves_no_other():
    positions = {"BTC": held(1, 80.0), "ETH": held(10, 90.0, mode=ISOLATED)}
    moved = aged_levels(positions, {"BTC": 100.0, "ETH": 95.0}, 1)
    assert moved["BTC"][0] == 80.0
    assert "ETH" not in moved


@pytest.mark.parametrize(
    ("other", "marks"),
    [
        (held(10, 90.0), {"BTC": 100.0}),
        (held(10, 90.0, mark=np.nan), {"BTC": 100.0, "ETH": 95.0}),
        (held(10, 90.0, rate=np.nan), {"BTC": 100.0, "ETH": 95.0}),
    ],
)
def test_where_part_of_the_pool_is_unknown_levels_stay_as_they_were_seen(other, marks):
    assert aged_levels({"BTC": held(1, 80.0), "ETH": other}, marks, 1)["BTC"][0] == 80.0


def test_accounts_do_not_move_each_other():
    positions = {"BTC": held(1, 80.0, account=0), "ETH": held(10, 90.0, account=1)}
    moved = aged_levels(positions, {"BTC": 100.0, "ETH": 95.0}, 2)
    assert moved["BTC"][0] == 80.0


def test_the_others_gains_can_put_a_level_out_of_reach():
    positions = {"BTC": held(1, 5.0), "ETH": held(10, 90.0)}
    moved = aged_levels(positions, {"BTC": 100.0, "ETH": 120.0}, 1)
    assert np.isnan(moved["BTC"][0])


def test_the_board_shows_levels_as_they_are_at_its_prices():
    board = Board(LAYER)
    for coin in ("BTC", "ETH"):
        board.apply(price(100.0, coin=coin))
    board.apply(
        AccountsSeen(
            time_ms=0,
            accounts=("ann",),
            coins=("BTC", "ETH"),
            account=np.array([0, 0]),
            coin=np.array([0, 1]),
            size=np.array([1.0, 10.0]),
            entry=np.array([100.0, 100.0]),
            liquidation=np.array([50.0, 90.0]),
            leverage=np.array([5.0, 5.0]),
            margin_mode=np.full(2, CROSS, np.int8),
            mark=np.array([100.0, 100.0]),
            maintenance_rate=np.full(2, RATE),
        )
    )
    assert board.view("BTC").holdings[0].liquidation == 50.0
    board.apply(price(97.0, coin="ETH", time_ms=HOUR))
    assert board.view("BTC").holdings[0].liquidation == pytest.approx(50 + 10 * 3)
    board.apply(price(100.0, coin="ETH", time_ms=2 * HOUR))
    assert board.view("BTC").holdings[0].liquidation == pytest.approx(50)
