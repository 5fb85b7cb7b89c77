"""How much of what is swept is liquidated: what a venue tells sharpens and moves what was known before."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.realised_share import PRIOR, PRIOR_SHARE, realised_share


def share_of(swept: float, *by_day: float, days: float = 30):
    return realised_share(swept, np.array(by_day), days=days, is_lower_bound=False)


def test_a_venue_that_tells_nothing_has_the_prior_and_its_doubt():
    assert PRIOR.value == PRIOR_SHARE
    assert PRIOR.days == 0
    assert PRIOR.low < PRIOR.value / 2
    assert PRIOR.high > PRIOR.value * 2


@given(st.floats(0.02, 0.6), st.floats(1e4, 1e9))
def test_a_month_of_like_days_moves_the_share_to_what_was_liquidated_and_narrows_it(true, swept):
    found = share_of(swept, *([true * swept / 30] * 30))
    assert abs(math.log(found.value / true)) < abs(math.log(PRIOR_SHARE / true)) + 1e-9
    assert found.high / found.low < PRIOR.high / PRIOR.low
    assert found.low < found.value < found.high


def test_one_terrible_day_says_less_than_a_month_of_days():
    even, lumpy = share_of(1e8, *([1e6] * 30)), share_of(1e8, 30e6)
    assert abs(even.value - 0.3) < abs(lumpy.value - 0.3)
    assert lumpy.high / lumpy.low > even.high / even.low


@given(st.floats(1, 1e9), st.lists(st.floats(0, 1e8), max_size=30))
def test_the_share_is_a_number_above_zero_whatever_is_told(swept, by_day):
    found = share_of(swept, *by_day)
    assert 0 < found.low < found.value < found.high < math.inf


def test_silence_makes_the_share_smaller_but_never_nothing():
    assert 0 < share_of(1e8, days=30).value < share_of(1e8 / 10, days=3).value < PRIOR_SHARE


def test_where_the_model_swept_nothing_it_is_the_prior():
    assert share_of(0.0) == PRIOR


def test_dollars_at_a_level_are_scaled_by_the_share():
    assert PRIOR.of(100e6) == pytest.approx(100e6 * PRIOR_SHARE)
