"""From nothing to the first view: a new process with the embedded default."""

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
ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from benchmarks.measure import resident_mb
from liqbot.app.bot import Bot, clock_ms
from liqbot.app.sources import make_simulator
from liqbot.settings import Settings

async def first_view():
    settings = Settings(database=Path("liqbot.db"))
    async with Bot(settings, [make_simulator(settings, clock_ms())], {}) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        seen = time.time()
        view = next(iter(bot.services.markets.views.values()))
        before = resident_mb()
        await bot.services.heatmap(view, "7d")
        print(seen, before, resident_mb())

asyncio.run(first_view())
"""


def rows() -> Iterator[Row]:
    """Yield the time to the first view and the memory that the bot holds then."""
    taken, before, after = zip(*(_start() for _ in range(ROUNDS)), strict=True)
    yield Row(
        "start to first view, with a week of simulated history",
        f"{statistics.median(taken):.1f} s",
        f"median of {ROUNDS} processes",
    )
    yield Row(
        "resident memory at the first view, and after the first picture",
        f"{statistics.median(before):.0f} MB, {statistics.median(after):.0f} MB",
        "3 coins, a week of history",
    )


def _start() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.time()
        command = [sys.executable, "-c", _PROGRAM]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    seen, before, after = map(float, done.stdout.split())
    return seen - start, before, after
