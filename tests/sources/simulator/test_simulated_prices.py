"""How forced orders move prices, and how far prices can go."""

import numpy as np
import pytest

from liqbot.sources.simulator.coins import COINS, coins_named
from liqbot.sources.simulator.prices import Prices
from liqbot.sources.simulator.scenario import Phase

STILL = Phase(1.0, volatility=0.0)
BTC = coins_named(["BTC"])


@pytest.fixture
def prices():
    """Return the prices of BTC alone, in a market in which nothing happens by itself."""
    quiet = Prices(BTC, np.random.default_rng(1))
    quiet.step(60, STILL)
    return quiet


def moved(prices):
    return float(np.log(prices.marks[0] / COINS["BTC"].spot))


def test_small_forced_orders_move_the_price_in_proportion_and_in_their_direction(prices):
    depth = COINS["BTC"].depth_usd
    prices.force(np.array([-0.1 * depth]))
    assert moved(prices) == pytest.approx(-0.001, rel=0.01)


def test_part_of_a_push_fades_and_part_of_it_lasts(prices):
    prices.force(np.array([0.2 * COINS["BTC"].depth_usd]))
    at_once = moved(prices)
    for _ in range(300):
        prices.step(60, STILL)
    assert 0.3 * at_once < moved(prices) < 0.6 * at_once


def test_forced_orders_thin_the_book_so_that_the_next_push_further(prices):
    order = np.array([0.2 * COINS["BTC"].depth_usd])
    prices.force(order)
    first = moved(prices)
    prices.force(order)
    assert moved(prices) > 2.03 * first


@pytest.mark.parametrize("usd", [-1e15, 1e15])
def test_no_forced_order_however_large_moves_the_price_far_in_one_step_or_in_an_hour(prices, usd):
    prices.force(np.array([usd]))
    assert abs(moved(prices)) < 0.012
    for _ in range(60):
        prices.step(60, STILL)
        for _ in range(100):
            prices.force(np.array([usd]))
    assert 0.05 < abs(moved(prices)) < 0.25


def test_a_push_that_was_asked_for_takes_its_time_and_arrives(prices):
    prices.push(0, 0.04, 120)
    prices.step(60, STILL)
    assert moved(prices) == pytest.approx(0.02, rel=0.01)
    for _ in range(3):
        prices.step(60, STILL)
    assert moved(prices) == pytest.approx(0.04, rel=0.01)


def test_in_the_long_run_prices_come_home():
    prices = Prices(BTC, np.random.default_rng(2))
    prices.push(0, float(np.log(3)), 0)
    for _ in range(60):
        prices.step(24 * 3600, Phase(24.0))
    assert abs(moved(prices)) < 0.35


def test_highs_and_lows_are_of_the_last_days(prices):
    prices.push(0, 0.1, 0)
    for _ in range(2 * 60):
        prices.step(60, STILL)
    assert prices.highs[0] == pytest.approx(prices.marks[0], rel=0.01)
    assert prices.lows[0] == pytest.approx(COINS["BTC"].spot, rel=0.01)
    for _ in range(80):
        prices.step(3600, STILL)
    assert prices.lows[0] > 1.05 * COINS["BTC"].spot
