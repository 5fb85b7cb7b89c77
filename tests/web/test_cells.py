"""A grid's dollars on the wire: three digits of each cell, whatever is in it."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liqbot.web.cells import codes, dollars, packed, rounded, unpacked

money = st.floats(1, 1e13)


@given(money)
def test_a_cell_keeps_three_digits(usd):
    assert rounded(usd) == pytest.approx(float(f"{usd:.3g}"), rel=1e-12) or rounded(usd) == pytest.approx(
        usd, rel=0.005
    )
    assert f"{rounded(usd):.3g}" == f"{rounded(rounded(usd)):.3g}"


@given(arrays(np.float64, (5, 7), elements=st.one_of(st.just(0.0), money)))
def test_what_is_packed_comes_back(usd):
    back = unpacked(packed(usd), 7)
    assert np.array_equal(back, dollars(codes(usd)))
    assert np.allclose(back, usd, rtol=0.005)
    assert np.array_equal(back == 0, usd < 1)


def test_more_money_is_never_a_smaller_code():
    usd = np.geomspace(1, 1e12, 20_000)
    assert np.all(np.diff(codes(usd).astype(int)) >= 0)


def test_a_day_that_hardly_changes_is_written_in_little():
    random = np.random.default_rng(1)
    first = np.where(random.random(2_000) < 0.2, random.lognormal(12, 2, 2_000), 0)
    day = np.repeat(first[np.newaxis], 288, axis=0)
    day[random.random(day.shape) < 0.01] *= 1.5
    assert len(gzip.compress(packed(day).encode(), 5)) < 30_000
