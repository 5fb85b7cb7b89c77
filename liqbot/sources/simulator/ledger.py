"""The ledger: every account's positions, the margin behind them, and when that is used up.

Each position carries `raw` dollars, such that its own equity is `raw + size * mark`, as Hyperliquid keeps
isolated positions. The cross positions of an account share theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from liqbot.engine.liquidation_price import liquidation_price
from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.coins import Coin

Places = NDArray[np.intp]
SPARE = 1.5
"""Who closes a position leaves in the account this many times the maintenance margin of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What all positions are worth at some mark prices. Dollars."""

    marks: Floats
    """Shape (coins,)."""
    own_equity: Floats
    """Shape (accounts, coins): of each position alone."""
    maintenance: Floats
    """Shape (accounts, coins)."""
    pool: Floats
    """Shape (accounts,): equity of all cross positions of an account."""
    pool_maintenance: Floats
    """Shape (accounts,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """New positions, in columns of shape (n,)."""

    row: Places
    """Account."""
    place: Places
    """Coin."""
    size: Floats
    """Coins, positive for long."""
    price: Floats
    margin: Floats
    """USD put in."""
    leverage: Floats
    """As the account set it."""
    isolated: Bools

    def take(self, chosen: Bools | Places) -> "Opening":
        """Return the rows that `chosen` (a mask or places) picks."""
        return Opening(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence["Opening"]) -> "Opening":
        """Return the rows of all `parts`, one after the other."""
        return Opening(
            *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Opening))
        )


class Ledger:
    """Positions as matrices of shape (accounts, coins); where nothing is open, all is zero."""

    def __init__(self, accounts: int, coins: Sequence[Coin]) -> None:
        shape = (accounts, len(coins))
        self.size: Floats = np.zeros(shape)
        self.entry: Floats = np.zeros(shape)
        self.leverage: Floats = np.zeros(shape)
        self.isolated: Bools = np.zeros(shape, dtype=np.bool_)
        self.changed: Bools = np.zeros(accounts, dtype=np.bool_)
        """Which accounts traded since somebody last cleared this."""
        self._raw: Floats = np.zeros(shape)
        self._carry: Floats = np.zeros(accounts)
        """What is in a cross account besides its positions' own dollars."""
        self._tiers = [coin.tiers for coin in coins]

    def standing(self, marks: Floats) -> Standing:
        """Return what everything is worth at `marks` (USD, shape (coins,))."""
        value = self.size * marks
        own = self._raw + value
        notional = np.abs(value)
        maintenance = np.empty_like(notional)
        for place, tiers in enumerate(self._tiers):
            maintenance[:, place] = tiers.maintenance_margin(notional[:, place])
        cross = ~self.isolated
        return Standing(
            marks=marks,
            own_equity=own,
            maintenance=maintenance,
            pool=(own * cross).sum(axis=1) + self._carry,
            pool_maintenance=(maintenance * cross).sum(axis=1),
        )

    def used_up(self, standing: Standing) -> Bools:
        """Return, shape (accounts, coins), which positions are at or below their maintenance margin.

        Of an account's cross positions all are, or none.
        """
        open_ = self.size != 0
        alone = standing.own_equity <= standing.maintenance
        pooled = (standing.pool <= standing.pool_maintenance)[:, None]
        return open_ & np.where(self.isolated, alone, pooled)

    def levels(self, row: Places, place: Places, standing: Standing) -> Floats:
        """Return the liquidation prices, USD, of some open positions: NaN for none. All shapes (n,)."""
        own, pool = standing.own_equity - standing.maintenance, standing.pool - standing.pool_maintenance
        available = np.where(self.isolated[row, place], own[row, place], pool[row])
        levels = np.full(len(row), np.nan)
        for which, tiers in enumerate(self._tiers):
            here = place == which
            size = self.size[row[here], which]
            mark = np.full(len(size), standing.marks[which])
            levels[here] = liquidation_price(size, mark, available[here], tiers)
        return levels

    def open(self, opening: Opening) -> None:
        """Open positions where none were."""
        at = opening.row, opening.place
        self.size[at], self.entry[at] = opening.size, opening.price
        self._raw[at] = opening.margin - opening.size * opening.price
        self.leverage[at], self.isolated[at] = opening.leverage, opening.isolated
        self.changed[opening.row] = True

    def close(self, closing: Bools, standing: Standing) -> None:
        """Close positions (mask of shape (accounts, coins)) at the marks of `standing`, and take money out.

        A cross account keeps what its other positions need.
        """
        rows = np.flatnonzero(closing.any(axis=1))
        shut = closing[rows]
        pooled = shut & ~self.isolated[rows]
        freed = np.where(pooled, standing.own_equity[rows], 0.0).sum(axis=1)
        needed = np.where(pooled, 0.0, standing.maintenance[rows]) * ~self.isolated[rows]
        spare = standing.pool[rows] - SPARE * needed.sum(axis=1)
        self._carry[rows] += freed - np.clip(spare, 0.0, np.maximum(freed, 0.0))
        self._clear(closing)

    def seize(self, closing: Bools) -> None:
        """Take positions and the margin behind them away: of a cross account all, of isolated ones theirs."""
        self._carry[(closing & ~self.isolated).any(axis=1)] = 0.0
        self._clear(closing)

    def trade_to(self, rows: Places, target: Floats, marks: Floats) -> None:
        """Trade the positions of some accounts to `target` (coins, shape (n, coins)) at `marks`, on cross."""
        size, entry = self.size[rows], self.entry[rows]
        delta = target - size
        grows, turns = size * delta >= 0, size * target < 0
        with np.errstate(invalid="ignore", divide="ignore"):
            average = (size * entry + delta * marks) / target
        entry = np.where(turns, marks, np.where(grows, average, entry))
        self.entry[rows] = np.where(target == 0, 0.0, entry)
        self._raw[rows] -= delta * marks
        self.size[rows] = target
        self._carry[rows] += np.where(target == 0, self._raw[rows], 0.0).sum(axis=1)
        self._raw[rows] *= target != 0
        self.changed[rows] |= (delta != 0).any(axis=1)

    def endow(self, rows: Places, wanted: Floats, standing: Standing) -> None:
        """Pay into some cross accounts what their pool lacks of `wanted` (USD, shape (n,))."""
        self._carry[rows] += np.maximum(wanted - standing.pool[rows], 0.0)

    def fund(self, marks: Floats, rates: Floats) -> None:
        """Let longs pay shorts `rates` (fractions of notional, shape (coins,); below 0 shorts pay longs)."""
        self._raw -= self.size * (marks * rates)

    def _clear(self, closing: Bools) -> None:
        for column in (self.size, self.entry, self._raw, self.leverage):
            column[closing] = 0.0
        self.isolated[closing] = False
        rows = closing.any(axis=1)
        self.changed |= rows
        self._carry[rows & ~((self.size != 0) & ~self.isolated).any(axis=1)] = 0.0
