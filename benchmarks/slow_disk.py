"""The event loop's lag of a bot whose disk takes 100 ms over each fsync, and whose plugin uses its deadline.

The disk is made slow by a library that is loaded before SQLite (`LD_PRELOAD`); it is built here, with a C
compiler. The whole bot runs in a process of its own: views of three coins, each of a new minute, so that all
is written and every rule is asked; and people who ask for their subscriptions meanwhile.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from benchmarks.measure import Row, lags, percentile
from liqbot.app.bot import Bot
from liqbot.chat.command import CommandContext
from liqbot.market.updates import Update
from liqbot.settings import Settings
from liqbot.sources.simulator import SimulatedMarket
from liqbot.sources.simulator.source import LAYER
from liqbot.store.chats import ChatKey

FSYNC_MS = 100
SECONDS = 30
STEP_S = 0.5
"""How often there are views, in real time."""
SLOW_S = 0.9
"""How long the plugin takes over a view, of the second that it may."""
PEOPLE = 2
COINS = ("BTC", "ETH", "SOL")
ME = ChatKey("here", "me")
P99_MS, WORST_MS = 20, 100
_SHIM = f"""
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
static void wait_a_while(void) {{
    struct timespec pause = {{0, {FSYNC_MS} * 1000000L}};
    nanosleep(&pause, 0);
}}
int fsync(int file) {{ wait_a_while(); return syscall(SYS_fsync, file); }}
int fdatasync(int file) {{ wait_a_while(); return syscall(SYS_fdatasync, file); }}
"""
_RULE = f'''
import time

from liqbot.plugin import rule


@rule("slow")
def slow(view):
    """It uses its whole deadline."""
    time.sleep({SLOW_S})
    return []
'''


class _Market:
    """The simulated market, a minute at a time."""

    name = "simulator"
    layer = LAYER
    live_from_ms = 0

    async def updates(self) -> AsyncIterator[Update]:
        market = SimulatedMarket(7, start_ms=1_770_000_000_000)
        while True:
            for update in market.step(60):
                yield update
            await asyncio.sleep(STEP_S)


def rows() -> Iterator[Row]:
    """Yield the loop's lag over half a minute of such a bot, on the disk as it is and on the slow one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usual = _measured(folder / "usual", {})
        shim = _shim(folder)
        slow = None if shim is None else _measured(folder / "slow", {"LD_PRELOAD": str(shim)})
    what = f"the event loop's lag with an fsync of {FSYNC_MS} ms and a plugin that takes {SLOW_S:g} s, p99"
    if slow is None:
        yield Row(what, "not measured", "it takes a C compiler")
        return
    yield Row(
        what,
        f"{slow['p99']:.1f} ms",
        f"at most {P99_MS} ms; {usual['p99']:.1f} ms on the disk as it is; "
        f"a write takes {slow['write']:.0f} ms",
        slow["p99"] <= P99_MS and slow["write"] >= FSYNC_MS,
    )
    yield Row(
        "… the worst",
        f"{slow['worst']:.0f} ms",
        f"at most {WORST_MS} ms; {usual['worst']:.0f} ms on the disk as it is; meanwhile "
        f"{slow['beats']:.0f} minutes of views and {slow['answers']:.0f} answers",
        slow["worst"] <= WORST_MS,
    )


def _shim(folder: Path) -> Path | None:
    """Build the library that makes the disk slow; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(_SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def _measured(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.slow_disk", str(folder)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


async def _lived(folder: Path) -> dict[str, float]:
    """Let such a bot live, and return what its loop's lag was in ms."""
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "slow.py").write_text(_RULE)
    settings = Settings(database=folder / "liqbot.db", coins=COINS, plugins_path=plugins)
    bot = Bot(settings, [_Market()], {})
    answers = 0

    async def asking() -> None:
        nonlocal answers
        while True:
            await bot.answering.answer("/subscriptions", CommandContext(ME, bot.services))
            answers += 1
            await asyncio.sleep(STEP_S)

    async def life() -> None:
        people = [asyncio.create_task(asking()) for _ in range(PEOPLE)]
        await asyncio.sleep(SECONDS)
        for person in people:
            person.cancel()

    async with bot:
        for coin in COINS:
            for rule in ("near-cluster", "regime-flip", "trapped"):
                await bot.services.subscriptions.enter(ME, rule, coin, {})
        start = time.perf_counter()
        await bot.services.subscriptions.enter(ME, "slow", COINS[0], {})
        write_ms = 1000 * (time.perf_counter() - start)
        await bot.until(lambda: len(bot.services.markets.views) == len(COINS))
        late = [1000 * lag for lag in await lags(life())]
    found = {"p99": percentile(late, 99), "worst": max(late), "write": write_ms}
    return found | {"beats": bot.beats, "answers": answers}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_lived(Path(sys.argv[1])))))
