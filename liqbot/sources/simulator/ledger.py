"""The ledger of the simulated exchange: every account's positions and margin, and who is liquidated.

Each position carries `raw` dollars, such that its own equity is `raw + size * mark`, as Hyperliquid keeps
isolated positions. The cross positions of an account share theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import cast

import numpy as np

from liqbot.engine.liquidation_price import liquidation_price
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.accounts import Accounts, Places
from liqbot.sources.simulator.coins import Coin

SPARE = 1.5
"""Who closes a position leaves in the account this many times the maintenance margin of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What all positions are worth at some mark prices. Columns of shape (slots,), USD."""

    marks: Floats
    """Of each slot's coin."""
    own_equity: Floats
    """Of the position alone."""
    maintenance: Floats
    pool: Floats
    """Equity of all cross positions of the slot's account."""
    pool_maintenance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """New positions, in columns of shape (n,)."""

    slot: Places
    size: Floats
    """Coins, positive for long."""
    price: Floats
    margin: Floats
    """USD put in."""
    leverage: Floats
    """As the account set it."""
    isolated: Bools

    def take(self, chosen: Bools) -> "Opening":
        """Return the rows that are `chosen`."""
        return Opening(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence["Opening"]) -> "Opening":
        """Return the rows of all `parts`, one after the other."""
        return Opening(
            *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Opening))
        )


def sums(column: Floats, place: Places, places: int) -> Floats:
    """Return the sums of `column` by `place` (both of shape (n,)), shape (places,)."""
    return cast("Floats", np.bincount(place, column, places))  # numpy's stubs know only counts


def _maintenance(tiers: MarginTiers, notional: Floats) -> Floats:
    """Return the maintenance margin; where all is within the first tier, without looking for tiers."""
    if len(notional) and (len(tiers.lower_bounds) == 1 or notional.max() < tiers.lower_bounds[1]):
        return notional * tiers.rates[0]
    return tiers.maintenance_margin(notional)


class Ledger:
    """Positions in columns of shape (slots,); where nothing is open, all is zero."""

    def __init__(self, accounts: Accounts, coins: Sequence[Coin]) -> None:
        self._account, self._coin = accounts.slot_account, accounts.slot_coin
        self._accounts, self._coins = len(accounts.names), len(coins)
        self._tiers = [coin.tiers for coin in coins]
        self._slots_of_coin = [
            slice(*np.searchsorted(self._coin, [place, place + 1]).tolist()) for place in range(len(coins))
        ]
        n = len(self._account)
        self.size: Floats = np.zeros(n)
        self.entry: Floats = np.zeros(n)
        self.leverage: Floats = np.zeros(n)
        self.isolated: Bools = np.zeros(n, dtype=np.bool_)
        self.changed: Bools = np.zeros(self._accounts, dtype=np.bool_)
        """Which accounts traded since somebody last cleared this."""
        self._raw: Floats = np.zeros(n)
        self._carry: Floats = np.zeros(self._accounts)
        """What is in a cross account besides its positions' own dollars."""

    def standing(self, marks: Floats) -> Standing:
        """Return what everything is worth at `marks` (USD, shape (coins,))."""
        mark = marks[self._coin]
        value = self.size * mark
        own = self._raw + value
        np.abs(value, out=value)
        parts = zip(self._tiers, self._slots_of_coin, strict=True)
        maintenance = np.concatenate([_maintenance(tiers, value[slots]) for tiers, slots in parts])
        cross = ~self.isolated
        return Standing(
            marks=mark,
            own_equity=own,
            maintenance=maintenance,
            pool=(self._by_account(own * cross) + self._carry)[self._account],
            pool_maintenance=self._by_account(maintenance * cross)[self._account],
        )

    def used_up(self, standing: Standing, share: float = 1.0) -> Bools:
        """Return which positions are at or below their maintenance margin, or that `share` of it.

        Of an account's cross positions all are, or none.
        """
        alone = standing.own_equity <= share * standing.maintenance
        pooled = standing.pool <= share * standing.pool_maintenance
        return np.where(self.isolated, alone, pooled) & (self.size != 0)

    def cushion(self, standing: Standing) -> Floats:
        """Return how far each price can go against its position until it is liquidated, alone, about.

        As a fraction of price; infinite where nothing is open.
        """
        spare = np.where(
            self.isolated,
            standing.own_equity - standing.maintenance,
            standing.pool - standing.pool_maintenance,
        )
        value = np.abs(self.size) * standing.marks
        return np.divide(spare, value, out=np.full(len(value), np.inf), where=value > 0)

    def levels(self, slot: Places, standing: Standing) -> Floats:
        """Return the liquidation prices, USD, of the open positions in `slot` (shape (n,)): NaN for none."""
        available = np.where(
            self.isolated[slot],
            standing.own_equity[slot] - standing.maintenance[slot],
            standing.pool[slot] - standing.pool_maintenance[slot],
        )
        return self.levels_of(slot, self.size[slot], standing.marks[slot], available)

    def levels_of(self, slot: Places, size: Floats, mark: Floats, available: Floats) -> Floats:
        """Return the engine's liquidation price of positions that are, or might be, in `slot`."""
        levels = np.full(len(slot), np.nan)
        for place, tiers in enumerate(self._tiers):
            here = self._coin[slot] == place
            levels[here] = liquidation_price(size[here], mark[here], available[here], tiers)
        return levels

    def maintenance_of(self, slot: Places, notional: Floats) -> Floats:
        """Return the maintenance margin in USD of positions of `notional` USD that might be in `slot`."""
        margin = np.zeros(len(slot))
        for place, tiers in enumerate(self._tiers):
            here = self._coin[slot] == place
            margin[here] = tiers.maintenance_margin(notional[here])
        return margin

    def by_coin(self, column: Floats) -> Floats:
        """Return the sums of `column` (shape (slots,)) by coin, shape (coins,)."""
        return sums(column, self._coin, self._coins)

    def open(self, opening: Opening) -> None:
        """Open positions where none were."""
        slot = opening.slot
        self.size[slot], self.entry[slot] = opening.size, opening.price
        self._raw[slot] = opening.margin - opening.size * opening.price
        self.leverage[slot], self.isolated[slot] = opening.leverage, opening.isolated
        self.changed[self._account[slot]] = True

    def close(self, slot: Places, standing: Standing) -> None:
        """Close positions at the marks of `standing`, and take money out.

        A cross account keeps what its other positions need.
        """
        cross = slot[~self.isolated[slot]]
        own, maintenance = np.zeros_like(self._carry), np.zeros_like(self._carry)
        np.add.at(own, self._account[cross], standing.own_equity[cross])
        np.add.at(maintenance, self._account[cross], standing.maintenance[cross])
        rows = self._account[cross]
        spare = standing.pool[cross] - SPARE * (standing.pool_maintenance[cross] - maintenance[rows])
        self._carry[rows] += own[rows] - np.clip(spare, 0.0, np.maximum(own[rows], 0.0))
        self._clear(slot)

    def reduce(self, slot: Places, share: float, standing: Standing) -> None:
        """Close `share` of positions at the marks of `standing`; the equity behind them stays."""
        closed = share * self.size[slot]
        self.size[slot] -= closed
        self._raw[slot] += closed * standing.marks[slot]
        self.changed[self._account[slot]] = True

    def settle(self, slot: Places, standing: Standing) -> None:
        """Close positions whole at the marks of `standing`.

        What a cross account has left stays behind its other positions; what is behind no position is the
        owner's, and not seen.
        """
        cross = slot[~self.isolated[slot]]
        np.add.at(self._carry, self._account[cross], standing.own_equity[cross])
        self._clear(slot)

    def add_margin(self, slot: Places, usd: Floats) -> None:
        """Pay `usd` (shape (n,)) in behind positions: isolated ones each, cross ones into their account."""
        alone = self.isolated[slot]
        self._raw[slot[alone]] += usd[alone]
        np.add.at(self._carry, self._account[slot[~alone]], usd[~alone])

    def seize(self, slot: Places) -> None:
        """Take positions and the margin behind them away: of a cross account all, of isolated ones theirs."""
        self._carry[self._account[slot[~self.isolated[slot]]]] = 0.0
        self._clear(slot)

    def trade_to(self, slot: Places, target: Floats, mark: Floats, leverage: float) -> None:
        """Trade cross positions to `target` coins at `mark`; all of shape (n,)."""
        size, entry = self.size[slot], self.entry[slot]
        delta = target - size
        grows, turns = size * delta >= 0, size * target < 0
        with np.errstate(invalid="ignore", divide="ignore"):
            average = (size * entry + delta * mark) / target
        entry = np.where(turns, mark, np.where(grows, average, entry))
        self.entry[slot] = np.where(target == 0, 0.0, entry)
        self._raw[slot] -= delta * mark
        self.size[slot], self.leverage[slot] = target, leverage
        self.changed[self._account[slot[delta != 0]]] = True

    def endow(self, slot: Places, share: float, marks: Floats) -> None:
        """Pay into cross accounts what their equity lacks of `share` of their positions.

        `slot` has all slots of these accounts, and they hold nothing isolated.
        """
        rows, value = self._account[slot], self.size[slot] * marks[self._coin[slot]]
        worth = sums(np.abs(value), rows, self._accounts)
        pool = sums(self._raw[slot] + value, rows, self._accounts) + self._carry
        self._carry[rows] += np.maximum(share * worth - pool, 0.0)[rows]

    def fund(self, marks: Floats, rates: Floats) -> None:
        """Let longs pay shorts `rates` (fractions of notional, shape (coins,); below 0 shorts pay longs)."""
        self._raw -= self.size * (marks * rates)[self._coin]

    def _by_account(self, column: Floats) -> Floats:
        return sums(column, self._account, self._accounts)

    def _clear(self, slot: Places) -> None:
        for column in (self.size, self.entry, self._raw, self.leverage):
            column[slot] = 0.0
        self.isolated[slot] = False
        rows = self._account[slot]
        self.changed[rows] = True
        left = self._by_account(((self.size != 0) & ~self.isolated).astype(np.float64))
        self._carry[rows[left[rows] == 0]] = 0.0
