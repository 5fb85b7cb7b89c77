"""Liquidations that nobody tells of, concluded from two looks at an account.

A position whose level price went through, and that is gone or smaller at the next look, was most likely
liquidated. It is called inferred: its owner may have closed it just before.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from liqbot.engine.extremes import Extremes
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.reading import Reading

NEAR = 0.3
"""Levels farther from the mark (in ln) are not kept: between two looks price does not go there."""
LONGEST_MS = 30 * 60_000
"""Between two looks that are farther apart too much may have happened."""
SMALLER = 0.1
"""A position that lost less than this share was not liquidated: the exchange begins with a fifth."""
METHOD = "inferred"


class _Level(NamedTuple):
    coin: str
    size: float
    price: float


class InferredLiquidations:
    """Remembers the last look at each account, and how far prices went since."""

    def __init__(self, register: LiquidationRegister) -> None:
        self._register = register
        self._extremes: dict[str, Extremes] = {}
        self._looks: dict[str, tuple[int, tuple[_Level, ...]]] = {}

    def hear(self, coin: str, time_ms: int, mark: float) -> None:
        """Take up a mark price."""
        extremes = self._extremes.setdefault(coin, Extremes())
        extremes.add(time_ms, mark)
        extremes.forget_before(time_ms - LONGEST_MS)

    def compare(self, reading: Reading) -> Iterator[Liquidation]:
        """Yield what has been liquidated since the last look at the account, and remember this one."""
        before = self._looks.get(reading.account)
        if before is not None and reading.time_ms <= before[0]:
            return
        levels = tuple(
            _Level(row.coin, row.size, row.liquidation)
            for row in reading.rows
            if row.liquidation > 0 and abs(math.log(row.liquidation / row.mark)) < NEAR
        )
        if levels or reading.kept:
            kept = before[1] if before is not None else ()
            stand = tuple(level for level in kept if level.coin in reading.kept)
            self._looks[reading.account] = (reading.time_ms, levels + stand)
        else:
            self._looks.pop(reading.account, None)
        if before is not None and reading.time_ms - before[0] <= LONGEST_MS:
            yield from self._gone(before[0], before[1], reading)

    def _gone(self, since_ms: int, levels: tuple[_Level, ...], reading: Reading) -> Iterator[Liquidation]:
        held = {row.coin: row.size for row in reading.rows}
        for coin, size, price in levels:
            if coin in reading.kept or not self._was_reached(coin, size, price, since_ms):
                continue
            left = held.get(coin, 0.0)
            lost = abs(size) - (abs(left) if left * size > 0 else 0.0)
            if lost < SMALLER * abs(size) or self._register.was_told(reading.account, coin, since_ms):
                continue
            yield Liquidation(
                coin,
                reading.time_ms,
                Side.LONG if size > 0 else Side.SHORT,
                price,
                lost,
                sampled=True,
                provenance=Provenance.INFERRED,
                account=reading.account,
                method=METHOD,
            )

    def _was_reached(self, coin: str, size: float, price: float, since_ms: int) -> bool:
        extremes = self._extremes.get(coin)
        if extremes is None:
            return False
        lowest, highest = extremes.after(since_ms)
        return lowest <= price if size > 0 else highest >= price
