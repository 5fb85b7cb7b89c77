"""The price axis: ln(price) in whole bins and pixels, ticks at round prices, how far it reaches.

Not here: times (`time_axis.py`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.market.maps import BIN_WIDTH, Bins, LiquidationMap
from liqbot.market.positions import Floats
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import Side

MOST_REACH = 0.5
"""Money farther than this from spot, in ln(price), does not widen an axis: 39% below, 65% above."""
MARGIN = 0.01
"""Room left beyond what must be seen, in ln(price)."""
EDGE = 0.05
"""Room left beyond what must be seen, as a share of the whole axis: labels stand around clusters."""


@dataclass(frozen=True, slots=True)
class PriceAxis:
    """Rows of equal ratio, from the lowest price up. A row is a whole number of bins and of pixels."""

    first: int
    """Number of the lowest bin, counted as in `absolute_bin`."""
    rows: int
    bins: int
    """Bins in a row."""
    pixels: int
    """Pixels in a row."""

    @property
    def length(self) -> int:
        """Its length in pixels."""
        return self.rows * self.pixels

    @property
    def low(self) -> float:
        """The price at which it begins, USD."""
        return math.exp(self.first * BIN_WIDTH)

    @property
    def high(self) -> float:
        """The price at which it ends, USD."""
        return math.exp((self.first + self.rows * self.bins) * BIN_WIDTH)

    @property
    def row_pct(self) -> float:
        """How much of price a row covers, in percent."""
        return self.bins * BIN_WIDTH * 100

    def at(self, price: float) -> float:
        """Return how many pixels from its low end `price` is; below 0 or above `length` it is outside."""
        return (math.log(price) / BIN_WIDTH - self.first) * self.pixels / self.bins

    def along(self, prices: Floats) -> Floats:
        """Return the same for many prices."""
        return (np.log(prices) / BIN_WIDTH - self.first) * self.pixels / self.bins

    def holds(self, price: float) -> bool:
        """Return whether `price` is on the axis."""
        return self.low <= price <= self.high

    def sums(self, usd: NDArray[np.floating[Any]], bins: Bins) -> Floats:
        """Return the USD of each row, shape (..., rows), from `usd` by bin, shape (..., bins.count).

        What lies outside the axis is left out; nothing of the rest is lost or smeared.
        """
        wide = np.zeros((*usd.shape[:-1], self.rows * self.bins))
        start, stop = max(bins.first, self.first), min(bins.first + bins.count, self.first + wide.shape[-1])
        if start < stop:
            wide[..., start - self.first : stop - self.first] = usd[
                ..., start - bins.first : stop - bins.first
            ]
        # Bin after bin of all rows: a sum over an axis of a few numbers takes many times as long.
        rows = wide[..., :: self.bins].copy()
        for place in range(1, self.bins):
            rows += wide[..., place :: self.bins]
        return rows


def fitted(low: float, high: float, length: int, *, fine: Iterable[int], coarse: Iterable[int]) -> PriceAxis:
    """Return the axis of at most `length` pixels that holds `low` to `high` with the least to spare.

    A row may have as many pixels as `fine` names where it is one bin, and as `coarse` names where it is more.
    What is to spare is shared by both ends.
    """
    start, stop = math.floor(math.log(low) / BIN_WIDTH), math.ceil(math.log(high) / BIN_WIDTH)
    needed = max(stop - start, 1)
    options = [(length // pixels, 1, pixels) for pixels in fine if length // pixels >= needed]
    # Two rows more than needed: the first begins at a multiple of its bins, so that rows keep their prices
    # while the axis moves.
    options += [
        (length // pixels, max(2, math.ceil(needed / (length // pixels - 2))), pixels) for pixels in coarse
    ]
    rows, bins, pixels = min(options, key=lambda option: (option[0] * option[1], -option[0]))
    first = (start - (rows * bins - needed) // 2) // bins * bins
    return PriceAxis(first=first, rows=rows, bins=bins, pixels=pixels)


def worth_seeing(liquidation_map: LiquidationMap, money: float) -> tuple[float, float]:
    """Return the lowest and highest price between which a picture of the map should reach, USD.

    On each side that is as far as the nearest `money` (0 to 1) of its notional lies, leaving aside what lies
    too far out for the picture, and never less than where fuel is counted.
    """
    spot = liquidation_map.spot
    low = spot * math.exp(-_reach(liquidation_map, Side.LONG, money, MOST_REACH) - MARGIN)
    high = spot * math.exp(_reach(liquidation_map, Side.SHORT, money, MOST_REACH) + MARGIN)
    return low, high


def around(spot: float, percent: float, seen: Iterable[float] = ()) -> tuple[float, float]:
    """Return the ends of an axis that shows `percent` to each side of spot and the prices `seen`, USD."""
    prices = [*seen, spot * (1 - percent / 100), spot * (1 + percent / 100)]
    low, high = math.log(min(prices)), math.log(max(prices))
    room = max(MARGIN / 2, EDGE * (high - low))
    return math.exp(low - room), math.exp(high + room)


def _reach(liquidation_map: LiquidationMap, side: Side, money: float, most: float) -> float:
    """Return how far from spot, in ln(price), a side should be seen."""
    least = abs(math.log(1 - side.sign * FUEL_PCT / 100))
    outwards = slice(None, None, -side.sign)
    away: Floats = side.sign * np.log(liquidation_map.spot / liquidation_map.bins.centers)[outwards]
    near = (away > 0) & (away <= most)
    held = np.cumsum(liquidation_map.of(side)[outwards][near])
    total = float(held[-1]) if len(held) else 0.0
    if total <= 0:
        return least
    # A share of the sum may round to more than the sum.
    place = min(int(np.searchsorted(held, money * total)), len(held) - 1)
    return max(least, float(away[near][place]))


def ticks(axis: PriceAxis, apart: float) -> list[float]:
    """Return round prices on the axis, rising, at least `apart` pixels from each other.

    They are multiples of the smallest of 1, 2 or 5 times a power of ten that keeps them apart; over a wide
    axis that is a smaller step at its lower end, and over a very wide one they are such numbers themselves.
    """
    closest = math.exp(-apart * axis.bins * BIN_WIDTH / axis.pixels)
    price, chosen = axis.high, list[float]()
    while True:
        step = _round_up(price * (1 / closest - 1))
        step = step if step <= price else _round_up(price / 2.5)
        # The float nearest to the decimal, so that a label says no more than the price does.
        price = float(f"{math.floor(price / step * (1 + 1e-12)) * step:.6g}")
        if price < axis.low:
            return chosen[::-1]
        chosen.append(price)
        price *= closest


def _round_up(value: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten from `value` on."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= value)
