"""From nothing to the first view, and the first answer: a new process with what is embedded."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row

ROUNDS = 3
MOST_S = 2.0
"""A question is answered so many seconds after the start of the process."""
ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import gc, sys, time
gc.disable()
import asyncio
from liqbot.cli import running
gc.freeze()
gc.enable()
from liqbot.chat.command import CommandContext

def memory():
    from benchmarks.measure import resident_mb
    return resident_mb()

async def first_view():
    bot = await running._made(running.load_settings(), {}, dev=False)
    async with bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        seen = time.time()
        context = CommandContext(running.CONSOLE_CHAT, bot.services)
        answer = await bot.answering.answer("/regime BTC", context)
        assert "BTC" in answer.title, answer
        answered, before = time.time(), memory()
        await bot.services.startup.settled()
        past = time.time()
        await bot.answering.answer("/heatmap BTC 7d", context)
        print(seen, answered, past, before, memory())

asyncio.run(first_view())
"""


def rows() -> Iterator[Row]:
    """Yield the time to the first view and answer, and the memory that the bot holds then."""
    seen, answered, past, before, after = (
        statistics.median(each) for each in zip(*(_start() for _ in range(ROUNDS)), strict=True)
    )
    yield Row(
        "start of the process to the first view, embedded market, plugins in the worker",
        f"{seen:.1f} s",
        f"at most {MOST_S:g} s; median of {ROUNDS} processes",
        seen <= MOST_S,
    )
    yield Row(
        "… to the answer to `/regime BTC`", f"{answered:.1f} s", f"at most {MOST_S:g} s", answered <= MOST_S
    )
    yield Row("… until a week of simulated history is kept", f"{past:.1f} s", "behind the first view")
    yield Row(
        "resident memory at the first view, and after the first picture",
        f"{before:.0f} MB, {after:.0f} MB",
        "3 coins, a week of history",
    )


def _start() -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")
        } | {"PYTHONPATH": str(ROOT), "LIQBOT_PLUGINS_PATH": str(ROOT / "plugins")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        start = time.time()
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    seen, answered, past, before, after = map(float, done.stdout.splitlines()[-1].split())
    return seen - start, answered - start, past - start, before, after
