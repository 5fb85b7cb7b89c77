"""Clusters: prices at which one side's liquidations stand out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, overload

from liqbot.market.side import Side

NEAR_PCT, IN_REACH_PCT = 5.0, 30.0
"""A cluster is near spot, or in reach, within so many percent of it."""
MATTERS = 0.25
"""A cluster matters from this share of the heaviest that is near, or else in reach, on."""
TRIFLE = 0.1
"""Below this share of that it is a trifle."""
NEAREST = 3
"""So many of the nearest that matter are named before heavier ones farther away."""


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

    __slots__ = ("_known", "_make")

    def __init__(self, items: Sequence[Cluster] = ()) -> None:
        self._make: Callable[[], Sequence[Cluster]] | None = None
        self._known = _heaviest_first(items)

    @staticmethod
    def later(make: Callable[[], Sequence[Cluster]]) -> "Clusters":
        """Return the clusters that `make` gives, which is called when somebody looks; mostly nobody does."""
        clusters = Clusters()
        clusters._make = make
        return clusters

    @property
    def _items(self) -> tuple[Cluster, ...]:
        make = self._make
        if make is not None:  # two threads may both do it, and come to the same
            self._known = _heaviest_first(make())
            self._make = None
        return self._known

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


def _heaviest_first(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    return tuple(sorted(clusters, key=lambda cluster: (-cluster.usd, cluster.id)))


class _Standing(Protocol):
    """What has a weight and a distance from spot."""

    @property
    def usd(self) -> float: ...
    @property
    def distance_pct(self) -> float: ...


C = TypeVar("C", bound=_Standing)
WEIGHS = 0.01
"""From this share of all clusters of its side on, one near spot is named, whatever stands beside it."""


def worth_naming(clusters: Sequence[C]) -> list[C]:
    """Return the clusters of one side, those first that are to be named where there is no room for all.

    Near spot things happen first, so the nearest that matters, the heaviest near spot and the heaviest in
    reach come before all; then the nearest that weighs a hundredth of its side, small as it may be beside a
    giant, and the others of the three nearest that matter; then what is near and no trifle, the rest in
    reach, and what is farther, the heaviest first each time.
    """
    heaviest_first = sorted(clusters, key=lambda one: -one.usd)
    reach = [one for one in heaviest_first if abs(one.distance_pct) <= IN_REACH_PCT]
    near = [one for one in reach if abs(one.distance_pct) <= NEAR_PCT]
    measure = (near or reach or heaviest_first)[:1]
    mattering = [one for one in reach if one.usd >= MATTERS * measure[0].usd]
    nearest = sorted(mattering, key=lambda one: abs(one.distance_pct))[:NEAREST]
    no_trifles = [one for one in near if one.usd >= TRIFLE * measure[0].usd]
    weighty = [one for one in near if one.usd >= WEIGHS * sum(other.usd for other in clusters)]
    beside = sorted(weighty, key=lambda one: abs(one.distance_pct))[:1]
    wanted = [*nearest[:1], *near[:1], *reach[:1], *beside, *nearest, *no_trifles, *reach, *heaviest_first]
    return [one for place, one in enumerate(wanted) if one not in wanted[:place]]
