"""What an account holds, as the exchange knows it: what the answers are made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """One position."""

    coin: str
    size: float
    entry: float
    mark: float
    level: float | None
    leverage: float
    isolated: bool
    raw_usd: float
    """Equity less value: what an isolated position carries of its own."""
    margin_used: float
    max_leverage: float
    """Of the tier that it is in."""


@dataclass(frozen=True)
class Book:
    """One account."""

    positions: tuple[Held, ...] = ()
    cross_value: float = 0.0
    cross_maintenance: float = 0.0
    spot_usd: float | None = None
    """What the account has elsewhere that stands behind its positions; None for a plain account."""


@dataclass(frozen=True)
class CoinState:
    """One coin."""

    name: str
    mark: float
    open_interest: float
    funding: float
    tiers: tuple[tuple[float, float], ...]
    """Lower bound and maximal leverage of each margin tier."""


@dataclass(frozen=True)
class Deal:
    """A trade."""

    coin: str
    price: float
    size: float
    buyer: str
    seller: str
    liquidated: str | None = None
    """Whose liquidation it was; None for none, or where the market does not know."""
