"""Candles without a venue's candles: what spot did between the columns of a grid, and when that is enough."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import candles_of, crowd, grid_of, heatmap_of, looked_at
from hypothesis import given
from hypothesis import strategies as st

from liqbot.charts import candlesticks, heatmap
from liqbot.charts.candlesticks import FEWEST, of_grid
from liqbot.charts.theme import DARK

MINUTE = 60_000
MAP = (crowd().map.bins, crowd().map.total)


def walk(spot, *, step_ms=5 * MINUTE, wicks=0.0, until_ms=None):
    """Return a grid whose spot took these values, `wicks` (a share) beyond both ends of each step."""
    spot = np.asarray(spot, float)
    before = np.concatenate((spot[:1], spot[:-1]))
    return grid_of(
        [MAP] * len(spot),
        10 * step_ms + np.arange(len(spot)) * step_ms,
        spot,
        low=np.minimum(spot, before) * (1 - wicks),
        high=np.maximum(spot, before) * (1 + wicks),
        until_ms=until_ms,
    )


def test_a_candle_opens_where_the_one_before_closed_and_holds_all_that_spot_did():
    candles = of_grid(walk([100, 103, 99, 101, 104, 98, 100]), 15 * MINUTE)
    # The columns are at 50, 55, 60 … 80 minutes; what happened up to 60 belongs to the candle from 45 on.
    assert candles.begin_ms.tolist() == [45 * MINUTE, 60 * MINUTE, 75 * MINUTE]
    assert candles.open.tolist() == [100, 99, 98]
    assert candles.high.tolist() == [103, 104, 100]
    assert candles.low.tolist() == [99, 98, 98]
    assert candles.close.tolist() == [99, 98, 100]


@given(st.lists(st.floats(50, 200), min_size=2, max_size=60), st.integers(1, 6))
def test_no_wick_is_lost_and_none_is_invented(spot, columns):
    grid = walk(spot, wicks=0.01)
    candles = of_grid(grid, columns * 5 * MINUTE)
    assert candles.close[-1] == grid.spot[-1]
    assert candles.low.min() == pytest.approx(min(grid.low[1:].min(), grid.spot[0]))
    assert candles.high.max() == pytest.approx(max(grid.high[1:].max(), grid.spot[0]))
    # One after the other without a gap, each opens where the one before closed.
    assert candles.open[1:].tolist() == candles.close[:-1].tolist()


def test_of_the_time_of_a_gap_nothing_is_drawn():
    spot = [100.0] * 10 + [150.0] * 10
    grid = walk(spot)
    until_ms = grid.until_ms.copy()
    until_ms[9] -= 3 * MINUTE  # spot jumped while nobody looked
    candles = of_grid(replace(grid, until_ms=until_ms), 5 * MINUTE)
    assert set(candles.high - candles.low) == {0.0}


def test_a_live_markets_picture_has_candles_without_any_from_a_venue():
    plan = heatmap.layout(heatmap_of(crowd(), "24h"))
    assert plan.candles is not None
    assert len(plan.candles) >= FEWEST
    apart = np.diff(plan.place.x(plan.candles.begin_ms))
    assert apart.min() >= candlesticks.LEAST_APART - 1e-6


def test_snapshots_hours_apart_make_candles_of_several_or_a_line():
    """Between snapshots nobody looked: a candle of two of them would hide how far price went."""
    sparse = walk(100 + np.arange(200) % 7, step_ms=120 * MINUTE)
    plan = heatmap.layout(heatmap_of(crowd().with_grid(sparse)))
    assert plan.candles is not None
    assert plan.candles.length_ms >= 4 * 120 * MINUTE
    few = walk(100 + np.arange(20) % 7, step_ms=120 * MINUTE)
    assert heatmap.layout(heatmap_of(crowd().with_grid(few))).candles is None


def test_a_venues_candles_take_the_place_of_the_grids_where_it_has_any():
    view = crowd()
    half = candles_of(view.grid)
    half = half.take(half.begin_ms >= view.grid.time_ms[len(view.grid) // 2])
    plan = heatmap.layout(heatmap_of(view, "24h", candles=half))
    known = plan.candles.begin_ms >= half.begin_ms[0]
    assert 0 < np.count_nonzero(known) < len(plan.candles)
    # Of most of the time no volume is known: there is no strip of half a day's volume.
    assert np.isnan(plan.candles.volume[~known]).all()
    assert plan.beneath is None


def test_a_line_is_drawn_where_it_is_asked_for():
    candles, line = (looked_at(heatmap.draw(heatmap_of(crowd(), "24h", line=line))) for line in (False, True))
    assert (candles != line).any()
    plan = heatmap.layout(heatmap_of(crowd(), "24h"))
    heat = (slice(plan.place.top, plan.place.bottom), slice(plan.place.left, plan.place.right))
    fell = [(pixels[heat] == DARK.down).all(axis=-1).sum() for pixels in (candles, line)]
    assert fell[0] > 20 * (fell[1] + 1)


def test_open_interest_stands_beneath_where_the_grid_knows_it():
    view = crowd()
    known = replace(view.grid, open_interest=np.linspace(1e9, 2e9, len(view.grid)))
    plan = heatmap.layout(heatmap_of(view.with_grid(known)))
    assert plan.beneath.label == "open interest"
    mostly_not = np.where(np.arange(len(view.grid)) % 2, 1e9, np.nan)
    unknown = replace(view.grid, open_interest=mostly_not)
    assert heatmap.layout(heatmap_of(view.with_grid(unknown))).beneath is None


def test_open_interest_makes_another_picture():
    view = crowd()
    known = replace(view.grid, open_interest=np.linspace(1e9, 2e9, len(view.grid)))
    assert heatmap_of(view).key != heatmap_of(view.with_grid(known)).key
