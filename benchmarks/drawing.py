"""Pictures: how long, how big, what they cost the event loop, and whether memory stays flat."""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.measure import Row, lags, percentile, resident_mb
from benchmarks.simulated import view_with_grid
from liqbot.charts.studio import Studio
from liqbot.market.view import MarketView

WARM = 60
PICTURES = 500


def rows() -> Iterator[Row]:
    """Yield the cost of a heatmap of a week of the simulated market at 1200×675."""
    view = view_with_grid()
    yield from asyncio.run(_measure(view))


async def _measure(view: MarketView) -> list[Row]:
    if "matplotlib" in sys.modules:
        raise RuntimeError("something has drawn before: the first picture would not be the first")
    studio = Studio()
    draw = partial(studio.heatmap, view, "7d")
    cold_s, picture = await _timed(draw)
    quiet = await lags(asyncio.sleep(1.0))
    warm: list[float] = []
    late = await lags(_warm(draw, warm))
    before_mb = resident_mb()
    for _ in range(PICTURES):
        await draw()
    grown_mb = resident_mb() - before_mb
    studio.close()
    warm_ms, kib = statistics.median(warm) * 1000, len(picture.png) / 1024
    lag_ms, quiet_ms = percentile(late, 99) * 1000, percentile(quiet, 99) * 1000
    return [
        Row("heatmap 1200×675, warm", f"{warm_ms:.0f} ms", "at most 60 ms", warm_ms <= 60),
        Row("… its size", f"{kib:.0f} KiB", "at most 80 KiB", kib <= 80),
        Row("… cold, with the import of matplotlib", f"{cold_s:.2f} s", "at most 1 s", cold_s <= 1),
        Row(
            "… the event loop's lag while drawing, p99",
            f"{lag_ms:.1f} ms",
            f"at most 5 ms; {quiet_ms:.1f} ms when idle",
            lag_ms <= 5,
        ),
        Row(f"… memory after {PICTURES} more", f"{grown_mb:+.1f} MB", "flat: at most 5 MB", grown_mb <= 5),
    ]


async def _warm(draw: partial, taken: list[float]) -> None:
    for _ in range(WARM):
        seconds, _ = await _timed(draw)
        taken.append(seconds)


async def _timed(draw: partial) -> tuple[float, object]:
    start = time.perf_counter()
    picture = await draw()
    return time.perf_counter() - start, picture
