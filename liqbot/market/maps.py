"""The liquidation map: notional by price, side and cohort, on bins of equal ratio."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from liqbot.market.cohort import Cohort
from liqbot.market.positions import Floats
from liqbot.market.side import Side

BIN_WIDTH = 0.001
"""Width of a bin in ln(price): 0.1%."""
REACH = 1024
"""A map reaches at least this many bins to each side of spot: from 36% to 278% of it."""
STEP = 128
"""The first bin of a map is a multiple of this, so that it changes seldom while price moves."""


@dataclass(frozen=True)
class Bins:
    """Bins of equal width in ln(price), anchored to ln(1 USD) = 0, so that those of two maps always match.

    Bin `i` of `count` holds the prices from `exp((first + i) * BIN_WIDTH)` up to where the next begins.
    """

    first: int
    count: int

    @staticmethod
    def around(spot: float) -> "Bins":
        """Return the bins of a map at `spot` (USD, finite and above 0)."""
        if not (math.isfinite(spot) and spot > 0):
            raise ValueError(f"a map needs a spot price above 0, not {spot}")
        first = (absolute_bin(spot) - REACH) // STEP * STEP
        return _bins(first, 2 * REACH + STEP + 1)

    @cached_property
    def edges(self) -> Floats:
        """The `count + 1` prices that bound the bins, rising, in USD."""
        return np.exp(np.arange(self.first, self.first + self.count + 1) * BIN_WIDTH)

    @cached_property
    def centers(self) -> Floats:
        """The `count` prices in the middle (of ln price) of the bins, in USD."""
        return np.exp((np.arange(self.first, self.first + self.count) + 0.5) * BIN_WIDTH)

    def place(self, price: float) -> int:
        """Return the number of the bin that holds `price`; below 0 or from `count` on it is outside."""
        return int(np.searchsorted(self.edges, price, side="right")) - 1


@lru_cache(maxsize=512)
def _bins(first: int, count: int) -> Bins:
    """Return these bins, the same object each time: their edges are computed once."""
    return Bins(first, count)


def absolute_bin(price: float) -> int:
    """Return the number of the bin that holds `price` (USD, above 0), counted from 1 USD."""
    return math.floor(math.log(price) / BIN_WIDTH)


@dataclass(frozen=True, eq=False)
class LiquidationMap:
    """Notional that will be force-closed, by price. Long liquidations lie below spot, short ones above.

    Levels that price has already passed are not in it, nor are levels out of its reach.
    """

    bins: Bins
    spot: float
    usd: Floats
    """Shape (2 sides, 4 cohorts, bins), in USD at `spot`; see `Side.row` and `Cohort`."""

    @staticmethod
    def later(bins: Bins, spot: float, make: Callable[[], Floats]) -> "LiquidationMap":
        """Return a map whose `usd` is what `make` gives, which is called when somebody looks.

        It takes 140 kB, of which a map that was read from bytes holds a few percent, and mostly nobody does.
        """
        made = object.__new__(LiquidationMap)
        made.__dict__.update(bins=bins, spot=spot, _make=make)
        return made

    def lay_out(self) -> None:
        """Make `usd` now, where nobody has looked yet."""
        _ = self.usd

    def __getattr__(self, name: str) -> Floats:
        """Make `usd` where it is not there yet; nothing else that is not there comes to be."""
        make: Callable[[], Floats] | None = self.__dict__.get("_make") if name == "usd" else None
        if make is None:
            raise AttributeError(f"a map has no {name}", name=name, obj=self)
        usd = self.__dict__["usd"] = make()  # two threads may both do it, and come to the same
        return usd

    def of(self, side: Side, cohort: Cohort | None = None) -> Floats:
        """Return the USD by bin of one side, of one cohort or of all."""
        rows = self.usd[side.row]
        return rows.sum(axis=0) if cohort is None else rows[cohort]

    @cached_property
    def total(self) -> Floats:
        """USD by bin, both sides; only the bin that holds spot can have money of both."""
        return self.usd.sum(axis=(0, 1))

    @cached_property
    def forced_sells(self) -> Floats:
        """USD of the long liquidations from spot down to the bottom of each bin: rises away from spot."""
        return np.cumsum(self.of(Side.LONG)[::-1])[::-1]

    @cached_property
    def forced_buys(self) -> Floats:
        """USD of the short liquidations from spot up to the top of each bin: rises away from spot."""
        return np.cumsum(self.of(Side.SHORT))

    @cached_property
    def delta(self) -> Floats:
        """Net forced flow in USD of a move from spot through each bin: buys above +, sells below -."""
        here = self.bins.place(self.spot)
        place = np.arange(self.bins.count)
        return np.where(place >= here, self.forced_buys, 0.0) - np.where(
            place <= here, self.forced_sells, 0.0
        )
