"""One life of a bot with both platforms, in a process of its own: `python -m chaos.life ORDER.json`.

It serves people, evaluates a view at each step, delivers what follows, and writes down how late its loop was.
It ends when it is killed, or when it is told to finish and nothing is owed any more.
"""

import asyncio
import contextlib
import json
import sys
import time
from array import array
from pathlib import Path

import discord
from crash.life import rules, view

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.app.memory import set_aside_after_start
from liqbot.chat.adapter import Reception
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.discord.adapter import DiscordAdapter
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.telegram.adapter import TelegramAdapter
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.logs import set_up_logs
from liqbot.service.services import Services
from liqbot.store.sqlite.store import SqliteStore

TICK_S = 0.02
SETTLED_S = 1.0


async def live(order):
    """Live by an order: database, tokens and addresses, haste, seconds between waves, whether to finish."""
    store = SqliteStore(Path(order["database"]))

    def clock():
        return (time.time_ns() // 1_000_000 - order["start_ms"]) * order["haste"]

    async def undrawn(*_):
        return None

    services = Services(store, rules(), None, clock)
    dispatcher = Dispatcher(store, undrawn, clock)
    services.wake = dispatcher.wake

    def reception(platform):
        answering = Answering(COMMANDS)
        return Reception(platform, answering, services, dispatcher.turn, dispatcher.turn_within)

    adapters = {
        "discord": DiscordAdapter(DiscordSettings(**order["discord"]), reception("discord")),
        "telegram": TelegramAdapter(
            TelegramSettings(**order["telegram"]), reception("telegram"), patience_s=3
        ),
    }
    for name, adapter in adapters.items():
        dispatcher.connect(name, adapter)
    works = [dispatcher.run(), *(adapter.run() for adapter in adapters.values()), _lag(Path(order["lag"]))]
    works.append(set_aside_after_start())  # as `liqbot run` does
    running = [asyncio.create_task(work) for work in works]
    evaluator = Evaluator(rules(), store.alerts)
    wave = int(await store.notes.get("wave") or 0)
    while not order["finish"]:
        wave += 1
        await store.notes.set("wave", str(wave))
        await evaluator.take(view(wave), clock())
        dispatcher.wake()
        await asyncio.sleep(order["every_s"])
    quiet_s = 0.0
    while quiet_s < SETTLED_S:
        dispatcher.wake()
        quiet_s = 0.0 if await store.deliveries.owed() else quiet_s + 0.1
        await asyncio.sleep(0.1)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await store.close()


async def _lag(path):
    """Write down how much later than asked the loop wakes, in microseconds."""
    loop = asyncio.get_running_loop()
    late = array("L")
    with path.open("ab") as file:
        while True:
            begun = loop.time()
            await asyncio.sleep(TICK_S)
            late.append(round(max(0.0, loop.time() - begun - TICK_S) * 1e6))
            if len(late) >= 25:
                file.write(late.tobytes())
                file.flush()
                late = array("L")


async def _at_once(*_args, **_more):
    """Discord has one identify in five seconds; here nobody waits."""


if __name__ == "__main__":
    discord.Client.before_identify_hook = _at_once
    set_up_logs("info", "json")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(live(json.loads(Path(sys.argv[1]).read_text())))
