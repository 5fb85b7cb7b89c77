"""The clusters of one coin as they are remembered, in columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.engine.segments import ends_of, rows_from, summed
from liqbot.market.clusters import Cluster
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import Side

_NOBODY = -1
"""How many accounts are in a cluster of an estimate."""


@dataclass(frozen=True, eq=False)
class TrackColumns:
    """How each cluster looked last, and who was in it; columns of shape (n,), which are never written to.

    One by one they would cost more than all that is done with them.
    """

    id: NDArray[np.object_]
    is_long: Bools
    price: Floats
    low: Floats
    high: Floats
    usd: Floats
    accounts: Ints
    """-1 in a modelled layer."""
    whale_share: Floats
    """NaN in a modelled layer."""
    distance_pct: Floats
    since_ms: Ints
    told_usd: Floats
    """What it weighed when it was born, or when its growth was last told; 0 where nobody knows."""
    has_level: Bools
    """Whether price can reach it: of one that waits unseen, all positions may have no level any more."""
    known_ms: Ints
    """When it was last known what its accounts hold; 0 where nobody has looked yet."""
    ends: Ints
    """Shape (n + 1,): where the holders of each begin and end in the two columns that follow."""
    account: Ints
    """Numbers of the largest holders' accounts, one cluster's after the other's."""
    coins: Floats
    """What each of them had in it, coins."""

    def __len__(self) -> int:
        return len(self.price)

    @cached_property
    def track(self) -> Ints:
        """To which cluster each holder belongs."""
        return np.repeat(np.arange(len(self)), np.diff(self.ends))

    @cached_property
    def held(self) -> Floats:
        """Coins of the remembered holders of each."""
        return summed(self.track, self.coins, len(self))

    def take(self, rows: NDArray[Any]) -> "TrackColumns":
        """Return the clusters at the places `rows`."""
        length = np.diff(self.ends)[rows]
        holders = rows_from(self.ends[:-1][rows], length)
        columns = {name: getattr(self, name)[rows] for name in _PLAIN}
        account, coins = self.account[holders], self.coins[holders]
        return TrackColumns(**columns, ends=ends_of(length), account=account, coins=coins)

    def part(self, begin: int, end: int) -> "TrackColumns":
        """Return copies of the clusters from one place to before another, so that the whole is not kept."""
        if begin == end:
            return NO_TRACKS
        columns = {name: getattr(self, name)[begin:end].copy() for name in _PLAIN}
        ends = self.ends[begin : end + 1]
        own = slice(int(ends[0]), int(ends[-1]))
        account, coins = self.account[own].copy(), self.coins[own].copy()
        return TrackColumns(**columns, ends=ends - ends[0], account=account, coins=coins)

    @staticmethod
    def joined(parts: Sequence["TrackColumns"]) -> "TrackColumns":
        """Return the clusters of all `parts`, one after the other."""
        parts = [part for part in parts if len(part)]
        if len(parts) < 2:
            return parts[0] if parts else NO_TRACKS
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PLAIN}
        before, ends = 0, [NO_TRACKS.ends]
        for part in parts:
            ends.append(part.ends[1:] + before)
            before += len(part.account)
        return TrackColumns(
            **columns,
            ends=np.concatenate(ends),
            account=np.concatenate([part.account for part in parts]),
            coins=np.concatenate([part.coins for part in parts]),
        )

    @staticmethod
    def of(
        clusters: Sequence[Cluster],
        holders: Sequence[Mapping[int, float]],
        told_usd: Iterable[float],
        known_ms: Iterable[int],
    ) -> "TrackColumns":
        """Return `clusters`, with coins by account number for each."""
        sizes = [len(each) for each in holders]
        return TrackColumns(
            id=np.array([one.id for one in clusters], dtype=np.object_),
            is_long=np.array([one.side is Side.LONG for one in clusters], dtype=np.bool_),
            price=np.array([one.price for one in clusters], dtype=np.float64),
            low=np.array([one.low for one in clusters], dtype=np.float64),
            high=np.array([one.high for one in clusters], dtype=np.float64),
            usd=np.array([one.usd for one in clusters], dtype=np.float64),
            accounts=np.array(
                [_NOBODY if one.accounts is None else one.accounts for one in clusters], dtype=np.int64
            ),
            whale_share=np.array(
                [np.nan if one.whale_share is None else one.whale_share for one in clusters], dtype=np.float64
            ),
            distance_pct=np.array([one.distance_pct for one in clusters], dtype=np.float64),
            since_ms=np.array([one.since_ms for one in clusters], dtype=np.int64),
            told_usd=np.array(list(told_usd), dtype=np.float64),
            has_level=np.ones(len(clusters), dtype=np.bool_),
            known_ms=np.array(list(known_ms), dtype=np.int64),
            ends=ends_of(np.array(sizes, dtype=np.int64)),
            account=np.array([account for each in holders for account in each], dtype=np.int64),
            coins=np.array([coins for each in holders for coins in each.values()], dtype=np.float64),
        )

    def clusters(self, most: int | None = None) -> list[Cluster]:
        """Return the clusters one by one, or only so many of the first."""
        is_known = (self.accounts[:most] != _NOBODY).tolist()
        columns = (self.accounts, self.whale_share, self.id, self.price, self.low, self.high)
        accounts, whales, identities, prices, lows, highs = (column[:most].tolist() for column in columns)
        return list(
            map(
                Cluster,
                identities,
                [Side.LONG if is_long else Side.SHORT for is_long in self.is_long[:most].tolist()],
                prices,
                lows,
                highs,
                self.usd[:most].tolist(),
                [count if known else None for count, known in zip(accounts, is_known, strict=True)],
                [share if known else None for share, known in zip(whales, is_known, strict=True)],
                self.distance_pct[:most].tolist(),
                self.since_ms[:most].tolist(),
            )
        )

    def holders(self, place: int) -> dict[int, float]:
        """Return the coins by account number of one of them."""
        own = slice(int(self.ends[place]), int(self.ends[place + 1]))
        return dict(zip(self.account[own].tolist(), self.coins[own].tolist(), strict=True))


_PLAIN = tuple(field.name for field in fields(TrackColumns) if field.name not in ("ends", "account", "coins"))
NO_TRACKS = TrackColumns.of((), (), (), ())
