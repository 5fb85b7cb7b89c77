"""The time axis: which column a pixel shows, and round times in UTC."""

from datetime import UTC, datetime

import numpy as np
import pytest
from charts.scenes import grid_of
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, MINUTE

from liqbot.charts.time_axis import NO_DATA, NOW_PIXELS, TimeAxis
from liqbot.market.maps import Bins

DAY = 24 * HOUR
START = int(datetime(2026, 6, 20, 19, 33, tzinfo=UTC).timestamp() * 1000)


def past(times, until_ms=None):
    bins = Bins.around(100)
    return grid_of(
        [(bins, np.zeros(bins.count))] * len(times), times, [100.0] * len(times), until_ms=until_ms
    )


def test_each_column_is_as_wide_as_it_held():
    grid = past([START, START + HOUR, START + 3 * HOUR, START + 4 * HOUR])
    columns = TimeAxis.of(grid, 800).columns(grid)
    widths = np.bincount(columns, minlength=4)
    assert widths[1] == pytest.approx(2 * widths[0], abs=2)
    assert widths[2] == pytest.approx(widths[0], abs=2)
    assert widths[3] == pytest.approx(NOW_PIXELS, abs=1)


def test_time_without_a_map_belongs_to_no_column():
    times = [START, START + HOUR, START + 5 * HOUR, START + 6 * HOUR]
    grid = past(times, until_ms=[times[1], times[1] + HOUR, times[3], times[3]])
    axis = TimeAxis.of(grid, 600)
    columns = axis.columns(grid)
    gap = np.flatnonzero(columns == NO_DATA)
    assert len(gap) == pytest.approx(300, abs=8)
    assert gap[0] == pytest.approx(axis.along(np.array([times[1] + HOUR]))[0], abs=1)
    assert (np.diff(gap) == 1).all()


def test_a_single_map_fills_the_axis():
    grid = past([START])
    assert (TimeAxis.of(grid, 500).columns(grid) == 0).all()


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=900))
def test_the_first_map_is_at_the_left_and_the_newest_at_the_right(steps):
    times = START + np.cumsum([0, *steps])
    grid = past(times.tolist())
    axis = TimeAxis.of(grid, 790)
    columns = axis.columns(grid)
    assert axis.along(grid.time_ms)[0] == 0
    assert (columns[-NOW_PIXELS + 1 :] == len(grid) - 1).all()
    assert (np.diff(columns) >= 0).all()


@pytest.mark.parametrize(
    ("span", "some"),
    [
        (30 * MINUTE, ["19:35", "20:00"]),
        (4 * HOUR, ["20:00", "22:00", "23:30"]),
        (DAY, ["21:00", "21 Jun", "03:00"]),
        (7 * DAY, ["21 Jun", "22 Jun", "27 Jun"]),
        (31 * DAY, ["25 Jun", "2 Jul", "16 Jul"]),
        (366 * DAY, ["Jul", "Dec", "2027", "Jun"]),
        (6 * 366 * DAY, ["2027", "2031"]),
    ],
)
def test_labels_are_round_times(span, some):
    grid = past([START, START + span])
    axis = TimeAxis.of(grid, 790)
    labels = axis.ticks(96)
    assert set(some) <= {label for _, label in labels}
    places = [place for place, _ in labels]
    assert min(np.diff(places), default=99) > 55
    assert all(-1 <= place <= 790 for place in places)


def test_a_label_stands_at_its_time():
    axis = TimeAxis.of(past([START, START + DAY]), 790)
    midnight = int(datetime(2026, 6, 21, tzinfo=UTC).timestamp() * 1000)
    places = {label: place for place, label in axis.ticks(96)}
    assert places["21 Jun"] == pytest.approx(axis.along(np.array([midnight]))[0])
