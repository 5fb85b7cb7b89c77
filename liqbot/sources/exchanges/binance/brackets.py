"""Binance's margin tiers, which it shows only to those who sign in.

Leverage, maintenance rate and floor in USD of notional of each bracket down to 5x, as published on
binance.com ("Leverage & Margin", USD-M futures) and returned by `/fapi/v1/leverageBracket` early in 2026.
Deductions (`cum`) follow from them: `cum_n = floor_n (m_n - m_{n-1}) + cum_{n-1}`.
"""

from liqbot.market.margin import MarginTiers
from liqbot.sources.exchanges.rows import Tier, margin_tiers

K, M = 1e3, 1e6

_BRACKETS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "BTCUSDT": (
        (0, 150, 0.004),
        (300 * K, 100, 0.005),
        (800 * K, 75, 0.0065),
        (3 * M, 50, 0.01),
        (12 * M, 25, 0.02),
        (70 * M, 20, 0.025),
        (100 * M, 10, 0.05),
        (230 * M, 5, 0.1),
    ),
    "ETHUSDT": (
        (0, 150, 0.004),
        (300 * K, 100, 0.005),
        (800 * K, 75, 0.0065),
        (3 * M, 50, 0.01),
        (12 * M, 25, 0.02),
        (50 * M, 20, 0.025),
        (65 * M, 10, 0.05),
        (150 * M, 5, 0.1),
    ),
    "SOLUSDT": (
        (0, 100, 0.005),
        (50 * K, 75, 0.0065),
        (400 * K, 50, 0.01),
        (1 * M, 25, 0.02),
        (4 * M, 20, 0.025),
        (8 * M, 10, 0.05),
        (40 * M, 5, 0.1),
    ),
    "XRPUSDT": (
        (0, 100, 0.005),
        (40 * K, 75, 0.006),
        (80 * K, 50, 0.01),
        (150 * K, 40, 0.0125),
        (400 * K, 25, 0.02),
        (1 * M, 20, 0.025),
        (2 * M, 10, 0.05),
        (10 * M, 5, 0.1),
    ),
    "DOGEUSDT": (
        (0, 75, 0.0065),
        (80 * K, 50, 0.01),
        (150 * K, 40, 0.0125),
        (750 * K, 25, 0.02),
        (2 * M, 20, 0.025),
        (4 * M, 10, 0.05),
        (20 * M, 5, 0.1),
    ),
    "BNBUSDT": (
        (0, 75, 0.005),
        (10 * K, 50, 0.006),
        (200 * K, 40, 0.01),
        (400 * K, 25, 0.02),
        (1.5 * M, 20, 0.025),
        (3 * M, 10, 0.05),
        (15 * M, 5, 0.1),
    ),
    "HYPEUSDT": (
        (0, 75, 0.01),
        (20 * K, 50, 0.015),
        (200 * K, 25, 0.02),
        (1 * M, 20, 0.025),
        (2 * M, 10, 0.05),
        (5 * M, 5, 0.1),
    ),
}

_ASSUMED = ((0, 75, 0.01), (20 * K, 50, 0.015), (200 * K, 25, 0.02), (1 * M, 20, 0.025), (2 * M, 10, 0.05))
"""What smaller coins mostly have: the strictest of those above."""


def binance_tiers(symbol: str) -> tuple[MarginTiers, bool]:
    """Return the tiers of `symbol`, and whether they are known: those of smaller coins are assumed."""
    known = symbol in _BRACKETS
    tiers = margin_tiers(Tier(*row) for row in _BRACKETS.get(symbol, _ASSUMED))
    if tiers is None:
        raise AssertionError("the table has a tier for every symbol")
    return tiers, known
