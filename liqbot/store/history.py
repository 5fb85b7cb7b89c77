"""Map history as a Protocol: views thinned with age (tiers), grids for heatmaps; how it is thinned."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from liqbot.market.dated_reading import DatedReading
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.price_path import Path
from liqbot.market.view import MarketView

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to this age, one view is kept for each step of time."""

    age_ms: int
    step_ms: int


TIERS = (
    Tier(age_ms=1 * DAY_MS, step_ms=5 * MINUTE_MS),
    Tier(age_ms=8 * DAY_MS, step_ms=30 * MINUTE_MS),
    Tier(age_ms=31 * DAY_MS, step_ms=2 * HOUR_MS),
    Tier(age_ms=366 * DAY_MS, step_ms=DAY_MS),
)
"""Fine for a day, coarser for a month, daily for a year, or as long as it is set to be kept."""


def tiers_of(history_ms: int) -> tuple[Tier, ...]:
    """Return the tiers of a history that is kept for so long: older history is dropped."""
    kept = [tier for tier in TIERS if tier.age_ms < history_ms]
    last = TIERS[min(len(kept), len(TIERS) - 1)]
    return (*kept, Tier(history_ms, last.step_ms))


def tier_step(age_ms: int) -> int:
    """Return how far apart, in ms, views of this age are kept."""
    return next((tier.step_ms for tier in TIERS if age_ms <= tier.age_ms), TIERS[-1].step_ms)


class History(Protocol):
    """What was seen of each coin, layer by layer.

    Keeping the newest view of each step, with the lowest and highest spot of all that it stands for, loses
    no wick of the price line when history is thinned.
    """

    async def record(self, views: Sequence[MarketView]) -> int:
        """Keep those of `views` that begin a new step of the finest tier, and thin what has aged.

        A view that is older than what is kept changes nothing. One transaction. Returns how many were kept.
        """
        ...

    async def forget(self, layer: Layer) -> None:
        """Remove everything of a layer, as when a simulated market begins anew."""
        ...

    async def grid(self, view: MarketView, window_ms: int) -> Grid:
        """Return the maps of the `window_ms` up to `view`, which is the last column."""
        ...

    async def newest(self, coin: str, at_ms: int | None = None) -> MarketView | None:
        """Return the newest whole view of `coin` at or before `at_ms`; None without one.

        As long as there is a measured one, no modelled one takes its place.

        Raises `DatabaseError` for one that is damaged or was written by another version.
        """
        ...

    def views(self, layer: Layer, coin: str, since_ms: int) -> AsyncIterator[MarketView]:
        """Yield the whole views of `coin` from `since_ms` on, the oldest first."""
        ...

    async def readings(self, layer: Layer, coin: str, since_ms: int, until_ms: int) -> list[DatedReading]:
        """Return the readings of (since_ms, until_ms], one an hour, the oldest first."""
        ...

    async def path(self, layer: Layer, coin: str, since_ms: int, until_ms: int) -> Path:
        """Return the path of price within [since_ms, until_ms], in steps of the finest tier."""
        ...

    async def take_over(self, layer: Layer, coin: str, readings: Sequence[DatedReading], path: Path) -> None:
        """Write down readings and a path that were kept elsewhere, as of an export."""
        ...

    async def coins(self) -> list[str]:
        """Return the coins of which there is history."""
        ...
