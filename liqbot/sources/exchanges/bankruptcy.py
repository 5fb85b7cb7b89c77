"""From a bankruptcy price to the price at which a position was liquidated."""

import numpy as np

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side


def liquidated_at(side: Side, bankruptcy: float, coins: float, tiers: MarginTiers | None) -> float:
    """Return the mark price in USD that liquidates a position that is worth nothing at `bankruptcy`.

    Bybit and OKX report the bankruptcy price, about half a percent beyond the mark. An isolated long
    liquidates at `(E (1 - 1/L) - cum/Q) / (1 - m)` (Bybit help centre, "Liquidation price"), and its
    bankruptcy price is `E (1 - 1/L)`; a short's is `E (1 + 1/L)`. Where the tiers are not known it is
    returned as it came.
    """
    if tiers is None:
        return bankruptcy
    tier = int(np.searchsorted(tiers.lower_bounds, bankruptcy * coins, side="right")) - 1
    rate, per_coin = float(tiers.rates[tier]), float(tiers.deductions[tier]) / coins
    if side is Side.LONG:
        return (bankruptcy - per_coin) / (1 - rate)
    return (bankruptcy + per_coin) / (1 + rate)
