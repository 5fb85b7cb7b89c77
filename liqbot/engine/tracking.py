"""Giving clusters identities that last from view to view, and telling how they end."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from liqbot.engine.cluster_remainder import Rest, nothing_left
from liqbot.engine.clusters import FoundClusters
from liqbot.engine.segments import ends_of, rows_from, summed
from liqbot.engine.track_columns import NO_TRACKS, TrackColumns
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.positions import Bools, Floats, Ints

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
class Tracks:
    """The clusters of one coin: those that are seen, and those that wait unseen until they are or end."""

    coin: str
    next_number: int = 1
    living: TrackColumns = NO_TRACKS
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
    """Knows what has become of clusters' positions."""

    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        """Return what is left of each; `coin` has the place of its coin among those that are followed."""
        ...


class _Nothing:
    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        del coin
        return nothing_left(tracks)


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


@dataclass(frozen=True, slots=True)
class Passage:
    """The prices that spot has visited since the view before."""

    spot: float
    low: float
    high: float
    time_ms: int


def _all_known(accounts: Ints) -> Bools:
    return np.ones(len(accounts), dtype=np.bool_)


def follow(
    tracks: Tracks,
    found: FoundClusters,
    passage: Passage,
    are_known: Callable[[Ints], Bools] = _all_known,
    left: WhatIsLeft = _Nothing(),  # noqa: B008 - it has no state
) -> Followed:
    """Return what became of the clusters of one coin, as `follow_all` does."""
    return follow_all([tracks], found, [passage], are_known, left)[0]


def follow_all(
    tracks: Sequence[Tracks],
    found: FoundClusters,
    passages: Sequence[Passage],
    are_known: Callable[[Ints], Bools] = _all_known,
    left: WhatIsLeft = _Nothing(),  # noqa: B008 - it has no state
) -> list[Followed]:
    """Return what became of each coin's clusters: those of this view with their identities, and the ended.

    Clusters are one if mostly the same accounts are in them, wherever their level went: a cross position's
    level drifts with its account. Where holders changed, the same place will do, unless price went through
    it. Of the parts of a cluster that splits, the largest keeps the identity; of clusters that grow together,
    the largest does. A cluster that no longer stands out, but whose positions are open still by what is
    `left`, waits unseen. So does one of accounts that are not `are_known`, as after a restart, or where
    nobody has looked at them for long: that is no end.
    """
    before = _Before.of(tracks, passages)
    shared = _shared_coins(before, found)
    matched = _match(before, found, shared)
    shown = _shown(tracks, before, found, matched)
    gone = _Gone.of(before, matched, are_known, left)
    ended, is_over = _ended(gone, shared, shown)
    unseen, of_unseen = _unseen(gone, ~is_over)
    coin = np.concatenate((shown.coin, of_unseen))
    living = TrackColumns.joined([shown.tracks, unseen]).take(coin.argsort(kind="stable"))
    ends = np.bincount(coin, minlength=len(tracks)).cumsum().tolist()
    seen = np.bincount(shown.coin, minlength=len(tracks)).tolist()
    numbers, followed, begin = shown.next_numbers.tolist(), list[Followed](), 0
    for place, (one, end) in enumerate(zip(tracks, ends, strict=True)):
        own = living.part(begin, end)
        begin = end
        followed.append(
            Followed(
                Tracks(one.coin, numbers[place], own, is_new=False),
                Clusters.later(partial(own.clusters, seen[place])),
                tuple(ended.get(place, ())),
                () if one.is_new else tuple(shown.born.get(place, ())),
                tuple(shown.grown.get(place, ())),
            )
        )
    return followed


@dataclass(frozen=True, slots=True)
class _Before:
    """All clusters that live, one coin's after the other's, and where price went since."""

    tracks: TrackColumns
    coin: Ints
    """The place of each one's coin, rising."""
    spot: Floats
    """By coin."""
    time_ms: Ints
    """By coin."""
    reached: Bools
    """Whether price went through each cluster's peak."""

    @staticmethod
    def of(tracks: Sequence[Tracks], passages: Sequence[Passage]) -> "_Before":
        living = TrackColumns.joined([one.living for one in tracks])
        coin = np.arange(len(tracks)).repeat([len(one.living) for one in tracks])
        lowest = np.array([one.low for one in passages])[coin]
        highest = np.array([one.high for one in passages])[coin]
        reached: Bools = np.where(living.is_long, lowest <= living.price, highest >= living.price)
        return _Before(
            living,
            coin,
            np.array([one.spot for one in passages]),
            np.array([one.time_ms for one in passages], dtype=np.int64),
            living.has_level & reached,
        )

    @property
    def row(self) -> Ints:
        """As in `FoundClusters`."""
        return 2 * self.coin + ~self.tracks.is_long


@dataclass(frozen=True, slots=True)
class _Shared:
    """Which clusters of before have holders in common with which of now: one row a pair, in their order."""

    old: Ints
    place: Ints
    coins: Floats


def _shared_coins(before: _Before, found: FoundClusters) -> _Shared:
    """Return how many coins the holders of each cluster of before have in which of those found."""
    living = before.tracks
    none = np.zeros(0, dtype=np.int64)
    if not (len(found.account) and len(living.account)):
        return _Shared(none, none, np.zeros(0))
    # An account has one position in a coin, so that it is in one cluster of it at most.
    base = max(int(found.account.max()), int(living.account.max())) + 1
    place_of = np.arange(len(found)).repeat(found.holders)
    keys = found.row[place_of] // 2 * base + found.account
    wanted = before.coin[living.track] * base + living.account
    order = keys.argsort()
    keys = keys[order]
    at = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
    again = (keys[at] == wanted).nonzero()[0]
    now = order[at[again]]
    pair = living.track[again] * len(found) + place_of[now]
    pairs, number = np.unique(pair, return_inverse=True)
    coins = summed(number, np.minimum(living.coins[again], found.coins[now]), len(pairs))
    return _Shared(pairs // len(found), pairs % len(found), coins)


def _match(before: _Before, found: FoundClusters, shared: _Shared) -> Ints:
    """Return for each of `found` the place of what it continues, or -1; the best pairs come first."""
    matched, living = np.full(len(found), -1), before.tracks
    if not (len(living) and len(found)):
        return matched
    # Where price went through, what remains must be most of what was: else it was liquidated.
    near = _beside(before, found)
    of_both = shared.old * len(found) + shared.place
    pairs = np.unique(np.concatenate((near, of_both)))
    old, place = pairs // len(found), pairs % len(found)
    common, is_near = np.zeros(len(pairs)), np.zeros(len(pairs), dtype=np.bool_)
    common[pairs.searchsorted(of_both)] = shared.coins
    is_near[pairs.searchsorted(near)] = True
    had = living.held[old]
    held = np.where(found.holders > 0, found.usd / before.spot[found.row // 2], 0.0)[place]
    least = np.where(before.reached[old], had, np.minimum(had, held))
    by_holders = (common > 0) & (common >= SAME_HOLDERS * least)
    worth = np.where(by_holders, common, np.minimum(living.usd[old], found.usd[place]))
    order = np.lexsort((place, old, -worth, ~by_holders))
    fits = (by_holders | is_near) & (living.is_long[old] == found.is_long[place])
    order = order[fits[order]]
    old, place = old[order], place[order]
    # Most have but one that they can continue, which continues in nothing else.
    is_only = (np.bincount(old, minlength=len(living))[old] == 1) & (np.bincount(place)[place] == 1)
    matched[place[is_only]] = old[is_only]
    taken, claimed = set[int](), set[int]()
    for one, other in zip(old[~is_only].tolist(), place[~is_only].tolist(), strict=True):
        if one not in taken and other not in claimed:
            taken.add(one)
            claimed.add(other)
            matched[other] = one
    return matched


_LANE = 256.0
"""Rows are set so far apart, in ln(price), that none reaches into the next."""


def _beside(before: _Before, found: FoundClusters) -> Ints:
    """Return the pairs of clusters whose ranges overlap enough, as `old * len(found) + place`.

    Those that price went through are left out.
    """
    order = np.lexsort((found.low, found.row))
    row = found.row[order]
    low, high = _range(found.low[order], found.high[order])
    olds = (~before.reached).nonzero()[0]
    lane = _LANE * before.row[olds]
    old_low, old_high = _range(before.tracks.low[olds], before.tracks.high[olds])
    # Those of a row lie apart, so that both their ends rise, also where they are widened.
    first = (high + _LANE * row).searchsorted(old_low + lane - 1e-6)
    after = (low + _LANE * row).searchsorted(old_high + lane + 1e-6)
    count = np.maximum(after - first, 0)
    one = np.arange(len(olds)).repeat(count)
    other = np.arange(len(one)) + (first - (count.cumsum() - count))[one]
    common = np.minimum(old_high[one], high[other]) - np.maximum(old_low[one], low[other])
    narrower = np.minimum((old_high - old_low)[one], (high - low)[other])
    enough = common / narrower >= SAME_PLACE
    return olds[one[enough]] * len(found) + order[other[enough]]


def _range(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the lower and upper ends of clusters' ranges in ln(price), each at least 0.2% apart."""
    low, high = np.log(low), np.log(high)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 0.001)
    return middle - half, middle + half


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown of what was found."""

    tracks: TrackColumns
    coin: Ints
    """The place of each one's coin, rising."""
    place_of: Ints
    """For all that was found its place among what is shown, or -1."""
    next_numbers: Ints
    """By coin."""
    born: dict[int, list[Cluster]]
    """By the place of their coin."""
    grown: dict[int, list[Growth]]


def _shown(tracks: Sequence[Tracks], before: _Before, found: FoundClusters, matched: Ints) -> _Shown:
    """Return those of `found` that are shown, with their identities; `matched` tells what each continues."""
    places = ((matched >= 0) | found.stands_out).nonzero()[0]
    old, coin, usd = matched[places], found.row[places] // 2, found.usd[places]
    is_new, is_long, time_ms = old < 0, found.is_long[places], before.time_ms[coin]
    living = before.tracks
    if len(living):
        identity, since_ms, told = living.id[old], living.since_ms[old], living.told_usd[old]
    else:
        identity, since_ms, told = (
            np.full(len(old), "", dtype=np.object_),
            np.zeros_like(old),
            np.zeros(len(old)),
        )
    first = np.array([one.next_number for one in tracks])
    new = is_new.nonzero()[0]
    count = np.bincount(coin[new], minlength=len(tracks))
    numbers = first[coin[new]] + np.arange(len(new)) - (count.cumsum() - count)[coin[new]]
    names = [one.coin for one in tracks]
    owners: list[int] = coin[new].tolist()
    for place, of, number in zip(new.tolist(), owners, numbers.tolist(), strict=True):
        identity[place] = f"{names[of]}-{'L' if is_long[place] else 'S'}{number}"
    earlier = np.where(is_new | (told == 0), usd, told)
    has_grown = ~is_new & (usd >= DOUBLED * earlier)
    ends, account, coins = _largest_holders(found, places)
    whale_share = found.whale_share
    shown = TrackColumns(
        id=identity,
        is_long=is_long,
        price=found.price[places],
        low=found.low[places],
        high=found.high[places],
        usd=usd,
        accounts=np.full(len(places), -1) if whale_share is None else found.holders[places],
        whale_share=np.full(len(places), np.nan) if whale_share is None else whale_share[places],
        distance_pct=(found.price[places] / before.spot[coin] - 1) * 100,
        since_ms=np.where(is_new, time_ms, since_ms),
        told_usd=np.where(has_grown, usd, earlier),
        has_level=np.ones(len(places), dtype=np.bool_),
        known_ms=time_ms,
        ends=ends,
        account=account,
        coins=coins,
    )
    place_of = np.full(len(found), -1)
    place_of[places] = np.arange(len(places))
    grew = has_grown.nonzero()[0]
    grown = map(Growth, shown.take(grew).clusters(), earlier[grew].tolist())
    known = np.array([not one.is_new for one in tracks])
    born = new[known[coin[new]]]
    return _Shown(
        shown,
        coin,
        place_of,
        first + count,
        _by_coin(coin[born], shown.take(born).clusters()),
        _by_coin(coin[grew], grown),
    )


T = TypeVar("T")


def _by_coin(coins: Ints, items: Iterable[T]) -> dict[int, list[T]]:
    by_coin: dict[int, list[T]] = {}
    for coin, item in zip(coins.tolist(), items, strict=True):
        by_coin.setdefault(coin, []).append(item)
    return by_coin


def _largest_holders(found: FoundClusters, places: Ints) -> tuple[Ints, Ints, Floats]:
    """Return ends, accounts and coins of the largest holders of each."""
    length = found.holders[places]
    ends = ends_of(length)
    own = np.arange(len(places)).repeat(length)
    rows = rows_from(found.ends[:-1][places], length)
    if len(length) and length.max() > KEPT_HOLDERS:
        largest_first = np.where(length[own] > KEPT_HOLDERS, -found.coins[rows], 0.0)
        order = np.lexsort((largest_first, own))
        rows = rows[order[np.arange(len(order)) - ends[own] < KEPT_HOLDERS]]
        ends = ends_of(np.minimum(length, KEPT_HOLDERS))
    return ends, found.account[rows], found.coins[rows]


@dataclass(frozen=True, slots=True)
class _Gone:
    """Clusters that were not found again, in columns."""

    tracks: TrackColumns
    coin: Ints
    """The place of each one's coin, rising."""
    place_of: Ints
    """For all that lived before its place here, or -1."""
    spot: Floats
    time_ms: Ints
    reached: Bools
    is_unknown: Bools
    """Of most of its coins nobody knows what is left."""
    rest: Rest

    @staticmethod
    def of(before: _Before, matched: Ints, are_known: Callable[[Ints], Bools], left: WhatIsLeft) -> "_Gone":
        """Look up what is left of what was not `matched`."""
        is_gone = np.ones(len(before.tracks), dtype=np.bool_)
        is_gone[matched[matched >= 0]] = False
        places = is_gone.nonzero()[0]
        tracks, coin = before.tracks.take(places), before.coin[places]
        unknown = summed(tracks.track, np.where(are_known(tracks.account), 0.0, tracks.coins), len(tracks))
        rest = left.of(tracks, coin)
        return _Gone(
            tracks,
            coin,
            np.where(is_gone, is_gone.cumsum() - 1, -1),
            before.spot[coin],
            before.time_ms[coin],
            before.reached[places],
            unknown > (1 - SAME_HOLDERS) * tracks.held,
            replace(rest, coins=rest.coins + unknown),
        )


def _ended(gone: _Gone, shared: _Shared, shown: _Shown) -> tuple[dict[int, list[EndedCluster]], Bools]:
    """Return by coin those that ended, and which they are; the others have not, or nobody knows."""
    tracks = gone.tracks
    # How many coins the track remembers: of its holders, or where nobody is known of the cluster.
    coins = np.where(
        tracks.held > 0, tracks.held, tracks.usd * (1 + tracks.distance_pct / 100) / tracks.price
    )
    swept = gone.reached & (gone.is_unknown | (gone.rest.ahead < SAME_HOLDERS * coins))
    into = _merged_into(gone, shared, shown, coins)
    merged = ~swept & ~gone.is_unknown & (into >= 0)
    closed = ~swept & ~gone.is_unknown & ~merged & (gone.rest.coins <= OPEN * coins)
    is_over = swept | merged | closed
    over, ended = is_over.nonzero()[0], list[EndedCluster]()
    for place, cluster in zip(over.tolist(), tracks.take(over).clusters(), strict=True):
        end = End.SWEPT if swept[place] else End.MERGED if merged[place] else End.CLOSED
        other = str(shown.tracks.id[into[place]]) if end is End.MERGED else None
        ended.append(EndedCluster(cluster, end, int(gone.time_ms[place]), into=other))
    return _by_coin(gone.coin[over], ended), is_over


def _merged_into(gone: _Gone, shared: _Shared, shown: _Shown, coins: Floats) -> Ints:
    """Return the place among what is shown of the first that has most of each one's coins, or -1."""
    nobody = len(shown.tracks)
    into = np.full(len(gone.tracks), nobody)
    old, place = gone.place_of[shared.old], shown.place_of[shared.place]
    both = (old >= 0) & (place >= 0)
    old, place, common = old[both], place[both], shared.coins[both]
    fits = shown.tracks.is_long[place] == gone.tracks.is_long[old]
    fits &= common >= SAME_HOLDERS * coins[old]
    np.minimum.at(into, old[fits], place[fits])
    return np.where(into < nobody, into, -1)


def _unseen(gone: _Gone, waits: Bools) -> tuple[TrackColumns, Ints]:
    """Return those of them that wait unseen, the heaviest of a coin first, and the place of each one's coin.

    They are as they are now: where their positions have their levels, or as they were where nobody knows.
    """
    old, rest, spot, time_ms = gone.tracks, gone.rest, gone.spot, gone.time_ms
    since_known = np.where(old.known_ms == 0, time_ms, old.known_ms)
    waits = waits & ~(gone.is_unknown & (time_ms - since_known > LOST_MS))
    is_moved = ~gone.is_unknown & ~np.isnan(rest.price)
    usd = np.where(is_moved, old.usd * spot * (1 + old.distance_pct / 100) / old.price, old.usd)
    moved = replace(
        old,
        usd=usd,
        price=np.where(is_moved, rest.price, old.price),
        low=np.where(is_moved, rest.low, old.low),
        high=np.where(is_moved, rest.high, old.high),
        distance_pct=np.where(is_moved, (rest.price / spot - 1) * 100, old.distance_pct),
        has_level=np.where(gone.is_unknown, old.has_level, is_moved),
        known_ms=np.where(gone.is_unknown, since_known, time_ms),
    )
    rows = waits.nonzero()[0]
    rows = rows[np.lexsort((-usd[rows], gone.coin[rows]))]
    coin = gone.coin[rows]
    kept = np.arange(len(rows)) - coin.searchsorted(coin) < MOST_UNSEEN
    return moved.take(rows[kept]), coin[kept]
