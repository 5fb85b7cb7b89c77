"""A column of a grid holds until the next one, unless that is unusually late."""

from itertools import pairwise
from statistics import median

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.grid import GAP_STEPS, Grid, held_until, thinned
from liqbot.market.maps import Bins

MINUTE = 60_000
HOUR = 60 * MINUTE


def times(*spans_min):
    return np.concatenate(([0], np.cumsum(spans_min))) * MINUTE


def gaps(time_ms, until_ms):
    """Return the spans, in minutes, in which no column holds."""
    between = zip(until_ms[:-1].tolist(), time_ms[1:].tolist(), strict=True)
    return [((after - until) / MINUTE) for until, after in between if until < after]


def test_a_past_that_grows_coarser_with_age_has_no_gaps():
    seldom, often, oftener = [120] * 40, [15] * 90, [1] * 200
    time_ms = times(*seldom, *often, *oftener)
    assert gaps(time_ms, held_until(time_ms)) == []


def test_a_hole_of_hours_is_a_gap_where_columns_are_minutes_apart():
    time_ms = times(*[5] * 20, 180, *[5] * 20)
    assert gaps(time_ms, held_until(time_ms)) == [180 - GAP_STEPS * 5]


def test_a_hole_of_hours_is_none_where_columns_are_hours_apart():
    time_ms = times(*[120] * 20, 180, *[120] * 20)
    assert gaps(time_ms, held_until(time_ms)) == []


def test_two_holes_near_each_other_are_both_gaps():
    time_ms = times(*[5] * 9, 180, 5, 240, *[5] * 9)
    assert len(gaps(time_ms, held_until(time_ms))) == 2


def test_columns_are_never_taken_to_be_nearer_than_they_can_be():
    time_ms = times(*[1] * 20, 60, *[1] * 20)
    assert gaps(time_ms, held_until(time_ms, 30 * MINUTE)) == []


@given(st.lists(st.integers(1, 600), min_size=2, max_size=40))
def test_usual_is_the_larger_of_the_medians_of_five_steps_before_and_after(spans):
    time_ms = times(*spans)
    expected = []
    for place, span in enumerate(spans):
        around = (spans[max(place - 5, 0) : place], spans[place + 1 :][:5])
        usual = max(median(some) for some in around if some)
        expected.append(int(time_ms[place]) + int(min(span, GAP_STEPS * usual) * MINUTE))
    assert held_until(time_ms).tolist() == [*expected, int(time_ms[-1])]


@given(st.lists(st.sampled_from([1, 5, 15, 120, 600]), min_size=12, max_size=80), st.integers(0, 30))
def test_whether_there_is_a_gap_does_not_depend_on_how_far_back_one_looks(spans, cut):
    time_ms = times(*spans)
    whole = held_until(time_ms)
    part = held_until(time_ms[cut:])
    inner = slice(5, None)  # the first few know less of what is around them
    assert part[inner].tolist() == whole[cut:][inner].tolist()


@given(st.lists(st.integers(1, 10**6), max_size=50))
def test_a_column_holds_for_some_time_and_never_beyond_the_next(spans):
    time_ms = np.concatenate(([0], np.cumsum(spans, dtype=np.int64))).astype(np.int64)
    until_ms = held_until(time_ms)
    assert until_ms[-1] == time_ms[-1]
    for (time, after), until in zip(pairwise(time_ms.tolist()), until_ms.tolist(), strict=False):
        assert time < until <= after


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 200))
def test_a_thinned_grid_keeps_the_newest_of_each_step_every_wick_and_every_gap(spans, step_min):
    time_ms = times(*spans)
    random = np.random.default_rng(len(spans))
    spot = random.uniform(90, 110, len(time_ms))
    until_ms = held_until(time_ms)
    usd = random.uniform(0, 1, (len(time_ms), 3)).astype(np.float32)
    grid = Grid(Bins(0, 3), time_ms, until_ms, spot, spot * 0.9, spot * 1.1, usd)
    thin = thinned(grid, step_min * MINUTE)
    assert thin.time_ms[-1] == time_ms[-1]
    assert len(set((thin.time_ms // (step_min * MINUTE)).tolist())) == len(thin)
    assert set(thin.time_ms.tolist()) <= set(time_ms.tolist())
    assert (thin.low.min(), thin.high.max()) == (grid.low.min(), grid.high.max())
    assert (thin.until_ms[:-1] <= thin.time_ms[1:]).all()
    assert (thin.until_ms[:-1] > thin.time_ms[:-1]).all()
