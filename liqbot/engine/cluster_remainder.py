"""The remainder of a cluster that no longer stands out: what its holders still have, here or elsewhere."""

from dataclasses import dataclass

import numpy as np

from liqbot.engine.level_table import LevelTable
from liqbot.engine.segments import summed
from liqbot.engine.track_columns import TrackColumns
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """What the positions of each have become, in columns of shape (n,). In coins; prices in USD."""

    coins: Floats
    """What is still open of what the cluster held, with or without a level."""
    ahead: Floats
    """The part of that whose level price has not been through."""
    low: Floats
    """The lowest level of that part; NaN where there is none."""
    price: Floats
    """The level in its middle: half of the coins on either side."""
    high: Floats


def nothing_left(tracks: TrackColumns) -> Rest:
    """Return that nothing is left of any."""
    nowhere = np.full(len(tracks), np.nan)
    return Rest(np.zeros(len(tracks)), np.zeros(len(tracks)), nowhere, nowhere, nowhere)


class HeldBy:
    """Answers from the positions of known accounts."""

    def __init__(self, table: LevelTable) -> None:
        """Look into `table`, whose coins are those that are followed, in their order."""
        self._table = table

    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        """Return what the holders of each have still on the cluster's side."""
        count, table = len(tracks), self._table
        if not (len(tracks.account) and len(table.account)):
            return nothing_left(tracks)
        row, track, had = self._rows(tracks, coin)
        held = np.minimum(table.coins[row], had)
        coins = summed(track, held, count)
        is_ahead = table.is_live[row]
        track, level, held = track[is_ahead], table.liquidation[row[is_ahead]], held[is_ahead]
        order = np.lexsort((level, track))
        track, level, held = track[order], level[order], held[order]
        ahead = summed(track, held, count)
        low, price, high = (np.full(count, np.nan) for _ in range(3))
        if len(track):
            first = np.flatnonzero(np.diff(track, prepend=-1))
            some, last = track[first], np.append(first[1:], len(track)) - 1
            total = np.cumsum(held)
            before = (total[first] - held[first])[np.searchsorted(some, track)]
            # Of equal ones, but for what adding up leaves, the lower.
            is_half = total - before >= (ahead / 2)[track] * (1 - 1e-12)
            middle = np.minimum.reduceat(np.where(is_half, np.arange(len(track)), len(track) - 1), first)
            low[some], price[some], high[some] = level[first], level[middle], level[last]
        return Rest(coins, ahead, low, price, high)

    def _rows(self, tracks: TrackColumns, coin: Ints) -> tuple[Ints, Ints, Floats]:
        """Return the rows of the holders that are there still on that side, whose each is, and its coins."""
        table = self._table
        base = max(int(tracks.account.max()), int(table.account.max())) + 1
        wanted = coin[tracks.track] * base + tracks.account
        # Few are gone of many that are held: these are looked up among those.
        asked = np.unique(wanted)
        keys = table.coin * base + table.account
        at = np.minimum(asked.searchsorted(keys), len(asked) - 1)
        there = (asked[at] == keys).nonzero()[0]
        row_of = np.full(len(asked), -1)
        row_of[at[there]] = there
        row = row_of[asked.searchsorted(wanted)]
        known = row >= 0
        known &= table.is_long[row] == tracks.is_long[tracks.track]
        return row[known], tracks.track[known], tracks.coins[known]


class InPlace:
    """Answers from a map of nobody in particular: what still lies where the cluster was."""

    def __init__(self, liquidation_map: LiquidationMap) -> None:
        self._map = liquidation_map

    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        """Return what the map holds from each low to each high; beyond the map all of it is left."""
        del coin
        bins = self._map.bins
        usd = self._map.usd.sum(axis=1)
        coins = np.zeros(len(tracks))
        for place, (low, high) in enumerate(zip(tracks.low.tolist(), tracks.high.tolist(), strict=True)):
            if high < bins.edges[0] or low > bins.edges[-1]:
                coins[place] = np.inf
                continue
            inside = (bins.edges[1:] >= low) & (bins.edges[:-1] <= high)
            coins[place] = usd[0 if tracks.is_long[place] else 1][inside].sum() / self._map.spot
        is_left = coins > 0
        nowhere = np.full(len(tracks), np.nan)
        return Rest(
            coins,
            coins,
            np.where(is_left, tracks.low, nowhere),
            np.where(is_left, tracks.price, nowhere),
            np.where(is_left, tracks.high, nowhere),
        )
