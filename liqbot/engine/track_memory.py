"""Clusters as they outlast a restart: with the names of their holders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from liqbot.engine.track_columns import TrackColumns
from liqbot.engine.tracking import Tracks
from liqbot.market.clusters import Cluster


@dataclass(frozen=True, slots=True)
class Memory:
    """Tracks as they outlast a restart: holders by name, since numbers are given out anew."""

    coin: str
    next_number: int = 1
    living: tuple[tuple[Cluster, dict[str, float]], ...] = ()
    told: dict[str, float] = field(default_factory=dict[str, float])
    """What was last told of each one's size, by its identity, USD."""
    known: dict[str, int] = field(default_factory=dict[str, int])
    """When it was last known what each one's accounts hold, by its identity."""
    past: tuple[tuple[int, float | None, float | None], ...] = ()
    """Time in ms, open interest in coins and funding an hour, as `engine/context_series.py` has them."""


def remembered(tracks: Tracks, names: Sequence[str]) -> Memory:
    """Return `tracks` with accounts by name; `names` has each at its number."""
    living = tracks.living
    clusters = living.clusters()
    holders = [
        {names[account]: coins for account, coins in living.holders(place).items()}
        for place in range(len(living))
    ]
    identities: list[str] = living.id.tolist()
    told = dict(zip(identities, living.told_usd.tolist(), strict=True))
    known = dict(zip(identities, living.known_ms.tolist(), strict=True))
    return Memory(tracks.coin, tracks.next_number, tuple(zip(clusters, holders, strict=True)), told, known)


def recalled(memory: Memory, number: Callable[[str], int]) -> Tracks:
    """Return `memory` with accounts by number, as `number` gives them."""
    living = TrackColumns.of(
        [cluster for cluster, _ in memory.living],
        [{number(name): coins for name, coins in holders.items()} for _, holders in memory.living],
        [memory.told.get(cluster.id, 0.0) for cluster, _ in memory.living],
        [memory.known.get(cluster.id, 0) for cluster, _ in memory.living],
    )
    return Tracks(memory.coin, memory.next_number, living, is_new=memory.next_number == 1)
