"""A table of levels of several coins at once: size, price, account by row, so that few passes read all.

Not here: one coin's levels (`measured.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from liqbot.engine.measured import ABSURD, Levels
from liqbot.engine.segments import ends_of, summed
from liqbot.market.cohort import Cohort
from liqbot.market.maps import Bins
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import Side

_COHORTS = len(Cohort)
_GROUPS = 2 * _COHORTS


@dataclass(frozen=True, eq=False)
class LevelTable:
    """All rows of some `Levels`, one coin's after the other's, and the spot at which each coin is read.

    Sums come in coins by coin, side and cohort, shape (coins, 2, 4).
    """

    levels: Sequence[Levels]
    spots: Floats
    """Shape (coins,), USD."""

    @cached_property
    def ends(self) -> Ints:
        """Shape (coins + 1,): where the rows of each coin begin and end."""
        return ends_of(np.array([len(one.coins) for one in self.levels], dtype=np.int64))

    @cached_property
    def coin(self) -> Ints:
        """To which coin each row belongs."""
        return np.arange(len(self.levels)).repeat(np.diff(self.ends))

    @cached_property
    def spot(self) -> Floats:
        """The spot of each row's coin."""
        return self.spots.repeat(np.diff(self.ends))

    @cached_property
    def account(self) -> Ints:
        """Whose each row is."""
        return np.concatenate([one.column("account") for one in self.levels])

    @cached_property
    def coins(self) -> Floats:
        """The size of each row without its sign."""
        return np.concatenate([one.coins for one in self.levels])

    @cached_property
    def entry(self) -> Floats:
        """The entry price of each row, USD."""
        return np.concatenate([one.column("entry") for one in self.levels])

    @cached_property
    def liquidation(self) -> Floats:
        """The liquidation price of each row as it was seen or aged, USD; NaN for none."""
        return np.concatenate([one.column("liquidation") for one in self.levels])

    @cached_property
    def level(self) -> Floats:
        """The same, NaN also where price has been through since the position was seen."""
        return np.concatenate([one.level for one in self.levels])

    @cached_property
    def group(self) -> NDArray[np.int8]:
        """As in `Levels`."""
        return np.concatenate([one.group for one in self.levels])

    @cached_property
    def seen_ms(self) -> Ints:
        """When each row was last known to be so."""
        return np.concatenate([one.column("seen_ms") for one in self.levels])

    @cached_property
    def is_long(self) -> Bools:
        """True for longs."""
        return self.group < _COHORTS

    @cached_property
    def is_live(self) -> Bools:
        """Which rows have a level that spot has not passed."""
        return np.where(self.is_long, self.level < self.spot, self.level > self.spot)

    @cached_property
    def held(self) -> Floats:
        """What is open."""
        return self._sum(self.coins)

    @cached_property
    def accounts(self) -> Ints:
        """How many positions those are."""
        return np.bincount(self._cell, minlength=_GROUPS * len(self.levels)).reshape(-1, 2, _COHORTS)

    def within(self, low: Floats, high: Floats) -> Floats:
        """Return what has a live level in [low, high], both of shape (coins, 2 sides), USD."""
        side = 2 * self.coin + ~self.is_long
        level, low, high = self.level, low.reshape(-1)[side], high.reshape(-1)[side]
        return self._of(self.is_live & (level >= low) & (level <= high))

    def underwater(self, *, by: float = 0.0) -> Floats:
        """Return what is worse off than its entry price by more than the share `by` of that."""
        # Prices are compared, not shares of them: 1 - 95 / 100 is a little more than 0.05.
        beyond = np.where(self.is_long, self.spot < self.entry * (1 - by), self.spot > self.entry * (1 + by))
        return self._of(beyond)

    @property
    def unreachable(self) -> Floats:
        """What no price can reach: positions without a level, or with an absurd one."""
        return self._of(np.isnan(self.liquidation) | self._is_absurd)

    @property
    def stale(self) -> Floats:
        """Levels that price has been through, or that spot stands on."""
        level = self.liquidation
        there = np.where(self.is_long, level >= self.spot, level <= self.spot)
        passed = there | (np.isnan(self.level) & ~np.isnan(level))
        return self._of(passed & ~np.isnan(level) & ~self._is_absurd)

    @property
    def beyond(self) -> Floats:
        """Levels that can be reached but lie outside the map."""
        edges = np.array([(bins.edges[0], bins.edges[-1]) for bins in map(Bins.around, self.spots.tolist())])
        low, high = edges.reshape(-1, 2)[self.coin].T
        outside = (self.level < low) | ((self.level >= high) & (self.level <= ABSURD * self.spot))
        return self._of(outside & self.is_live)

    def live_rows(self) -> tuple[Ints, Ints]:
        """Return the rows with a live level, and how many of them are of each side, shape (2 * coins,).

        Longs of a coin come before its shorts, each side in the order of price.
        """
        rows: list[Ints] = []
        for place, (one, spot) in enumerate(zip(self.levels, self.spots.tolist(), strict=True)):
            rows += [one.rows_by_price(side, spot) + self.ends[place] for side in Side]
        return np.concatenate(rows), np.array([len(side) for side in rows])

    @cached_property
    def _cell(self) -> Ints:
        return self.coin * _GROUPS + self.group

    @cached_property
    def _is_absurd(self) -> Bools:
        return self.liquidation > ABSURD * self.spot

    def _of(self, chosen: Bools) -> Floats:
        return self._sum(np.where(chosen, self.coins, 0.0))

    def _sum(self, coins: Floats) -> Floats:
        return summed(self._cell, coins, _GROUPS * len(self.levels)).reshape(-1, 2, _COHORTS)
