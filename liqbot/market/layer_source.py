"""A Protocol: what a modelled layer answers besides its view: a part (tiers, age), past maps, other methods.

Not here: who answers it (`engine/modelled_snapshot.py`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView


@dataclass(frozen=True, slots=True)
class Part:
    """Which of a modelled layer's positions are asked for; nothing means all."""

    leverages: tuple[float, ...] | None = None
    """Only these leverage tiers."""
    opened_within_ms: int | None = None
    """Only positions opened in so many ms until now."""


WHOLE = Part()


class Method(StrEnum):
    """What becomes of a modelled level once it is opened."""

    CONSERVING = "conserving"
    """It is closed as open interest falls, and gone once price was there: the method of this bot."""
    SWEEPING = "sweep only"
    """It stays as it is until price goes through it."""
    STACKING = "stack"
    """It stays for ever; on the wrong side of price it is out of sight only."""


class LayerSource(Protocol):
    """One coin in one modelled layer at one instant. Immutable: any thread may ask."""

    @property
    def layer(self) -> Layer:
        """The venue, and that it is modelled."""
        ...

    @property
    def time_ms(self) -> int:
        """The instant."""
        ...

    @property
    def leverages(self) -> tuple[float, ...]:
        """The leverage tiers that can be asked for."""
        ...

    def view_of(self, part: Part = WHOLE) -> MarketView:
        """Return the coin as it was then, of a part alone; the part stands in the layer's name."""
        ...

    def grid_of(self, window_ms: int, part: Part = WHOLE) -> Grid:
        """Return the maps of the `window_ms` until then, of a part alone."""
        ...

    def by_method(self, method: Method) -> "LayerSource":
        """Return the same candles and open interest as another method reads them."""
        ...
