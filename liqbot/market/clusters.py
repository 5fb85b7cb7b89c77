"""Clusters: prices at which one side's liquidations stand out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from liqbot.market.side import Side


@dataclass(frozen=True, slots=True)
class Cluster:
    """Adjacent levels of one side that stand out. It never mixes sides and never straddles spot."""

    id: str
    """Lasts from view to view while the cluster drifts, grows or shrinks: `BTC-L7`."""
    side: Side
    price: float
    """Price of its peak, in USD."""
    low: float
    """Its lowest liquidation price, in USD."""
    high: float
    """Its highest liquidation price, in USD."""
    usd: float
    """Notional of all positions that liquidate from `low` to `high`, in USD at the view's spot."""
    accounts: int | None
    """How many accounts that is; None in a modelled layer."""
    whale_share: float | None
    """Share (0 to 1) of `usd` that whales hold; None in a modelled layer."""
    distance_pct: float
    """From spot to `price` in percent of spot: below spot negative."""
    since_ms: int
    """When a cluster of this identity was first seen."""


class End(StrEnum):
    """How a cluster ended. One that is only smaller, or farther away, has not ended."""

    SWEPT = "swept"
    """Price went through it."""
    CLOSED = "closed"
    """Its positions are gone, and price was not there."""
    MERGED = "merged"
    """It grew together with a larger cluster, which keeps its own identity."""


@dataclass(frozen=True, slots=True)
class EndedCluster:
    """A cluster that is no more, as it was when last seen."""

    cluster: Cluster
    end: End
    time_ms: int
    into: str | None = None
    """Identity of the cluster that it merged into."""


class Clusters(Sequence[Cluster]):
    """The clusters of a view, the heaviest first."""

    __slots__ = ("_items",)

    def __init__(self, items: Sequence[Cluster] = ()) -> None:
        self._items = tuple(sorted(items, key=lambda cluster: (-cluster.usd, cluster.id)))

    @overload
    def __getitem__(self, index: int) -> Cluster: ...
    @overload
    def __getitem__(self, index: slice) -> "Clusters": ...
    def __getitem__(self, index: int | slice) -> "Cluster | Clusters":
        return Clusters(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clusters) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Clusters({list(self._items)!r})"

    def within(self, percent: float) -> "Clusters":
        """Return those whose peak is at most `percent` percent of spot away."""
        return Clusters([cluster for cluster in self._items if abs(cluster.distance_pct) <= percent])

    def of(self, side: Side) -> "Clusters":
        """Return those of one side."""
        return Clusters([cluster for cluster in self._items if cluster.side is side])

    def get(self, cluster_id: str) -> Cluster | None:
        """Return the cluster of that identity, or None."""
        return next((cluster for cluster in self._items if cluster.id == cluster_id), None)
