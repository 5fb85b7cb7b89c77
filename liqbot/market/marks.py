"""Marks (line, band, point) that a plugin's overlay puts on a heatmap, as data."""

from dataclasses import dataclass
from enum import StrEnum

from liqbot.market.side import Side


class Shape(StrEnum):
    """How a mark is drawn."""

    LINE = "line"
    """A line at a price, across the whole width."""
    BAND = "band"
    """All prices from a low to a high."""
    POINT = "point"
    """A price at a time."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One line, band or point, made by the functions of that name. Outside a picture it is left out."""

    shape: Shape
    low: float
    """USD; of a line and a point its price."""
    high: float
    """USD; of a line and a point its price."""
    label: str = ""
    """A word or two beside it; more than 24 characters are cut."""
    side: Side | None = None
    """Gives it the side's colour."""
    time_ms: int | None = None
    """When, ms since 1970 UTC: of a point."""

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < float("inf"):
            raise ValueError(f"a mark lies at prices above 0, not from {self.low} to {self.high}")
        if (self.shape is Shape.POINT) != (self.time_ms is not None):
            raise ValueError("a point has a time, and nothing else has")


def line(price: float, label: str = "", *, side: Side | None = None) -> Mark:
    """Return a line at `price`, USD."""
    return Mark(Shape.LINE, price, price, label, side)


def band(low: float, high: float, label: str = "", *, side: Side | None = None) -> Mark:
    """Return a band from `low` to `high`, USD."""
    return Mark(Shape.BAND, low, high, label, side)


def point(time_ms: int, price: float, label: str = "", *, side: Side | None = None) -> Mark:
    """Return a point at `price`, USD, at `time_ms`, ms since 1970 UTC."""
    return Mark(Shape.POINT, price, price, label, side, time_ms)
