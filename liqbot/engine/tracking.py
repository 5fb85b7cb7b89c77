"""Giving clusters identities that last from view to view, and telling how they end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from liqbot.engine.cluster_remainder import NOTHING, Rest
from liqbot.engine.clusters import Found
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.positions import Floats
from liqbot.market.side import Side

SAME_HOLDERS = 0.5
"""Two clusters are one if the coins of common holders are this share of the smaller one's coins."""
KEPT_HOLDERS = 64
"""Of each cluster this many of the largest holders are remembered."""
SAME_PLACE = 0.5
"""Failing that, they are one if their price ranges, each at least 0.2% wide, overlap by this share."""
OPEN = 0.2
"""A cluster that no longer stands out is closed once no more than this share of its coins is open still."""
DOUBLED = 2.0
"""A cluster that is so many times what was last told of it has grown."""
MOST_UNSEEN = 128
"""At most so many clusters of a coin wait, the heaviest, until they stand out again or end."""
LOST_MS = 7 * 24 * 3_600_000
"""A cluster of whose accounts nobody has heard for so long is waited for no longer. Nothing is told of it:
nobody knows whether its positions are gone."""


@dataclass(slots=True)
class Track:
    """What is remembered of a cluster: how it looked last, and who was in it."""

    cluster: Cluster
    holders: dict[int, float]
    """Coins by account number, of the largest holders."""
    told_usd: float = 0.0
    """What it weighed when it was born, or when its growth was last told; 0 where nobody knows."""
    has_level: bool = True
    """Whether price can reach it: of one that waits unseen, all positions may have no level any more."""
    known_ms: int = 0
    """When it was last known what its accounts hold; 0 where nobody has looked yet."""


@dataclass(slots=True)
class Tracks:
    """The clusters of one coin: those that are seen, and those that wait unseen until they are or end."""

    coin: str
    next_number: int = 1
    living: list[Track] = field(default_factory=list[Track])
    is_new: bool = True
    """Whether nothing was looked at yet: what is there at the first look was there before."""


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


@dataclass(frozen=True, slots=True)
class Growth:
    """A cluster that has doubled, and what it weighed before."""

    cluster: Cluster
    before_usd: float


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the clusters of a coin from one view to the next."""

    tracks: Tracks
    clusters: Clusters
    """Those that are seen now."""
    ended: tuple[EndedCluster, ...] = ()
    born: tuple[Cluster, ...] = ()
    grown: tuple[Growth, ...] = ()


class WhatIsLeft(Protocol):
    """Knows what has become of a cluster's positions."""

    def of(self, cluster: Cluster, holders: Mapping[int, float]) -> Rest:
        """Return what is left of `cluster`, which `holders` (coins by account number) were in."""
        ...


class _Nothing:
    def of(self, cluster: Cluster, holders: Mapping[int, float]) -> Rest:
        del cluster, holders
        return NOTHING


def remembered(tracks: Tracks, names: Sequence[str]) -> Memory:
    """Return `tracks` with accounts by name; `names` has each at its number."""
    living = [
        (track.cluster, {names[account]: coins for account, coins in track.holders.items()})
        for track in tracks.living
    ]
    told = {track.cluster.id: track.told_usd for track in tracks.living}
    known = {track.cluster.id: track.known_ms for track in tracks.living}
    return Memory(tracks.coin, tracks.next_number, tuple(living), told, known)


def recalled(memory: Memory, number: Callable[[str], int]) -> Tracks:
    """Return `memory` with accounts by number, as `number` gives them."""
    living = [
        Track(
            cluster,
            {number(name): coins for name, coins in holders.items()},
            memory.told.get(cluster.id, 0.0),
            known_ms=memory.known.get(cluster.id, 0),
        )
        for cluster, holders in memory.living
    ]
    return Tracks(memory.coin, memory.next_number, living, is_new=memory.next_number == 1)


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
    left: WhatIsLeft = _Nothing(),  # noqa: B008 - it has no state
) -> Followed:
    """Return what became of the clusters: those of this view with their identities, and those that ended.

    Clusters are one if mostly the same accounts are in them, wherever their level went: a cross position's
    level drifts with its account. Where holders changed, the same place will do, unless price went through
    it. Of the parts of a cluster that splits, the largest keeps the identity; of clusters that grow together,
    the largest does. A cluster that no longer stands out, but whose positions are open still by what is
    `left`, waits unseen. So does one of accounts of which nothing `is_known`, as after a restart, or where
    nobody has looked at them for long: that is no end.
    """
    shared = _shared_coins(tracks.living, found)
    matched = _match(tracks.living, found, shared, passage)
    number, living, shown = tracks.next_number, list[Track](), dict[int, Cluster]()
    born, grown = list[Cluster](), list[Growth]()
    for place, item in enumerate(found):
        old = tracks.living[matched[place]] if place in matched else None
        if old is None and not item.stands_out:
            continue
        if old is None:
            cluster = _cluster(item, f"{tracks.coin}-{item.side.value[0].upper()}{number}", passage)
            number += 1
            told_usd = cluster.usd
            born.append(cluster)
        else:
            cluster = _cluster(item, old.cluster.id, passage, old.cluster.since_ms)
            told_usd = old.told_usd or cluster.usd
            if cluster.usd >= DOUBLED * told_usd:
                grown.append(Growth(cluster, told_usd))
                told_usd = cluster.usd
        shown[place] = cluster
        living.append(Track(cluster, _largest_holders(item), told_usd, known_ms=passage.time_ms))
    gone = [tracks.living[place] for place in sorted(set(range(len(tracks.living))) - set(matched.values()))]
    shared_by_id = {track.cluster.id: common for track, common in zip(tracks.living, shared, strict=True)}
    ended, unseen = list[EndedCluster](), list[Track]()
    for track in gone:
        rest = _rest(track, left, is_known)
        end = _end(track, rest, shown, shared_by_id[track.cluster.id], passage)
        if end is not None:
            ended.append(end)
        elif rest is not None:
            unseen.append(_moved(track, rest, passage))
        elif passage.time_ms - (track.known_ms or passage.time_ms) <= LOST_MS:
            unseen.append(track if track.known_ms else replace(track, known_ms=passage.time_ms))
    unseen.sort(key=lambda track: -track.cluster.usd)
    return Followed(
        Tracks(tracks.coin, number, living + unseen[:MOST_UNSEEN], is_new=False),
        Clusters(list(shown.values())),
        tuple(ended),
        () if tracks.is_new else tuple(born),
        tuple(grown),
    )


def _largest_holders(item: Found) -> dict[int, float]:
    if len(item.coins) == 1:  # most clusters are one account's
        return {int(item.account[0]): float(item.coins[0])}
    if len(item.coins) <= KEPT_HOLDERS:
        return dict(zip(item.account.tolist(), item.coins.tolist(), strict=True))
    largest = np.argsort(-item.coins, kind="stable")[:KEPT_HOLDERS]
    return dict(zip(item.account[largest].tolist(), item.coins[largest].tolist(), strict=True))


def _cluster(item: Found, identity: str, passage: Passage, since_ms: int | None = None) -> Cluster:
    return Cluster(
        id=identity,
        side=item.side,
        price=item.price,
        low=item.low,
        high=item.high,
        usd=item.usd,
        accounts=None if item.whale_share is None else len(item.account),
        whale_share=item.whale_share,
        distance_pct=(item.price / passage.spot - 1) * 100,
        since_ms=passage.time_ms if since_ms is None else since_ms,
    )


def _shared_coins(living: Sequence[Track], found: Sequence[Found]) -> list[dict[int, float]]:
    """Return for each track how many coins its holders have in which of `found`, by place."""
    shared: list[dict[int, float]] = [{} for _ in living]
    before = np.array([account for track in living for account in track.holders], dtype=np.int64)
    if not (found and len(before)):
        return shared
    had = np.array([coins for track in living for coins in track.holders.values()])
    of_track = np.repeat(np.arange(len(living)), [len(track.holders) for track in living])
    account = np.concatenate([item.account for item in found])
    coins = np.concatenate([item.coins for item in found])
    place = np.repeat(np.arange(len(found)), [len(item.account) for item in found])
    # An account has one position in a coin, so that it is in one cluster at most: a table finds it.
    row = np.full(int(max(before.max(), account.max(initial=0))) + 1, -1)
    row[account] = np.arange(len(account))
    now = row[before]
    again = np.flatnonzero(now >= 0)
    now = now[again]
    pair = of_track[again] * len(found) + place[now]
    common = np.bincount(pair, np.minimum(had[again], coins[now]))
    pairs = np.unique(pair)
    for number, held in zip(pairs.tolist(), common[pairs].tolist(), strict=True):
        shared[number // len(found)][number % len(found)] = held
    return shared


def _match(
    living: Sequence[Track], found: Sequence[Found], shared: Sequence[dict[int, float]], passage: Passage
) -> dict[int, int]:
    """Return for places in `found` the place in `living` that they continue; the best pairs come first."""
    pairs: list[tuple[int, float, int, int]] = []
    overlap = _overlaps([old.cluster for old in living], found)
    beside: dict[int, list[int]] = {}
    for old_place, place in np.argwhere(overlap >= SAME_PLACE).tolist():
        beside.setdefault(old_place, []).append(place)
    for old_place, old in enumerate(living):
        # Where price went through, what remains must be most of what was: else it was liquidated.
        reached = _reached(old, passage)
        near = () if reached else beside.get(old_place, ())
        if not (near or shared[old_place]):
            continue
        old_coins = sum(old.holders.values())
        for place in {*shared[old_place], *near}:
            item = found[place]
            if item.side is not old.cluster.side:
                continue
            common = shared[old_place].get(place, 0.0)
            held = item.usd / passage.spot if len(item.coins) else 0.0
            least = old_coins if reached else min(old_coins, held)
            if common > 0 and common >= SAME_HOLDERS * least:
                pairs.append((0, -common, old_place, place))
            elif place in near:
                pairs.append((1, -min(old.cluster.usd, item.usd), old_place, place))
    matched, taken = dict[int, int](), set[int]()
    for _, _, old_place, place in sorted(pairs):
        if old_place not in taken and place not in matched:
            matched[place] = old_place
            taken.add(old_place)
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


def _reached(track: Track, passage: Passage) -> bool:
    """Return whether price went through the cluster's peak."""
    if not track.has_level:
        return False
    cluster = track.cluster
    return passage.low <= cluster.price if cluster.side is Side.LONG else passage.high >= cluster.price


def _rest(track: Track, left: WhatIsLeft, is_known: Callable[[int], bool]) -> Rest | None:
    """Return what is left of a cluster; None where of most of its coins nobody knows."""
    unknown = sum(coins for account, coins in track.holders.items() if not is_known(account))
    if unknown > (1 - SAME_HOLDERS) * sum(track.holders.values()):
        return None
    rest = left.of(track.cluster, track.holders)
    return replace(rest, coins=rest.coins + unknown) if unknown else rest


def _coins_of(track: Track) -> float:
    """Return how many coins the track remembers: of its holders, or where nobody is known of the cluster."""
    cluster = track.cluster
    return sum(track.holders.values()) or cluster.usd * (1 + cluster.distance_pct / 100) / cluster.price


def _end(
    old: Track, rest: Rest | None, shown: Mapping[int, Cluster], shared: Mapping[int, float], passage: Passage
) -> EndedCluster | None:
    """Return how a cluster ended that was not found again; None where it has not, or nobody knows."""
    coins = _coins_of(old)
    if _reached(old, passage) and (rest is None or rest.ahead < SAME_HOLDERS * coins):
        return EndedCluster(old.cluster, End.SWEPT, passage.time_ms)
    if rest is None:
        return None
    for place, common in sorted(shared.items()):
        other = shown.get(place)
        if other and other.side is old.cluster.side and common >= SAME_HOLDERS * coins:
            return EndedCluster(old.cluster, End.MERGED, passage.time_ms, into=other.id)
    if rest.coins > OPEN * coins:
        return None
    return EndedCluster(old.cluster, End.CLOSED, passage.time_ms)


def _moved(track: Track, rest: Rest, passage: Passage) -> Track:
    """Return a cluster that waits unseen as it is now: where its positions have their levels."""
    if rest.low is None or rest.price is None or rest.high is None:
        return replace(track, has_level=False, known_ms=passage.time_ms)
    old = track.cluster
    cluster = replace(
        old,
        usd=old.usd * passage.spot * (1 + old.distance_pct / 100) / old.price,
        price=rest.price,
        low=rest.low,
        high=rest.high,
        distance_pct=(rest.price / passage.spot - 1) * 100,
    )
    return replace(track, cluster=cluster, has_level=True, known_ms=passage.time_ms)
