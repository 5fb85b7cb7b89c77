"""What became of clusters: a pull is found where there is one and only there, and nothing is seen early."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.scoreboard import (
    DAY_MS,
    HOUR_MS,
    Case,
    Fates,
    Path,
    empty_levels,
    outcome,
    reach_probability,
    score,
)
from liqbot.market.clusters import Cluster
from liqbot.market.side import Side

STEP_MS = 5 * 60_000
SIGMA = 0.0012
"""Standard deviation of ln price in a step: about 2% a day."""


def cluster(price, spot=100.0, side=None, usd=1e7):
    side = side or (Side.LONG if price < spot else Side.SHORT)
    return Cluster("BTC-L1", side, price, price, price, usd, 5, 0.5, (price / spot - 1) * 100, 0)


def case(price, time_ms=0, spot=100.0, **more):
    return Case(
        cluster=cluster(price, spot),
        spot=spot,
        time_ms=time_ms,
        venue="Test",
        basis="measured",
        regime="balanced",
        **more,
    )


def path(closes, step_ms=STEP_MS):
    closes = np.asarray(closes, dtype=float)
    before = np.append(closes[0], closes[:-1])
    return Path(
        np.arange(1, len(closes) + 1) * step_ms,
        np.minimum(before, closes),
        np.maximum(before, closes),
        closes,
    )


def market(seed, *, days=60, pull=0.0):
    """Return a random walk, and clusters at random prices beside it that pull price by a share of a step."""
    random = np.random.default_rng(seed)
    prices, cases, log, standing = [], [], 0.0, None
    for step in range(days * DAY_MS // STEP_MS):
        if step % 96 == 95:  # every 8 hours a cluster, as likely above as below
            standing = log + random.choice([-1, 1]) * random.uniform(0.008, 0.03)
            spot, time_ms = 100 * math.exp(log), step * STEP_MS
            cases.append(case(100 * math.exp(standing), time_ms, spot))
        drift = 0.0 if standing is None else pull * SIGMA * np.sign(standing - log)
        log += random.normal(drift, SIGMA)
        prices.append(100 * math.exp(log))
    return path(prices), cases


def scored(walk, cases, horizon_ms):
    return score(Fates.of(cases, walk).within(horizon_ms), horizon_ms)


def test_a_cluster_is_reached_when_price_comes_to_it_and_not_before():
    walk = path([100, 99, 98, 97, 98, 99])
    found = outcome(case(97.5), walk, 6 * STEP_MS)
    assert found is not None
    assert found.reached_ms == 4 * STEP_MS
    assert (found.reached, found.mirrored) == (1, 0)
    missed = outcome(case(96.5), walk, 6 * STEP_MS)
    assert missed is not None
    assert missed.reached_ms is None


def test_what_happened_before_it_was_seen_does_not_count():
    walk = path([100, 97, 96, 97, 97, 97, 97])
    found = outcome(case(97.5, time_ms=4 * STEP_MS, spot=97), walk, 3 * STEP_MS)
    assert found is not None
    assert found.reached_ms is None


def test_a_horizon_that_is_not_over_is_open():
    assert outcome(case(97.5), path([100, 97]), 3 * STEP_MS) is None


def test_a_place_that_was_empty_by_then_is_counted_as_gone():
    walk = path([100, 99, 98, 97])
    found = outcome(case(97.5, ended_ms=STEP_MS), walk, 4 * STEP_MS)
    assert found is not None
    assert found.was_gone
    assert scored(walk, [case(97.5, ended_ms=STEP_MS)], 4 * STEP_MS).gone == 1


def test_after_a_reach_follow_is_positive_and_fade_negative_on_both_sides():
    down = path([100, 98, *[96] * 60])
    up = path([100, 102, *[101] * 60])
    followed = outcome(case(98), down, 62 * STEP_MS)
    faded = outcome(case(102), up, 62 * STEP_MS)
    assert followed is not None
    assert faded is not None
    assert followed.after_pct == pytest.approx(((1 - 96 / 98) * 100,) * 2)
    assert faded.after_pct == pytest.approx(((101 / 102 - 1) * 100,) * 2)
    assert followed.overshoot_pct == pytest.approx((1 - 96 / 98) * 100)


def test_empty_levels_are_on_the_same_side_one_nearer_and_one_farther_and_clear_of_clusters():
    mine = cluster(98)
    near, far = empty_levels(mine, [mine, cluster(97.7), cluster(98.2)], 100)
    assert near < 100
    assert math.log(near / 100) * math.log(far / 100) == pytest.approx(math.log(0.98) ** 2)
    for other in (97.7, 98.0, 98.2):
        assert min(abs(math.log(near / other)), abs(math.log(far / other))) >= 0.003


def test_where_all_is_full_there_are_no_empty_levels():
    wall = [Cluster("BTC-L2", Side.LONG, 98, 90, 99.9, 1e9, 5, 0.5, -2, 0)]
    assert empty_levels(cluster(98), wall, 100) == ()


def test_a_random_walk_reaches_a_level_as_often_as_the_reflection_principle_says():
    random = np.random.default_rng(5)
    ends = np.cumsum(random.normal(0, 0.0002, (2_000, 2_000)), axis=1).max(axis=1)
    expected = reach_probability(0.01, 0.0002 / math.sqrt(1_000), 2_000 * 1_000)
    assert np.mean(ends >= 0.01) == pytest.approx(expected, abs=0.03)


@pytest.mark.long
def test_without_a_pull_none_is_found_and_with_one_it_is():
    horizon_ms = 8 * HOUR_MS
    without = [scored(*market(seed), horizon_ms) for seed in range(40)]
    assert sum(one.over_mirrored.covers(0) for one in without) >= 36
    pulled = [scored(*market(100 + seed, pull=0.15), horizon_ms) for seed in range(8)]
    assert all(one.over_mirrored.low > 0 for one in pulled)


def test_few_cases_are_too_few_to_tell():
    found = scored(path([100] * 400), [case(98, day * DAY_MS) for day in range(1)], HOUR_MS)
    assert found.rate is not None
    assert not found.rate.is_enough
    assert scored(path([100] * 400), [], HOUR_MS).rate is None


@given(st.integers(0, 1_000), st.integers(1, 60 * DAY_MS // STEP_MS))
@pytest.mark.long
def test_a_truncated_log_has_the_same_past(seed, steps):
    walk, cases = market(seed % 5, days=20)
    cut = walk.until(steps * STEP_MS)
    for one in cases:
        earlier = outcome(one, cut, 4 * HOUR_MS)
        if earlier is not None and one.time_ms + 12 * HOUR_MS < cut.until_ms:
            assert earlier == outcome(one, walk, 4 * HOUR_MS)


@pytest.mark.parametrize("times", [[1, 1], [2, 1]])
def test_a_path_whose_times_do_not_rise_is_refused(times):
    with pytest.raises(ValueError, match="rise"):
        Path(np.array(times), *(np.ones(2) for _ in range(3)))
