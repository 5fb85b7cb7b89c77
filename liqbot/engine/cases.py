"""Cases for the scoreboard: each cluster at the moments from which it is counted, with its bounds.

A question for the scoreboard is *within X percent of spot, of at least $Y*. So of each cluster is written
down when it first comes into each of `BANDS`, and when it has doubled there since: whatever X of these and
whatever Y is asked for later, the first moment at which it qualified is among them (of Y, at the latest when
it had doubled). No later view plays a part in what is written.

Not here: what became of them (`fates.py`), rates out of both (`scoreboard.py`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from liqbot.market.clusters import Cluster, End
from liqbot.market.events import ClusterEnded
from liqbot.market.side import Side
from liqbot.market.view import MarketView

BANDS = (1.0, 2.0, 3.0, 5.0, 10.0)
"""Percent of spot within which a cluster may be asked for."""
_DOUBLED = 2.0
_CLEAR = 0.003
"""A level is empty where no cluster lies within this distance of it, in ln price."""
_FARTHEST = 1.6
"""Empty levels are looked for at up to this many times the cluster's distance."""
Identity = tuple[str, int]
"""Of a cluster: its id, and when it was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cluster at the moment from which it is counted."""

    cluster: Cluster
    spot: float
    time_ms: int
    venue: str
    basis: str
    regime: str
    empty: tuple[float, ...] = ()
    """Prices of empty levels beside it, see `empty_levels`."""
    ended_ms: int | None = None
    """When it was closed or merged away; None where it stands, or was swept."""

    @property
    def distance(self) -> float:
        """|ln(price / spot)|."""
        return abs(math.log(self.cluster.price / self.spot))

    @property
    def mirrored(self) -> float:
        """The price as far on the other side of spot."""
        return self.spot**2 / self.cluster.price

    @property
    def identity(self) -> Identity:
        """What makes it the same cluster as another case of its layer and coin."""
        return self.cluster.id, self.cluster.since_ms


def empty_levels(cluster: Cluster, others: Iterable[Cluster], spot: float) -> tuple[float, ...]:
    """Return two prices on its side with no cluster near: one nearer, one farther by the same factor.

    Together they are reached about as often as an empty level at the cluster's own distance would be.
    Empty where there are none within `_FARTHEST`.
    """
    distance = abs(math.log(cluster.price / spot))
    way = -1 if cluster.side is Side.LONG else 1
    taken = [(math.log(one.low / spot) - _CLEAR, math.log(one.high / spot) + _CLEAR) for one in others]
    for factor in np.arange(1.1, _FARTHEST + 0.01, 0.05):
        places = (way * distance / factor, way * distance * factor)
        if not any(low <= place <= high for low, high in taken for place in places):
            return tuple(spot * math.exp(place) for place in places)
    return ()


@dataclass(slots=True)
class CaseFinder:
    """Sees views, the oldest of each coin and layer first, and tells the cases that begin with each."""

    _told: dict[tuple[str, str], dict[Identity, dict[float, float]]] = field(
        default_factory=dict[tuple[str, str], dict[Identity, dict[float, float]]]
    )
    """By layer and coin, by cluster: its USD when it was last written down in each band."""

    def see(self, view: MarketView) -> list[Case]:
        """Return the cases that begin with `view`."""
        told = self._told.setdefault((view.layer.key, view.coin), {})
        found: list[Case] = []
        for cluster in view.clusters.within(BANDS[-1]):
            before = told.setdefault((cluster.id, cluster.since_ms), {})
            bands = [band for band in BANDS if abs(cluster.distance_pct) <= band]
            if any(cluster.usd >= _DOUBLED * before.get(band, 0.0) for band in bands):
                before |= dict.fromkeys(bands, cluster.usd)
                found.append(case_of(view, cluster))
        for ended in view.ended:
            told.pop((ended.cluster.id, ended.cluster.since_ms), None)
        return found

    def forget(self, layer: str) -> None:
        """Forget what was told of the layer of that key."""
        for key in [key for key in self._told if key[0] == layer]:
            del self._told[key]


def case_of(view: MarketView, cluster: Cluster) -> Case:
    """Return a cluster of a view as a case that begins with it."""
    return Case(
        cluster=cluster,
        spot=view.spot,
        time_ms=view.time_ms,
        venue=view.layer.venue,
        basis=view.layer.basis.value,
        regime=view.regime.value,
        empty=empty_levels(cluster, view.clusters, view.spot),
    )


def first_of_each(
    cases: Iterable[Case], within_pct: float, least_usd: float = 0.0, until_ms: int | None = None
) -> list[Case]:
    """Return each cluster once, at the first moment at which it was near enough and heavy enough.

    `cases` come in the order of time; those after `until_ms` play no part.
    """
    first: dict[Identity, Case] = {}
    for case in cases:
        if until_ms is not None and case.time_ms > until_ms:
            continue
        if abs(case.cluster.distance_pct) <= within_pct and case.cluster.usd >= least_usd:
            first.setdefault(case.identity, case)
    return list(first.values())


def with_ends(cases: Sequence[Case], ended: Iterable[ClusterEnded]) -> list[Case]:
    """Return the cases with the time at which each was closed or merged; one that was swept has none."""
    ends: Mapping[Identity, int] = {
        (event.cluster.id, event.cluster.since_ms): event.time_ms
        for event in ended
        if event.end is not End.SWEPT
    }
    return [_ended(case, ends.get(case.identity)) for case in cases]


def _ended(case: Case, time_ms: int | None) -> Case:
    return case if time_ms is None or time_ms < case.time_ms else replace(case, ended_ms=time_ms)
