"""Map history in SQL: a row a view, thinned when a step begins without losing a high, low or wick."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from liqbot.market.dated_reading import DatedReading
from liqbot.market.grid import Grid, held_until
from liqbot.market.layer import Layer
from liqbot.market.maps import Bins
from liqbot.market.positions import Floats, Ints
from liqbot.market.price_path import Path
from liqbot.market.view import MarketView
from liqbot.store.history import TIERS, tier_step, tiers_of
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql import readings as dated
from liqbot.store.sql.blobs import map_from_blob, map_to_blob, view_from_blob, view_to_blob
from liqbot.store.sql.rooms import Connection, Connections, Records, reads, writes, writes_beside
from liqbot.store.sql.skipping import coins_of, layers_of

PAGE = 50
"""So many views are read at a time where all of a span are wanted."""
_BEFORE = 5
"""So many columns before a grid help to tell how far apart its first ones usually are."""


@dataclass(frozen=True, slots=True)
class _Unkept:
    """How far spot went since the newest view that was kept, up to the newest one of all."""

    kept_ms: int
    newest_ms: int
    low: float
    high: float


class _Row(NamedTuple):
    """One kept map, as a grid is made of."""

    time_ms: int
    spot: float
    low: float
    high: float
    map: bytes
    open_interest: float | None
    """In coins."""


_NEWEST = """
    SELECT time_ms, view FROM history WHERE layer = ? AND coin = ? AND time_ms <= ? AND view IS NOT NULL
    ORDER BY time_ms DESC LIMIT 1
"""


class SqlHistory(Records):
    """What was seen of each coin, layer by layer.

    Keeping the newest view of each step, with the lowest and highest spot of all that it stands for, loses
    no wick of the price line when history is thinned.
    """

    def __init__(self, connections: Connections, retention: Retention = DEFAULT) -> None:
        super().__init__(connections)
        self._retention = retention
        self._tiers = tiers_of(retention.history_ms)
        self._unkept: dict[tuple[str, str], _Unkept] = {}

    async def record(self, views: Sequence[MarketView]) -> int:
        begins = await self._record(views)
        for view in begins:  # only now: until they are committed, a grid finds how far spot went in here
            self._unkept[_key(view)] = _Unkept(view.time_ms, view.time_ms, view.spot, view.spot)
        return len(begins)

    @writes_beside
    def _record(self, db: Connection, views: Sequence[MarketView]) -> list[MarketView]:
        begins = [view for view in views if self._begins_step(db, view)]
        for view in begins:
            self._keep(db, view)
        return begins

    def forget_cached(self, layer: Layer | None = None) -> None:
        """Look at the database anew, as to one layer or to all."""
        for key in [key for key in list(self._unkept) if layer is None or key[0] == layer.key]:
            self._unkept.pop(key, None)  # a writer's thread may be at another layer

    @writes
    def forget(self, db: Connection, layer: Layer) -> None:
        db.execute("DELETE FROM history WHERE layer = ?", [layer.key])
        dated.forget_readings(db, layer.key)
        self.forget_cached(layer)

    @reads
    def grid(self, db: Connection, view: MarketView, window_ms: int) -> Grid:
        since = view.time_ms - window_ms
        rows, (low, high) = self._rows(db, view, since), self._extremes(db, view)
        before = self._times_before(db, view, rows[0].time_ms if rows else view.time_ms)
        maps = [map_from_blob(row.map) for row in rows]
        maps.append((view.map.bins, view.map.total.astype(np.float32)))
        time_ms = np.array([*(row.time_ms for row in rows), view.time_ms], dtype=np.int64)
        bins = _common_bins([bins for bins, _ in maps])
        usd = np.zeros((len(maps), bins.count), dtype=np.float32)
        for column, (own, values) in zip(usd, maps, strict=True):
            column[own.first - bins.first :][: own.count] = values
        grid = Grid(
            bins=bins,
            time_ms=np.maximum(time_ms, since),
            until_ms=_until(np.append(before, time_ms), view.time_ms)[len(before) :],
            spot=np.array([*(row.spot for row in rows), view.spot]),
            low=np.array([*(row.low for row in rows), low]),
            high=np.array([*(row.high for row in rows), high]),
            usd=usd,
            open_interest=_interest(rows, view),
        )
        return _within(grid, since, begins_before=bool(time_ms[0] < since))

    @reads
    def newest(self, db: Connection, coin: str, at_ms: int | None = None) -> MarketView | None:
        until_ms = at_ms if at_ms is not None else 2**62
        rows = [
            (db.execute(_NEWEST, [layer, coin, until_ms]).fetchone(), layer)
            for layer in layers_of(db, "history")
        ]
        found = [("/modelled/" in layer, -row[0], row[1]) for row, layer in rows if row is not None]
        return view_from_blob(min(found)[2]) if found else None

    async def views(self, layer: Layer, coin: str, since_ms: int) -> AsyncIterator[MarketView]:
        page = await self._page(layer, coin, since_ms)
        while page:
            for view in page:
                yield view
            page = await self._page(layer, coin, page[-1].time_ms + 1) if len(page) == PAGE else []

    @reads
    def _page(self, db: Connection, layer: Layer, coin: str, since_ms: int) -> list[MarketView]:
        rows = db.execute(
            "SELECT view FROM history WHERE layer = ? AND coin = ? AND time_ms >= ? AND view IS NOT NULL "
            "ORDER BY time_ms LIMIT ?",
            [layer.key, coin, since_ms, PAGE],
        )
        return [view_from_blob(blob) for (blob,) in rows]

    @reads
    def readings(
        self, db: Connection, layer: Layer, coin: str, since_ms: int, until_ms: int
    ) -> list[DatedReading]:
        return dated.readings(db, (layer.key, coin), since_ms, until_ms)

    @reads
    def path(self, db: Connection, layer: Layer, coin: str, since_ms: int, until_ms: int) -> Path:
        return dated.path(db, (layer.key, coin), since_ms, until_ms)

    @writes
    def take_over(
        self, db: Connection, layer: Layer, coin: str, readings: Sequence[DatedReading], path: Path
    ) -> None:
        dated.write_readings(db, (layer.key, coin), list(readings))
        dated.write_path(db, (layer.key, coin), path)

    @reads
    def coins(self, db: Connection) -> list[str]:
        return sorted({coin for key in layers_of(db, "history") for coin in coins_of(db, "history", key)})

    def _begins_step(self, db: Connection, view: MarketView) -> bool:
        """Return whether `view` is to be kept; if not, remember how far spot went."""
        key = _key(view)
        unkept = self._unkept.get(key) or _Unkept(self._newest_ms(db, key), 0, view.low, view.high)
        if view.time_ms < max(unkept.kept_ms, unkept.newest_ms):
            return False
        low, high = min(unkept.low, view.low), max(unkept.high, view.high)
        self._unkept[key] = _Unkept(unkept.kept_ms, view.time_ms, low, high)
        step = TIERS[0].step_ms
        return view.time_ms // step > unkept.kept_ms // step

    def _newest_ms(self, db: Connection, key: tuple[str, str]) -> int:
        """Return the time of the newest row, -1 without one."""
        query = "SELECT coalesce(max(time_ms), -1) FROM history WHERE layer = ? AND coin = ?"
        return db.execute(query, key).fetchone()[0]

    def _keep(self, db: Connection, view: MarketView) -> None:
        key, unkept = _key(view), self._unkept[_key(view)]
        db.execute(
            "INSERT INTO history (layer, coin, time_ms, spot, low, high, map, view, open_interest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(*key, view.time_ms, view.spot, unkept.low, unkept.high),
                *(map_to_blob(view.map), view_to_blob(view), view.open_interest),
            ],
        )
        dated.keep_reading(db, view, unkept.low, unkept.high, unkept.kept_ms)
        coarse = TIERS[1].step_ms
        if view.time_ms // coarse > unkept.kept_ms // coarse:
            self._thin(db, key, view.time_ms)

    def _extremes(self, db: Connection, view: MarketView) -> tuple[float, float]:
        """Return the lowest and highest spot since the newest row before `view`, as far as it is known."""
        row = db.execute(
            "SELECT low, high FROM history WHERE layer = ? AND coin = ? AND time_ms = ?",
            [*_key(view), view.time_ms],
        ).fetchone()
        unkept = self._unkept.get(_key(view))
        if row is None and unkept is not None and unkept.newest_ms == view.time_ms:
            row = (unkept.low, unkept.high)
        return (view.low, view.high) if row is None else (min(row[0], view.low), max(row[1], view.high))

    def _thin(self, db: Connection, key: tuple[str, str], now_ms: int) -> None:
        for finer, tier in pairwise(self._tiers):
            self._merge(db, key, now_ms - tier.age_ms, now_ms - finer.age_ms, tier.step_ms)
        mine = "layer = ? AND coin = ? AND time_ms < ?"
        db.execute(f"DELETE FROM history WHERE {mine}", [*key, now_ms - self._retention.history_ms])
        dated.thin_readings(db, key, now_ms - self._retention.history_ms)
        db.execute(
            f"UPDATE history SET view = NULL WHERE {mine} AND view IS NOT NULL",
            [*key, now_ms - self._retention.views_ms],
        )

    def _merge(
        self, db: Connection, key: tuple[str, str], since_ms: int, until_ms: int, step_ms: int
    ) -> None:
        """Leave the newest row of each step, with the lowest and highest spot of all."""
        crowded = db.execute(
            "SELECT min(time_ms), max(time_ms), min(low), max(high) FROM history "
            "WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ? "
            "GROUP BY time_ms / ? HAVING count(*) > 1 ORDER BY 1",
            [*key, since_ms, until_ms, step_ms],
        ).fetchall()
        for oldest, newest, low, high in crowded:
            db.execute(
                "DELETE FROM history WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ?",
                [*key, oldest, newest],
            )
            db.execute(
                "UPDATE history SET low = ?, high = ? WHERE layer = ? AND coin = ? AND time_ms = ?",
                [low, high, *key, newest],
            )

    def _rows(self, db: Connection, view: MarketView, since_ms: int) -> list[_Row]:
        """Return the rows from the one that holds at `since_ms` until before `view`."""
        key = _key(view)
        first = db.execute(
            "SELECT max(time_ms) FROM history WHERE layer = ? AND coin = ? AND time_ms <= ?", [*key, since_ms]
        ).fetchone()[0]
        rows = db.execute(
            "SELECT time_ms, spot, low, high, map, open_interest FROM history "
            "WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms",
            [*key, since_ms if first is None else first, view.time_ms],
        )
        return [_Row(*row) for row in rows]

    def _times_before(self, db: Connection, view: MarketView, time_ms: int) -> Ints:
        """Return the times of the newest few rows before `time_ms`, rising."""
        rows = db.execute(
            "SELECT time_ms FROM history WHERE layer = ? AND coin = ? AND time_ms < ? "
            "ORDER BY time_ms DESC LIMIT ?",
            [*_key(view), time_ms, _BEFORE],
        )
        return np.array([time for (time,) in rows][::-1], dtype=np.int64)


def _key(view: MarketView) -> tuple[str, str]:
    return view.layer.key, view.coin


def _within(grid: Grid, since_ms: int, *, begins_before: bool) -> Grid:
    """Return `grid` without what its first column tells of the time before `since_ms`."""
    if not begins_before:
        return grid
    if grid.until_ms[0] <= since_ms:
        columns = ("time_ms", "until_ms", "spot", "low", "high", "usd")
        interest = None if grid.open_interest is None else grid.open_interest[1:]
        return replace(grid, **{name: getattr(grid, name)[1:] for name in columns}, open_interest=interest)
    grid.low[0] = grid.high[0] = grid.spot[0]
    return grid


def _interest(rows: Sequence[_Row], view: MarketView) -> Floats | None:
    """Return open interest in USD by column, NaN where unknown; None where all of it is."""
    coins = [*((row.open_interest, row.spot) for row in rows), (view.open_interest, view.spot)]
    if all(size is None for size, _ in coins):
        return None
    return np.array([np.nan if size is None else size * spot for size, spot in coins])


def _common_bins(all_bins: Sequence[Bins]) -> Bins:
    first = min(bins.first for bins in all_bins)
    return Bins(first, max(bins.first + bins.count for bins in all_bins) - first)


def _until(time_ms: Ints, now_ms: int) -> Ints:
    """Return until when each column holds; those of an age are at least as far apart as its tier says."""
    steps = [tier_step(now_ms - int(time)) for time in time_ms[:-1]]
    return held_until(time_ms, np.array(steps, dtype=np.int64))
