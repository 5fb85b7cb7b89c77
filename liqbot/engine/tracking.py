"""Giving clusters identities that last from view to view, and telling how they end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from liqbot.engine.clusters import Found
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.side import Side

SHOWN = 12
"""A new cluster is taken up when it is among this many heaviest of its side."""
SAME_HOLDERS = 0.5
"""Two clusters are one if the coins of common holders are this share of the smaller one's coins."""
KEPT_HOLDERS = 64
"""Of each cluster this many of the largest holders are remembered."""
SAME_PLACE = 0.5
"""Failing that, they are one if their price ranges, each at least 0.2% wide, overlap by this share."""


@dataclass(slots=True)
class Track:
    """What is remembered of a cluster: how it looked last, and who was in it."""

    cluster: Cluster
    holders: dict[int, float]
    """Coins by account number, of the largest holders."""


@dataclass(slots=True)
class Tracks:
    """The clusters of one coin that live now."""

    coin: str
    next_number: int = 1
    living: list[Track] = field(default_factory=list[Track])


@dataclass(frozen=True, slots=True)
class Memory:
    """Tracks as they outlast a restart: holders by name, since numbers are given out anew."""

    coin: str
    next_number: int = 1
    living: tuple[tuple[Cluster, dict[str, float]], ...] = ()


def remembered(tracks: Tracks, names: Sequence[str]) -> Memory:
    """Return `tracks` with accounts by name; `names` has each at its number."""
    living = [
        (track.cluster, {names[account]: coins for account, coins in track.holders.items()})
        for track in tracks.living
    ]
    return Memory(tracks.coin, tracks.next_number, tuple(living))


def recalled(memory: Memory, number: Callable[[str], int]) -> Tracks:
    """Return `memory` with accounts by number, as `number` gives them."""
    living = [
        Track(cluster, {number(name): coins for name, coins in holders.items()})
        for cluster, holders in memory.living
    ]
    return Tracks(memory.coin, memory.next_number, living)


@dataclass(frozen=True, slots=True)
class Passage:
    """The prices that spot has visited since the view before."""

    spot: float
    low: float
    high: float
    time_ms: int


def follow(
    tracks: Tracks, found: Sequence[Found], passage: Passage
) -> tuple[Tracks, Clusters, tuple[EndedCluster, ...]]:
    """Return the tracks after this view, its clusters with their identities, and those that ended.

    Clusters are one if mostly the same accounts are in them, wherever their level went: a cross position's
    level drifts with its account. Where holders changed, the same place will do. Of the parts of a cluster
    that splits, the largest keeps the identity; of clusters that grow together, the largest does.
    """
    holders = [_largest_holders(item) for item in found]
    matched = _match(tracks.living, found, holders)
    number, living = tracks.next_number, list[Track]()
    rank = dict.fromkeys(Side, 0)
    for place, item in enumerate(found):
        rank[item.side] += 1
        old = matched.get(place)
        if old is None and rank[item.side] > SHOWN:
            continue
        if old is None:
            identity, since = f"{tracks.coin}-{item.side.value[0].upper()}{number}", passage.time_ms
            number += 1
        else:
            identity, since = old.cluster.id, old.cluster.since_ms
        living.append(Track(_cluster(item, identity, since, passage.spot), holders[place]))
    kept = {id(old) for old in matched.values()}
    ended = tuple(_end(old, living, passage) for old in tracks.living if id(old) not in kept)
    return Tracks(tracks.coin, number, living), Clusters([track.cluster for track in living]), ended


def _largest_holders(item: Found) -> dict[int, float]:
    largest = np.argsort(-item.coins, kind="stable")[:KEPT_HOLDERS]
    return dict(zip(item.account[largest].tolist(), item.coins[largest].tolist(), strict=True))


def _cluster(item: Found, identity: str, since_ms: int, spot: float) -> Cluster:
    return Cluster(
        id=identity,
        side=item.side,
        price=item.price,
        low=item.low,
        high=item.high,
        usd=item.usd,
        accounts=len(item.account),
        whale_share=item.whale_share,
        distance_pct=(item.price / spot - 1) * 100,
        since_ms=since_ms,
    )


def _match(
    living: Sequence[Track], found: Sequence[Found], holders: Sequence[dict[int, float]]
) -> dict[int, Track]:
    """Return for places in `found` the track that they continue; the best pairs are taken first."""
    pairs: list[tuple[int, float, int, int]] = []
    for old_place, old in enumerate(living):
        for place, item in enumerate(found):
            if item.side is not old.cluster.side:
                continue
            common = _common_coins(old.holders, holders[place])
            smaller = min(sum(old.holders.values()), sum(holders[place].values()))
            if common >= SAME_HOLDERS * smaller:
                pairs.append((0, -common, old_place, place))
            elif _overlap(old.cluster, item) >= SAME_PLACE:
                pairs.append((1, -min(old.cluster.usd, item.usd), old_place, place))
    matched: dict[int, Track] = {}
    taken: set[int] = set()
    for _, _, old_place, place in sorted(pairs):
        if old_place not in taken and place not in matched:
            taken.add(old_place)
            matched[place] = living[old_place]
    return matched


def _common_coins(one: dict[int, float], other: dict[int, float]) -> float:
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return sum(min(coins, many[account]) for account, coins in few.items() if account in many)


def _overlap(old: Cluster, new: Found) -> float:
    """Return the share of the narrower range in ln(price) that both cover."""
    old_low, old_high = _widened(old.low, old.high)
    new_low, new_high = _widened(new.low, new.high)
    common = min(old_high, new_high) - max(old_low, new_low)
    return common / min(old_high - old_low, new_high - new_low)


def _widened(low: float, high: float) -> tuple[float, float]:
    middle, half = np.log(low * high) / 2, max(float(np.log(high / low)) / 2, 0.001)
    return float(middle - half), float(middle + half)


def _end(old: Track, living: Sequence[Track], passage: Passage) -> EndedCluster:
    cluster = old.cluster
    reached = passage.low <= cluster.price if cluster.side is Side.LONG else passage.high >= cluster.price
    if reached:
        return EndedCluster(cluster, End.SWEPT, passage.time_ms)
    coins = sum(old.holders.values())
    for track in living:
        same_side = track.cluster.side is cluster.side
        if same_side and _common_coins(old.holders, track.holders) >= SAME_HOLDERS * coins:
            return EndedCluster(cluster, End.MERGED, passage.time_ms, into=track.cluster.id)
    return EndedCluster(cluster, End.FADED, passage.time_ms)
