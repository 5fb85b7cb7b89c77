"""What became of price after each regime began, beside how it moves at any other time.

A spell begins when the regime changes. What followed is the move of price until a horizon later, whatever the
regime became meanwhile. Beside it stands what price did after every whole hour of the same time: who waits
long enough sees it rise about half of the time without any setup.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.intervals import Interval, Sample, mean
from liqbot.market.price_path import Path
from liqbot.market.regime import Regime

HOUR_MS = 3_600_000
HORIZONS_MS = (4 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS)
WAYS = {Regime.SHORT_SQUEEZE: 1, Regime.LONG_LIQUIDATION: -1}
"""Towards which side the fuel of a regime lies: +1 up, -1 down."""


@dataclass(frozen=True, slots=True)
class Spell:
    """When a regime began."""

    regime: Regime
    time_ms: int


@dataclass(frozen=True, slots=True)
class RegimeOutcome:
    """What followed one regime within one horizon."""

    regime: Regime
    horizon_ms: int
    move_pct: Interval | None
    """How far price went, percent, up positive; None where no spell's horizon is over."""
    its_way: Interval | None
    """Share of the spells after which price stood nearer to the fuel; None for a regime without a side."""
    at_any_time: Interval | None
    """The same share after every whole hour; None where none is over."""


def outcomes_of(
    spells: Sequence[Spell], path: Path, horizons_ms: Sequence[int] = HORIZONS_MS, *, seed: int = 0
) -> list[RegimeOutcome]:
    """Return what followed each regime that began, by regime and horizon.

    A spell whose horizon is not over, or was not seen throughout, does not count.
    """
    found: list[RegimeOutcome] = []
    for horizon_ms in horizons_ms:
        hours = [
            Sample(at, move) for at in _hours(path) if (move := move_pct(path, at, horizon_ms)) is not None
        ]
        for regime in dict.fromkeys(spell.regime for spell in spells):
            own = [spell.time_ms for spell in spells if spell.regime is regime]
            moves = [Sample(at, move) for at in own if (move := move_pct(path, at, horizon_ms)) is not None]
            way = WAYS.get(regime, 0)
            found.append(
                RegimeOutcome(
                    regime=regime,
                    horizon_ms=horizon_ms,
                    move_pct=mean(moves, seed),
                    its_way=mean(_towards(moves, way), seed) if way else None,
                    at_any_time=mean(_towards(hours, way), seed) if way else None,
                )
            )
    return found


def move_pct(path: Path, time_ms: int, horizon_ms: int) -> float | None:
    """Return how far price went within a horizon, percent; None where it is not over, or was not seen."""
    before, after = path.close_at(time_ms), path.close_at(time_ms + horizon_ms)
    if before is None or after is None or not path.is_seen(time_ms, time_ms + horizon_ms):
        return None
    return (after / before - 1) * 100


def _towards(moves: Sequence[Sample], way: int) -> list[Sample]:
    return [
        Sample(one.time_ms, float(math.copysign(1, one.value) == way and one.value != 0)) for one in moves
    ]


def _hours(path: Path) -> list[int]:
    if not len(path):
        return []
    first = math.ceil(int(path.time_ms[0]) / HOUR_MS)
    return (np.arange(first, path.until_ms // HOUR_MS + 1) * HOUR_MS).tolist()
