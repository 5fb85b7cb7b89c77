"""The measured map (Levels): positions sorted by side, cohort and price; maps and sums are slices."""

from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from liqbot.market.cohort import Cohort
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.positions import Bools, Floats, Ints, Positions
from liqbot.market.side import BySide, Side

ABSURD = 10.0
"""A level this many times spot is no level: exchanges report such prices for shorts out of all reach."""
FEW = 10_000
"""Of fewer positions each level is looked up among the edges of a map, of more each edge among the levels."""
_COHORTS = len(Cohort)
_GROUPS = 2 * _COHORTS


class Levels:
    """Positions of one coin in the order side, cohort, liquidation price.

    Ordering costs a sort when positions change; after that a map is one pass over one column, and sums
    between two prices are exact, however the bins fall.
    """

    def __init__(self, positions: Positions, cohort: NDArray[np.int8], passed: Bools | None = None) -> None:
        """Order `positions` of the cohorts `cohort`, shape (n,).

        `passed` (n,) tells whose level price has been through since the position was seen: that level stays
        stale wherever spot goes.
        """
        if passed is None:
            passed = np.zeros(len(positions), dtype=np.bool_)
        group = np.where(positions.is_long, 0, _COHORTS) + cohort
        level = np.where(passed, np.nan, positions.liquidation)
        by_level = np.argsort(level)
        # Quicker than a lexsort: small integers are sorted by counting, which keeps the order of levels.
        self._grouped: Ints = group[by_level].astype(np.int8).argsort(kind="stable")
        order = by_level[self._grouped]
        self.unordered = positions
        """The positions as they were given, in their order."""
        self.unordered_cohort = cohort
        self._order = order
        self.group: NDArray[np.int8] = group[order].astype(np.int8)
        """Cohort of a long, and that plus the number of cohorts of a short: rising."""
        self.is_long: Bools = self.group < _COHORTS
        """True for longs, which come first."""
        self.level: Floats = level[order]
        """Shape (n,): rising within a group; at its end NaN, for no level and for a stale one."""
        self._coins: Floats = np.append(np.abs(positions.size)[order], 0.0)
        """Shape (n + 1,): a closing zero lets a slice end behind the last row."""
        self.coins: Floats = self._coins[:-1]
        """Size of each position without its sign."""
        self._ends: Ints = self.group.searchsorted(np.arange(_GROUPS + 1))
        self._edges: tuple[Bins, NDArray[np.intp]] | None = None
        self._by_price: BySide[Ints] | None = None

    @cached_property
    def positions(self) -> Positions:
        """The positions in this order."""
        return self.unordered.take(self._order)

    @cached_property
    def cohort(self) -> NDArray[np.int8]:
        """The cohort of each."""
        return self.unordered_cohort[self._order]

    def column(self, name: Literal["account", "entry", "liquidation", "seen_ms"]) -> NDArray[Any]:
        """Return one column of the positions in this order; most readers need few."""
        return getattr(self.unordered, name)[self._order]

    def map(self, spot: float) -> LiquidationMap:
        """Return the map at `spot`: only levels that price has not passed, within the map's reach."""
        bins = Bins.around(spot)
        if len(self.coins) < FEW:
            return LiquidationMap(bins, spot, self._few_in_bins(bins, spot))
        edges = self._bin_edges(bins)
        live = np.array([self._live(group, spot) for group in range(_GROUPS)])
        usd = _sums_between(self._coins, np.clip(edges, live[:, :1], live[:, 1:])) * spot
        return LiquidationMap(bins, spot, usd.reshape(2, _COHORTS, bins.count))

    def _few_in_bins(self, bins: Bins, spot: float) -> Floats:
        """Return the same for few levels: looking up each is cheaper than looking up all edges."""
        place = bins.edges.searchsorted(self.level, side="right") - 1
        rows = (self.is_live(spot) & (place >= 0) & (place < bins.count)).nonzero()[0]
        cells = self.group[rows].astype(np.int64) * bins.count + place[rows]
        usd = np.bincount(cells, self.coins[rows], _GROUPS * bins.count).astype(np.float64, copy=False)
        usd *= spot
        return usd.reshape(2, _COHORTS, bins.count)

    def rows_by_price(self, side: Side, spot: float) -> Ints:
        """Return the rows of the levels of `side` that `spot` has not passed, in rising order."""
        if self._by_price is None:
            rows = np.empty(len(self._grouped), dtype=np.int64)
            rows[self._grouped] = np.arange(len(rows))
            rows = rows[: len(rows) - np.count_nonzero(np.isnan(self.level))]
            long = self.is_long[rows]
            self._by_price = BySide(rows[long], rows[~long])
        rows = self._by_price[side]
        if side is Side.LONG:
            return rows[: self.level[rows].searchsorted(spot, side="left")]
        return rows[self.level[rows].searchsorted(spot, side="right") :]

    def is_live(self, spot: float) -> Bools:
        """Return which positions have a level that `spot` has not passed."""
        return np.where(self.is_long, self.level < spot, self.level > spot)

    def _level_column(self, group: int) -> Floats:
        return self.level[self._ends[group] : self._ends[group + 1]]

    def _live(self, group: int, spot: float) -> tuple[int, int]:
        """Return the first and last+1 row of the group's levels that `spot` has not passed."""
        start, column = int(self._ends[group]), self._level_column(group)
        if group < _COHORTS:
            return start, start + int(np.searchsorted(column, spot, side="left"))
        return start + int(np.searchsorted(column, spot, side="right")), start + len(column)

    def _bin_edges(self, bins: Bins) -> NDArray[np.intp]:
        """Return for each group the rows at which its bins begin, shape (groups, bins + 1)."""
        if self._edges is None or self._edges[0] != bins:
            rows = [
                self._ends[group] + np.searchsorted(self._level_column(group), bins.edges)
                for group in range(_GROUPS)
            ]
            self._edges = (bins, np.array(rows, dtype=np.intp))
        return self._edges[1]


def _sums_between(values: Floats, bounds: NDArray[np.intp]) -> Floats:
    """Return the sums of `values` between neighbouring `bounds` of each row, shape (rows, columns - 1)."""
    sums = np.add.reduceat(values, bounds.reshape(-1)).reshape(bounds.shape)[:, :-1]
    return np.where(bounds[:, :-1] < bounds[:, 1:], sums, 0.0)
