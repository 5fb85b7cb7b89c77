"""How far two maps of one coin agree on where the money is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from liqbot.market.view import MarketView

AGREE_PCT = 10.0
"""Agreement is about the money within this many percent of spot."""
_SAME = 5
"""Bins of price, half a percent, within which money lies at the same place."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two maps agree."""

    one: str
    other: str
    overlap: float | None
    """Share (0 to 1) of the money that lies at the same prices; None where either has none."""


def overlap(one: MarketView, other: MarketView) -> float | None:
    """Return how much of two maps' money lies at the same prices, 0 to 1; None where either has none.

    Each map's money within `AGREE_PCT` of its own spot is divided among steps of half a percent of price, as
    shares of its sum; the overlap is the sum of the smaller of both shares. Sizes do not matter, places do.
    """
    shares = [_shares(view) for view in (one, other)]
    if any(not share for share in shares):
        return None
    places = set(shares[0]) & set(shares[1])
    return sum(min(shares[0][place], shares[1][place]) for place in places)


def agreements(maps: Sequence[tuple[str, MarketView]]) -> list[Agreement]:
    """Return how far each two of the maps agree; each is given with its name."""
    return [Agreement(one, other, overlap(a, b)) for (one, a), (other, b) in combinations(maps, 2)]


def _shares(view: MarketView) -> dict[int, float]:
    bins, usd = view.map.bins, view.map.total
    near = np.abs(bins.centers / view.spot - 1) <= AGREE_PCT / 100
    total = float(usd[near].sum())
    if total <= 0:
        return {}
    places = (bins.first + np.flatnonzero(near)) // _SAME
    sums = np.bincount(places - places.min(), usd[near] / total)
    return {int(places.min()) + number: float(share) for number, share in enumerate(sums) if share > 0}
