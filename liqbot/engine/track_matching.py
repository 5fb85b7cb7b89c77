"""Matching clusters of a view to those before: by common holders, else by place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.clusters import FoundClusters
from liqbot.engine.segments import summed
from liqbot.engine.track_columns import TrackColumns
from liqbot.market.positions import Bools, Floats, Ints

SAME_HOLDERS = 0.5
"""Two clusters are one if the coins of common holders are this share of the smaller one's coins."""
SAME_PLACE = 0.5
"""Failing that, they are one if their price ranges, each at least 0.2% wide, overlap by this share."""
_LANE = 256.0
"""Rows are set so far apart, in ln(price), that none reaches into the next."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The prices that spot has visited since the view before."""

    spot: float
    low: float
    high: float
    time_ms: int


@dataclass(frozen=True, slots=True)
class Before:
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
    def of(living: Sequence[TrackColumns], passages: Sequence[Passage]) -> "Before":
        """Put the clusters of each coin together."""
        coin = np.arange(len(living)).repeat([len(one) for one in living])
        tracks = TrackColumns.joined(living)
        lowest = np.array([one.low for one in passages])[coin]
        highest = np.array([one.high for one in passages])[coin]
        reached: Bools = np.where(tracks.is_long, lowest <= tracks.price, highest >= tracks.price)
        return Before(
            tracks,
            coin,
            np.array([one.spot for one in passages]),
            np.array([one.time_ms for one in passages], dtype=np.int64),
            tracks.has_level & reached,
        )

    @property
    def row(self) -> Ints:
        """As in `FoundClusters`."""
        return 2 * self.coin + ~self.tracks.is_long


@dataclass(frozen=True, slots=True)
class Shared:
    """Which clusters of before have holders in common with which of now: one row a pair, in their order."""

    old: Ints
    place: Ints
    coins: Floats


def shared_coins(before: Before, found: FoundClusters) -> Shared:
    """Return how many coins the holders of each cluster of before have in which of those found."""
    living = before.tracks
    none = np.zeros(0, dtype=np.int64)
    if not (len(found.account) and len(living.account)):
        return Shared(none, none, np.zeros(0))
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
    return Shared(pairs // len(found), pairs % len(found), coins)


def match(before: Before, found: FoundClusters, shared: Shared) -> Ints:
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


def _beside(before: Before, found: FoundClusters) -> Ints:
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
