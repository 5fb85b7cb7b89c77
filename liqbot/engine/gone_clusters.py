"""Clusters that are not found again: swept, closed, merged, or waiting unseen.

Not here: how much of one is left (`cluster_remainder.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from liqbot.engine.cluster_remainder import Rest, nothing_left
from liqbot.engine.segments import grouped, summed
from liqbot.engine.track_columns import TrackColumns
from liqbot.engine.track_matching import SAME_HOLDERS, Before, Shared
from liqbot.market.clusters import End, EndedCluster
from liqbot.market.positions import Bools, Floats, Ints

OPEN = 0.2
"""A cluster that no longer stands out is closed once no more than this share of its coins is open still."""
MOST_UNSEEN = 128
"""At most so many clusters of a coin wait, the heaviest, until they stand out again or end."""
LOST_MS = 7 * 24 * 3_600_000
"""A cluster of whose accounts nobody has heard for so long is waited for no longer. Nothing is told of it:
nobody knows whether its positions are gone."""


class WhatIsLeft(Protocol):
    """Knows what has become of clusters' positions."""

    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        """Return what is left of each; `coin` has the place of its coin among those that are followed."""
        ...


class NothingLeft:
    """Says that nothing is left of anything."""

    def of(self, tracks: TrackColumns, coin: Ints) -> Rest:
        """Return nothing of each."""
        del coin
        return nothing_left(tracks)


@dataclass(frozen=True, slots=True)
class Gone:
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
    def of(before: Before, matched: Ints, are_known: Callable[[Ints], Bools], left: WhatIsLeft) -> "Gone":
        """Look up what is left of what was not `matched`."""
        is_gone = np.ones(len(before.tracks), dtype=np.bool_)
        is_gone[matched[matched >= 0]] = False
        places = is_gone.nonzero()[0]
        tracks, coin = before.tracks.take(places), before.coin[places]
        unknown = summed(tracks.track, np.where(are_known(tracks.account), 0.0, tracks.coins), len(tracks))
        rest = left.of(tracks, coin)
        return Gone(
            tracks,
            coin,
            np.where(is_gone, is_gone.cumsum() - 1, -1),
            before.spot[coin],
            before.time_ms[coin],
            before.reached[places],
            unknown > (1 - SAME_HOLDERS) * tracks.held,
            replace(rest, coins=rest.coins + unknown),
        )


def ended_of(
    gone: Gone, shared: Shared, shown: TrackColumns, place_of: Ints
) -> tuple[dict[int, list[EndedCluster]], Bools]:
    """Return by coin those that ended, and which they are; the others have not, or nobody knows.

    `place_of` has for all that was found its place among what is `shown`, or -1.
    """
    tracks = gone.tracks
    # How many coins the track remembers: of its holders, or where nobody is known of the cluster.
    coins = np.where(
        tracks.held > 0, tracks.held, tracks.usd * (1 + tracks.distance_pct / 100) / tracks.price
    )
    swept = gone.reached & (gone.is_unknown | (gone.rest.ahead < SAME_HOLDERS * coins))
    into = _merged_into(gone, shared, shown, place_of, coins)
    merged = ~swept & ~gone.is_unknown & (into >= 0)
    closed = ~swept & ~gone.is_unknown & ~merged & (gone.rest.coins <= OPEN * coins)
    is_over = swept | merged | closed
    over, ended = is_over.nonzero()[0], list[EndedCluster]()
    for place, cluster in zip(over.tolist(), tracks.take(over).clusters(), strict=True):
        end = End.SWEPT if swept[place] else End.MERGED if merged[place] else End.CLOSED
        other = str(shown.id[into[place]]) if end is End.MERGED else None
        ended.append(EndedCluster(cluster, end, int(gone.time_ms[place]), into=other))
    return grouped(gone.coin[over], ended), is_over


def _merged_into(gone: Gone, shared: Shared, shown: TrackColumns, place_of: Ints, coins: Floats) -> Ints:
    """Return the place among what is shown of the first that has most of each one's coins, or -1."""
    nobody = len(shown)
    into = np.full(len(gone.tracks), nobody)
    old, place = gone.place_of[shared.old], place_of[shared.place]
    both = (old >= 0) & (place >= 0)
    old, place, common = old[both], place[both], shared.coins[both]
    fits = shown.is_long[place] == gone.tracks.is_long[old]
    fits &= common >= SAME_HOLDERS * coins[old]
    np.minimum.at(into, old[fits], place[fits])
    return np.where(into < nobody, into, -1)


def unseen_of(gone: Gone, waits: Bools) -> tuple[TrackColumns, Ints]:
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
