"""The studio draws beside the event loop, and outlives what it cannot draw."""

import asyncio
import subprocess
import sys
import threading
import tracemalloc

import pytest
from charts.scenes import crowd, without_grid

from liqbot.charts import heatmap, ladder
from liqbot.charts.studio import DrawingError, Studio


@pytest.fixture
def studio():
    with Studio() as studio:
        yield studio


def test_importing_the_studio_does_not_load_matplotlib():
    program = "import sys, liqbot.charts.studio; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_it_draws_both_pictures(studio):
    view = crowd()
    assert await studio.heatmap(view, "24h") == heatmap.draw(view, window="24h")
    assert await studio.map(view) == ladder.draw(view)


async def test_what_cannot_be_drawn_names_coin_and_chart_and_harms_no_other(studio):
    with pytest.raises(DrawingError, match="could not draw the BTC heatmap over 7d") as caught:
        await studio.heatmap(without_grid(crowd()), "7d")
    assert isinstance(caught.value.__cause__, ValueError)
    assert (await studio.map(crowd())).png


async def test_a_failure_halfway_leaves_nothing_in_the_next_picture(studio, monkeypatch):
    expected = ladder.draw(crowd())
    with monkeypatch.context() as broken:
        broken.setattr(ladder, "_fine_print", lambda *_: 1 / 0)
        with pytest.raises(DrawingError, match="could not draw the BTC map: division by zero"):
            await studio.map(crowd())
    assert await studio.map(crowd()) == expected


async def test_the_loop_goes_on_while_a_picture_is_drawn(studio):
    turns, drawing = 0, asyncio.ensure_future(studio.heatmap(crowd(), "24h"))
    while not drawing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10


async def test_all_pictures_are_drawn_on_one_thread(studio, monkeypatch):
    threads = set()
    draw = ladder.draw
    monkeypatch.setattr(ladder, "draw", lambda view: threads.add(threading.get_ident()) or draw(view))
    await asyncio.gather(*(studio.map(crowd()) for _ in range(4)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_closed_studio_says_so():
    studio = Studio()
    studio.close()
    with pytest.raises(DrawingError, match="could not draw the BTC map"):
        await studio.map(crowd())


def test_pictures_leave_no_memory_behind():
    view = crowd()
    for _ in range(3):
        heatmap.draw(view, window="24h")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        heatmap.draw(view, window="24h")
        ladder.draw(view)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200_000
