"""The measured map: real positions, ordered once so that every reading of them is a slice."""

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
        order = np.argsort(level)
        # Quicker than a lexsort: small integers are sorted by counting, which keeps the order of levels.
        order = order[np.argsort(group[order].astype(np.int8), kind="stable")]
        self.positions = positions.take(order)
        self.cohort = cohort[order]
        self._level: Floats = level[order]
        """Shape (n,): rising within a group; at its end NaN, for no level and for a stale one."""
        self._passed: Bools = passed[order]
        self._coins: Floats = np.append(np.abs(self.positions.size), 0.0)
        """Shape (n + 1,): a closing zero lets a slice end behind the last row."""
        self._group: Ints = group[order].astype(np.int64)
        self._ends: Ints = np.searchsorted(self._group, np.arange(_GROUPS + 1))
        self._edges: tuple[Bins, NDArray[np.intp]] | None = None
        self._by_price: dict[Side, Ints] = {}

    def map(self, spot: float) -> LiquidationMap:
        """Return the map at `spot`: only levels that price has not passed, within the map's reach."""
        bins = Bins.around(spot)
        if len(self.positions) < FEW:
            return LiquidationMap(bins, spot, self._few_in_bins(bins, spot))
        edges = self._bin_edges(bins)
        live = np.array([self._live(group, spot) for group in range(_GROUPS)])
        usd = _sums_between(self._coins, np.clip(edges, live[:, :1], live[:, 1:])) * spot
        return LiquidationMap(bins, spot, usd.reshape(2, _COHORTS, bins.count))

    def _few_in_bins(self, bins: Bins, spot: float) -> Floats:
        """Return the same for few levels: looking up each is cheaper than looking up all edges."""
        place = np.searchsorted(bins.edges, self._level, side="right") - 1
        live = np.where(self.positions.is_long, self._level < spot, self._level > spot)
        rows = np.flatnonzero(live & (place >= 0) & (place < bins.count))
        usd = np.bincount(
            self._group[rows] * bins.count + place[rows], self._coins[rows], _GROUPS * bins.count
        )
        return np.asarray(usd * spot, dtype=np.float64).reshape(2, _COHORTS, bins.count)

    def usd_between(self, side: Side, low: float, high: float, spot: float) -> Floats:
        """Return the USD by cohort, shape (4,), of `side` in [low, high], not passed by `spot`."""
        level = self._level
        live = level < spot if side is Side.LONG else level > spot
        start, stop = self._ends[side.row * _COHORTS], self._ends[(side.row + 1) * _COHORTS]
        rows = start + np.flatnonzero((live & (level >= low) & (level <= high))[start:stop])
        return np.asarray(
            np.bincount(self.cohort[rows], self._coins[rows], _COHORTS) * spot, dtype=np.float64
        )

    def rows_by_price(self, side: Side, spot: float) -> Ints:
        """Return the rows of the levels of `side` that `spot` has not passed, in rising order."""
        rows = self._by_price.get(side)
        if rows is None:
            start, stop = self._ends[side.row * _COHORTS], self._ends[(side.row + 1) * _COHORTS]
            order = np.argsort(self._level[start:stop], kind="stable")
            with_level = np.count_nonzero(~np.isnan(self._level[start:stop]))
            rows = self._by_price[side] = start + order[:with_level]
        if side is Side.LONG:
            return rows[: np.searchsorted(self._level[rows], spot, side="left")]
        return rows[np.searchsorted(self._level[rows], spot, side="right") :]

    def open_usd(self, spot: float) -> BySide[float]:
        """Return each side's open size in USD, with or without a level."""
        return self._by_side(np.ones(len(self.positions), dtype=np.bool_), spot)

    def unreachable(self, spot: float) -> BySide[float]:
        """Return the USD of positions that no price can reach: without a level, or with an absurd one."""
        level = self.positions.liquidation
        return self._by_side(np.isnan(level) | (level > ABSURD * spot), spot)

    def stale(self, spot: float) -> BySide[float]:
        """Return the USD of levels that price has been through, or that `spot` stands on."""
        level = self.positions.liquidation
        passed = np.where(self.positions.is_long, level >= spot, level <= spot) | self._passed
        return self._by_side(passed & ~np.isnan(level) & ~(level > ABSURD * spot), spot)

    def beyond(self, spot: float) -> BySide[float]:
        """Return the USD of levels that can be reached but lie outside the map at `spot`."""
        bins, level = Bins.around(spot), self._level
        outside = (level < bins.edges[0]) | ((level >= bins.edges[-1]) & (level <= ABSURD * spot))
        live = np.where(self.positions.is_long, level < spot, level > spot)
        return self._by_side(outside & live, spot)

    def _by_side(self, chosen: Bools, spot: float) -> BySide[float]:
        coins = np.where(chosen, self._coins[:-1], 0.0)
        middle = self._ends[_COHORTS]
        return BySide(float(coins[:middle].sum()) * spot, float(coins[middle:].sum()) * spot)

    def _level_column(self, group: int) -> Floats:
        return self._level[self._ends[group] : self._ends[group + 1]]

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
