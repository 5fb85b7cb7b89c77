"""How much money is how bright, and whose it is."""

import numpy as np
import pytest
from charts.scenes import crowd, grid_of
from hypothesis import given
from hypothesis import strategies as st

from liqbot.charts import heat, theme
from liqbot.charts.heat import FAINTEST, HeatScale
from liqbot.charts.price_axis import PriceAxis
from liqbot.market.maps import Bins

BRIGHTEST = theme.HEAT_LEVELS - 1


def test_twice_as_much_is_twice_as_bright():
    levels = HeatScale(cap=1e6).levels(np.array([0.25e6, 0.5e6, 1e6]))
    assert levels.tolist() == pytest.approx([BRIGHTEST / 4, BRIGHTEST / 2, BRIGHTEST], abs=0.5)


def test_the_smallest_amount_is_seen_and_nothing_is_dark():
    levels = HeatScale(cap=1e9).levels(np.array([0.0, 0.01, 1e7]))
    assert levels[0] == 0
    assert FAINTEST == levels[1] < levels[2]


def test_one_huge_cell_does_not_turn_the_rest_black():
    usd = np.append(np.full(999, 1e6), 1e12)
    assert (HeatScale.of(usd).levels(usd) == BRIGHTEST).all()


def test_few_cells_of_a_crowded_map_are_capped():
    usd = np.random.default_rng(1).lognormal(13, 1, 50_000)
    share = (usd >= HeatScale.of(usd).cap).mean()
    assert 0.003 <= share < 0.04


@given(st.lists(st.floats(0.01, 1e12), min_size=1, max_size=50))
def test_a_cap_is_a_round_number_that_money_reaches(usd):
    cap = HeatScale.of(np.array(usd)).cap
    assert float(f"{cap:.1e}") == cap
    assert f"{cap:.1e}"[:3] in ("1.0", "1.5", "2.0", "3.0", "4.0", "6.0", "8.0")
    assert cap <= max(usd)


def test_without_money_there_is_a_scale_too():
    assert HeatScale.of(np.zeros(10)).levels(np.zeros(10)).tolist() == [0] * 10


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
