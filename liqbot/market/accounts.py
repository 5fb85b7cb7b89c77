"""Single accounts: what one holds as of a look at it, and what happened to it between two looks."""

import math
from dataclasses import dataclass
from enum import StrEnum

from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """One open position of an account, as a venue told of it."""

    coin: str
    size: float
    """Coins, positive for long, negative for short; never 0."""
    entry: float
    """Average entry price, USD."""
    liquidation: float | None
    """USD; None where no price liquidates it."""
    leverage: float | None
    mode: MarginMode
    mark: float
    """Mark price at the look, USD."""

    @property
    def side(self) -> Side:
        """Long or short."""
        return Side.LONG if self.size > 0 else Side.SHORT

    @property
    def usd(self) -> float:
        """What it is worth at `mark`."""
        return abs(self.size) * self.mark

    def distance(self, mark: float | None = None) -> float | None:
        """Return how far `mark` (by default that of the look) may still go, as a share of it.

        0 where price is at the level or beyond it; None without a level.
        """
        price = self.mark if mark is None else mark
        if self.liquidation is None or self.liquidation <= 0 or not (0 < price < math.inf):
            return None
        away = price - self.liquidation if self.side is Side.LONG else self.liquidation - price
        return max(0.0, away / price)


@dataclass(frozen=True, slots=True)
class AccountState:
    """All that an account holds at one venue, as of one look at it."""

    account: str
    time_ms: int
    """When it was so: an account that cannot be looked at keeps its last state, which only gets older."""
    positions: tuple[HeldPosition, ...] = ()
    unread: tuple[str, ...] = ()
    """Coins that it held and of which this look says nothing: what was known of those positions stands."""
    equity_usd: float | None = None
    """What the account is worth as margin; None where that is not told, or where its pool lies elsewhere."""

    def position(self, coin: str) -> HeldPosition | None:
        """Return what it holds of `coin`, None for nothing."""
        return next((one for one in self.positions if one.coin == coin), None)

    def nearest_first(self) -> list[HeldPosition]:
        """Return the positions, the nearest to its liquidation first; those that no price liquidates last."""
        return sorted(self.positions, key=_danger)


def _danger(held: HeldPosition) -> tuple[float, float]:
    distance = held.distance()
    return math.inf if distance is None else distance, -held.usd


class Change(StrEnum):
    """What happened to a position."""

    OPENED = "opened"
    CLOSED = "closed"
    REVERSED = "reversed"
    GREW = "grew"
    SHRANK = "shrank"
    LIQUIDATED = "liquidated"
    """Wholly or in part; `after` says what is left of it."""


@dataclass(frozen=True, slots=True)
class PositionChange:
    """Something that happened to one position of an account between two looks."""

    change: Change
    account: str
    coin: str
    time_ms: int
    """Of the later look; of a liquidation when it took place."""
    before: HeldPosition | None
    after: HeldPosition | None
    liquidations: tuple[Liquidation, ...] = ()
    """What was told of its liquidation, if that was it: each says how it became known."""

    @property
    def share(self) -> float:
        """By which share of its earlier size (coins) it grew, or shrank below 0; 1 for a new one."""
        before, after = (abs(one.size) if one else 0.0 for one in (self.before, self.after))
        return after / before - 1 if before else 1.0


@dataclass(frozen=True, slots=True)
class PastTrade:
    """A trade of an account that its venue tells of afterwards, and what the account held around it."""

    coin: str
    time_ms: int
    price: float
    """USD."""
    before: float
    """Coins that it held before, positive for long, negative for short."""
    after: float
    """The same after it."""
    liquidation: Liquidation | None = None
    """What is told of it where it was the account's own liquidation."""


@dataclass(frozen=True, slots=True)
class PastTrades:
    """All trades of an account since a time."""

    trades: tuple[PastTrade, ...]
    """In the order of time."""
    since_ms: int
    """From when on they are all told: a venue knows only so many."""
