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


@pytest.mark.parametrize(("kind", "threads"), [("write", 1), ("read", READERS)])
async def test_what_is_urgent_passes_a_hundred_that_were_asked_before(connections, kind, threads):
    go_on, is_done, held = threading.Event(), threading.Event(), threading.Semaphore(0)
    ask = getattr(connections, kind)

    def hold(_):
        held.release()
        return go_on.wait(60)

    # First those that hold up every thread, then a hundred that would wait in vain if they came first.
    holding = [asyncio.create_task(ask(hold)) for _ in range(threads)]
    for _ in holding:
        await asyncio.to_thread(held.acquire)
    usual = [asyncio.create_task(ask(lambda _: is_done.wait(10))) for _ in range(100)]
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
