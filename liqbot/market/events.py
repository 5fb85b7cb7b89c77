"""What happened in a market between two views of it.

A view says how things stand; an event says what took place since the view before: a cluster was born, has
doubled or has ended, positions were liquidated, the regime has changed. Every event names its coin and its
layer, and the time at which it took place.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from liqbot.market.clusters import Cluster, End
from liqbot.market.layer import Layer
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.updates import Provenance
from liqbot.market.view import MarketView

LARGE_USD = 100_000.0
"""A liquidation of at least so many USD is an event of its own; smaller ones count in the sums only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterBorn:
    """A cluster stands out that was not there before."""

    kind: ClassVar[str] = "cluster-born"
    coin: str
    layer: Layer
    time_ms: int
    cluster: Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterGrew:
    """A cluster has at least doubled since it was born, or since its last event of this kind."""

    kind: ClassVar[str] = "cluster-grew"
    coin: str
    layer: Layer
    time_ms: int
    cluster: Cluster
    before_usd: float
    """Its notional then, USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEnded:
    """A cluster is no more. One that is only smaller, or farther away, has not ended."""

    kind: ClassVar[str] = "cluster-ended"
    coin: str
    layer: Layer
    time_ms: int
    cluster: Cluster
    """As it was when last seen."""
    end: End
    into: str | None = None
    """Identity of the cluster that it merged into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationSeen:
    """One position of at least `LARGE_USD` was force-closed."""

    kind: ClassVar[str] = "liquidation"
    coin: str
    layer: Layer
    time_ms: int
    side: Side
    """The side of the position that was liquidated."""
    price: float
    usd: float
    sampled: bool
    """Whether the venue reports only some of its liquidations."""
    provenance: Provenance = Provenance.STREAMED
    account: str | None = None
    """Whose it was; None where the venue does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationSum:
    """Liquidations of one side within one minute, of any size, told since the view before.

    A minute may have several sums: they add up. `time_ms` is when the minute began.
    """

    kind: ClassVar[str] = "liquidations"
    coin: str
    layer: Layer
    time_ms: int
    side: Side
    usd: float
    count: int
    sampled: bool
    """Whether the venue reports only some of its liquidations, so that the sum is a lower bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeChanged:
    """The regime is another one, and the ratio has left the dead band of the last."""

    kind: ClassVar[str] = "regime-changed"
    coin: str
    layer: Layer
    time_ms: int
    before: Regime
    after: Regime
    ratio: float | None
    """The ratio now; None where one side is empty."""


MarketEvent: TypeAlias = (
    ClusterBorn | ClusterGrew | ClusterEnded | LiquidationSeen | LiquidationSum | RegimeChanged
)
"""Anything that happened between two views."""
EVENT_TYPES: dict[str, type[MarketEvent]] = {
    event.kind: event
    for event in (ClusterBorn, ClusterGrew, ClusterEnded, LiquidationSeen, LiquidationSum, RegimeChanged)
}
"""The kinds of events, by the word that stands for each on the wire and in the event log."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One coin of one layer at one beat: how it stands, and what happened since the observation before."""

    view: MarketView
    events: tuple[MarketEvent, ...] = ()

    @property
    def coin(self) -> str:
        """The coin."""
        return self.view.coin

    @property
    def layer(self) -> Layer:
        """Whose positions these are, and on what basis."""
        return self.view.layer

    @property
    def time_ms(self) -> int:
        """When things stood so."""
        return self.view.time_ms
