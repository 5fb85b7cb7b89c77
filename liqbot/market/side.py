"""Long and short, and a pair of values of which each side has one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Side(StrEnum):
    """The side of a position. Long liquidations lie below spot, short liquidations above."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short: the sign of a position's size."""
        return 1 if self is Side.LONG else -1

    @property
    def row(self) -> int:
        """The side's place in an array that has one row a side: 0 for long, 1 for short."""
        return 0 if self is Side.LONG else 1

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.SHORT if self is Side.LONG else Side.LONG


@dataclass(frozen=True, slots=True)
class BySide(Generic[T]):
    """One value for the longs and one for the shorts."""

    long: T
    short: T

    def __getitem__(self, side: Side) -> T:
        return self.long if side is Side.LONG else self.short
