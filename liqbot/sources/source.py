"""What a source is to the rest of the house, and what it may say of itself besides."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from liqbot.market.source import Source, SourceError

__all__ = ["Elsewhere", "NoDataError", "Report", "Source", "SourceError", "WithCheck", "WithReport"]


class NoDataError(Exception):
    """A source has nothing to tell for now, and is worth another try. The text names it and says why."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What somebody else's map says of the same market: the fuel within 5% of spot, in USD."""

    who: str
    coin: str
    up_usd: float
    down_usd: float
    time_ms: int
    """When it was asked for."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a source is doing, in its own words."""

    lines: tuple[str, ...] = ()
    refused: Counter[str] = field(default_factory=Counter[str])
    """What it took for nonsense and did not pass on, by reason."""
    elsewhere: tuple[Elsewhere, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why there is no data at the moment, by what is missing: a coin, liquidations."""
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """What it never has, and why."""


@runtime_checkable
class WithReport(Protocol):
    """A source that has more to say of itself than that it runs."""

    def report(self) -> Report:
        """Return how it is doing."""
        ...


@runtime_checkable
class WithCheck(Protocol):
    """A source that an operator can check before the bot runs."""

    async def check(self) -> str:
        """Return what to tell the operator. Raises `SourceError` or `NoDataError` that says what is wrong."""
        ...
