"""Each scenario does what its name says, and a market can be pushed."""

import numpy as np
import pytest

from liqbot.engine.board import Board
from liqbot.market.clusters import End
from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.simulator import Scenario, SimulatedMarket
from liqbot.sources.simulator.source import LAYER

pytestmark = pytest.mark.long

HOUR_S = 3600
YEAR_S = 365.25 * 24 * HOUR_S


def told(market, seconds, step_s=60):
    """Step for so long, and return BTC's marks and the USD of long and short liquidations."""
    marks, usd = [], dict.fromkeys(Side, 0.0)
    for _ in range(int(seconds // step_s)):
        for update in market.step(step_s):
            if isinstance(update, AssetContext) and update.coin == "BTC":
                marks.append(update.mark)
            elif isinstance(update, Liquidation):
                usd[update.side] += update.price * update.size
    return np.array(marks), usd


def event(seed, scenario):
    """Return what happens in the hour before and the four hours after the scenario's event begins."""
    market = SimulatedMarket(seed, scenario, start_ms=0, event_after_s=HOUR_S)
    return told(market, HOUR_S), told(market, 4 * HOUR_S)


@pytest.mark.parametrize("seed", range(3))
def test_a_cascade_falls_through_the_long_liquidations(seed):
    (before, _), (after, usd) = event(seed, Scenario.CASCADE)
    assert -0.2 < after.min() / before[-1] - 1 < -0.04
    assert after.max() < before[-1] * 1.01
    assert usd[Side.LONG] > 10e6
    assert usd[Side.LONG] > 5 * usd[Side.SHORT]


@pytest.mark.parametrize("seed", range(3))
def test_a_squeeze_rises_through_the_short_liquidations(seed):
    (before, _), (after, usd) = event(seed, Scenario.SQUEEZE)
    assert 0.03 < after.max() / before[-1] - 1 < 0.2
    assert after.min() > before[-1] * 0.99
    assert usd[Side.SHORT] > 10e6
    assert usd[Side.SHORT] > 5 * usd[Side.LONG]


def test_liquidations_push_the_price_further_than_the_push_alone(monkeypatch):
    def lowest():
        falls = [event(seed, Scenario.CASCADE) for seed in (3, 4, 5)]
        return np.mean([np.log(after.min() / before[-1]) for (before, _), (after, _) in falls])

    forced = lowest()
    monkeypatch.setattr("liqbot.sources.simulator.prices.FASTEST", 0.0)
    assert forced < 1.15 * lowest() < 0


def test_calm_is_as_volatile_as_btc_is_and_has_fat_tails():
    returns = []
    for seed in range(3):
        marks, _ = told(SimulatedMarket(seed, Scenario.CALM, start_ms=0), 4 * 24 * HOUR_S, step_s=600)
        returns.append(np.diff(np.log(marks)))
    pooled = np.concatenate(returns)
    assert 0.3 < pooled.std() * np.sqrt(YEAR_S / 600) < 0.6
    assert ((pooled - pooled.mean()) ** 4).mean() / pooled.var() ** 2 > 3


@pytest.mark.parametrize("seed", range(4))
def test_a_grind_leads_slowly_away_from_where_calm_leads_with_the_same_luck(seed):
    calm, grind = (
        told(SimulatedMarket(seed, scenario, start_ms=0), 22 * HOUR_S, 600)[0]
        for scenario in (Scenario.CALM, Scenario.GRIND)
    )
    assert 0.01 < abs(np.log(grind[-1] / calm[-1])) < 0.08
    assert np.abs(np.diff(np.log(grind))).max() < 0.02


def test_a_mixed_week_visits_every_regime_and_more_is_liquidated_on_its_worst_day():
    market = SimulatedMarket(7, Scenario.MIXED, start_ms=0, event_after_s=7 * 24 * HOUR_S)
    board, regimes, daily = Board(LAYER), set(), []
    for _ in range(7):
        usd = 0.0
        for _ in range(144):
            updates = market.step(600)
            board.apply_all(updates)
            usd += sum(u.price * u.size for u in updates if isinstance(u, Liquidation))
            if market.time_ms % (3 * HOUR_S * 1000) == 0:
                regimes.add(board.view("BTC").regime.value)
        daily.append(usd)
    assert {"short-squeeze setup", "long-liquidation setup", "balanced"} <= regimes
    assert max(daily) > 3 * min(daily)
    assert max(daily) > 20e6


def test_coins_move_together_and_btc_leads():
    market = SimulatedMarket(6, Scenario.CALM, start_ms=0)
    marks = [[u.mark for u in market.step() if isinstance(u, AssetContext)] for _ in range(2000)]
    btc, eth, _ = np.diff(np.log(marks), axis=0).T
    assert np.corrcoef(btc, eth)[0, 1] > 0.4
    assert np.corrcoef(btc[:-1], eth[1:])[0, 1] > 0.1
    assert abs(np.corrcoef(btc[1:], eth[:-1])[0, 1]) < 0.1


def test_a_shock_moves_one_coin_as_far_as_asked_and_sweeps_what_lies_there():
    shocked, left_alone = (SimulatedMarket(9, Scenario.CALM, start_ms=0) for _ in range(2))
    board = Board(LAYER)
    for _ in range(10):
        board.apply_all(shocked.step())
        left_alone.step()
    before = board.view("BTC")
    target = max(before.clusters.of(Side.LONG).within(15), key=lambda cluster: cluster.usd)
    shocked.shock("BTC", target.distance_pct - 1, over_s=120)
    for _ in range(5):
        board.apply_all(shocked.step())
        left_alone.step()
    view, other = board.view("BTC"), left_alone.step()
    assert view.spot / other[0].mark - 1 < (target.distance_pct - 0.5) / 100
    assert target.id in {ended.cluster.id for ended in view.ended if ended.end is End.SWEPT}
    passed = before.map.bins.centers > view.spot
    assert view.liquidated.long > 0.9 * before.map.of(Side.LONG)[passed].sum()
    assert board.view("ETH").spot == pytest.approx(other[1].mark, rel=0.01)


def test_a_shock_that_makes_no_sense_is_refused():
    market = SimulatedMarket(1, start_ms=0)
    with pytest.raises(ValueError, match="cannot fall by 100%"):
        market.shock("BTC", -100, 60)
    with pytest.raises(ValueError, match="DOGE is not simulated"):
        market.shock("DOGE", 1, 60)


def test_another_scenario_can_be_played_from_now_on():
    market = SimulatedMarket(1, Scenario.CALM, start_ms=0)
    told(market, HOUR_S)
    market.play(Scenario.CASCADE)
    marks, usd = told(market, 3 * HOUR_S)
    assert marks.min() / marks[0] < 0.96
    assert usd[Side.LONG] > 10e6
