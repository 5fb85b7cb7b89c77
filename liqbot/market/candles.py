"""Candles of one coin in columns (open, high, low, close, volume): appended, joined, cut, their length.

Not here: drawing them (`charts/candlesticks.py`), steps of the model (`engine/model_steps.py`), an
exchange's rows (`sources/exchanges/rows.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats, Ints

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Closed candles of one length: n rows, one column a field. Columns are never written to.

    Where nothing was traded a venue may leave a candle out: rows need not follow each other without a gap.
    """

    length_ms: int
    begin_ms: Ints
    """Shape (n,): when each began, ms since 1970 UTC; rising by at least `length_ms`."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    """Shape (n,), USD: traded prices."""
    volume: Floats
    """Shape (n,): coins traded, each trade counted once; NaN where unknown."""

    def __post_init__(self) -> None:
        if self.length_ms <= 0:
            raise ValueError(f"a candle lasts more than 0 ms, not {self.length_ms}")
        lengths = {name: len(getattr(self, name)) for name in ("begin_ms", *_PRICES, "volume")}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if np.any(np.diff(self.begin_ms) < self.length_ms):
            raise ValueError(f"candles of {self.length_ms} ms must follow each other and not overlap")
        prices = np.array([getattr(self, name) for name in _PRICES])
        if not np.all(np.isfinite(prices) & (prices > 0)):
            raise ValueError("a candle's prices must be numbers above 0")
        if np.any(self.low > prices.min(axis=0)) or np.any(self.high < prices.max(axis=0)):
            raise ValueError("a candle's prices must lie between its low and its high")

    def __len__(self) -> int:
        return len(self.begin_ms)

    @property
    def end_ms(self) -> Ints:
        """Shape (n,): when each closed."""
        return self.begin_ms + self.length_ms

    @property
    def until_ms(self) -> int:
        """When the last one closed; 0 where there is none."""
        return int(self.begin_ms[-1]) + self.length_ms if len(self) else 0

    def take(self, rows: slice | NDArray[Any]) -> "Candles":
        """Return the rows that `rows` (a slice, numbers or a mask) picks."""
        columns = [getattr(self, name)[rows] for name in ("begin_ms", *_PRICES, "volume")]
        return Candles(self.length_ms, *columns)

    @staticmethod
    def of(
        length_ms: int,
        begin_ms: Sequence[int] | Ints,
        *,
        open: Sequence[float] | Floats,  # noqa: A002 - a candle's first price is called its open
        high: Sequence[float] | Floats,
        low: Sequence[float] | Floats,
        close: Sequence[float] | Floats,
        volume: Sequence[float] | Floats | None = None,
    ) -> "Candles":
        """Make candles from plain sequences. Raises `ValueError` for columns that cannot be."""
        traded = np.full(len(begin_ms), np.nan) if volume is None else volume
        prices = [np.asarray(column, dtype=np.float64) for column in (open, high, low, close, traded)]
        return Candles(length_ms, np.asarray(begin_ms, dtype=np.int64), *prices)
