"""Levels between two looks at an account: a cross position's level moves with the rest of its account.

All cross positions of an account share one pool of margin. While nobody trades, the pool moves by what the
positions gain and by what their maintenance margin asks more. So to first order, with maintenance rate `l`, a
move `dm'` of another position's mark shifts a level by `-(size' - l' |size'|) dm' / (size - l |size|)`. A
position alone in its account keeps its level, as an isolated one does.

On the recording this predicts the next recorded level far better than leaving it as it was
(`tests/engine/test_recorded_level_ageing.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats, MarginMode, Positions


def aged_levels(
    positions: Mapping[str, Positions], marks: Mapping[str, float], accounts: int
) -> dict[str, Floats]:
    """Return by coin the liquidation price of each position at `marks`, USD, shape (n,), NaN for none.

    Coins are left out in which no level can move. `accounts` is above every account number. A level stays as
    it was seen where the pool is not known: the position is not cross, or the mark or the maintenance rate of
    any cross position of its account is unknown.
    """
    coins = [coin for coin, held in positions.items() if len(held)]
    if not coins:
        return {}
    # All coins at once: a pass over each of two hundred costs more than what it does.
    parts = [positions[coin] for coin in coins]
    ends = np.cumsum([0, *map(len, parts)])
    account, size = _joined(parts, "account"), _joined(parts, "size")
    mark = np.array([marks.get(coin, np.nan) for coin in coins]).repeat(np.diff(ends))
    weight = size - _joined(parts, "maintenance_rate") * np.abs(size)
    moved = weight * (mark - _joined(parts, "mark"))
    cross, finite = _joined(parts, "margin_mode") == MarginMode.CROSS, np.isfinite(moved)
    known, strange = cross & finite, cross & ~finite
    gain = np.bincount(account, np.where(known, moved, 0.0), accounts)
    seen = _joined(parts, "liquidation")
    with np.errstate(divide="ignore", invalid="ignore"):
        level = seen - (gain[account] - moved) / weight
    level = np.where(level > 0, level, np.nan)
    unknown = np.zeros(accounts, dtype=np.bool_)
    unknown[account[strange]] = True
    aged = np.where(cross & ~unknown[account], level, seen)
    movable = np.logical_or.reduceat(known, ends[:-1]).tolist()
    return {
        coin: aged[begin:end]
        for coin, begin, end, can_move in zip(
            coins, ends[:-1].tolist(), ends[1:].tolist(), movable, strict=True
        )
        if can_move
    }


def _joined(parts: Sequence[Positions], column: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, column) for part in parts])
