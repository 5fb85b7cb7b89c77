"""A grid as compact JSON, below 100 kB whatever its window: for pages and programs that draw it themselves.

The answer is one object:

- `version` 1, `coin`, `layer` (venue, basis, origin), `window`, `time_ms`, `spot`.
- `first_bin`, `bins_per_row`, `bin_width`: row r begins at the price
  exp((first_bin + r * bins_per_row) * bin_width).
- `columns`: `time_ms` and `until_ms` of each; between `until_ms` of one and `time_ms` of the next nothing is
  known. `spots`, `lows`, `highs`: one entry a column.
- `levels`: USD at which each level begins, `levels[0]` that of level `a`.
- `rows`: one text a row, the lowest price first: runs along time, each a level (a letter, `-` for nothing)
  and, where longer than one column, its length. `a3b-2` is a, a, a, b, nothing, nothing.

Money is told by level, within a quarter. Below a column's spot it is of longs, above of shorts.
"""

import re
from dataclasses import dataclass
from string import ascii_letters

import msgspec
import numpy as np

from liqbot.charts.price_axis import PriceAxis, around, fitted, worth_seeing
from liqbot.market.grid import Grid, thinned
from liqbot.market.maps import BIN_WIDTH
from liqbot.market.positions import Floats, Ints
from liqbot.market.regime import FUEL_PCT
from liqbot.market.view import MarketView

LIMIT = 100_000
"""Bytes that an answer stays below."""
STEP = 1.5
"""A level begins at so many times the one before."""
_ROWS = 600
_MONEY = 0.8
_DAY_MS = 86_400_000
_DAILY_FROM_MS = 90 * _DAY_MS
"""From this span on a column is a day."""
_NOTHING = "-"


class CompactGrid(msgspec.Struct, frozen=True, kw_only=True):
    """What is written, field by field."""

    version: int = 1
    coin: str
    layer: str
    window: str
    time_ms: int
    spot: float
    bin_width: float = BIN_WIDTH
    first_bin: int
    bins_per_row: int
    columns: dict[str, list[int]]
    spots: list[float]
    lows: list[float]
    highs: list[float]
    levels: list[float]
    rows: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a compact grid says."""

    time_ms: Ints
    until_ms: Ints
    edges: Floats
    """Shape (rows + 1,), USD, rising."""
    usd: Floats
    """Shape (columns, rows): the middle of each level."""


def written(view: MarketView, grid: Grid, window: str) -> bytes:
    """Return a grid as JSON of at most `LIMIT` bytes: coarser in price, and then in time, until it fits."""
    low, high = worth_seeing(view.map, _MONEY)
    span_ms = int(grid.time_ms[-1] - grid.time_ms[0])
    shown = thinned(grid, _DAY_MS) if span_ms >= _DAILY_FROM_MS else grid
    seen = [low, high, float(grid.low.min()), float(grid.high.max())]
    rows, step_ms = _ROWS, max(span_ms // 400, 1)
    while True:
        axis = fitted(*around(view.spot, FUEL_PCT, seen), rows, fine=(1,), coarse=(1,))
        answer = msgspec.json.encode(_compact(view, shown, window, axis))
        if len(answer) < LIMIT:
            return answer
        if rows > _ROWS // 4:
            rows = rows * 4 // 5
        else:
            step_ms *= 2
            shown = thinned(shown, step_ms)


def read(answer: bytes) -> Read:
    """Return what a compact grid says. Raises `ValueError` for one that cannot be read."""
    try:
        grid = msgspec.json.decode(answer, type=CompactGrid)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a compact grid: {error}") from error
    middles = np.array([0.0, *(level * STEP**0.5 for level in grid.levels)])
    rows = [middles[_levels(row)] for row in grid.rows]
    numbers = grid.first_bin + np.arange(len(rows) + 1) * grid.bins_per_row
    return Read(
        time_ms=np.array(grid.columns["time_ms"], dtype=np.int64),
        until_ms=np.array(grid.columns["until_ms"], dtype=np.int64),
        edges=np.exp(numbers * grid.bin_width),
        usd=np.array(rows).T,
    )


def _compact(view: MarketView, grid: Grid, window: str, axis: PriceAxis) -> CompactGrid:
    usd = axis.sums(grid.usd, grid.bins)
    most = float(usd.max())
    count = len(ascii_letters)
    starts: Floats = np.zeros(0)
    if most > 0:
        starts = np.asarray(most / STEP ** np.arange(count, 0, -1.0), dtype=np.float64)
    level = np.where(usd > 0, np.clip(np.searchsorted(starts, usd, side="right"), 1, count), 0)
    used = int(level[level > 0].min()) - 1 if level.any() else 0
    level = np.where(level > 0, level - used, 0)
    return CompactGrid(
        coin=view.coin,
        layer=view.layer.key,
        window=window,
        time_ms=view.time_ms,
        spot=view.spot,
        first_bin=axis.first,
        bins_per_row=axis.bins,
        columns={"time_ms": grid.time_ms.tolist(), "until_ms": grid.until_ms.tolist()},
        spots=_short(grid.spot),
        lows=_short(grid.low),
        highs=_short(grid.high),
        levels=_short(starts[used:]),
        rows=[_runs(row) for row in level.T],
    )


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]


def _runs(levels: Ints) -> str:
    """Return levels along time as runs."""
    bounds = np.flatnonzero(np.diff(levels)) + 1
    starts = [0, *bounds.tolist()]
    lengths = np.diff([*starts, len(levels)]).tolist()
    letters = [_NOTHING if not levels[start] else ascii_letters[int(levels[start]) - 1] for start in starts]
    return "".join(
        f"{letter}{length if length > 1 else ''}" for letter, length in zip(letters, lengths, strict=True)
    )


def _levels(row: str) -> Ints:
    """Return the levels of a row. Raises `ValueError` for one that cannot be read."""
    runs = re.findall(r"([a-zA-Z-])(\d*)", row)
    if "".join(f"{letter}{length}" for letter, length in runs) != row:
        raise ValueError(f"not a row of a compact grid: {row!r}")
    levels = [0 if letter == _NOTHING else ascii_letters.index(letter) + 1 for letter, _ in runs]
    return np.repeat(np.array(levels, dtype=np.int64), [int(length or 1) for _, length in runs])
