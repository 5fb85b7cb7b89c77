"""What must not be overlooked is not covered: the tag by no mark and by no name, and no name by the tag."""

import numpy as np
import pytest
from charts.scenes import crowd, heatmap_of, looked_at, modelled

from liqbot.charts import frame, heatmap
from liqbot.charts.request import ChartEvent, EventKind, Look, SecondLayer, Shape
from liqbot.charts.theme import DARK
from liqbot.market.side import Side


def tag_of(asked):
    """Return the pixels of the tag in the corner of a heatmap."""
    plan, pixels = heatmap.layout(asked), looked_at(heatmap.draw(asked))
    left, top = plan.place.left + 10, plan.place.top + 10
    wide = frame.tag_width(frame.sheet(asked.look), plan.badge)
    return pixels[top : top + frame.TAG_HEIGHT, left : left + wide]


@pytest.mark.parametrize("kind", EventKind)
def test_nothing_that_happened_is_drawn_over_the_tag(kind):
    view = crowd()
    axis = heatmap.layout(heatmap_of(view)).place.prices
    price = axis.high * np.exp(-30 / axis.length * np.log(axis.high / axis.low))
    times = view.grid.time_ms[1:20].tolist()
    events = tuple(ChartEvent(kind, time_ms, price, 5e8, Side.SHORT) for time_ms in times)
    assert (tag_of(heatmap_of(view, events=events)) == tag_of(heatmap_of(view))).all()


@pytest.mark.parametrize("shape", Shape)
def test_the_name_of_an_alerts_cluster_and_the_tag_do_not_cover_each_other(shape):
    view = crowd()
    for cluster in view.clusters.within(30):
        asked = heatmap_of(view, "24h", highlight=cluster.id, look=Look(shape=shape))
        plan, canvas = heatmap.layout(asked), frame.sheet(asked.look)
        tag, *_, name = heatmap._taken(canvas, asked, plan)
        assert not name.overlaps(tag)
        assert plan.place.top <= name.top < name.bottom <= plan.place.bottom


def test_what_the_outlines_are_stands_on_a_ground_of_its_own():
    other = modelled()
    asked = heatmap_of(crowd(), second=SecondLayer(other, other.grid))
    plan, pixels = heatmap.layout(asked), looked_at(heatmap.draw(asked))
    box = heatmap._taken(frame.sheet(asked.look), asked, plan)[1]
    inside = pixels[round(box.top) + 2 : round(box.bottom) - 2, round(box.left) + 2 : round(box.right) - 2]
    ground = (inside == DARK.background).all(axis=-1).mean()
    assert ground > 0.5


def test_a_candle_is_never_a_slab():
    """A day in a wide picture of few candles: bodies stay as narrow as their wicks can be seen beside."""
    plan = heatmap.layout(heatmap_of(crowd(hours=4, columns=240), "12h"))
    assert plan.candles is not None
    pixels = looked_at(heatmap.draw(heatmap_of(crowd(hours=4, columns=240), "12h")))
    heat = pixels[plan.place.top : plan.place.bottom, plan.place.left : plan.place.right]
    for row in (heat == DARK.down).all(axis=-1):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(int), [0]))))
        runs = edges[1::2] - edges[::2]
        assert runs.max(initial=0) <= 13
