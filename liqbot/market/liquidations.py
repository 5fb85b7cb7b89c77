"""How much is liquidated in a usual hour: the measure that liquidations of a coin are held against."""

from collections.abc import Sequence
from statistics import median

HOUR_MS = 3_600_000
USUAL_DAYS = 7
"""How far back the usual hour is looked for."""
FEWEST_HOURS = 24
"""With fewer hours nothing is called usual."""


def usual_hour(usd_by_hour: Sequence[float]) -> float | None:
    """Return the USD that are liquidated in a usual hour: the median of whole hours, quiet ones included.

    None where fewer than `FEWEST_HOURS` are given.
    """
    return median(usd_by_hour) if len(usd_by_hour) >= FEWEST_HOURS else None
