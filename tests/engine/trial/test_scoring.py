import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liqbot.engine.trial.scoring import (
    Cells,
    by_days,
    fitted_baseline,
    fitted_trust,
    forecast_of,
    overlap,
    rank_correlation,
    score,
)

AMOUNTS = arrays(np.float64, st.integers(2, 30), elements=st.floats(0, 1e6))


def cells(volume, distance=None):
    volume = np.asarray(volume, dtype=np.float64)
    places = np.arange(len(volume)) if distance is None else np.asarray(distance)
    return Cells(places, np.zeros(len(volume), dtype=np.int64), volume)


class TestRankCorrelation:
    def test_the_same_order_is_one_and_the_opposite_minus_one(self):
        rising = np.array([1.0, 2.0, 30.0, 31.0])
        assert rank_correlation(rising, rising**3) == pytest.approx(1)
        assert rank_correlation(rising, -rising) == pytest.approx(-1)

    def test_ties_share_their_rank(self):
        # Worked by hand: ranks 1.5 1.5 3 4 against 1 2 3 4.
        assert rank_correlation(np.array([0.0, 0, 1, 2]), np.array([1.0, 2, 3, 4])) == pytest.approx(
            4.5 / math.sqrt(4.5 * 5)
        )

    def test_of_a_constant_there_is_none(self):
        assert math.isnan(rank_correlation(np.ones(4), np.arange(4.0)))

    @given(AMOUNTS, st.randoms(use_true_random=False))
    def test_it_lies_between_minus_one_and_one_and_is_alike_both_ways(self, one, random):
        other = np.array(random.sample(one.tolist(), len(one)))
        value = rank_correlation(one, other)
        assert math.isnan(value) or abs(value) <= 1 + 1e-9
        assert math.isnan(value) or value == pytest.approx(rank_correlation(other, one))


class TestOverlap:
    def test_sizes_do_not_matter_only_shares(self):
        one = np.array([1.0, 2.0, 3.0])
        assert overlap(one, 10 * one) == pytest.approx(1)

    def test_what_lies_elsewhere_is_not_in_common(self):
        assert overlap(np.array([1.0, 0.0]), np.array([0.0, 5.0])) == 0
        assert overlap(np.array([1.0, 1.0]), np.array([0.0, 5.0])) == pytest.approx(0.5)

    def test_with_an_empty_map_there_is_none(self):
        assert math.isnan(overlap(np.zeros(3), np.ones(3)))


class TestScore:
    def test_the_baseline_gains_nothing_over_itself(self):
        baseline = np.array([1.0, 2.0, 3.0])
        assert score(cells([5, 0, 7]), baseline, baseline).gained == pytest.approx(0)

    def test_a_forecast_that_doubles_the_share_of_what_came_gains_one_bit_a_dollar(self):
        found = score(cells([8.0, 0, 0, 0]), np.array([2.0, 1, 0.5, 0.5]), np.ones(4))
        assert found.gained / found.volume == pytest.approx(1.0)

    def test_ranking_is_a_matter_of_chance_where_all_cells_are_alike(self):
        found = score(cells([3.0, 9, 0, 4]), np.ones(4), np.ones(4))
        assert found.ranked / found.volume == pytest.approx(0.5)
        assert found.caught / found.volume == pytest.approx(0.2)

    def test_the_best_cell_is_ranked_above_all_others(self):
        found = score(cells([0.0, 6, 0, 0, 0]), np.array([1.0, 9, 2, 3, 4]), np.ones(5))
        assert found.ranked / found.volume == pytest.approx(1)
        assert found.caught / found.volume == pytest.approx(1)

    @given(AMOUNTS, AMOUNTS)
    def test_no_forecast_gains_more_than_the_one_that_is_right(self, volume, other):
        n = min(len(volume), len(other))
        volume, other = volume[:n] + 1e-3, other[:n] + 1e-3
        right = score(cells(volume), volume, np.ones(n)).gained
        assert score(cells(volume), other, np.ones(n)).gained <= right + 1e-6 * (1 + abs(right))

    @given(AMOUNTS)
    def test_the_order_of_the_cells_does_not_matter(self, volume):
        forecast = np.floor(np.sqrt(volume)) % 5 + 1
        there = score(cells(volume), forecast, np.ones(len(volume)))
        back = score(cells(volume[::-1]), forecast[::-1], np.ones(len(volume)))
        assert there.ranked == pytest.approx(back.ranked)
        assert there.caught == pytest.approx(back.caught)


def test_the_baseline_is_the_mean_volume_of_the_cells_that_were_reached():
    near, far = cells([10.0] * 20), cells([0.0] * 20 + [50.0] * 20)
    baseline = fitted_baseline([near, far] * 20, 60)
    assert baseline[5] == pytest.approx(5, rel=0.3)
    assert baseline[35] == pytest.approx(50, rel=0.5)
    assert (baseline > 0).all()


def test_a_baseline_without_any_liquidation_is_even():
    assert fitted_baseline([cells([0.0, 0.0])], 5).tolist() == [1.0] * 5


def test_a_map_that_told_the_truth_is_trusted_and_one_that_told_nothing_is_not():
    rng = np.random.default_rng(3)
    past = [cells(rng.random(50) ** 8) for _ in range(20)]
    assert fitted_trust([(one, one.volume) for one in past], np.ones(50)) == 0.95
    noise = [(one, rng.random(50) ** 8) for one in past]
    assert fitted_trust(noise, np.ones(50)) <= 0.1


def test_a_map_that_is_empty_where_price_went_leaves_the_baseline():
    assert forecast_of(np.zeros(2), np.array([1.0, 3.0]), 0.9).tolist() == [0.25, 0.75]


class TestByDays:
    def test_its_value_is_that_of_all_days_together(self):
        found = by_days(
            np.array([1, 1, 2]),
            np.array([[1.0, 1], [2, 1], [6, 2]]),
            lambda sums: sums[0] / sums[1],
            np.random.default_rng(1),
        )
        assert found.value == pytest.approx(9 / 4)
        assert found.low < found.value < found.high

    def test_what_hangs_together_on_a_day_makes_the_interval_wider(self):
        rng = np.random.default_rng(2)
        daily = np.repeat(rng.normal(size=20), 10)
        rows = np.column_stack([daily, np.ones(200)])

        def mean(sums):
            return sums[0] / sums[1]

        whole = by_days(np.repeat(np.arange(20), 10), rows, mean, rng)
        each = by_days(np.arange(200), rows, mean, rng)
        assert whole.high - whole.low > 2 * (each.high - each.low)

    def test_without_days_there_is_none(self):
        found = by_days(np.zeros(0), np.zeros((0, 2)), lambda sums: sums[0], np.random.default_rng(1))
        assert math.isnan(found.value)
