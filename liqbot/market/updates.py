"""What a source tells the engine: the few nouns into which every exchange is translated."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side


@dataclass(frozen=True, slots=True, eq=False)
class AccountsSeen:
    """The open positions of some accounts, each account complete.

    A coin that an account in `accounts` held before and does not hold here has been closed. An account that
    is not in `accounts` was not looked at, which says nothing of its positions. The columns have one row a
    position; `account` and `coin` are places in `accounts` and `coins`.
    """

    time_ms: int
    accounts: tuple[str, ...]
    coins: tuple[str, ...]
    account: Ints
    coin: Ints
    size: Floats
    """Coins, positive for long, negative for short."""
    entry: Floats
    liquidation: Floats
    """USD, NaN for none."""
    leverage: Floats
    margin_mode: NDArray[np.int8]

    def __post_init__(self) -> None:
        columns = ("account", "coin", "size", "entry", "liquidation", "leverage", "margin_mode")
        lengths = {name: len(getattr(self, name)) for name in columns}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        _require_places("account", self.account, len(self.accounts))
        _require_places("coin", self.coin, len(self.coins))


@dataclass(frozen=True, slots=True)
class AssetContext:
    """What an exchange says of a coin as a whole."""

    coin: str
    time_ms: int
    mark: float
    """Mark price in USD."""
    open_interest: float | None = None
    """Coins, one-sided (a contract is one long and one short, counted once); None where unknown."""
    funding: float | None = None
    """Funding rate as a fraction per hour, positive where longs pay; None where unknown."""


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A position that was force-closed."""

    coin: str
    time_ms: int
    side: Side
    """The side of the position that was liquidated."""
    price: float
    size: float
    """Coins, positive."""


@dataclass(frozen=True, slots=True)
class Beat:
    """All that came before belongs to this instant: now views may be made."""

    time_ms: int


def _require_places(name: str, column: Ints, count: int) -> None:
    if column.dtype.kind not in "iu":
        raise ValueError(f"`{name}` must hold whole numbers, not {column.dtype}")
    if len(column) and not (column.min() >= 0 and column.max() < count):
        raise ValueError(f"`{name}` must lie in 0 to {count - 1}, not {column.min()} to {column.max()}")


Update: TypeAlias = AccountsSeen | AssetContext | Liquidation | Beat
"""Any of what a source tells."""
