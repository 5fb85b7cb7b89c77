"""The studio draws beside the event loop, and outlives what it cannot draw."""

import asyncio
import os
import subprocess
import sys
import threading
import tracemalloc
from dataclasses import replace

import pytest
from charts.scenes import crowd, heatmap_of, with_past

from liqbot.charts import heatmap, ladder
from liqbot.charts.request import (
    ChartEvent,
    EventKind,
    Fact,
    Look,
    MapInput,
    Shape,
    ThemeName,
    Zoom,
)
from liqbot.charts.studio import DrawingError, Studio
from liqbot.market.side import Side

COLUMNS = ("time_ms", "until_ms", "spot", "low", "high", "usd")


@pytest.fixture
def studio():
    with Studio() as studio:
        yield studio


def test_importing_the_studio_does_not_load_matplotlib():
    program = "import sys, liqbot.charts.studio; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_it_draws_both_pictures(studio):
    view = crowd()
    asked = heatmap_of(view, "24h", zoom=Zoom.WIDE)
    assert await studio.heatmap(asked) == heatmap.draw(asked)
    assert await studio.map(MapInput(view=view)) == ladder.draw(MapInput(view=view))


async def test_what_cannot_be_drawn_names_coin_and_chart_and_harms_no_other(studio):
    with pytest.raises(DrawingError, match="could not draw the BTC heatmap over 7d") as caught:
        await studio.heatmap(
            replace(
                heatmap_of(crowd(), "7d"),
                grid=replace(crowd().grid, **{name: getattr(crowd().grid, name)[:0] for name in COLUMNS}),
            )
        )
    assert isinstance(caught.value.__cause__, ValueError)
    assert (await studio.map(MapInput(view=crowd()))).png


async def test_a_failure_halfway_leaves_nothing_in_the_next_picture(studio, monkeypatch):
    expected = ladder.draw(MapInput(view=crowd()))
    with monkeypatch.context() as broken:
        broken.setattr(ladder, "_fine_print", lambda *_: 1 / 0)
        with pytest.raises(DrawingError, match="could not draw the BTC map: division by zero"):
            await studio.map(MapInput(view=crowd()))
    assert await studio.map(MapInput(view=crowd())) == expected


async def test_the_loop_goes_on_while_a_picture_is_drawn(studio):
    turns, drawing = 0, asyncio.ensure_future(studio.heatmap(heatmap_of(crowd(), "24h")))
    while not drawing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10


def minutes_apart(count):
    """Return views that differ in nothing but their time, so that each is a picture of its own."""
    return [replace(crowd(), time_ms=crowd().time_ms + number * 60_000) for number in range(count)]


@pytest.fixture
def threads(monkeypatch):
    """Return the thread that drew, for each map that is drawn."""
    seen, draw = [], ladder.draw
    monkeypatch.setattr(ladder, "draw", lambda asked: seen.append(threading.get_ident()) or draw(asked))
    return seen


async def test_twenty_who_ask_for_the_same_cause_one_drawing(studio, threads):
    # Each with a view of its own, as each question makes one.
    pictures = await asyncio.gather(*(studio.map(MapInput(view=replace(crowd()))) for _ in range(20)))
    assert len(threads) == 1
    assert all(picture == pictures[0] for picture in pictures)
    await studio.map(MapInput(view=replace(crowd())))
    assert len(threads) == 1


async def test_different_pictures_are_drawn_apart_and_never_on_the_loops_thread(studio, threads):
    pictures = await asyncio.gather(*(studio.map(MapInput(view=view)) for view in minutes_apart(4)))
    assert len(threads) == 4
    assert len({picture.png for picture in pictures}) == 4
    assert threading.get_ident() not in threads
    assert len(set(threads)) <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    "other",
    [
        {"window": "24h"},
        {"zoom": Zoom.NEAR},
        {"look": Look(theme=ThemeName.LIGHT)},
        {"look": Look(shape=Shape.SQUARE)},
        {"highlight": "BTC-L1"},
        {"facts": (Fact("funding", "+0.01%"),)},
        {"events": (ChartEvent(EventKind.SWEPT, 1, 2.0, 3.0, Side.LONG),)},
        {"line": True},
    ],
    ids=str,
)
def test_whatever_changes_a_picture_changes_its_key(other):
    view = crowd()
    assert heatmap_of(view).key == heatmap_of(replace(view)).key
    assert heatmap_of(view).key != heatmap_of(view, **other).key


def test_other_data_are_another_picture():
    view = crowd()
    keys = {
        heatmap_of(it).key
        for it in (
            view,
            replace(view, spot=view.spot + 1),
            replace(view, coverage=0.5),
            with_past(view, [62_000] * 9),
            with_past(view, [61_000, 62_000]),
        )
    }
    assert len(keys) == 5
    assert len({hash(key) for key in keys}) == 5


async def test_who_gives_up_waiting_leaves_the_picture_to_others(studio, threads):
    first, second = (asyncio.ensure_future(studio.map(MapInput(view=crowd()))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).png
    assert len(threads) == 1


async def test_a_failure_is_told_to_all_who_wait_and_is_not_remembered(studio, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(ladder, "_fine_print", lambda *_: 1 / 0)
        told = await asyncio.gather(
            *(studio.map(MapInput(view=crowd())) for _ in range(3)), return_exceptions=True
        )
    assert [type(it) for it in told] == [DrawingError] * 3
    assert (await studio.map(MapInput(view=crowd()))).png


async def test_a_closed_studio_says_so():
    studio = Studio()
    studio.close()
    with pytest.raises(DrawingError, match="could not draw the BTC map"):
        await studio.map(MapInput(view=crowd()))


def test_pictures_leave_no_memory_behind():
    view = crowd()
    for _ in range(3):
        heatmap.draw(heatmap_of(view))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        heatmap.draw(heatmap_of(view))
        ladder.draw(MapInput(view=view))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200_000
