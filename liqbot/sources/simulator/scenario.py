"""What happens in the simulated market: scenarios, each a sequence of phases."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, cycle

import numpy as np

CROWDING_H = 30.0
"""For so long the crowd leans the wrong way before a squeeze or a cascade."""


class Scenario(StrEnum):
    """What the simulated market is to show."""

    NATURAL = "natural"
    """No script: volatility that remembers, and news now and then, as on real candles."""
    CALM = "calm"
    """The same without news: price wanders."""
    GRIND = "grind"
    """A slow trend of days that sweeps small clusters; it turns before it leads too far."""
    SQUEEZE = "squeeze"
    """After a slow fall, hours of rise that run through the short liquidations."""
    CASCADE = "cascade"
    """After a slow rise, hours of fall that run through the long liquidations, as on 5 February 2026."""
    MIXED = "mixed"
    """A squeeze or a cascade every few days, far more often than in reality: for trying things out."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with one kind of weather."""

    hours: float
    drift: float = 0.0
    """Push on BTC's log price per hour; other coins feel it by their beta."""
    volatility: float = 1.0
    """Times a coin's usual volatility."""
    news: float = 0.0
    """Times as much news as usual. Scripted phases have none: they are the news."""
    depth: float = 1.0
    """Times a coin's usual depth."""


_Draw = Callable[[np.random.Generator], Phase]


def phases(scenario: Scenario, rng: np.random.Generator, event_h: float) -> Iterator[Phase]:
    """Yield phases without end.

    What the scenario is about (a squeeze's rise, a cascade's fall, in a mixed market either) begins `event_h`
    hours from the start, after a plausible past, and comes again every few days.
    """
    upwards = rng.random() < 0.5
    rise, fall = (_grind_up, _cascade, _relief, _calm), (_grind_down, _squeeze, _cooling, _calm)
    both = (*rise, *fall) if upwards else (*fall, *rise)
    match scenario:
        case Scenario.NATURAL:
            return _endless([_natural], rng)
        case Scenario.CALM:
            return _endless([_calm], rng)
        case Scenario.GRIND:
            return _endless([_grind_up, _grind_down] if upwards else [_grind_down, _grind_up], rng)
        case Scenario.SQUEEZE:
            return _leading_to(fall, _endless([_calm, *both], rng), rng, event_h)
        case Scenario.CASCADE:
            return _leading_to(rise, _endless([_calm, *both], rng), rng, event_h)
        case Scenario.MIXED:
            return _leading_to(both, _endless([_calm, *both[4:], *both[:4]], rng), rng, event_h)


def _leading_to(
    story: Sequence[_Draw], past: Iterable[Phase], rng: np.random.Generator, event_h: float
) -> Iterator[Phase]:
    """Yield `past`, then `story` over and over, such that its second phase begins after `event_h` hours."""
    crowding = replace(story[0](rng), hours=min(event_h, CROWDING_H))
    past = _until(past, event_h - crowding.hours)
    return chain(past, [crowding], (draw(rng) for draw in story[1:]), _endless(story, rng))


def _endless(story: Sequence[_Draw], rng: np.random.Generator) -> Iterator[Phase]:
    return (draw(rng) for draw in cycle(story))


def _until(story: Iterable[Phase], hours: float) -> Iterator[Phase]:
    for phase in story:
        if hours <= 0:
            return
        yield replace(phase, hours=min(phase.hours, hours))
        hours -= phase.hours


def _natural(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(6, 26), news=1.0)


def _calm(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(6, 26))


def _grind_up(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(24, 48), drift=0.0012, volatility=0.8)


def _grind_down(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(24, 48), drift=-0.0012, volatility=0.8)


def _squeeze(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(2.0, 3.0), drift=0.023, volatility=1.5, depth=0.35)


def _cascade(rng: np.random.Generator) -> Phase:
    return Phase(rng.uniform(2.0, 3.0), drift=-0.024, volatility=1.8, depth=0.3)


def _relief(rng: np.random.Generator) -> Phase:
    """After a fall: a partial way back, nervously."""
    return Phase(rng.uniform(5, 9), drift=0.002, volatility=1.4, depth=0.8)


def _cooling(rng: np.random.Generator) -> Phase:
    """After a rise."""
    return Phase(rng.uniform(5, 9), drift=-0.0015, volatility=1.3, depth=0.8)
