"""The coins of the simulated market and what they are like."""

from collections.abc import Iterable
from dataclasses import dataclass

from liqbot.engine.liquidation_price import MarginTiers


@dataclass(frozen=True, slots=True)
class Coin:
    """What a coin starts from and how its market behaves."""

    name: str
    spot: float
    """Price at the start, USD: about that of February 2026."""
    volatility: float
    """Annualised standard deviation of its log returns, news included."""
    beta: float
    """How far it goes where BTC goes 1."""
    open_interest: float
    """Coins, one-sided, around which it stays: Hyperliquid's of October 2026."""
    depth_usd: float
    """Forced orders in USD that move its price by 1% while the order book is full."""
    round_step: float
    """Multiples of this many USD are round prices, at which people enter and hide their liquidation."""
    tiers: MarginTiers
    """Hyperliquid's, as of 2026."""


_COINS = (
    Coin("BTC", 68_000.0, 0.46, 1.0, 40_000.0, 200e6, 1_000.0, MarginTiers((0.0, 150e6), (40.0, 20.0))),
    Coin("ETH", 2_050.0, 0.64, 1.15, 1_190_000.0, 130e6, 50.0, MarginTiers((0.0, 100e6), (25.0, 15.0))),
    Coin("SOL", 86.0, 0.76, 1.25, 5_600_000.0, 50e6, 2.0, MarginTiers((0.0, 70e6), (20.0, 10.0))),
    Coin("HYPE", 31.0, 0.9, 1.1, 20_700_000.0, 30e6, 1.0, MarginTiers((0.0, 20e6), (10.0, 5.0))),
)
COINS = {coin.name: coin for coin in _COINS}
KNOWN_COINS = tuple(COINS)
"""The names of all coins that can be simulated."""
LEADER = COINS["BTC"]
"""The coin whose moves the others follow, whether it is shown or not."""
DEFAULT_COINS = ("BTC", "ETH", "SOL")


def coins_named(names: Iterable[str]) -> tuple[Coin, ...]:
    """Return the coins of these names. Raises `ValueError` for an unknown one, one twice, and none."""
    wanted = tuple(names)
    unknown = [name for name in wanted if name not in COINS]
    if unknown:
        raise ValueError(f"the simulator knows {', '.join(COINS)}, not {', '.join(unknown)}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"the simulator needs each coin once, and at least one, not {wanted}")
    return tuple(COINS[name] for name in wanted)
