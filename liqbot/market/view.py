"""The market as everyone above the engine sees it: one coin at one instant."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from liqbot.market import figures
from liqbot.market.clusters import Clusters, EndedCluster
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.context import MarketContext
from liqbot.market.depth import Depth
from liqbot.market.elsewhere import Elsewhere, Swept, divergence_of
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.maps import LiquidationMap
from liqbot.market.marks import Mark
from liqbot.market.realised import RealisedShare
from liqbot.market.regime import Fuel, OfFuel
from liqbot.market.side import BySide
from liqbot.market.stops import StopMap
from liqbot.text import N_, _

UPPER_BOUNDS = N_("upper bounds, not forecasts")
"""What has to be said of every modelled map: it sees positions open, and only infers that they close."""


@dataclass(frozen=True, slots=True)
class Trapped:
    """Shares (0 to 1) of each side's open size, by notional, that are underwater; None: the side is empty."""

    underwater: BySide[float | None]
    """Spot stands beyond the entry price, against the position."""
    deep: BySide[float | None]
    """The same, by more than 5% of the entry price."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another coin of the same market at the same time, in brief."""

    coin: str
    spot: float
    up_usd: float
    """Short liquidations within 5% above its spot."""
    down_usd: float
    """Long liquidations within 5% below its spot."""
    clusters: Clusters
    """Its heaviest clusters within 10% of its spot, two of each side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketView(OfFuel):
    """One coin at one instant. Immutable; all USD figures are |size| x spot.

    The open size of a side is the sum of four parts: what the map holds, `beyond`, `stale` and `unreachable`.
    """

    coin: str
    """The name of the coin, as the venue has it."""
    layer: Layer
    """Venue and basis that it is read from."""
    time_ms: int
    """When it is, ms since 1970 UTC."""
    spot: float
    """The venue's mark price, USD."""
    low: float
    """Lowest spot since the view before, USD."""
    high: float
    """Highest spot since the view before, USD."""
    map: LiquidationMap
    """What would be liquidated where, in bins of price."""
    clusters: Clusters
    """The heaviest places of the map."""
    ended: tuple[EndedCluster, ...] = ()
    """Clusters that ended since the view before."""
    up_usd: float
    """Short liquidations in (spot, 1.05 spot], summed exactly, not by bins."""
    down_usd: float
    """Long liquidations in [0.95 spot, spot), summed exactly, not by bins."""
    open_usd: BySide[float]
    """Notional of all open positions."""
    beyond: BySide[float]
    """Levels out of the map's reach."""
    stale: BySide[float]
    """Levels that price has already passed: not fuel, and not in the map."""
    unreachable: BySide[float]
    """Positions without a reachable level (no liquidation price, or an absurd one)."""
    liquidated: BySide[float]
    """Liquidations reported since the view before; zero where the source reports none."""
    accounts: BySide[int]
    """How many accounts hold an open position."""
    trapped: Trapped
    """How much of each side is at a loss."""
    cohorts: dict[Cohort, CohortReading]
    holdings: tuple[Holding, ...]
    """The largest positions, the largest first."""
    funding: float | None
    """Fraction per hour, positive where longs pay."""
    open_interest: float | None
    """One-sided, in coins."""
    coverage: float | None
    """Known notional (mean of both sides) over open interest; None where open interest is unknown. Of a
    modelled layer the share of open interest to which it gives a level."""
    age_s: float | None
    """Mean age of the positions, weighted by notional, in seconds; None without positions. Of a modelled
    layer the age of the newest candle."""
    oldest_s: float | None
    """Age of the oldest position, in seconds; None without positions."""
    swept: Swept | None = None
    """In a modelled layer, what price went through in the last day: modelled, and realised."""
    realised_share: RealisedShare | None = None
    """In a modelled layer, how much of what the map holds is really liquidated where price goes; None in a
    measured one, where all of it would be."""
    others: tuple[Elsewhere, ...] = ()
    """What other layers say of the coin: other venues, another basis."""
    depth: Depth | None = None
    """The venue's order book, in few levels; None where none is known that is at most a minute old, which is
    not the same as an empty one."""
    stops: StopMap | None = None
    """Stop-loss and take-profit orders that wait for their price, a layer of its own: part of no sum, cluster
    or ratio. None where nobody told of them within a quarter of an hour; only a node of one's own does."""
    context: MarketContext | None = None
    """How funding, open interest and accounts stand against their own past."""
    grid: Grid | None = None
    """Past maps, where they were asked for."""
    neighbours: tuple[Neighbour, ...] = ()
    """The other coins of the same source at the same time, the one with the most open size first."""
    marks: tuple[Mark, ...] = ()
    """What overlays want drawn on a heatmap of it."""

    def neighbour(self, coin: str) -> Neighbour | None:
        """Return the neighbour of that name, whatever its case; None without one."""
        return next((other for other in self.neighbours if other.coin.lower() == coin.lower()), None)

    @property
    def side_coverage(self) -> BySide[float] | None:
        """Known share of each side's open interest, which is equal on both; None where it is unknown.

        Also None in a modelled layer, which places all open interest on both sides alike.
        """
        interest = self.open_interest_usd
        if not interest or not math.isfinite(interest) or self.layer.basis is Basis.MODELLED:
            return None
        return BySide(self.open_usd.long / interest, self.open_usd.short / interest)

    @property
    def fuel(self) -> Fuel:
        """What would be force-closed within 5% of spot, and how much of each side is known."""
        return Fuel(self.up_usd, self.down_usd, self.side_coverage)

    @property
    def divergence(self) -> float | None:
        """How much higher the fuel lies than in the layers of the other basis, -1 to +1; None without any."""
        return divergence_of(self.lean, self.others, self.layer.basis)

    @property
    def open_interest_usd(self) -> float | None:
        """One-sided open interest in USD at spot, None where unknown."""
        return None if self.open_interest is None else self.open_interest * self.spot

    @property
    def provenance(self) -> str:
        """How sure and how old, in words: `Hyperliquid, measured · coverage 61% · positions 4 min old`."""
        if self.layer.basis is Basis.MODELLED:
            placed = _("none of open interest has a level")
            if self.coverage is not None:
                placed = _("{share} of open interest has a level", share=figures.share(self.coverage))
            age = _("no candles")
            if self.age_s is not None:
                age = _("{span} old", span=figures.duration(self.age_s))
            return " · ".join([self.layer.label, placed, age, _(UPPER_BOUNDS)])
        age = _("no positions")
        if self.age_s is not None:
            age = _("positions {span} old", span=figures.duration(self.age_s))
        covered = _("coverage {share}", share=self._coverage_in_words)
        return f"{self.layer.label} · {covered} · {age}"

    @property
    def _coverage_in_words(self) -> str:
        """Return the coverage: in one figure where it is that of both sides, else of each."""
        if self.coverage is None:
            return _("unknown")
        sides = self.side_coverage
        if sides is None or figures.share(sides.long) == figures.share(sides.short):
            return figures.share(self.coverage)
        long, short = figures.share(sides.long), figures.share(sides.short)
        return _("{long} of longs, {short} of shorts", long=long, short=short)

    @property
    def elsewhere(self) -> Elsewhere:
        """The view in the few figures that views of other layers carry."""
        return Elsewhere(
            layer=self.layer,
            time_ms=self.time_ms,
            spot=self.spot,
            up_usd=self.up_usd,
            down_usd=self.down_usd,
            open_interest_usd=self.open_interest_usd,
            funding=self.funding,
            side_coverage=self.side_coverage,
            long_accounts=None if self.context is None else self.context.long_accounts,
            taker_buy=None if self.context is None else self.context.taker_buy,
        )

    def with_grid(self, grid: Grid) -> "MarketView":
        """Return the same view with past maps, for a heatmap."""
        return replace(self, grid=grid)

    def beside(self, others: Iterable[Elsewhere]) -> "MarketView":
        """Return the same view with what other layers say; the very same where that is what it has."""
        told = tuple(others)
        return self if told == self.others else replace(self, others=told)

    def with_marks(self, marks: tuple[Mark, ...]) -> "MarketView":
        """Return the same view with what overlays want drawn on its heatmap."""
        return replace(self, marks=marks)
