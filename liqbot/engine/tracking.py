"""Tracking clusters from view to view: identities that last, growth, doubling.

Not here: which continues which (`track_matching.py`), what is remembered (`track_columns.py`,
`track_memory.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from liqbot.engine.clusters import FoundClusters
from liqbot.engine.gone_clusters import Gone, NothingLeft, WhatIsLeft, ended_of, unseen_of
from liqbot.engine.segments import ends_of, grouped, rows_from
from liqbot.engine.track_columns import NO_TRACKS, TrackColumns
from liqbot.engine.track_matching import Before, Passage, match, shared_coins
from liqbot.market.clusters import Cluster, Clusters, EndedCluster
from liqbot.market.positions import Bools, Floats, Ints

KEPT_HOLDERS = 64
"""Of each cluster this many of the largest holders are remembered."""
DOUBLED = 2.0
"""A cluster that is so many times what was last told of it has grown."""


@dataclass(slots=True)
class Tracks:
    """The clusters of one coin: those that are seen, and those that wait unseen until they are or end."""

    coin: str
    next_number: int = 1
    living: TrackColumns = NO_TRACKS
    is_new: bool = True
    """Whether nothing was looked at yet: what is there at the first look was there before."""


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


def _all_known(accounts: Ints) -> Bools:
    return np.ones(len(accounts), dtype=np.bool_)


def follow(
    tracks: Tracks,
    found: FoundClusters,
    passage: Passage,
    are_known: Callable[[Ints], Bools] = _all_known,
    left: WhatIsLeft = NothingLeft(),  # noqa: B008 - it has no state
) -> Followed:
    """Return what became of the clusters of one coin, as `follow_all` does."""
    return follow_all([tracks], found, [passage], are_known, left)[0]


def follow_all(
    tracks: Sequence[Tracks],
    found: FoundClusters,
    passages: Sequence[Passage],
    are_known: Callable[[Ints], Bools] = _all_known,
    left: WhatIsLeft = NothingLeft(),  # noqa: B008 - it has no state
) -> list[Followed]:
    """Return what became of each coin's clusters: those of this view with their identities, and the ended.

    Clusters are one if mostly the same accounts are in them, wherever their level went: a cross position's
    level drifts with its account. Where holders changed, the same place will do, unless price went through
    it. Of the parts of a cluster that splits, the largest keeps the identity; of clusters that grow together,
    the largest does. A cluster that no longer stands out, but whose positions are open still by what is
    `left`, waits unseen. So does one of accounts that are not `are_known`, as after a restart, or where
    nobody has looked at them for long: that is no end.
    """
    before = Before.of([one.living for one in tracks], passages)
    shared = shared_coins(before, found)
    matched = match(before, found, shared)
    shown = _shown(tracks, before, found, matched)
    gone = Gone.of(before, matched, are_known, left)
    ended, is_over = ended_of(gone, shared, shown.tracks, shown.place_of)
    unseen, of_unseen = unseen_of(gone, ~is_over)
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


def _shown(tracks: Sequence[Tracks], before: Before, found: FoundClusters, matched: Ints) -> _Shown:
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
        grouped(coin[born], shown.take(born).clusters()),
        grouped(coin[grew], grown),
    )


def _largest_holders(found: FoundClusters, places: Ints) -> tuple[Ints, Ints, Floats]:
    """Return ends, accounts and coins of the largest holders of each, all of small ones."""
    length = found.holders[places]
    rows = rows_from(found.ends[:-1][places], length)
    if len(length) and length.max() > KEPT_HOLDERS:
        ends = ends_of(length)
        parts = [rows[begin:end] for begin, end in pairwise(ends.tolist())]
        rows = np.concatenate([_largest(found.coins, part) for part in parts])
        length = np.minimum(length, KEPT_HOLDERS)
    return ends_of(length), found.account[rows], found.coins[rows]


def _largest(coins: Floats, rows: Ints) -> Ints:
    """Return the rows with the most coins, as many as are kept, the first of equal ones; all where few."""
    if len(rows) <= KEPT_HOLDERS:
        return rows
    held = coins[rows]
    least = np.partition(held, -KEPT_HOLDERS)[-KEPT_HOLDERS]
    enough = (held >= least).nonzero()[0]  # more than are kept where several hold as much as the least
    return rows[enough[(-held[enough]).argsort(kind="stable")[:KEPT_HOLDERS]]]
