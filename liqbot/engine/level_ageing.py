"""Levels between two looks at an account: a cross position's level moves with the rest of its account.

All cross positions of an account share one pool of margin. While nobody trades, the pool moves by what the
positions gain and by what their maintenance margin asks more. So to first order, with maintenance rate `l`, a
move `dm'` of another position's mark shifts a level by `-(size' - l' |size'|) dm' / (size - l |size|)`. A
position alone in its account keeps its level, as an isolated one does.

On the recording this predicts the next recorded level far better than leaving it as it was
(`tests/engine/test_recorded_level_ageing.py`).
"""

from collections.abc import Mapping

import numpy as np

from liqbot.market.positions import Bools, Floats, MarginMode, Positions


def aged_levels(
    positions: Mapping[str, Positions], marks: Mapping[str, float], accounts: int
) -> dict[str, Floats]:
    """Return by coin the liquidation price of each position at `marks`, USD, shape (n,), NaN for none.

    Coins are left out in which no level can move. `accounts` is above every account number. A level stays as
    it was seen where the pool is not known: the position is not cross, or the mark or the maintenance rate of
    any cross position of its account is unknown.
    """
    gain, unknown = np.zeros(accounts), np.zeros(accounts, dtype=np.bool_)
    weights, gains = dict[str, Floats](), dict[str, Floats]()
    for coin, held in positions.items():
        weight = held.size - held.maintenance_rate * np.abs(held.size)
        moved = np.asarray(weight * (marks.get(coin, np.nan) - held.mark))
        cross = _is_cross(held)
        strange = cross & ~np.isfinite(moved)
        unknown[held.account[strange]] = True
        known = cross & ~strange
        np.add.at(gain, held.account[known], moved[known])
        weights[coin], gains[coin] = weight, moved
    return {
        coin: _moved(held, gain[held.account] - gains[coin], weights[coin], unknown[held.account])
        for coin, held in positions.items()
        if np.isfinite(gains[coin][_is_cross(held)]).any()
    }


def _moved(held: Positions, others_gain: Floats, weight: Floats, unknown: Bools) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        level = held.liquidation - others_gain / weight
    level = np.where(level > 0, level, np.nan)
    return np.where(_is_cross(held) & ~unknown, level, held.liquidation)


def _is_cross(held: Positions) -> Bools:
    return held.margin_mode == MarginMode.CROSS
