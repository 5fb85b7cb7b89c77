"""The whole recording through engine, history, rules and outbox, as fast as it goes."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row
from liqbot.app.bot import Bot
from liqbot.settings import Settings
from liqbot.sources.replay import Replay

RECORDING = Path(__file__).parents[1].parent / "shared/recordings/hyperliquid-positions-2026-02.csv.gz"
COINS = ("BTC", "ETH", "SOL", "HYPE")


def rows() -> Iterator[Row]:
    """Yield the speed of a replay; nothing where the recording is not there."""
    if not RECORDING.exists():
        yield Row("replay of a recording", "not measured", "there is no ../shared/recordings")
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=Path(folder) / "liqbot.db", coins=COINS)
        start = time.perf_counter()
        beats = asyncio.run(_replay(settings))
        taken = time.perf_counter() - start
    yield Row(
        f"replay of {beats} snapshots (198,276 positions), 4 coins",
        f"{beats / taken:.0f} snapshots a second",
        f"{taken:.1f} s for 12 days",
    )


async def _replay(settings: Settings) -> int:
    async with Bot(settings, [Replay(RECORDING)], {}) as bot:
        await bot.until(lambda: False)
        return bot.beats
