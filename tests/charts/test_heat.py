"""Whose money the heat is."""

import numpy as np
from charts.scenes import crowd, grid_of

from liqbot.charts import heat
from liqbot.charts.price_axis import PriceAxis
from liqbot.market.maps import Bins


def test_a_row_that_spot_cuts_in_two_has_a_part_of_each_side():
    bins = Bins(0, 20)
    usd = np.arange(20, dtype=np.float64)
    grid = grid_of([(bins, usd)], [0], [float(bins.edges[7])])
    axis = PriceAxis(first=0, rows=4, bins=5, pixels=3)
    sides = heat.by_side(grid.usd, grid.bins, grid.spot, axis)
    assert sides.long.tolist() == [[10, 5 + 6, 0, 0]]
    assert sides.short.tolist() == [[0, 7 + 8 + 9, 60, 85]]


def test_every_dollar_of_the_grid_on_the_axis_belongs_to_one_side():
    view = crowd()
    axis = PriceAxis(first=view.grid.bins.first // 7 * 7, rows=320, bins=7, pixels=2)
    sides = heat.by_side(view.grid.usd, view.grid.bins, view.grid.spot, axis)
    np.testing.assert_allclose(sides.long + sides.short, axis.sums(view.grid.usd, view.grid.bins))
    place = np.array([view.grid.bins.place(spot) for spot in view.grid.spot])
    below = np.array(
        [row[:cut].sum() for row, cut in zip(view.grid.usd, place, strict=True)], dtype=np.float64
    )
    at = view.grid.usd[np.arange(len(place)), place]
    assert (sides.long.sum(axis=1) >= below * (1 - 1e-6)).all()
    assert (sides.long.sum(axis=1) <= (below + at) * (1 + 1e-6)).all()
