"""Scores of modelled maps against the truth, one a day of each coin and layer whose truth is known."""

from dataclasses import dataclass
from typing import Protocol

from liqbot.market.layer import Layer

Range = tuple[float, float, float]
"""A figure, and between which it lies with 95%."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScore:
    """How the modelled map fared where the positions, or the liquidations, of a layer are known."""

    coin: str
    label: str
    """Of the layer whose positions are the truth; of a modelled one, the layer that is scored itself."""
    time_ms: int
    """Up to when was looked at."""
    maps: int
    """How many real maps it was compared with; none where only liquidations are known."""
    days: int
    rank: Range | None
    """Mean rank correlation with the real map within 10% of spot."""
    size: Range | None
    """USD of the modelled map within 10% of spot over those of the real one."""
    bits: Range | None
    """Information gained over a map that knows distance only, bits a liquidated dollar; None: none told."""
    ranked: Range | None = None
    """How often a liquidated dollar lies where the map has more than elsewhere on the way; 0.5 is chance."""
    forecasts: int = 0
    """How many maps were scored by what was liquidated after them."""


class Scores(Protocol):
    """What daily trials of the model have found."""

    async def record(self, layer: Layer, score: ModelScore) -> None:
        """Write a score down; a later one of the same day takes its place."""
        ...

    async def newest(self) -> list[ModelScore]:
        """Return the newest score of each coin and layer."""
        ...
