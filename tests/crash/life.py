"""One life of a bot that alerts, by its order.

It opens the store, reads one view, sends what is owed, and ends when nothing is owed any more, unless it is
killed before.
"""

import asyncio
import time
from dataclasses import replace

import aiohttp
from counterparts.sink.client import Platform
from crash.databases import read, trapped
from crash.points import Guarded, Trap
from markets import long, view_of

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.rules.common_parameters import Policy
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Hit, rule

PLATFORMS = ("keyed", "plain")
COIN = "BTC"
MINUTE_MS = 60_000
HASTE = 20
"""How much faster the clock of deliveries goes than the real one: second tries come sooner."""
LOOK_S = 0.02


@rule("wave", policy=Policy(cooldown=0))
def wave(view, *, lot: float = 0):
    """It alerts once for each number of a wave; watches differ by their `lot`."""
    number = view.time_ms // MINUTE_MS
    yield Hit(f"wave-{number}", f"wave {number}", value=lot)


def rules():
    """Return the rules of such a bot."""
    loaded = Rules()
    loaded.add([wave])
    return loaded


def view(number):
    """Return the view that brings a wave."""
    return replace(view_of(long("ann", 2, at=95), coin=COIN), time_ms=number * MINUTE_MS)


async def live(order):
    trap = Trap(order["point"], order["nth"])
    with trapped(read(order["database"]), trap) as store:
        await _live(store, trap, order)
        await store.close()


async def _live(store, trap, order):
    def clock():
        return (time.time_ns() // 1_000_000 - order["start_ms"]) * HASTE

    async def undrawn(*_):
        return None

    async with aiohttp.ClientSession() as session:
        dispatcher = Dispatcher(store, undrawn, clock)
        for name in PLATFORMS:
            dispatcher.connect(name, Guarded(Platform(session, order["url"], name), trap))
        running = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(0)  # what was under way when the last life ended is seen to first
        await Evaluator(rules(), store.alerts).take(view(order["wave"]), clock())
        while await store.deliveries.owed():
            dispatcher.wake()
            await asyncio.sleep(LOOK_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
