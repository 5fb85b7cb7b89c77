"""The bus: what the roles of a bot tell each other, within one process or between several.

A notice carries keys: whoever is told finds the rest in the store, which is the record. In one process it
carries as well what the store would say, so that nobody reads what was written a moment ago.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from liqbot.market.events import MarketEvent, Observation
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView


@dataclass(frozen=True, slots=True)
class ViewsMade:
    """The engine has made views of one layer, and written down what happened."""

    layer: Layer
    views: Sequence[MarketView]
    events: Mapping[str, Sequence[MarketEvent]] = field(default_factory=dict[str, Sequence[MarketEvent]])
    """By coin: what happened since the views before."""
    is_remote: bool = False
    """Whether another process has made them."""


@dataclass(frozen=True, slots=True)
class ObservationsKept:
    """Observations of one layer are in the store, for rules to read."""

    layer: Layer
    coins: Sequence[str]
    observations: Sequence[Observation] = ()
    """The same, in the order in which they are to be read; empty where the notice comes from elsewhere."""


@dataclass(frozen=True, slots=True)
class DeliveriesDue:
    """An evaluation has written deliveries that may go out."""

    count: int


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Owners have decided who may use the bot, or that a platform pauses: it is to be read anew."""

    is_remote: bool = False
    """Whether it was decided in another process."""


Notice: TypeAlias = ViewsMade | ObservationsKept | DeliveriesDue | AccessChanged
"""All that roles tell each other."""
N = TypeVar("N", bound=Notice)
Take: TypeAlias = Callable[[Any], Awaitable[None]]


class Bus(Protocol):
    """Brings notices to whoever asked for their kind."""

    def subscribe(self, kind: type[N], take: Callable[[N], Awaitable[None]]) -> None:
        """Have `take` called with each notice of this kind from now on."""
        ...

    async def publish(self, notice: Notice) -> None:
        """Bring a notice to all who asked for its kind.

        In one process it returns when they have taken it, and raises what they raise.
        """
        ...


class LocalBus:
    """The bus within one process: who publishes waits for those who take, one after the other."""

    def __init__(self) -> None:
        self._takers: dict[type, list[Take]] = {}

    def subscribe(self, kind: type[N], take: Callable[[N], Awaitable[None]]) -> None:
        """Have `take` called with each notice of this kind from now on."""
        self._takers.setdefault(kind, []).append(take)

    async def publish(self, notice: Notice) -> None:
        """Bring a notice to all who asked for its kind; what one of them raises ends it."""
        for take in self._takers.get(type(notice), ()):
            await take(notice)
