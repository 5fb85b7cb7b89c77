"""Open positions of one coin, in columns, as a source hands them over."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class MarginMode(IntEnum):
    """How a position is margined: with the whole account (cross), alone (isolated), or not told."""

    UNKNOWN = 0
    CROSS = 1
    ISOLATED = 2


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Open positions of one coin: n rows, one column a field. Columns are never written to.

    An account has at most one row. `liquidation` is NaN where there is no reachable level: such a position
    counts in open size, trapped shares and coverage, never in a map.
    """

    account: Ints
    """Number of the account in its board's register."""
    size: Floats
    """Coins, positive for long, negative for short."""
    entry: Floats
    """Average entry price in USD."""
    liquidation: Floats
    """Liquidation price in USD, NaN for none."""
    leverage: Floats
    """Leverage that the account set, NaN where unknown."""
    margin_mode: NDArray[np.int8]
    """A `MarginMode`."""
    seen_ms: Ints
    """When the position was last known to be so, ms since 1970 UTC."""
    mark: Floats
    """Mark price in USD at which it was seen, NaN where unknown."""
    maintenance_rate: Floats
    """Share of notional that it must keep as margin, at the margin; NaN where unknown."""

    def __post_init__(self) -> None:
        size = len(self.size)
        for name in _COLUMNS:
            if len(getattr(self, name)) != size:
                lengths = {name: len(getattr(self, name)) for name in _COLUMNS}
                raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.size)

    @property
    def is_long(self) -> Bools:
        """True where the position is long."""
        return self.size > 0

    def take(self, rows: NDArray[Any]) -> "Positions":
        """Return the rows that `rows` (numbers or a mask) picks."""
        return Positions(*[getattr(self, name)[rows] for name in _COLUMNS])

    @staticmethod
    def empty() -> "Positions":
        """Return no positions."""
        return Positions.of()

    @staticmethod
    def joined(parts: Sequence["Positions"]) -> "Positions":
        """Return the rows of all `parts`, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return Positions(*[np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS])

    @staticmethod
    def of(
        *,
        size: Sequence[float] | Floats = (),
        entry: Sequence[float] | Floats = (),
        liquidation: Sequence[float] | Floats = (),
        account: Sequence[int] | Ints | None = None,
        leverage: Sequence[float] | Floats | None = None,
        margin_mode: Sequence[int] | NDArray[np.int8] | None = None,
        seen_ms: Sequence[int] | Ints | int = 0,
        mark: Sequence[float] | Floats | None = None,
        maintenance_rate: Sequence[float] | Floats | None = None,
    ) -> "Positions":
        """Make positions from plain sequences; what is left out is numbered (`account`) or unknown."""
        n = len(size)
        return Positions(
            account=np.arange(n) if account is None else np.asarray(account, dtype=np.int64),
            size=np.asarray(size, dtype=np.float64),
            entry=np.asarray(entry, dtype=np.float64),
            liquidation=np.asarray(liquidation, dtype=np.float64),
            leverage=_floats(leverage, n),
            margin_mode=np.zeros(n, np.int8) if margin_mode is None else np.asarray(margin_mode, np.int8),
            seen_ms=np.broadcast_to(np.asarray(seen_ms, dtype=np.int64), (n,)).copy(),
            mark=_floats(mark, n),
            maintenance_rate=_floats(maintenance_rate, n),
        )


_COLUMNS = tuple(field.name for field in fields(Positions))


def _floats(values: Sequence[float] | Floats | None, n: int) -> Floats:
    return np.full(n, np.nan) if values is None else np.asarray(values, dtype=np.float64)
