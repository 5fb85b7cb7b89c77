"""Giving clusters identities that last from view to view, and telling how they end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from liqbot.engine.clusters import Found
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.positions import Floats
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
    """The clusters of one coin that live now, or wait for their accounts to be seen again."""

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
    tracks: Tracks,
    found: Sequence[Found],
    passage: Passage,
    is_known: Callable[[int], bool] = lambda _: True,
) -> tuple[Tracks, Clusters, tuple[EndedCluster, ...]]:
    """Return the tracks after this view, its clusters with their identities, and those that ended.

    Clusters are one if mostly the same accounts are in them, wherever their level went: a cross position's
    level drifts with its account. Where holders changed, the same place will do, unless price went through
    it. Of the parts of a cluster that splits, the largest keeps the identity; of clusters that grow together,
    the largest does. A cluster of accounts that are not known yet, as after a restart, waits unseen for them.
    """
    shared = _shared_coins(tracks.living, found)
    matched = _match(tracks.living, found, shared, passage)
    number, living, shown = tracks.next_number, list[Track](), dict[int, Cluster]()
    rank = dict.fromkeys(Side, 0)
    for place, item in enumerate(found):
        rank[item.side] += 1
        old = tracks.living[matched[place]].cluster if place in matched else None
        if old is None and (rank[item.side] > SHOWN or not item.stands_out):
            continue
        if old is None:
            identity, since = f"{tracks.coin}-{item.side.value[0].upper()}{number}", passage.time_ms
            number += 1
        else:
            identity, since = old.id, old.since_ms
        shown[place] = _cluster(item, identity, since, passage.spot)
        living.append(Track(shown[place], _largest_holders(item)))
    ended: list[EndedCluster] = []
    gone = set(range(len(tracks.living))) - set(matched.values())
    for old_place in sorted(gone):
        track = tracks.living[old_place]
        if _reached(track.cluster, passage) or _mostly_held_by(track, is_known):
            ended.append(_end(track, shown, shared[old_place], passage))
        else:
            living.append(track)
    return Tracks(tracks.coin, number, living), Clusters(list(shown.values())), tuple(ended)


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
        accounts=None if item.whale_share is None else len(item.account),
        whale_share=item.whale_share,
        distance_pct=(item.price / spot - 1) * 100,
        since_ms=since_ms,
    )


def _shared_coins(living: Sequence[Track], found: Sequence[Found]) -> list[dict[int, float]]:
    """Return for each track how many coins its holders have in which of `found`, by place."""
    old_accounts = np.array([account for track in living for account in track.holders], dtype=np.int64)
    if not found:
        return [{} for _ in living]
    account = np.concatenate([item.account for item in found])
    coins = np.concatenate([item.coins for item in found])
    place = np.repeat(np.arange(len(found)), [len(item.account) for item in found])
    rows = np.isin(account, old_accounts)
    now = zip(account[rows].tolist(), place[rows].tolist(), coins[rows].tolist(), strict=True)
    home = {holder: (where, held) for holder, where, held in now}
    shared: list[dict[int, float]] = []
    for track in living:
        by_place: dict[int, float] = {}
        for holder in track.holders.keys() & home.keys():
            where, held = home[holder]
            by_place[where] = by_place.get(where, 0.0) + min(track.holders[holder], held)
        shared.append(by_place)
    return shared


def _match(
    living: Sequence[Track], found: Sequence[Found], shared: Sequence[dict[int, float]], passage: Passage
) -> dict[int, int]:
    """Return for places in `found` the place in `living` that they continue; the best pairs come first."""
    pairs: list[tuple[int, float, int, int]] = []
    overlap = _overlaps([old.cluster for old in living], found)
    for old_place, old in enumerate(living):
        # Where price went through, what remains must be most of what was: else it was liquidated.
        reached, old_coins = _reached(old.cluster, passage), sum(old.holders.values())
        near = () if reached else np.flatnonzero(overlap[old_place] >= SAME_PLACE).tolist()
        for place in {*shared[old_place], *near}:
            item = found[place]
            if item.side is not old.cluster.side:
                continue
            common = shared[old_place].get(place, 0.0)
            least = old_coins if reached else min(old_coins, float(item.coins.sum()))
            if common > 0 and common >= SAME_HOLDERS * least:
                pairs.append((0, -common, old_place, place))
            elif place in near:
                pairs.append((1, -min(old.cluster.usd, item.usd), old_place, place))
    matched: dict[int, int] = {}
    for _, _, old_place, place in sorted(pairs):
        if old_place not in matched.values() and place not in matched:
            matched[place] = old_place
    return matched


def _ranges(clusters: Sequence[Cluster | Found]) -> tuple[Floats, Floats]:
    """Return the lower and upper ends of the clusters' ranges in ln(price), each at least 0.2% apart."""
    low = np.log([cluster.low for cluster in clusters])
    high = np.log([cluster.high for cluster in clusters])
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 0.001)
    return middle - half, middle + half


def _overlaps(old: Sequence[Cluster], new: Sequence[Found]) -> Floats:
    """Return the share of the narrower range that each pair has in common, shape (old, new)."""
    (old_low, old_high), (new_low, new_high) = _ranges(old), _ranges(new)
    common = np.minimum.outer(old_high, new_high) - np.maximum.outer(old_low, new_low)
    return common / np.minimum.outer(old_high - old_low, new_high - new_low)


def _reached(cluster: Cluster, passage: Passage) -> bool:
    """Return whether price went through the cluster's peak."""
    return passage.low <= cluster.price if cluster.side is Side.LONG else passage.high >= cluster.price


def _mostly_held_by(track: Track, known: Callable[[int], bool]) -> bool:
    held = sum(coins for account, coins in track.holders.items() if known(account))
    return held >= SAME_HOLDERS * sum(track.holders.values())


def _end(
    old: Track, shown: Mapping[int, Cluster], shared: Mapping[int, float], passage: Passage
) -> EndedCluster:
    if _reached(old.cluster, passage):
        return EndedCluster(old.cluster, End.SWEPT, passage.time_ms)
    coins = sum(old.holders.values())
    for place, common in sorted(shared.items()):
        other = shown.get(place)
        if other and other.side is old.cluster.side and common >= SAME_HOLDERS * coins:
            return EndedCluster(old.cluster, End.MERGED, passage.time_ms, into=other.id)
    return EndedCluster(old.cluster, End.FADED, passage.time_ms)
