"""Liquidation prices and the margin behind them, with maintenance margin in tiers.

The formulas are Hyperliquid's (docs, "Liquidations" and "Margin tiers"):
`liq = price - side * margin_available / size / (1 - l * side)` while one tier holds, where `l` is the
maintenance rate. The tier that counts is that of the position's value *at the liquidation price*.
"""

import numpy as np
from numpy.typing import NDArray

from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Floats


def liquidation_price(size: Floats, mark: Floats, margin_available: Floats, tiers: MarginTiers) -> Floats:
    """Return the liquidation price in USD of each position, NaN where no positive root exists.

    `size` in coins, positive for long; `mark` in USD; `margin_available` in USD: for a cross position the
    account's value less the maintenance margin of *all* its cross positions, for an isolated one its own
    equity (`rawUsd + size * mark`) less its own maintenance margin. All of shape (n,), one coin.
    """
    side, coins = np.sign(size), np.abs(size)
    equity_less_others = margin_available + tiers.maintenance_margin(coins * mark)
    needed = side * coins * mark - equity_less_others
    tier = _tier_at_root(side, needed, tiers)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = (needed - tiers.deductions[tier]) / (coins * (side - tiers.rates[tier]))
    return np.where((root > 0) & np.isfinite(root), root, np.nan)


def margin_available(size: Floats, mark: Floats, liquidation: Floats, tiers: MarginTiers) -> Floats:
    """Return the margin in USD that puts each position's liquidation price where it is.

    The inverse of `liquidation_price`. All cross positions of an account give the same figure, their common
    pool: so that the pool which one position reveals predicts the liquidation price of another.
    """
    side, coins = np.sign(size), np.abs(size)
    loss_until_then = side * coins * (mark - liquidation)
    more_maintenance = tiers.maintenance_margin(coins * liquidation) - tiers.maintenance_margin(coins * mark)
    return loss_until_then + more_maintenance


def _tier_at_root(side: Floats, needed: Floats, tiers: MarginTiers) -> NDArray[np.intp]:
    """Return the tier that holds at each liquidation price, shape (n,).

    The margin left over falls steadily from the mark to the liquidation price and beyond, so its sign at a
    tier's lower bound tells on which side of that bound the root lies. Solving every tier and keeping the
    root inside its own would lose a root on the very bound to rounding, on both sides of it.
    """
    bounds = np.asarray(tiers.lower_bounds[1:], dtype=np.float64)
    surplus = side[:, np.newaxis] * bounds - tiers.maintenance_margin(bounds) - needed[:, np.newaxis]
    return np.count_nonzero(side[:, np.newaxis] * surplus <= 0, axis=1)
