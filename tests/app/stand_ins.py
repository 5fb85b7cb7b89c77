"""Sources and chats of the tests' own."""

import asyncio
from collections.abc import Iterable

from markets import long, price, seen, short

from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import Beat, Update
from liqbot.store.chats import ChatKey

LIVE = Layer("Testex", Basis.MEASURED)
ME = ChatKey("here", "me")


def beat(time_ms, spot=100.0, *, near=95.0, coin="BTC"):
    """Return what a source tells at one time: a market with $10M of longs at `near`, and a beat."""
    return [
        price(spot, time_ms=time_ms, coin=coin),
        seen(
            long("ann", 100_000, at=near, coin=coin),
            short("bob", 1000, at=140, coin=coin),
            time_ms=time_ms,
        ),
        Beat(time_ms),
    ]


class Told:
    """A source that tells what it is given, run by run.

    Of a run, updates are told, errors are raised, and events are waited for. After the last run it fails the
    test's way no more: it ends.
    """

    def __init__(self, *runs: Iterable, name="told", layer=LIVE, live_from_ms=0):
        self.name = name
        self.layer = layer
        self.live_from_ms = live_from_ms
        self.waiting = asyncio.Event()
        """Set while it waits for an event."""
        self.closed = 0
        """How many of its runs are over."""
        self._runs = iter(runs)

    async def updates(self):
        try:
            for step in next(self._runs, ()):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    self.waiting.set()
                    await step.wait()
                    self.waiting.clear()
                else:
                    assert isinstance(step, Update)
                    yield step
        finally:
            self.closed += 1


async def subscribe(bot, chat=ME, rule="near-cluster", coin="BTC", **parameters):
    form = bot.services.rules.by_name[rule].form
    await bot.store.subscriptions.subscribe(
        chat, rule=rule, coin=coin, parameters=form.canonical(form.parse(parameters)), now_ms=1
    )
