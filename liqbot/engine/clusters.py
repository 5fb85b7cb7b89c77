"""Making the clusters of a map out of runs of bins: side, edges, dollars, holders, of one or many coins.

Not here: finding the runs (`runs.py`), giving clusters identities over time (`tracking.py`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from liqbot.engine.level_table import LevelTable
from liqbot.engine.measured import Levels
from liqbot.engine.runs import Runs, find_runs
from liqbot.engine.segments import ends_of, rows_from
from liqbot.market.cohort import Cohort
from liqbot.market.maps import BIN_WIDTH, LiquidationMap
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import Side

WITHIN = 0.3
"""Of clusters whose peak is this near to spot, in ln(price), all that stand out are found."""
MOST_BEYOND = 8
"""Beyond that at most this many a side, the heaviest."""
MOST_FADING = 24
"""And of those that no longer stand out, at most so many: only what is known already is looked for there."""

_NOBODY: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A cluster found in one map, before it is known whether it was there already."""

    side: Side
    price: float
    low: float
    high: float
    usd: float
    whale_share: float | None
    """None where nobody's accounts are known."""
    account: Ints
    """Who liquidates in it, shape (n,): numbers in the board's register; none where nobody is known."""
    coins: Floats
    """How many coins each of them, shape (n,), positive."""
    stands_out: bool = True
    """False: only worth keeping where it is known already."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundClusters(Sequence[Found]):
    """The clusters found in some maps, in columns of shape (n,); whoever wants them one by one can have them.

    Several coins are looked at at once, since a call for each would cost more than what it does.
    """

    row: Ints
    """Rising: twice the place of the map among those looked at, and one more for shorts."""
    price: Floats
    low: Floats
    high: Floats
    usd: Floats
    whale_share: Floats | None
    stands_out: Bools
    ends: Ints
    """Shape (n + 1,): where the holders of each begin and end in the two columns that follow."""
    account: Ints
    coins: Floats

    def __len__(self) -> int:
        return len(self.price)

    @overload
    def __getitem__(self, index: int) -> Found: ...
    @overload
    def __getitem__(self, index: slice) -> list[Found]: ...
    def __getitem__(self, index: int | slice) -> Found | list[Found]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = index % len(self)
        begin, end = self.ends[place : place + 2].tolist()
        return Found(
            side=Side.SHORT if self.row[place] % 2 else Side.LONG,
            price=float(self.price[place]),
            low=float(self.low[place]),
            high=float(self.high[place]),
            usd=float(self.usd[place]),
            whale_share=None if self.whale_share is None else float(self.whale_share[place]),
            account=self.account[begin:end],
            coins=self.coins[begin:end],
            stands_out=bool(self.stands_out[place]),
        )

    @property
    def is_long(self) -> Bools:
        """True for long liquidations."""
        return self.row % 2 == 0

    @property
    def holders(self) -> Ints:
        """How many accounts are known of each."""
        return np.diff(self.ends)


_NONE = np.zeros(0)
NOTHING_FOUND = FoundClusters(
    _NOBODY, _NONE, _NONE, _NONE, _NONE, None, _NONE > 0, np.zeros(1, dtype=np.int64), _NOBODY, _NONE
)


def find_clusters(liquidation_map: LiquidationMap, levels: Levels) -> FoundClusters:
    """Return the clusters of both sides of a map made from `levels`.

    Of each side those that stand out come first, the heaviest first; then those that no longer do.

    Peaks of the smoothed density are taken from the highest down; each claims its neighbourhood down to
    `FOOT` of its height, so that no level is in two clusters. A cluster's bounds are real levels, and its
    dollars are summed over positions, not bins.
    """
    return find_in_all([liquidation_map], LevelTable([levels], np.array([liquidation_map.spot])))


def find_in_all(maps: Sequence[LiquidationMap], table: LevelTable) -> FoundClusters:
    """Return the same of several maps made from the levels of a table; all have the same number of bins."""
    return _find(maps, LevelColumns.of(table), is_smooth=False)


def find_in_bins(liquidation_map: LiquidationMap) -> FoundClusters:
    """Return the same of a map of nobody in particular: each bin counts as one level, in its middle."""
    usd = liquidation_map.usd.sum(axis=1)
    side, held = np.nonzero(usd)
    columns = LevelColumns(
        price=liquidation_map.bins.centers[held],
        coins=usd[side, held] / liquidation_map.spot,
        account=None,
        is_whale=None,
        ends=side.searchsorted(np.arange(3)),
    )
    return _find([liquidation_map], columns, is_smooth=True)


@dataclass(frozen=True, slots=True, eq=False)
class LevelColumns:
    """The live levels of several coins in columns of shape (n,): row by row, each in the order of price."""

    price: Floats
    coins: Floats
    account: Ints | None
    """None where nobody's accounts are known."""
    is_whale: Bools | None
    """None in the same case."""
    ends: Ints
    """Shape (rows + 1,): where each row begins and ends. The rows are as in `FoundClusters`."""

    @staticmethod
    def of(table: LevelTable) -> "LevelColumns":
        """Return those of a table."""
        rows, sizes = table.live_rows()
        return LevelColumns(
            price=table.level[rows],
            coins=table.coins[rows],
            account=table.account[rows],
            is_whale=table.group[rows] % len(Cohort) == Cohort.WHALE,
            ends=ends_of(sizes),
        )

    def places(self, price: Floats, row: Ints, *, side: Literal["left", "right"] = "left") -> Ints:
        """Return where among the levels of its row each price would stand; `row` rises."""
        found = np.empty(len(price), dtype=np.int64)
        wanted = row.searchsorted(np.arange(len(self.ends))).tolist()
        begin = self.ends.tolist()
        for one in range(len(begin) - 1):
            first, after = wanted[one], wanted[one + 1]
            if first < after:
                own = self.price[begin[one] : begin[one + 1]]
                found[first:after] = own.searchsorted(price[first:after], side=side)
                found[first:after] += begin[one]
        return found


def _find(maps: Sequence[LiquidationMap], columns: LevelColumns, *, is_smooth: bool) -> FoundClusters:
    """Return what the maps hold, whose levels are in `columns`; `is_smooth` where it is an estimate."""
    usd = np.concatenate([each.usd.sum(axis=1) for each in maps])
    runs = find_runs(usd, is_smooth=is_smooth)
    if not len(runs):
        return NOTHING_FOUND
    here = np.array([each.bins.place(each.spot) for each in maps])
    return _measured(columns, runs.take(_worth_telling(runs, here)), maps)


def _worth_telling(runs: Runs, here: Ints) -> Ints:
    """Return row by row all that stand out near the bin of spot, the heaviest beyond; then the rest.

    `here` has that bin for each map.
    """
    order = np.lexsort((runs.rank, -runs.usd, runs.row))
    row, standing = runs.row[order], runs.stands_out[order]
    beyond = standing & (np.abs(runs.peak[order] - here[row // 2]) > round(WITHIN / BIN_WIDTH))
    keep = standing & ~beyond
    keep |= beyond & (_counted(beyond, row) <= MOST_BEYOND)
    keep |= ~standing & (_counted(~standing, row) <= MOST_FADING)
    order, row, standing = order[keep], row[keep], standing[keep]
    return order[(2 * row + ~standing).argsort(kind="stable")]


def _counted(chosen: Bools, row: Ints) -> Ints:
    """Return for each place how many of its row are chosen up to it; `row` rises."""
    count = chosen.cumsum()
    before = np.concatenate(([0], count))[row.searchsorted(row)]
    return count - before


def _measured(columns: LevelColumns, runs: Runs, maps: Sequence[LiquidationMap]) -> FoundClusters:
    """Return what the runs hold."""
    row = runs.row
    edges = np.concatenate([each.bins.edges for each in maps])
    begin = row // 2 * (maps[0].bins.count + 1)
    first = columns.places(edges[begin + runs.first], row)
    after = columns.places(edges[begin + runs.last + 1], row)
    total, length = _sums(columns.coins, first, after), after - first
    ends = ends_of(length)
    whale_share, account, coins = None, _NOBODY, columns.coins[:0]
    if columns.account is None or columns.is_whale is None:
        price = _nearest(columns.price, edges[begin + runs.peak], first, after)
        ends = np.zeros(len(runs) + 1, dtype=np.int64)
    else:
        run = np.arange(len(runs)).repeat(length)
        rows = rows_from(first, length)
        price = columns.price[_peaks(columns, runs, (first, after), run, rows)]
        whale_share = _sums(np.where(columns.is_whale, columns.coins, 0.0), first, after) / total
        account, coins = columns.account[rows], columns.coins[rows]
    return FoundClusters(
        row=row,
        price=price,
        low=columns.price[first],
        high=columns.price[after - 1],
        usd=total * np.array([each.spot for each in maps])[row // 2],
        whale_share=whale_share,
        stands_out=runs.stands_out,
        ends=ends,
        account=account,
        coins=coins,
    )


def _nearest(price: Floats, peak: Floats, first: Ints, after: Ints) -> Floats:
    """Return of each run of an estimate the level nearest to its peak.

    The slope of a higher hill beside it may hold most, but its own peak is meant.
    """
    return np.array(
        [
            price[begin + np.abs(price[begin:end] - at).argmin()]
            for begin, end, at in zip(first.tolist(), after.tolist(), peak.tolist(), strict=True)
        ]
    )


def _sums(values: Floats, first: Ints, after: Ints) -> Floats:
    """Return the sum of `values` from each first to before each after."""
    padded = np.append(values, 0.0)  # lets the last one end behind the last value
    return np.add.reduceat(padded, np.stack((first, after), axis=1).reshape(-1))[::2]


def _peaks(columns: LevelColumns, runs: Runs, bounds: tuple[Ints, Ints], run: Ints, rows: Ints) -> Ints:
    """Return of each run the row of the middle level (half the coins on either side) of its densest 0.2%.

    `bounds` has where each run begins and ends. `rows` are those of all runs, one after the other, and `run`
    tells whose.
    """
    (first, after), shift, of_row = bounds, runs.row[run], runs.row
    # Each row is added up by itself, and begins with 0: so each lies one farther than the one before.
    begin = columns.ends.tolist()
    held = np.concatenate(
        [
            part
            for one, other in itertools.pairwise(begin)
            for part in ([0.0], columns.coins[one:other].cumsum())
        ]
    )
    at = columns.price[rows]
    low = np.maximum(columns.places(at * 0.999, shift), first[run])
    high = np.minimum(columns.places(at * 1.001, shift, side="right"), after[run])
    before, within = held[low + shift], held[high + shift]
    mass = within - before
    starts = np.concatenate(([0], (run[1:] != run[:-1]).nonzero()[0] + 1))
    most = np.maximum.reduceat(mass, starts)
    # Of equal ones, but for what adding up leaves, the lowest.
    is_most = mass >= (most * (1 - 1e-12))[run]
    densest = np.minimum.reduceat(np.where(is_most, np.arange(len(run)), len(run)), starts)
    middle = (before[densest] + within[densest]) / 2
    place = np.empty(len(runs), dtype=np.int64)
    wanted = of_row.searchsorted(np.arange(len(begin))).tolist()
    for one in range(len(begin) - 1):
        mine = slice(wanted[one], wanted[one + 1])
        if mine.start < mine.stop:
            # Its zero stands at begin + one, so that its first level is the next.
            own = held[begin[one] + one + 1 : begin[one + 1] + one + 1]
            place[mine] = own.searchsorted(middle[mine]) + begin[one]
    return np.clip(place, low[densest], high[densest] - 1)
