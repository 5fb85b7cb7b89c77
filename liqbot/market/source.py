"""What a source is to the rest of the house."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from liqbot.errors import OperatorError
from liqbot.market.layer import Layer
from liqbot.market.updates import Update


class SourceError(OperatorError):
    """A source cannot go on. The text names the source and says why, in words an operator understands."""


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
    lacking: Mapping[str, str] = field(default_factory=dict[str, str])
    """The coins of `LIQBOT_COINS` that it does not have: the nearest that it has, empty for none."""


def nowhere(reports: Sequence[Report]) -> dict[str, str]:
    """Return the coins that none of the sources has, each with the nearest that one has; empty for none."""
    found: dict[str, str] = {}
    for coin in reports[0].lacking if reports else ():
        if all(coin in report.lacking for report in reports):
            found[coin] = next((near for report in reports if (near := report.lacking[coin])), "")
    return found


class Source(Protocol):
    """Something that tells of positions and prices: an exchange, a recording, a simulated market."""

    @property
    def name(self) -> str:
        """The name in `LIQBOT_SOURCES`: `simulator`, `replay:FILE`."""
        ...

    @property
    def layer(self) -> Layer:
        """Whose positions these are, and on what basis."""
        ...

    @property
    def live_from_ms(self) -> int:
        """Updates up to this time are a past that the source makes up for history; 0 where it has none."""
        ...

    def updates(self) -> AsyncIterator[Update]:
        """Yield updates in the order of their time, with a `Beat` whenever what came before belongs together.

        Ends when there is nothing more to tell; raises `SourceError` when it cannot go on.
        """
        ...
