"""Batching account readings on their way to the engine: a few updates a second, not hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from liqbot.market.updates import AccountsSeen
from liqbot.sources.hyperliquid.reading import Reading


@dataclass(slots=True)
class Batch:
    """What was read since it was last taken."""

    _by_second: dict[int, dict[str, Reading]] = field(default_factory=dict[int, dict[str, Reading]])

    def add(self, reading: Reading) -> None:
        """Take up a reading; of an account and a second the newest counts."""
        gathered = self._by_second.setdefault(reading.time_ms // 1000, {})
        before = gathered.get(reading.account)
        if before is not None and reading.kept:
            reading = replace(
                reading, rows=(*reading.rows, *(row for row in before.rows if row.coin in reading.kept))
            )
        gathered[reading.account] = reading

    def take(self) -> list[AccountsSeen]:
        """Return what was gathered, the oldest first, and begin anew."""
        gathered, self._by_second = self._by_second, {}
        return [_seen(second * 1000, list(found.values())) for second, found in sorted(gathered.items())]


def _seen(time_ms: int, readings: Sequence[Reading]) -> AccountsSeen:
    rows = [(place, row) for place, reading in enumerate(readings) for row in reading.rows]
    kept = [(place, coin) for place, reading in enumerate(readings) for coin in reading.kept]
    coins = tuple(dict.fromkeys([*(row.coin for _, row in rows), *(coin for _, coin in kept)]))
    places = {coin: place for place, coin in enumerate(coins)}
    return AccountsSeen(
        time_ms=time_ms,
        accounts=tuple(reading.account for reading in readings),
        coins=coins,
        account=np.array([place for place, _ in rows], dtype=np.int64),
        coin=np.array([places[row.coin] for _, row in rows], dtype=np.int64),
        size=np.array([row.size for _, row in rows], dtype=np.float64),
        entry=np.array([row.entry for _, row in rows], dtype=np.float64),
        liquidation=np.array([row.liquidation for _, row in rows], dtype=np.float64),
        leverage=np.array([row.leverage for _, row in rows], dtype=np.float64),
        margin_mode=np.array([row.mode for _, row in rows], dtype=np.int8),
        mark=np.array([row.mark for _, row in rows], dtype=np.float64),
        maintenance_rate=np.array([row.maintenance_rate for _, row in rows], dtype=np.float64),
        kept=np.array([(place, places[coin]) for place, coin in kept], dtype=np.int64).reshape(-1, 2),
    )
