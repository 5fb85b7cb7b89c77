"""Map history: views as they were, thinned with age, and the grid that a heatmap is drawn from."""

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from liqbot.market import wire
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.maps import Bins
from liqbot.market.positions import Ints
from liqbot.market.view import MarketView
from liqbot.store.blobs import map_from_blob, map_to_blob
from liqbot.store.database import transaction

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to this age, one view is kept for each step of time."""

    age_ms: int
    step_ms: int


TIERS = (
    Tier(age_ms=1 * DAY_MS, step_ms=5 * MINUTE_MS),
    Tier(age_ms=8 * DAY_MS, step_ms=30 * MINUTE_MS),
    Tier(age_ms=31 * DAY_MS, step_ms=2 * HOUR_MS),
    Tier(age_ms=366 * DAY_MS, step_ms=DAY_MS),
)
"""Fine for a day, coarser for a month, daily for a year; older history is dropped."""
WHOLE_VIEWS_MS = 8 * DAY_MS
"""Up to this age the whole view is kept beside its map."""
GAP_STEPS = 3
"""A column with no successor for this many usual steps is followed by a gap."""


@dataclass(slots=True)
class _Unkept:
    """What happened to spot since the newest view that was kept."""

    kept_ms: int
    low: float
    high: float


class History:
    """What was seen of each coin, layer by layer.

    Keeping the newest view of each step, with the lowest and highest spot of all that it stands for, loses
    no wick of the price line when history is thinned.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._unkept: dict[tuple[str, str], _Unkept] = {}

    def record(self, views: Sequence[MarketView]) -> int:
        """Keep those of `views` that begin a new step of the finest tier, and thin what has aged.

        One transaction. Returns how many were kept.
        """
        begins = [view for view in views if self._begins_step(view)]
        if begins:
            with transaction(self._db):
                for view in begins:
                    self._keep(view)
        return len(begins)

    def forget(self, layer: Layer) -> None:
        """Remove everything of a layer, as when a simulated market begins anew."""
        with transaction(self._db):
            self._db.execute("DELETE FROM history WHERE layer = ?", [layer.key])
        self._unkept = {key: value for key, value in self._unkept.items() if key[0] != layer.key}

    def grid(self, view: MarketView, window_ms: int) -> Grid:
        """Return the maps of the `window_ms` up to `view`, which is the last column."""
        since = view.time_ms - window_ms
        rows = self._rows(view.layer, view.coin, since, view.time_ms)
        maps = [map_from_blob(row[4]) for row in rows]
        maps.append((view.map.bins, view.map.total.astype(np.float32)))
        time_ms = np.array([row[0] for row in rows] + [view.time_ms], dtype=np.int64)
        bins = _common_bins([bins for bins, _ in maps])
        usd = np.zeros((len(maps), bins.count), dtype=np.float32)
        for column, (own, values) in zip(usd, maps, strict=True):
            column[own.first - bins.first :][: own.count] = values
        return Grid(
            bins=bins,
            time_ms=np.maximum(time_ms, since),
            until_ms=_until(time_ms, view.time_ms),
            spot=np.array([row[1] for row in rows] + [view.spot]),
            low=np.array([row[2] for row in rows] + [view.low]),
            high=np.array([row[3] for row in rows] + [view.high]),
            usd=usd,
        )

    def newest(self, coin: str, at_ms: int | None = None) -> MarketView | None:
        """Return the newest whole view of `coin` in any layer, at or before `at_ms`; None without one."""
        row = self._db.execute(
            "SELECT view FROM history WHERE coin = ? AND time_ms <= ? AND view IS NOT NULL "
            "ORDER BY time_ms DESC LIMIT 1",
            [coin, at_ms if at_ms is not None else 2**62],
        ).fetchone()
        return None if row is None else _view(row[0])

    def views(self, layer: Layer, coin: str, since_ms: int) -> Iterator[MarketView]:
        """Yield the whole views of `coin` from `since_ms` on, the oldest first."""
        rows = self._db.execute(
            "SELECT view FROM history WHERE layer = ? AND coin = ? AND time_ms >= ? AND view IS NOT NULL "
            "ORDER BY time_ms",
            [layer.key, coin, since_ms],
        )
        for (blob,) in rows:
            yield _view(blob)

    def coins(self) -> list[str]:
        """Return the coins of which there is history."""
        return [coin for (coin,) in self._db.execute("SELECT DISTINCT coin FROM history ORDER BY coin")]

    def _begins_step(self, view: MarketView) -> bool:
        """Return whether `view` is to be kept; if not, remember how far spot went."""
        key = (view.layer.key, view.coin)
        unkept = self._unkept.get(key)
        if unkept is None:
            newest = self._db.execute(
                "SELECT max(time_ms) FROM history WHERE layer = ? AND coin = ?", key
            ).fetchone()[0]
            unkept = self._unkept[key] = _Unkept(newest or -1, view.low, view.high)
        unkept.low, unkept.high = min(unkept.low, view.low), max(unkept.high, view.high)
        step = TIERS[0].step_ms
        return view.time_ms // step > unkept.kept_ms // step

    def _keep(self, view: MarketView) -> None:
        key = (view.layer.key, view.coin)
        unkept = self._unkept[key]
        self._db.execute(
            "INSERT INTO history (layer, coin, time_ms, spot, low, high, map, view) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [*key, view.time_ms, view.spot, unkept.low, unkept.high, map_to_blob(view.map), _blob(view)],
        )
        before, self._unkept[key] = unkept.kept_ms, _Unkept(view.time_ms, view.spot, view.spot)
        coarse = TIERS[1].step_ms
        if view.time_ms // coarse > before // coarse:
            self._thin(key, view.time_ms)

    def _thin(self, key: tuple[str, str], now_ms: int) -> None:
        for finer, tier in pairwise(TIERS):
            self._merge(key, now_ms - tier.age_ms, now_ms - finer.age_ms, tier.step_ms)
        mine = "layer = ? AND coin = ? AND time_ms < ?"
        self._db.execute(f"DELETE FROM history WHERE {mine}", [*key, now_ms - TIERS[-1].age_ms])  # noqa: S608 - a constant
        self._db.execute(
            f"UPDATE history SET view = NULL WHERE {mine} AND view IS NOT NULL",  # noqa: S608 - a constant
            [*key, now_ms - WHOLE_VIEWS_MS],
        )

    def _merge(self, key: tuple[str, str], since_ms: int, until_ms: int, step_ms: int) -> None:
        """Leave the newest row of each step, with the lowest and highest spot of all."""
        crowded = self._db.execute(
            "SELECT min(time_ms), max(time_ms), min(low), max(high) FROM history "
            "WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ? "
            "GROUP BY time_ms / ? HAVING count(*) > 1",
            [*key, since_ms, until_ms, step_ms],
        ).fetchall()
        for oldest, newest, low, high in crowded:
            self._db.execute(
                "DELETE FROM history WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ?",
                [*key, oldest, newest],
            )
            self._db.execute(
                "UPDATE history SET low = ?, high = ? WHERE layer = ? AND coin = ? AND time_ms = ?",
                [low, high, *key, newest],
            )

    def _rows(
        self, layer: Layer, coin: str, since_ms: int, until_ms: int
    ) -> list[tuple[int, float, float, float, bytes]]:
        """Return the rows from the one that holds at `since_ms` until before `until_ms`."""
        key = (layer.key, coin)
        first = self._db.execute(
            "SELECT max(time_ms) FROM history WHERE layer = ? AND coin = ? AND time_ms <= ?", [*key, since_ms]
        ).fetchone()[0]
        return self._db.execute(
            "SELECT time_ms, spot, low, high, map FROM history "
            "WHERE layer = ? AND coin = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms",
            [*key, since_ms if first is None else first, until_ms],
        ).fetchall()


def _blob(view: MarketView) -> bytes:
    return zlib.compress(wire.to_bytes(view), level=1)


def _view(blob: bytes) -> MarketView:
    return wire.from_bytes(zlib.decompress(blob))


def _common_bins(all_bins: Sequence[Bins]) -> Bins:
    first = min(bins.first for bins in all_bins)
    return Bins(first, max(bins.first + bins.count for bins in all_bins) - first)


def _until(time_ms: Ints, now_ms: int) -> Ints:
    """Return until when each column holds: until the next one, unless that is unusually late."""
    steps = np.diff(time_ms)
    if not len(steps):
        return time_ms.copy()
    tier_step = np.array([_tier_step(now_ms - int(time)) for time in time_ms[:-1]])
    longest = GAP_STEPS * np.maximum(tier_step, int(np.median(steps)))
    return np.append(time_ms[:-1] + np.minimum(steps, longest), time_ms[-1])


def _tier_step(age_ms: int) -> int:
    return next((tier.step_ms for tier in TIERS if age_ms <= tier.age_ms), TIERS[-1].step_ms)
