"""What price did after a regime began: beside any other time, and without a look ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.regime_outcomes import HOUR_MS, Spell, moves_pct, outcomes_of, spells_of
from liqbot.market.dated_reading import DatedReading
from liqbot.market.price_path import Path
from liqbot.market.regime import Regime

STEP_MS = 300_000
DAY_MS = 24 * HOUR_MS


def path(closes, step_ms=STEP_MS):
    closes = np.asarray(closes, dtype=float)
    return Path(np.arange(1, len(closes) + 1) * step_ms, closes, closes, closes)


def rising(hours, per_hour=0.01):
    return path(100 * (1 + per_hour / 12) ** np.arange(hours * 12))


def test_a_setup_whose_way_price_went_is_counted_beside_any_other_time():
    spells = [Spell(Regime.SHORT_SQUEEZE, hour * HOUR_MS) for hour in range(10, 90, 10)]
    [found] = outcomes_of(spells, rising(100), [4 * HOUR_MS])
    assert found.its_way is not None
    assert found.at_any_time is not None
    assert (found.its_way.value, found.its_way.count, found.at_any_time.value) == (1, 8, 1)


def test_the_way_of_a_long_liquidation_setup_is_down():
    [found] = outcomes_of([Spell(Regime.LONG_LIQUIDATION, HOUR_MS)], rising(20), [4 * HOUR_MS])
    assert found.its_way is not None
    assert found.move_pct is not None
    assert found.its_way.value == 0
    assert found.move_pct.value > 0


def test_a_balanced_market_has_no_way():
    [found] = outcomes_of([Spell(Regime.BALANCED, HOUR_MS)], rising(20), [4 * HOUR_MS])
    assert (found.its_way, found.at_any_time) == (None, None)


def test_what_is_not_over_does_not_count():
    [found] = outcomes_of([Spell(Regime.SHORT_SQUEEZE, 18 * HOUR_MS)], rising(20), [4 * HOUR_MS])
    assert found.move_pct is None


def test_where_nobody_saw_the_price_nothing_is_known():
    walk = rising(40)
    keep = (walk.time_ms < 10 * HOUR_MS) | (walk.time_ms > 15 * HOUR_MS)
    torn = Path(walk.time_ms[keep], walk.low[keep], walk.high[keep], walk.close[keep])
    [begun, across, whole] = (
        moves_pct(torn, np.array([hour * HOUR_MS]), hours * HOUR_MS)[0]
        for hour, hours in ((9, 4), (9, 12), (20, 4))
    )
    assert np.isnan(begun)
    assert np.isnan(across)
    assert whole > 0


@given(st.integers(0, 20), st.integers(50, 99))
def test_a_truncated_past_says_the_same_of_what_was_over(seed, hours):
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.002, 100 * 12)))
    whole, spells = path(closes), [Spell(Regime.SHORT_SQUEEZE, hour * HOUR_MS) for hour in range(1, 40, 5)]
    cut = whole.until(hours * HOUR_MS)
    begun = np.array([spell.time_ms for spell in spells])
    np.testing.assert_array_equal(moves_pct(cut, begun, 4 * HOUR_MS), moves_pct(whole, begun, 4 * HOUR_MS))


@pytest.mark.parametrize("seed", range(3))
def test_an_interval_holds_its_estimate(seed):
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.002, 20 * 24 * 12)))
    spells = [Spell(Regime.SHORT_SQUEEZE, hour * HOUR_MS) for hour in range(1, 400, 9)]
    for found in outcomes_of(spells, path(closes)):
        assert found.move_pct is not None
        assert found.move_pct.low <= found.move_pct.value <= found.move_pct.high
        assert found.move_pct.is_enough


def reading(hour, up_usd, down_usd=1e6):
    at = {"coverage": None, "coverage_long": None, "coverage_short": None, "funding": None}
    return DatedReading(
        time_ms=hour * HOUR_MS, spot=100.0, up_usd=up_usd, down_usd=down_usd, open_interest=None, **at
    )


def test_regimes_begin_where_readings_change_and_end_only_beyond_the_dead_band():
    ratios = (1.0, 2.1, 1.9, 1.8, 1.5, 1.0, 0.4, 0.55, 1.0)
    told = spells_of([reading(hour, ratio * 1e6) for hour, ratio in enumerate(ratios)])
    assert [(spell.time_ms // HOUR_MS, spell.regime) for spell in told] == [
        (1, Regime.SHORT_SQUEEZE),
        (4, Regime.BALANCED),
        (6, Regime.LONG_LIQUIDATION),
        (8, Regime.BALANCED),
    ]
    assert spells_of([]) == spells_of([reading(0, 5e6)]) == []
