"""What is left of a cluster that no longer stands out: its positions may be open still, here or elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from liqbot.engine.measured import Levels
from liqbot.market.clusters import Cluster
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side


@dataclass(frozen=True, slots=True)
class Rest:
    """What its positions have become. In coins; prices in USD."""

    coins: float
    """What is still open of what the cluster held, with or without a level."""
    ahead: float = 0.0
    """The part of that whose level price has not been through."""
    low: float | None = None
    """The lowest level of that part; None where there is none."""
    price: float | None = None
    """The level in its middle: half of the coins on either side."""
    high: float | None = None


NOTHING = Rest(0.0)


class HeldBy:
    """Answers from the positions of known accounts."""

    def __init__(self, levels: Levels, spot: float) -> None:
        """Look into `levels` at `spot`, once anybody asks."""
        self._levels = levels
        self._spot = spot
        self._by_account: dict[Side, tuple[Ints, Floats, Floats]] = {}

    def of(self, cluster: Cluster, holders: Mapping[int, float]) -> Rest:
        """Return what `holders` (coins by account) still have on the cluster's side."""
        account, coins, level = self._side(cluster.side)
        wanted = np.fromiter(holders.keys(), np.int64, len(holders))
        at = np.flatnonzero(np.isin(account, wanted))
        had = np.array([holders[number] for number in account[at].tolist()], dtype=np.float64)
        held, levels = np.minimum(coins[at], had), level[at]
        is_ahead = ~np.isnan(levels)
        ahead = float(held[is_ahead].sum())
        if ahead <= 0:
            return Rest(float(held.sum()))
        order = np.argsort(levels[is_ahead], kind="stable")
        prices, weights = levels[is_ahead][order], np.cumsum(held[is_ahead][order])
        middle = prices[int(np.searchsorted(weights, ahead / 2))]
        return Rest(float(held.sum()), ahead, float(prices[0]), float(middle), float(prices[-1]))

    def _side(self, side: Side) -> tuple[Ints, Floats, Floats]:
        """Return accounts, rising, their coins and their levels; NaN for none that lies ahead of price."""
        known = self._by_account.get(side)
        if known is None:
            positions = self._levels.positions
            level = np.full(len(positions), np.nan)
            rows = self._levels.rows_by_price(side, self._spot)
            level[rows] = positions.liquidation[rows]
            mine = np.flatnonzero(positions.is_long == (side is Side.LONG))
            mine = mine[np.argsort(positions.account[mine], kind="stable")]
            known = positions.account[mine], np.abs(positions.size[mine]), level[mine]
            self._by_account[side] = known
        return known


class InPlace:
    """Answers from a map of nobody in particular: what still lies where the cluster was."""

    def __init__(self, liquidation_map: LiquidationMap) -> None:
        self._map = liquidation_map

    def of(self, cluster: Cluster, holders: Mapping[int, float]) -> Rest:
        """Return what the map holds from the cluster's low to its high; beyond the map all of it is left."""
        del holders
        bins, usd = self._map.bins, self._map.of(cluster.side)
        if cluster.high < bins.edges[0] or cluster.low > bins.edges[-1]:
            return Rest(np.inf, np.inf, cluster.low, cluster.price, cluster.high)
        inside = (bins.edges[1:] >= cluster.low) & (bins.edges[:-1] <= cluster.high)
        coins = float(usd[inside].sum()) / self._map.spot
        if coins <= 0:
            return NOTHING
        return Rest(coins, coins, cluster.low, cluster.price, cluster.high)
