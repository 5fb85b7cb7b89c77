"""What became of price after each regime began, beside how it moves at any other time.

A spell begins when the regime changes. What followed is the move of price until a horizon later, whatever the
regime became meanwhile. Beside it stands what price did after every whole hour of the same time: who waits
long enough sees it rise about half of the time without any setup.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.event_detector import DEAD_BAND
from liqbot.engine.intervals import Interval, mean_of
from liqbot.market.dated_reading import DatedReading
from liqbot.market.positions import Floats, Ints
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


def spells_of(readings: Sequence[DatedReading]) -> list[Spell]:
    """Return the regimes that began after the first of some readings, the oldest first.

    For what has no log of its own, as a sum of venues. A regime is left only beyond the dead band, as live.
    """
    spells: list[Spell] = []
    held: Regime | None = None
    for one in readings:
        if held is not None and one.fuel.stays(held, DEAD_BAND):
            continue
        if held is not None:
            spells.append(Spell(one.regime, one.time_ms))
        held = one.regime
    return spells


def outcomes_of(
    spells: Sequence[Spell], path: Path, horizons_ms: Sequence[int] = HORIZONS_MS, *, seed: int = 0
) -> list[RegimeOutcome]:
    """Return what followed each regime that began, by regime and horizon.

    A spell whose horizon is not over, or was not seen throughout, does not count.
    """
    found: list[RegimeOutcome] = []
    hours = _hours(path)
    for horizon_ms in horizons_ms:
        after_hours = moves_pct(path, hours, horizon_ms)
        for regime in dict.fromkeys(spell.regime for spell in spells):
            own = np.array([spell.time_ms for spell in spells if spell.regime is regime], dtype=np.int64)
            moves, way = moves_pct(path, own, horizon_ms), WAYS.get(regime, 0)
            found.append(
                RegimeOutcome(
                    regime=regime,
                    horizon_ms=horizon_ms,
                    move_pct=mean_of(own, moves, seed=seed),
                    its_way=mean_of(own, _towards(moves, way), seed=seed) if way else None,
                    at_any_time=mean_of(hours, _towards(after_hours, way), seed=seed) if way else None,
                )
            )
    return found


def moves_pct(path: Path, time_ms: Ints, horizon_ms: int) -> Floats:
    """Return how far price went within a horizon after each time, percent, shape (n,).

    NaN where the horizon is not over, or price was not seen throughout.
    """
    moves = (path.closes_at(time_ms + horizon_ms) / path.closes_at(time_ms) - 1) * 100
    return np.where(path.seen(time_ms, time_ms + horizon_ms), moves, np.nan)


def _towards(moves: Floats, way: int) -> Floats:
    """Return 1 where a move went that way, 0 where it did not, NaN where it is not known."""
    return np.where(np.isnan(moves), np.nan, np.sign(moves) == way)


def _hours(path: Path) -> Ints:
    if not len(path):
        return np.zeros(0, dtype=np.int64)
    first = math.ceil(int(path.time_ms[0]) / HOUR_MS)
    return np.arange(first, path.until_ms // HOUR_MS + 1, dtype=np.int64) * HOUR_MS
