"""Alerts and deliveries go before what people ask: on a store that is busy they wait for next to nothing."""

import asyncio
import threading

import pytest

from liqbot.store.sqlite.connections import READERS, Connections
from liqbot.store.urgency import urgently


@pytest.fixture
def connections(tmp_path):
    connections = Connections(tmp_path / "liqbot.db")
    yield connections
    connections.close()


@pytest.mark.parametrize("kind", ["write", "read"])
async def test_what_is_urgent_passes_a_hundred_that_were_asked_before(connections, kind):
    go_on, is_done = threading.Event(), threading.Event()
    ask = getattr(connections, kind)
    # First those that hold up every thread, then a hundred that would wait in vain if they came first.
    holding = [asyncio.create_task(ask(lambda _: go_on.wait(30))) for _ in range(READERS)]
    await asyncio.sleep(0)
    usual = [asyncio.create_task(ask(lambda _: is_done.wait(5))) for _ in range(100)]
    await asyncio.sleep(0)
    with urgently():
        urgent = asyncio.create_task(ask(lambda _: is_done.set()))
    await asyncio.sleep(0)
    go_on.set()
    assert all(await asyncio.gather(*usual))
    await asyncio.gather(*holding, urgent)


async def test_what_is_usual_is_done_though_urgent_things_keep_coming(connections):
    stop = asyncio.Event()

    async def keep_coming():
        with urgently():
            while not stop.is_set():
                await connections.write(lambda _: None)

    coming = [asyncio.create_task(keep_coming()) for _ in range(3)]
    async with asyncio.timeout(30):
        await connections.write(lambda _: None)
    stop.set()
    await asyncio.gather(*coming)
