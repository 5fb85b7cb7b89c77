"""Classes of brightness: how many dollars a row needs for each, by side, in round numbers."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.charts.theme import LEVELS
from liqbot.market import figures
from liqbot.market.positions import Floats
from liqbot.market.side import BySide, Side
from liqbot.text import _

COUNT = LEVELS - 2
"""So many classes; beneath them are nothing, and less than the lowest."""
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
_FINE = tuple(number / 10 for number in range(10, 100))
"""Round numbers, and finer ones for classes that stand close."""
_TOP = 0.6
"""The heaviest class begins at a round number up to this share of the heaviest row."""
_RARE = 0.97
"""No more than the rest from this quantile on is in the heaviest class: if much of a picture were, it would
say nothing."""
_CROWD = 0.6
"""The lowest class begins at this quantile of the rows with any money, so that most of them are faint."""
_NARROWEST, _WIDEST = 32.0, 300.0
"""The heaviest class begins at so many times the lowest, at least and, unless there is much heavier money, at
most: one huge row must not turn the rest black."""
_EVEN = 6.0
"""Where most rows are within this factor of the heaviest class, as in modelled maps, classes stand closer."""
_EVEN_SHARES = (0.1, 0.35, 0.55, 0.75, 0.9)
"""There the classes below the heaviest begin at these quantiles: what much of a picture holds is of middling
brightness, and what is more stands out of it."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of one side: class k (from 1) begins at `starts[k - 1]` USD a row, the last has no end."""

    starts: tuple[float, ...]

    @staticmethod
    def of(usd: Floats) -> "Classes | None":
        """Return the classes for rows of `usd`; None where there is no money.

        They follow each other by about the same factor, so that the heaviest stand apart and the many do not
        vanish; where most rows hold about the same, by how many rows hold less.
        """
        lit = usd[usd > 0]
        if not len(lit):
            return None
        low, rare, *shares = (float(it) for it in np.quantile(lit, (_CROWD, _RARE, *_EVEN_SHARES)))
        top = _rounded_down(max(min(_TOP * float(lit.max()), _WIDEST * low), rare))
        is_even = low > top / _EVEN
        exact = [*shares, rare] if is_even else np.geomspace(min(low, top / _NARROWEST), top, COUNT)
        digits = _FINE if is_even else _ROUND
        rounded = [_rounded_down(float(start) * 1.0001, digits) for start in exact]
        starts = _distinct(rounded, digits)
        return Classes(tuple(starts if starts[-1] <= lit.max() else _fallen(rounded, digits)))

    def levels(self, usd: Floats) -> NDArray[np.uint8]:
        """Return the level of each amount: 0 for nothing, 1 for less than any class, then the classes."""
        level = np.searchsorted(np.array(self.starts), usd, side="right") + 1
        return np.where(usd > 0, level, 0).astype(np.uint8)

    def number(self, usd: float) -> int:
        """Return the class of an amount: 1 to `COUNT`, and 0 for less."""
        return max(int(self.levels(np.array([usd]))[0]) - 1, 0)

    def words(self, number: int) -> str:
        """Return what a class holds: `$20M+`, `$5M–10M`, `below $500k`."""
        if number <= 0:
            return _("below {usd}", usd=figures.usd(self.starts[0]))
        if number >= COUNT:
            return f"{figures.usd(self.starts[-1])}+"
        low, high = figures.usd(self.starts[number - 1]), figures.usd(self.starts[number])
        return f"{low}–{high.removeprefix('$')}"


def by_side(usd: BySide[Floats]) -> BySide[Classes | None]:
    """Return the classes of both sides, each by its own money: so the quieter side stays readable."""
    long, short = (Classes.of(usd[side]) for side in Side)
    return BySide(long=long, short=short)


def _rounded_down(value: float, digits: tuple[float, ...] = _ROUND) -> float:
    """Return the greatest round number up to `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max((digit * power for digit in digits if digit * power <= value * 1.0000001), default=power)


def _distinct(starts: list[float], digits: tuple[float, ...]) -> list[float]:
    """Return round numbers that rise: each at least the next one after that before it."""
    risen = [starts[0]]
    for start in starts[1:]:
        risen.append(max(start, _next(risen[-1], digits)))
    return risen


def _fallen(starts: list[float], digits: tuple[float, ...]) -> list[float]:
    """Return round numbers that rise up to the last: each at most the next one before that after it."""
    fallen = [starts[-1]]
    for start in reversed(starts[:-1]):
        fallen.append(min(start, _rounded_down(fallen[-1] * 0.999, digits)))
    return fallen[::-1]


def _next(value: float, digits: tuple[float, ...]) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next((digit * power for digit in digits if digit * power > value * 1.0001), 10 * power)
