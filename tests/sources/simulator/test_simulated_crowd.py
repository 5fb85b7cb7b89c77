"""The crowd looks like the one that was measured."""

import numpy as np
import pytest

from liqbot.engine.board import Board
from liqbot.engine.liquidation_price import margin_available
from liqbot.market.cohort import Cohort
from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.market.updates import AssetContext
from liqbot.sources.simulator import Scenario
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.source import LAYER

SEEDS = range(3)


class Census:
    """The positions of several markets in columns."""

    def __init__(self, lived):
        columns = [self._columns(*lived(seed, Scenario.CALM)) for seed in SEEDS]
        self.size, self.usd, self.level, self.leverage, self.isolated, self.in_margin = (
            np.concatenate(parts) for parts in zip(*columns, strict=True)
        )

    @staticmethod
    def _columns(market, steps):
        census = market.census()
        marks = {u.coin: u.mark for u in steps[-1] if isinstance(u, AssetContext)}
        mark = np.array([marks[coin] for coin in census.coins])[census.coin]
        usd = np.abs(census.size) * mark
        equity = np.full(len(usd), np.nan)
        for place, coin in enumerate(census.coins):
            here, tiers = census.coin == place, COINS[coin].tiers
            spare = margin_available(census.size[here], mark[here], census.liquidation[here], tiers)
            equity[here] = spare + tiers.maintenance_margin(usd[here])
        isolated = census.margin_mode == MarginMode.ISOLATED
        return census.size, usd, census.liquidation / mark, census.leverage, isolated, usd / equity


@pytest.fixture
def census(lived):
    return Census(lived)


def quantile(values, weights, share):
    order = np.argsort(values)
    held = np.cumsum(weights[order])
    return values[order][np.searchsorted(held, share * held[-1])]


@pytest.mark.long
def test_leverage_in_use_is_near_what_was_measured_on_isolated_positions(census):
    leverage, usd = census.in_margin[census.isolated], census.usd[census.isolated]
    assert quantile(leverage, usd, 0.5) == pytest.approx(8.3, rel=0.5)
    assert quantile(leverage, usd, 0.75) == pytest.approx(18.5, rel=0.35)
    assert 20 < quantile(leverage, usd, 0.9) < 50


@pytest.mark.long
def test_leverage_that_is_set_is_near_what_was_measured_and_never_more_than_allowed(census):
    assert quantile(census.leverage, census.usd, 0.5) == pytest.approx(8.3, rel=0.25)
    assert quantile(census.leverage, census.usd, 0.75) == pytest.approx(18.5, rel=0.25)
    assert 20 <= quantile(census.leverage, census.usd, 0.9) <= 48
    assert census.leverage.max() <= 40


def test_nearly_all_money_is_on_cross(census):
    assert census.usd[~census.isolated].sum() / census.usd.sum() == pytest.approx(0.945, abs=0.03)


def test_a_third_of_the_positions_has_no_level_and_all_of_those_are_long(census):
    none = np.isnan(census.level)
    assert none.mean() == pytest.approx(0.31, abs=0.07)
    assert not none[census.size < 0].any()
    assert (census.level[census.size < 0] > 10).any()


def test_levels_gather_just_behind_round_prices(lived):
    census = lived(0, Scenario.CALM)[0].census()
    btc = (census.coin == 0) & np.isfinite(census.liquidation) & (census.liquidation < 2 * COINS["BTC"].spot)
    level, side = census.liquidation[btc], np.sign(census.size[btc])
    behind = side * (np.round(level / 1000) * 1000 - level) / level
    just_behind = np.count_nonzero((behind > 0) & (behind < 0.002))
    just_before = np.count_nonzero((behind < 0) & (behind > -0.002))
    assert just_behind > 1.3 * just_before


def test_wealth_is_heavy_tailed(census):
    largest = np.sort(census.usd)[::-1]
    assert largest[: len(largest) // 20].sum() > 0.35 * largest.sum()
    assert np.median(census.usd) < 0.3 * census.usd.mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_board_reads_the_market_as_plausible(lived, seed):
    market, steps = lived(seed, Scenario.CALM)
    board = Board(LAYER)
    for updates in steps:
        board.apply_all(updates)
    view = board.view("BTC")
    assert 3e6 < view.up_usd < 300e6
    assert 3e6 < view.down_usd < 300e6
    assert view.open_usd.long == pytest.approx(view.open_usd.short, rel=0.25)
    assert len(view.clusters.within(10)) >= 2
    assert {cluster.side for cluster in view.clusters} == set(Side)
    assert 4 <= view.cohorts[Cohort.MARKET_MAKER].accounts <= 10
    assert 20 < view.cohorts[Cohort.WHALE].accounts < 0.2 * sum(view.accounts[side] for side in Side)
    assert abs(view.funding) < 4e-4
    assert 0.55 < view.coverage < 0.85
    assert market.open_interest()["BTC"] == view.open_interest
