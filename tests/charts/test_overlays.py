"""Marks of overlays on a heatmap."""

import numpy as np
import pytest
from charts.scenes import heatmap_of
from markets import HOUR, long, short, view_of

from liqbot.charts import heatmap
from liqbot.market.grid import Grid
from liqbot.market.marks import band, line, point
from liqbot.market.side import Side

VIEW = view_of(long("ann", 100_000, at=96), short("bob", 100_000, at=104), time_ms=24 * HOUR)
TIMES = np.array([0, 12 * HOUR, 24 * HOUR], dtype=np.int64)
GRID = Grid(
    bins=VIEW.map.bins,
    time_ms=TIMES,
    until_ms=np.append(TIMES[1:], TIMES[-1]),
    spot=np.full(3, 100.0),
    low=np.full(3, 99.0),
    high=np.full(3, 101.0),
    usd=np.tile(VIEW.map.total.astype(np.float32), (3, 1)),
)
PLAIN = VIEW.with_grid(GRID)


def drawn(view):
    return heatmap.draw(heatmap_of(view, "24h"))


BARE = drawn(PLAIN).png


@pytest.mark.parametrize(
    "mark",
    [
        line(98, "a line"),
        band(97, 98, "a band", side=Side.LONG),
        point(12 * HOUR, 103, "a point", side=Side.SHORT),
        point(24 * HOUR, 103, "at the right edge"),
        line(98, "x" * 500),
        band(0.01, 1e6, "wider than the picture"),
    ],
    ids=lambda mark: mark.label[:20],
)
def test_a_mark_is_seen(mark):
    assert drawn(PLAIN.with_marks((mark,))).png != BARE


@pytest.mark.parametrize("mark", [line(1), band(1, 2), point(-HOUR, 100), point(99 * HOUR, 100), line(1e9)])
def test_what_lies_outside_the_picture_is_left_out(mark):
    assert drawn(PLAIN.with_marks((mark,))).png == BARE


def test_of_very_many_marks_the_first_are_drawn():
    marks = tuple(line(90 + n / 50, f"line {n}") for n in range(1000))
    assert drawn(PLAIN.with_marks(marks)).png == drawn(PLAIN.with_marks(marks[:40])).png
