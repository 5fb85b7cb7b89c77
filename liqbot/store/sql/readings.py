"""Readings by the hour and the path of price by the day, in SQL: of a year, what is read at once.

The path of a day is one blob: its steps in columns, byte by byte of the same weight beside each other, which
compresses to about 3 kB. It is written with the rows of `history`, in the same transaction.
"""

import zlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from liqbot.market.dated_reading import DatedReading
from liqbot.market.price_path import Path
from liqbot.market.view import MarketView
from liqbot.store.errors import DatabaseError
from liqbot.store.sql.rooms import Connection

DAY_MS = 86_400_000
STEP_MS = 3_600_000
"""One reading is kept for each step."""
_COLUMNS = 4
_Key = tuple[str, str]


def keep_reading(db: Connection, view: MarketView, low: float, high: float, kept_ms: int) -> None:
    """Keep the figures of a view where it begins a step, and how far price went since `kept_ms`."""
    key = (view.layer.key, view.coin)
    if view.time_ms // STEP_MS > kept_ms // STEP_MS:
        write_readings(db, key, [DatedReading.of(view)])
    row = np.array([[view.time_ms], [low], [high], [view.spot]], dtype=np.float64)
    day = view.time_ms // DAY_MS
    found = db.execute(
        "SELECT steps FROM prices WHERE layer = ? AND coin = ? AND day = ?", [*key, day]
    ).fetchone()
    steps = row if found is None else np.concatenate([unpacked(found[0]), row], axis=1)
    _write(db, key, day, steps)


def write_readings(db: Connection, key: _Key, found: list[DatedReading]) -> None:
    """Write readings down; one of the same time takes the place of the one before."""
    db.executemany(
        "INSERT INTO readings (layer, coin, time_ms, reading) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (layer, coin, time_ms) DO UPDATE SET reading = excluded.reading",
        [(*key, one.time_ms, msgspec.msgpack.encode(_row(one))) for one in found],
    )


def write_path(db: Connection, key: _Key, path: Path) -> None:
    """Write a path in the place of what is known of its days."""
    steps = np.stack([path.time_ms.astype(np.float64), path.low, path.high, path.close])
    days = path.time_ms // DAY_MS
    for day in np.unique(days):
        _write(db, key, int(day), steps[:, days == day])


def readings(db: Connection, key: _Key, since_ms: int, until_ms: int) -> list[DatedReading]:
    """Return the readings of (since_ms, until_ms], the oldest first."""
    rows = db.execute(
        "SELECT reading FROM readings WHERE layer = ? AND coin = ? AND time_ms > ? AND time_ms <= ? "
        "ORDER BY time_ms",
        [*key, since_ms, until_ms],
    )
    return [reading_of(blob) for (blob,) in rows]


def path(db: Connection, key: _Key, since_ms: int, until_ms: int) -> Path:
    """Return the path of price within [since_ms, until_ms]."""
    rows = db.execute(
        "SELECT steps FROM prices WHERE layer = ? AND coin = ? AND day BETWEEN ? AND ? ORDER BY day",
        [*key, since_ms // DAY_MS, until_ms // DAY_MS],
    ).fetchall()
    if not rows:
        return Path.empty()
    steps = np.concatenate([unpacked(blob) for (blob,) in rows], axis=1)
    steps = steps[:, (steps[0] >= since_ms) & (steps[0] <= until_ms)]
    # Price moves from one close to the next: what lies between them has been touched.
    before = np.concatenate([steps[3, :1], steps[3, :-1]])
    low, high = np.minimum(steps[1], before), np.maximum(steps[2], before)
    return Path(steps[0].astype(np.int64), low, high, steps[3])


def thin_readings(db: Connection, key: _Key, before_ms: int) -> None:
    """Remove what is older."""
    db.execute("DELETE FROM readings WHERE layer = ? AND coin = ? AND time_ms < ?", [*key, before_ms])
    db.execute("DELETE FROM prices WHERE layer = ? AND coin = ? AND day < ?", [*key, before_ms // DAY_MS])


def forget_readings(db: Connection, layer: str) -> None:
    """Remove everything of a layer."""
    db.execute("DELETE FROM readings WHERE layer = ?", [layer])
    db.execute("DELETE FROM prices WHERE layer = ?", [layer])


def packed(steps: NDArray[np.float64]) -> bytes:
    """Return steps, shape (4, n), as a blob."""
    parts = np.ascontiguousarray(steps, dtype="<f8").view(np.uint8).reshape(-1, 8)
    return zlib.compress(np.ascontiguousarray(parts.T).tobytes(), level=6)


def unpacked(blob: bytes) -> NDArray[np.float64]:
    """Return the steps of a blob. Raises `DatabaseError`."""
    try:
        parts = np.frombuffer(zlib.decompress(blob), np.uint8).reshape(8, -1)
        return np.ascontiguousarray(parts.T).view("<f8").reshape(_COLUMNS, -1)
    except (zlib.error, ValueError) as error:
        raise DatabaseError(f"a path of the past cannot be read: {error}") from error


def _write(db: Connection, key: _Key, day: int, steps: NDArray[np.float64]) -> None:
    db.execute(
        "INSERT INTO prices (layer, coin, day, steps) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (layer, coin, day) DO UPDATE SET steps = excluded.steps",
        [*key, day, packed(steps)],
    )


_Row = tuple[int, float, float, float, float | None, float | None, float | None, float | None, float | None]
_rows = msgspec.msgpack.Decoder(_Row)


def _row(one: DatedReading) -> _Row:
    return (
        one.time_ms,
        one.spot,
        one.up_usd,
        one.down_usd,
        one.coverage,
        one.coverage_long,
        one.coverage_short,
        one.funding,
        one.open_interest,
    )


def reading_of(blob: bytes) -> DatedReading:
    """Return a reading as it was written. Raises `DatabaseError`."""
    try:
        time_ms, spot, up, down, coverage, long, short, funding, interest = _rows.decode(blob)
    except msgspec.DecodeError as error:
        raise DatabaseError(f"a reading of the past cannot be read: {error}") from error
    return DatedReading(
        time_ms=time_ms,
        spot=spot,
        up_usd=up,
        down_usd=down,
        coverage=coverage,
        coverage_long=long,
        coverage_short=short,
        funding=funding,
        open_interest=interest,
    )
