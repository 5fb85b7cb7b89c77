"""What happened is seen where and when it did: candles, liquidations, clusters that ended, another layer."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import candles_of, crowd, events_of, heatmap_of, looked_at, with_past
from hypothesis import given
from hypothesis import strategies as st

from liqbot.charts import candlesticks, chart_events, event_marks, heatmap
from liqbot.charts.request import ChartEvent, EventKind, Fact, Look, SecondLayer, Series, Shape
from liqbot.charts.theme import DARK
from liqbot.market.clusters import End
from liqbot.market.events import ClusterEnded, LiquidationSeen
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side

HOUR = 3_600_000


def at(plan, event):
    return round(float(plan.place.x(np.array([event.time_ms]))[0])), round(
        float(plan.place.y(np.array([event.price]))[0])
    )


@pytest.mark.parametrize("side", Side)
def test_a_liquidation_is_a_dot_of_its_sides_hue_at_its_time_and_price(side):
    view = crowd()
    time_ms = int(view.grid.time_ms[60])
    event = ChartEvent(EventKind.LIQUIDATION, time_ms, view.spot * (1 - 0.03 * side.sign), 5e6, side)
    asked = heatmap_of(view, events=(event,))
    x, y = at(heatmap.layout(asked), event)
    dot = looked_at(heatmap.draw(asked))[y - 4 : y + 5, x - 4 : x + 5]
    assert (dot == DARK.hue[side]).all(axis=-1).all()


@given(st.floats(1e4, 1e9), st.floats(1e4, 1e9))
def test_the_area_of_a_dot_is_in_proportion_to_its_dollars(one, other):
    most = max(one, other)
    sizes = [event_marks.radius(usd, most) for usd in (one, other)]
    if min(sizes) > event_marks.SMALLEST_DOT:
        assert (sizes[0] / sizes[1]) ** 2 == pytest.approx(one / other)


@pytest.mark.parametrize("kind", [EventKind.SWEPT, EventKind.CLOSED, EventKind.MERGED])
def test_where_a_cluster_ended_there_is_a_mark_and_its_dollars(kind):
    view = crowd()
    event = ChartEvent(kind, int(view.grid.time_ms[60]), view.spot * 1.04, 7e6, Side.SHORT)
    asked = heatmap_of(view, events=(event,))
    x, y = at(heatmap.layout(asked), event)
    changed = (looked_at(heatmap.draw(asked)) != looked_at(heatmap.draw(heatmap_of(view)))).any(axis=-1)
    assert changed[y - 12 : y + 13, x - 12 : x + 13].any()
    ys, xs = np.nonzero(changed)
    assert xs.max() - xs.min() > 100  # the words beside it
    assert (abs(ys - y) < 60).all()


def test_what_lies_outside_the_window_or_the_range_is_not_drawn():
    view = crowd()
    outside = (
        ChartEvent(EventKind.SWEPT, 0, view.spot, 1e6, Side.LONG),
        ChartEvent(EventKind.LIQUIDATION, view.time_ms, view.spot * 3, 1e6, Side.SHORT),
        ChartEvent(EventKind.LIQUIDATION, view.time_ms, view.spot, 0.0, Side.SHORT),
    )
    assert heatmap.draw(heatmap_of(view, events=outside)).png == heatmap.draw(heatmap_of(view)).png


def test_market_events_become_what_is_drawn():
    view = crowd()
    cluster = view.clusters[0]
    common = {"coin": "BTC", "layer": view.layer, "time_ms": 5}
    events = [
        LiquidationSeen(**common, side=Side.LONG, price=60_000.0, usd=2e6, sampled=True),
        *(ClusterEnded(**common, cluster=cluster, end=end) for end in End),
    ]
    told = chart_events.told(events)
    assert [event.kind.value for event in told] == ["liquidation", *(end.value for end in End)]
    assert told[0] == ChartEvent(EventKind.LIQUIDATION, 5, 60_000.0, 2e6, Side.LONG, sampled=True)
    assert (told[1].price, told[1].usd, told[1].side) == (cluster.price, cluster.usd, cluster.side)


def test_candles_stand_where_price_was_and_leave_no_line_beneath():
    view = crowd()
    candles = candles_of(view.grid, volume=False)
    asked = heatmap_of(view, candles=candles)
    plan = heatmap.layout(asked)
    shown, pixels = plan.candles, looked_at(heatmap.draw(asked))
    place = plan.place
    assert (np.diff(place.x(shown.begin_ms)) >= candlesticks.LEAST_APART - 0.01).all()
    for number in range(2, len(shown) - 2, 5):
        x = round(float(place.x(shown.begin_ms[number : number + 1] + shown.length_ms // 2)[0]))
        top = round(float(place.y(np.array([max(shown.open[number], shown.close[number])]))[0]))
        bottom = round(float(place.y(np.array([min(shown.open[number], shown.close[number])]))[0]))
        if bottom - top > 4 and top > place.top + 60:
            body = pixels[top + 1 : bottom - 1, x - 1 : x + 1]
            colour = DARK.up if shown.close[number] >= shown.open[number] else DARK.down
            assert (body == colour).all(axis=-1).mean() > 0.7


def test_price_is_a_line_where_that_is_wanted():
    view = crowd()
    candles = candles_of(view.grid, volume=False)
    assert (
        heatmap.draw(heatmap_of(view, candles=candles, line=True)).png
        != heatmap.draw(heatmap_of(view, candles=candles)).png
    )


@given(st.integers(1, 40), st.integers(20, 200))
def test_resampled_candles_lose_no_wick_and_no_volume(factor, count):
    grid = crowd().grid
    candles = candles_of(grid, 60_000).take(slice(0, count))
    coarse = candlesticks.resampled(candles, factor * 60_000)
    assert coarse.low.min() == candles.low.min()
    assert coarse.high.max() == candles.high.max()
    assert coarse.volume.sum() == pytest.approx(candles.volume.sum())
    assert (coarse.open[0], coarse.close[-1]) == (candles.open[0], candles.close[-1])
    assert (coarse.begin_ms % (factor * 60_000) == 0).all()


def test_volume_or_open_interest_stands_beneath_and_makes_the_plot_shorter():
    view = crowd()
    bare = heatmap.layout(heatmap_of(view)).place
    series = Series("open interest", view.grid.time_ms, np.linspace(1e9, 2e9, len(view.grid)))
    for more in ({"candles": candles_of(view.grid)}, {"open_interest": series}):
        asked = heatmap_of(view, **more)
        place = heatmap.layout(asked).place
        assert place.bottom < bare.bottom - 40
        strip = looked_at(heatmap.draw(asked))[place.bottom + 8 : place.bottom + 50, place.left : place.right]
        assert ((strip == DARK.soft).all(axis=-1) | (strip == DARK.text).all(axis=-1)).sum() > 200


def test_another_layer_is_outlined_and_named_and_adds_nothing():
    view = crowd()
    other = replace(crowd(seed=9), layer=Layer("Binance", Basis.MODELLED))
    asked = heatmap_of(view, second=SecondLayer(other, other.grid))
    plan, bare = heatmap.layout(asked), heatmap.layout(heatmap_of(view))
    assert plan.levels == bare.levels
    assert [label.cluster for label in plan.labels] == [label.cluster for label in bare.labels]
    pixels, without = looked_at(heatmap.draw(asked)), looked_at(heatmap.draw(heatmap_of(view)))
    area = (slice(plan.place.top, plan.place.bottom), slice(plan.place.left, plan.place.right))
    outlined = (pixels[area] != without[area]).any(axis=-1)
    outlined[-46:] = False  # there stands what the outlines are
    assert 0.005 < outlined.mean() < 0.2
    assert (pixels[area][outlined] == DARK.text).all(axis=-1).mean() > 0.5


@pytest.mark.parametrize("shape", Shape)
def test_facts_that_have_no_room_are_left_out_and_none_covers_the_legend(shape):
    facts = tuple(Fact(f"a fact of many words {number}", "+0.01%") for number in range(9))
    asked = heatmap_of(crowd(), facts=facts, look=Look(shape=shape))
    plan, pixels = heatmap.layout(asked), looked_at(heatmap.draw(asked))
    line = plan.frame.last_line - 31
    row = (pixels[line - 18 : line] == DARK.text).all(axis=-1).any(axis=0)
    assert row[: plan.frame.panel - 60].any()
    assert not row[plan.frame.panel - 58 : plan.frame.panel - 36].any()


def test_everything_at_once_is_drawn_in_both_formats():
    view = with_past(crowd(), np.linspace(60_000, 62_000, 50))
    asked = heatmap_of(view, candles=candles_of(view.grid), events=events_of(view.grid))
    assert heatmap.draw(asked).alt
