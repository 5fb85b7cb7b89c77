"""What a trial of the modelled map starts from, and what it finds, forecast by forecast."""

from collections.abc import Mapping
from dataclasses import dataclass

from liqbot.market.maps import Bins
from liqbot.market.positions import Floats, Ints

MODEL, FREE, STACK, DISTANCE = "modelled", "sweep only", "stack, not swept", "distance only"
REAL = "real positions"
"""The maps that are compared and scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What really was at some steps, and what was liquidated."""

    at: Ints
    """Shape (n,): places of steps, rising."""
    coins: Floats
    """Shape (n, 2 sides, bins): coins that liquidate in each bin of `bins`."""
    bins: Bins
    event_ms: Ints
    event_row: Ints
    event_price: Floats
    event_usd: Floats
    """Liquidations, in columns of shape (events,), in the order of time; none where nobody reports them."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was found in one trial, forecast by forecast, so that several trials can be pooled."""

    compared: Mapping[str, Floats]
    """By map, shape (maps, 4): rank correlation, common mass, its size and that of the real one in USD."""
    compared_day: Ints
    scored: Mapping[str, Floats]
    """By map, shape (forecasts, 4): the fields of `Score`."""
    scored_day: Ints
    events: int
