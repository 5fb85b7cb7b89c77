"""What older versions kept, taken into what newer ones read: readings, the path of price, cases.

A database of before these were kept holds maps for a year and whole views for a week. Of a whole view the
reading is what it would have been; of a map alone it says the fuel that was known, and neither coverage nor
funding. A time of which something is kept already stays as it is, so that it may be done again at any time.
"""

from collections.abc import Mapping

import numpy as np

from liqbot.engine.cases import CaseFinder
from liqbot.market.dated_reading import DatedReading
from liqbot.market.grid import Grid
from liqbot.market.price_path import Path
from liqbot.market.view import MarketView
from liqbot.service.map_readings import first_of_hours, reading_of_map
from liqbot.store.store import Store

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEAR_MS = 366 * DAY_MS


async def fill_past(store: Store, view: MarketView) -> int:
    """Fill in what is lacking of the days before `view`, of its coin and layer; return how many readings.

    The day of the view is left alone, since it is still being written.
    """
    layer, coin, today_ms = view.layer, view.coin, view.time_ms // DAY_MS * DAY_MS
    grid = await store.history.grid(view, YEAR_MS)
    if not len(grid) or grid.time_ms[0] >= today_ms:
        return 0
    known = await store.history.path(layer, coin, int(grid.time_ms[0]) // DAY_MS * DAY_MS, today_ms - 1)
    path = _with_older(known, grid, today_ms)
    read = {one.time_ms // HOUR_MS for one in await store.history.readings(layer, coin, -1, view.time_ms)}
    lacking = [
        place
        for place, time_ms in enumerate(grid.time_ms.tolist())
        if time_ms < today_ms and time_ms // HOUR_MS not in read
    ]
    if path is None and not lacking:
        return 0
    whole = await _fill_from_views(store, view, today_ms)
    found = [
        whole.get(int(grid.time_ms[place])) or reading_of_map(grid, place)
        for place in first_of_hours(grid, lacking)
    ]
    await store.history.take_over(layer, coin, found, Path.empty() if path is None else path)
    return len(found)


async def _fill_from_views(store: Store, view: MarketView, today_ms: int) -> Mapping[int, DatedReading]:
    """Write down the cases that begin in whole views; return the views' readings by time."""
    finder, readings = CaseFinder(), dict[int, DatedReading]()
    known = await store.cases.between(view.layer, view.coin, -1, view.time_ms)
    first_ms = known[0].time_ms if known else view.time_ms
    async for one in store.history.views(view.layer, view.coin, 0):
        if one.time_ms >= today_ms:
            break
        readings[one.time_ms] = DatedReading.of(one)
        cases = finder.see(one)
        if cases and one.time_ms < first_ms:
            await store.cases.record(view.layer, view.coin, cases)
    return readings


def _with_older(known: Path, grid: Grid, today_ms: int) -> Path | None:
    """Return the days of which the path lacks their beginning, whole; None where there is none."""
    firsts = dict(zip((known.time_ms // DAY_MS)[::-1].tolist(), known.time_ms[::-1].tolist(), strict=True))
    days = grid.time_ms // DAY_MS
    older = np.array(
        [
            time_ms < min(firsts.get(day, today_ms), today_ms)
            for day, time_ms in zip(days.tolist(), grid.time_ms.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )
    if not older.any():
        return None
    same = np.isin(known.time_ms // DAY_MS, days[older])
    times = np.concatenate([grid.time_ms[older], known.time_ms[same]])
    columns = [(grid.low, known.low), (grid.high, known.high), (grid.spot, known.close)]
    order = np.argsort(times, kind="stable")
    return Path(
        times[order], *(np.concatenate([ours[older], theirs[same]])[order] for ours, theirs in columns)
    )
