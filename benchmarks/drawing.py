"""Pictures: how long, how big, what they cost the event loop, many at once, and whether memory stays flat."""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.measure import Row, lags, percentile, resident_mb
from benchmarks.simulated import view_with_grid
from liqbot.charts.request import ChartEvent, EventKind, HeatmapInput
from liqbot.charts.studio import Studio
from liqbot.market.candles import Candles
from liqbot.market.grid import Grid
from liqbot.market.side import Side

WARM = 60
PICTURES = 500
AT_ONCE = 20


def rows() -> Iterator[Row]:
    """Yield the cost of a heatmap of a week of the simulated market, with candles and marks, at 1200×675."""
    view = view_with_grid()
    if view.grid is None:
        raise RuntimeError("the simulated market has no past")
    asked = HeatmapInput(
        view=view, grid=view.grid, window="7d", candles=_candles(view.grid), events=_events(view.grid)
    )
    yield from asyncio.run(_measure(asked))


async def _measure(asked: HeatmapInput) -> list[Row]:
    if "matplotlib" in sys.modules:
        raise RuntimeError("something has drawn before: the first picture would not be the first")
    studio, drawn = Studio(), iter(range(10**9))

    def another() -> HeatmapInput:
        """Return the same picture of another millisecond: one that nobody has asked for before."""
        return replace(asked, view=replace(asked.view, time_ms=asked.view.time_ms + next(drawn)))

    async def draw() -> object:
        return await studio.heatmap(another())

    cold_s, picture = await _timed(partial(studio.heatmap, asked))
    quiet = await lags(asyncio.sleep(1.0))
    warm: list[float] = []
    late = await lags(_warm(draw, warm))
    same_s = [await _at_once(studio, [another()] * AT_ONCE) for _ in range(5)]
    own_s = time.process_time()
    other_s = [await _at_once(studio, [another() for _ in range(AT_ONCE)]) for _ in range(3)]
    own_ms = (time.process_time() - own_s) * 1000 / len(other_s)
    busy = await lags(_at_once(studio, [another() for _ in range(AT_ONCE)]))
    before_mb = resident_mb()
    for _ in range(PICTURES):
        await draw()
    grown_mb = resident_mb() - before_mb
    studio.close()
    warm_ms, kib = statistics.median(warm) * 1000, len(picture.png) / 1024
    lag_ms, quiet_ms, busy_ms = (percentile(times, 99) * 1000 for times in (late, quiet, busy))
    same = statistics.median(same_s) * 1000 / warm_ms
    others_ms = statistics.median(other_s) * 1000
    return [
        Row(
            "heatmap 1200×675 with candles and marks, warm",
            f"{warm_ms:.0f} ms",
            "at most 60 ms",
            warm_ms <= 60,
        ),
        Row("… its size", f"{kib:.0f} KiB", "at most 90 KiB", kib <= 90),
        Row("… cold, with the import of matplotlib", f"{cold_s:.2f} s", "at most 1 s", cold_s <= 1),
        Row(
            "… the event loop's lag while drawing, p99",
            f"{lag_ms:.1f} ms",
            f"at most 5 ms; {quiet_ms:.1f} ms when idle; {busy_ms:.1f} ms while {AT_ONCE} are drawn",
            lag_ms <= 5,
        ),
        Row(
            f"… {AT_ONCE} of the same at once, the last one",
            f"{same:.2f} drawings",
            "one drawing serves all: at most 2",
            same <= 2,
        ),
        Row(
            f"… {AT_ONCE} different ones at once, the last one",
            f"{others_ms:.0f} ms",
            f"at most 600 ms; {others_ms / warm_ms:.1f} times one drawing, {own_ms:.0f} ms of processor time",
            others_ms <= 600,
        ),
        Row(f"… memory after {PICTURES} more", f"{grown_mb:+.1f} MB", "flat: at most 5 MB", grown_mb <= 5),
    ]


async def _at_once(studio: Studio, asked: list[HeatmapInput]) -> float:
    start = time.perf_counter()
    await asyncio.gather(*(studio.heatmap(replace(each)) for each in asked))
    return time.perf_counter() - start


async def _warm(draw: partial, taken: list[float]) -> None:
    for _ in range(WARM):
        seconds, _ = await _timed(draw)
        taken.append(seconds)


async def _timed(draw: partial) -> tuple[float, object]:
    start = time.perf_counter()
    picture = await draw()
    return time.perf_counter() - start, picture


def _candles(grid: Grid) -> Candles:
    """Return half-hour candles along the price of a grid."""
    spot, random = grid.spot, np.random.default_rng(1)
    steps = np.flatnonzero(np.diff(grid.time_ms) >= 1_800_000)
    opened, closed = spot[steps], spot[steps + 1]
    return Candles.of(
        1_800_000,
        grid.time_ms[steps],
        open=opened,
        high=np.maximum(np.maximum(opened, closed), grid.high[steps + 1]),
        low=np.minimum(np.minimum(opened, closed), grid.low[steps + 1]),
        close=closed,
        volume=random.lognormal(6, 0.8, len(steps)),
    )


def _events(grid: Grid) -> tuple[ChartEvent, ...]:
    """Return sixty liquidations and ten clusters that ended, along the price of a grid."""
    random = np.random.default_rng(2)
    columns = random.integers(1, len(grid), 70).tolist()
    kinds = [EventKind.LIQUIDATION] * 60 + [EventKind.SWEPT] * 10
    return tuple(
        ChartEvent(
            kind, int(grid.time_ms[at]), float(grid.high[at]), float(random.lognormal(13, 1.5)), Side.SHORT
        )
        for kind, at in zip(kinds, columns, strict=True)
    )
