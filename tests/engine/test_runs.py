"""Runs are worked out for many maps at once; a plain walk from each peak comes to the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.runs import FOOT, SMOOTH_FOOT, _outstanding, _smooth, _smooth_outstanding, find_runs

BINS = 460

walls = st.lists(
    st.tuples(st.integers(0, BINS - 1), st.sampled_from([1.0, 2.0, 3.0, 40.0, 1000.0])), max_size=60
)
crowds = st.lists(st.tuples(st.integers(100, 140), st.floats(0.5, 2.0)), max_size=60)
strewn = st.lists(st.tuples(st.integers(0, BINS - 1), st.floats(1e-3, 1e6)), max_size=200)


def row_of(held) -> np.ndarray:
    row = np.zeros(BINS)
    for place, usd in held:
        row[place] += usd
    return row


def plain_runs(usd, density, stands_out, lasts, foot):
    """Return (first, last, peak, stands out) of each run of one row, as they are described."""
    peaks = [
        place
        for place in range(BINS)
        if density[place] >= lasts[place]
        and ((place == 0 and density[place] > 0) or (place > 0 and density[place] > density[place - 1]))
        and (place == BINS - 1 or density[place] >= density[place + 1])
    ]
    claimed, runs = [False] * BINS, []
    for peak in sorted(peaks, key=lambda place: -density[place]):
        if claimed[peak]:
            continue
        first = last = peak
        while first > 0 and density[first - 1] >= foot * density[peak] and not claimed[first - 1]:
            first -= 1
        while last + 1 < BINS and density[last + 1] >= foot * density[peak] and not claimed[last + 1]:
            last += 1
        claimed[first : last + 1] = [True] * (last + 1 - first)
        held = [place for place in range(first, last + 1) if usd[place]]
        if held:
            runs.append((held[0], held[-1], peak, density[peak] >= stands_out[peak]))
    return sorted(runs)


@pytest.mark.parametrize("is_smooth", [False, True])
@given(st.lists(walls | crowds | strewn, min_size=1, max_size=4))
def test_runs_are_those_of_a_plain_walk_from_each_peak(is_smooth, maps):
    usd = np.array([row_of(held) for held in maps])
    density = np.zeros_like(usd)
    _smooth(usd, density)
    stands_out, lasts = (_smooth_outstanding if is_smooth else _outstanding)(density)
    runs = find_runs(usd, is_smooth=is_smooth)
    assert sorted(runs.rank.tolist()) == sorted(set(runs.rank.tolist()))
    for row in range(len(usd)):
        own = runs.take(np.flatnonzero(runs.row == row))
        found = zip(
            own.first.tolist(), own.last.tolist(), own.peak.tolist(), own.stands_out.tolist(), strict=True
        )
        foot = SMOOTH_FOOT if is_smooth else FOOT
        expected = plain_runs(usd[row], density[row], stands_out[row], lasts[row], foot)
        assert list(found) == expected
        sums = [usd[row, first : last + 1].sum() for first, last, *_ in expected]
        assert own.usd.tolist() == pytest.approx(sums)


@given(strewn)
def test_the_density_keeps_what_it_is_made_of_but_for_what_lies_at_the_ends(held):
    usd = row_of(held)
    usd[:6] = usd[-6:] = 0.0
    density = np.zeros((1, BINS))
    _smooth(usd[None], density)
    assert density.sum() == pytest.approx(usd.sum())
    assert np.allclose(density[0], np.convolve(usd, density_of_one(), mode="same"))


def density_of_one() -> np.ndarray:
    one, density = np.zeros((1, 13)), np.zeros((1, 13))
    one[0, 6] = 1.0
    _smooth(one, density)
    return density[0]


def test_a_map_without_levels_has_no_runs():
    assert len(find_runs(np.zeros((2, BINS)), is_smooth=False)) == 0
    assert len(find_runs(np.zeros((2, BINS)), is_smooth=True)) == 0
