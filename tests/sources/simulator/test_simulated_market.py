"""The simulated market keeps the rules of a market."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liqbot.engine.board import Board
from liqbot.engine.liquidation_price import margin_available
from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, Liquidation
from liqbot.sources.simulator import Scenario, SimulatedMarket
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.source import LAYER

SEEDS = st.integers(min_value=0, max_value=2**32)
SCENARIOS = st.sampled_from(Scenario)
TAIL_S = 1800


def marks_of(updates):
    return {update.coin: update.mark for update in updates if isinstance(update, AssetContext)}


def position_of(census):
    """Return each position by account and coin: its size, level and margin mode."""
    rows = zip(census.account, census.coin, census.size, census.liquidation, census.margin_mode, strict=True)
    return {
        (census.accounts[account], census.coins[coin]): (float(size), float(level), int(mode))
        for account, coin, size, level, mode in rows
    }


def with_one_coin(positions):
    coins = Counter(account for account, _ in positions)
    return {key: value for key, value in positions.items() if coins[key[0]] == 1}


@settings(max_examples=8)
@given(seed=SEEDS, scenario=SCENARIOS)
def test_there_is_a_short_for_every_long_and_together_they_are_the_open_interest(seed, scenario):
    market = SimulatedMarket(seed, scenario, start_ms=0, step_s=900, event_after_s=3600)
    for _ in range(12):
        told = {u.coin: u.open_interest for u in market.step() if isinstance(u, AssetContext)}
        everybody = market.census()
        for place, coin in enumerate(everybody.coins):
            size = everybody.size[everybody.coin == place]
            assert size[size > 0].sum() == pytest.approx(-size[size < 0].sum(), rel=1e-9)
            assert size[size > 0].sum() == pytest.approx(told[coin], rel=1e-9)


@settings(max_examples=8)
@given(seed=SEEDS, scenario=SCENARIOS)
def test_after_a_step_no_level_is_on_the_wrong_side_of_the_mark(seed, scenario):
    market = SimulatedMarket(seed, scenario, start_ms=0, step_s=600, event_after_s=0)
    for _ in range(12):
        marks = marks_of(market.step())
        everybody = market.census()
        mark = np.array([marks[coin] for coin in everybody.coins])[everybody.coin]
        level = everybody.liquidation
        assert not np.any(np.where(everybody.size > 0, level >= mark, level <= mark))


@settings(max_examples=6)
@given(seed=SEEDS, scenario=SCENARIOS)
@pytest.mark.long
def test_a_board_refuses_nothing_and_finds_hardly_anything_stale(seed, scenario):
    market, board = SimulatedMarket(seed, scenario, start_ms=0, event_after_s=TAIL_S), Board(LAYER)
    for _ in range(90):
        assert board.apply_all(market.step()) == Beat(market.time_ms)
    assert not board.rejected
    assert board.coins == ["BTC", "ETH", "SOL"]
    for coin in board.coins:
        view = board.view(coin)
        assert view.stale.long + view.stale.short < 0.003 * (view.open_usd.long + view.open_usd.short)
        assert 0.5 < view.coverage < 0.95
        assert 0 < view.age_s < view.oldest_s <= 1200


def test_who_is_seen_is_part_of_the_truth(lived):
    market, steps = lived(1, Scenario.CALM)
    truth, board = position_of(market.census()), Board(LAYER)
    for updates in steps:
        board.apply_all(updates)
    found = {name for updates in steps for u in updates if isinstance(u, AccountsSeen) for name in u.accounts}
    held = {key for key in truth if key[0] in found}
    assert 0.5 < len(held) / len(truth) < 0.85
    assert sum(board.view(coin).accounts[side] for coin in market.coins for side in Side) == len(held)


@pytest.mark.long
def test_a_position_whose_level_is_passed_is_liquidated_at_its_level():
    market = SimulatedMarket(3, Scenario.CASCADE, start_ms=0, event_after_s=0)
    passed, marks_before = 0, marks_of(market.step())
    for _ in range(120):
        before = with_one_coin(position_of(market.census()))
        updates = market.step()
        after, marks = position_of(market.census()), marks_of(updates)
        filled = Counter()
        for fill in updates:
            if isinstance(fill, Liquidation):
                filled[fill.coin, fill.side, fill.price] += fill.size
        for (account, coin), (size, level, _) in before.items():
            # Funding, paid before, moves a level by far less than this. One that is beyond it was begun with.
            if size > 0 and marks[coin] * 1.0005 < level < marks_before.get(coin, np.inf):
                passed += 1
                near = [
                    coins
                    for (which, side, price), coins in filled.items()
                    if (which, side) == (coin, Side.LONG) and price == pytest.approx(level, rel=2e-4)
                ]
                # All of it, or the first fifth of a large one; others may have had the same level.
                assert sum(near) > (0.2 if size * level > 100_000 else 1) * size * (1 - 1e-9)
                assert after.get((account, coin), (0,))[0] != size
        marks_before = marks
    assert passed > 50


def test_who_was_liquidated_does_not_come_back_at_once():
    market = SimulatedMarket(3, Scenario.CASCADE, start_ms=0, event_after_s=0)
    before = position_of(market.census())
    market.shock("BTC", -12, over_s=60)
    market.step()
    gone = {key for key in before.keys() - position_of(market.census()).keys() if before[key][0] > 0}
    market.step(300)
    back = gone & position_of(market.census()).keys()
    assert len(gone) > 100
    assert len(back) < 0.1 * len(gone)


def test_a_level_does_not_move_while_nobody_trades_and_only_funding_flows():
    market = SimulatedMarket(4, Scenario.CALM, start_ms=0)
    market.step()
    before = with_one_coin(position_of(market.census()))
    for _ in range(60):
        market.step()
    after = with_one_coin(position_of(market.census()))
    held = [key for key in before if key in after and before[key][0] == after[key][0]]
    moved = [abs(after[key][1] / before[key][1] - 1) for key in held if not np.isnan(before[key][1])]
    assert len(moved) > 1000
    # A few accounts opened and closed in another coin meanwhile, which left them with more or less margin.
    assert np.quantile(moved, 0.99) < 2e-3


def test_funding_flows_from_longs_to_shorts_and_moves_their_levels_by_just_that():
    market = SimulatedMarket(4, Scenario.CALM, ("BTC",), start_ms=0)
    market.step()
    before, paid = position_of(market.census()), 0.0
    for _ in range(60):
        told = market.step()[0]
        paid += told.mark * told.funding / 60
    after = position_of(market.census())
    assert paid != 0
    held = [key for key in before if key in after and before[key][::2] == after[key][::2]]
    alone = [key for key in held if before[key][2] == MarginMode.ISOLATED and np.isfinite(before[key][1])]
    assert {np.sign(before[key][0]) for key in alone} == {-1, 1}
    untouched = 0
    for key in alone:
        # What was paid is missing from the margin of each coin; 1.25% is the maintenance rate of small BTC.
        side = np.sign(before[key][0])
        if abs(after[key][1] / before[key][1] - 1) > 0.005:
            continue  # somebody has added margin
        untouched += 1
        assert after[key][1] - before[key][1] == pytest.approx(paid / (1 - side * 0.0125), rel=0.01)
    assert untouched > 0.8 * len(alone)


def test_all_cross_positions_of_an_account_tell_of_the_same_pool():
    market = SimulatedMarket(2, Scenario.CALM, start_ms=0)
    for _ in range(30):
        marks = marks_of(market.step())
    census = market.census()
    pools = {}
    for place, coin in enumerate(census.coins):
        rows = (census.coin == place) & (census.margin_mode == MarginMode.CROSS)
        rows &= np.isfinite(census.liquidation)
        size, level = census.size[rows], census.liquidation[rows]
        available = margin_available(size, np.full(len(size), marks[coin]), level, COINS[coin].tiers)
        for account, pool in zip(census.account[rows].tolist(), available.tolist(), strict=True):
            pools.setdefault(account, []).append(pool)
    shared = [pool for pool in pools.values() if len(pool) > 1]
    assert len(shared) > 50
    for pool in shared:
        assert pool == pytest.approx([pool[0]] * len(pool), rel=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_thirty_days_of_cascades_leave_prices_finite_and_the_market_alive(seed):
    market = SimulatedMarket(seed, Scenario.CASCADE, ("BTC", "HYPE"), start_ms=0, step_s=7200)
    marks = [list(marks_of(market.step()).values()) for _ in range(30 * 12)]
    assert np.all(np.isfinite(marks))
    assert np.min(np.array(marks) / marks[0]) > 0.3
    assert np.max(np.array(marks) / marks[0]) < 3
    for coin, interest in market.open_interest().items():
        assert 0.5 < interest / COINS[coin].open_interest < 2


def test_a_market_without_btc_goes_its_way():
    market = SimulatedMarket(1, Scenario.MIXED, ("HYPE",), start_ms=0)
    board = Board(LAYER)
    for _ in range(5):
        board.apply_all(market.step())
    assert board.view("HYPE").open_usd.long > 0


def test_a_step_may_be_of_any_length_above_zero():
    market = SimulatedMarket(1, start_ms=1000)
    assert market.step(30)[-1] == Beat(31_000)
    assert market.step()[-1] == Beat(91_000)
    with pytest.raises(ValueError, match="more than 0 seconds"):
        market.step(0)
