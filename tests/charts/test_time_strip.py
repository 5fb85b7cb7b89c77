"""The strip beneath a heatmap: what it shows, where it says so, and where it is broken."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import candles_of, crowd, heatmap_of, looked_at, with_gaps

from liqbot.charts import heatmap, time_strip
from liqbot.charts.request import Look, Shape, ThemeName
from liqbot.charts.theme import DARK


def known(view):
    """Return a view whose grid knows an open interest that rises."""
    rising = np.linspace(1e9, 2e9, len(view.grid))
    return view.with_grid(replace(view.grid, open_interest=rising))


def strip_of(asked):
    """Return the pixels of a strip, and those to the right of it up to the edge."""
    plan, pixels = heatmap.layout(asked), looked_at(heatmap.draw(asked))
    rows = slice(plan.frame.bottom + time_strip.GAP, plan.frame.bottom + time_strip.GAP + time_strip.HEIGHT)
    return plan, pixels[rows, plan.place.left : plan.place.right], pixels[rows, plan.place.right :]


def test_volume_has_a_strip_where_a_venue_tells_it_and_open_interest_where_not():
    view = known(crowd())
    assert heatmap.layout(heatmap_of(view)).beneath.label == "open interest"
    traded = heatmap_of(view, candles=candles_of(view.grid))
    assert heatmap.layout(traded).beneath is time_strip.Kind.VOLUME
    silent = heatmap_of(view, candles=candles_of(view.grid, volume=False))
    assert heatmap.layout(silent).beneath.label == "open interest"


def test_a_line_that_rises_is_drawn_so():
    plan, inside, _ = strip_of(heatmap_of(known(crowd())))
    line = (inside == DARK.text).all(axis=-1)
    assert line.any(axis=0).mean() > 0.9
    first, last = (np.flatnonzero(line[:, x]).mean() for x in (5, plan.place.times.length - 12))
    assert first > time_strip.HEIGHT * 0.7
    assert last < time_strip.HEIGHT * 0.3


def test_it_is_broken_where_nothing_is_known():
    view = known(with_gaps())
    plan, inside, _ = strip_of(heatmap_of(view))
    unknown = plan.columns == -1
    line = (inside == DARK.text).all(axis=-1).any(axis=0)
    assert unknown.sum() > 50
    assert line[unknown].mean() < 0.1
    assert line[~unknown].mean() > 0.9


@pytest.mark.parametrize("shape", Shape)
def test_its_name_stands_beside_it_and_not_on_it(shape):
    asked = heatmap_of(known(crowd()), look=Look(shape=shape))
    _, _, beside = strip_of(asked)
    assert ((beside == DARK.soft).all(axis=-1)).sum() > 100
    nothing = heatmap_of(crowd(), look=Look(ThemeName.DARK, shape))
    assert heatmap.layout(nothing).beneath is None
