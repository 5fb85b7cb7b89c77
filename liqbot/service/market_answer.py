"""The typed answer about a coin's market: fuel, ratio, clusters, cohorts, trapped shares, coverage."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort, CohortReading
from liqbot.market.cohort import Holding as Held
from liqbot.market.context import WITH_OPTIONS, MarketContext, next_expiries
from liqbot.market.elsewhere import Elsewhere
from liqbot.market.elsewhere import Swept as SweptReading
from liqbot.market.layer import Basis, Origin
from liqbot.market.realised import RealisedShare
from liqbot.market.regime import Fuel, Regime, ratio_of
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView


class RatioBasis(StrEnum):
    """Of what a ratio and its regime are computed."""

    SCALED = "scaled"
    """Of each side's fuel over its own coverage, where open interest is known."""
    KNOWN = "known"
    """Of the fuel that is known, or modelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrappedShares:
    """Shares (0 to 1) of each side's open size that are underwater; None where a side is empty."""

    long: float | None
    short: float | None
    long_5pct: float | None
    """By more than 5%."""
    short_5pct: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortAnswer:
    """What one kind of account holds. USD."""

    accounts: int
    long_usd: float
    short_usd: float
    up_usd: float
    """Its shorts that would be liquidated within 5% above spot."""
    down_usd: float
    """Its longs that would be liquidated within 5% below spot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAnswer:
    """A price at which one side's liquidations stand out."""

    id: str
    side: Side
    price: float
    low: float
    high: float
    usd: float
    accounts: int | None
    """None in a modelled layer, as is `whale_share`."""
    whale_share: float | None
    distance_pct: float
    """From spot, in percent of spot; negative below."""
    since_ms: int
    """When it was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One account's position."""

    account: str
    side: Side
    usd: float
    entry: float
    liquidation: float | None
    """None where no price would liquidate it."""
    liquidation_pct: float | None
    """The same as a distance from spot, in percent of spot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLayer:
    """The same coin in another layer. Never to be added up."""

    venue: str
    basis: Basis
    origin: Origin
    label: str
    time_ms: int
    spot: float
    up_usd: float
    down_usd: float
    ratio: float | None
    ratio_basis: RatioBasis
    long_accounts: float | None = None
    taker_buy: float | None = None
    """Accounts that are net long there, as a share (0 to 1); None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptAnswer:
    """What price went through since some time, by the model and in truth. USD, both sides together."""

    since_ms: int
    modelled_usd: float
    realised_usd: float | None
    """Liquidations that the venue reported; None where it reports none."""
    foreseen_usd: float | None
    """The part of them that took place where the model had something."""
    sampled: bool
    """Whether the venue reports only some, so that `realised_usd` is a lower bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketAnswer:
    """One coin of one layer at one instant."""

    coin: str
    time_ms: int
    venue: str
    basis: Basis
    origin: Origin
    coverage: float | None
    """Share (0 to 1) of open interest that is known, or has a level where it is modelled; None: unknown."""
    coverage_long: float | None
    """The same of each side, where positions are measured: open interest is equal on both."""
    coverage_short: float | None
    age_s: float | None
    """How old the positions are, weighted by their size; None without any."""
    provenance: str
    """Venue, basis, coverage and age in words."""
    spot: float
    """The venue's mark price."""
    funding: float | None
    """Fraction an hour, positive where longs pay."""
    open_interest_usd: float | None
    """One-sided."""
    regime: Regime
    ratio: float | None
    """Fuel above over below, as `ratio_basis` says; None where either is zero, or too little is known."""
    ratio_basis: RatioBasis
    known_ratio: float | None
    """`up_usd` over `down_usd`, of what is known; None where either is zero."""
    scaled_up_usd: float | None
    """`up_usd` over `coverage_short`, of which the ratio is computed; None where coverage is unknown."""
    scaled_down_usd: float | None
    up_usd: float
    """Short liquidations within 5% above spot."""
    down_usd: float
    """Long liquidations within 5% below spot."""
    long_usd: float
    short_usd: float
    trapped: TrappedShares
    cohorts: Mapping[str, CohortAnswer]
    """By `retail`, `whale`, `market_maker`; only those of whom something is known."""
    clusters: tuple[ClusterAnswer, ...]
    """The heaviest first."""
    holdings: tuple[Holding, ...]
    """The largest first; none in a modelled layer."""
    others: tuple[OtherLayer, ...]
    divergence: float | None
    """How much higher the fuel lies than in the layers of the other basis, -1 to +1."""
    swept: SweptAnswer | None
    realised_share: RealisedShare | None
    """How much of what a modelled map shows is really liquidated when price gets there."""

    context: MarketContext | None = None
    """How funding, open interest and accounts stand against their own past."""
    monthly_expiry_ms: int | None = None
    """When the coin's next monthly options expire; None for a coin without any."""
    quarterly_expiry_ms: int | None = None

    def clusters_of(self, side: Side) -> tuple[ClusterAnswer, ...]:
        """Return the clusters of one side, the heaviest first."""
        return tuple(cluster for cluster in self.clusters if cluster.side is side)


def market_answer(view: MarketView) -> MarketAnswer:
    """Return what a view says."""
    trapped, covered, fuel = view.trapped, view.side_coverage, view.fuel
    has_options = view.coin in WITH_OPTIONS
    monthly_ms, quarterly_ms = next_expiries(view.time_ms) if has_options else (None, None)
    is_weighed = fuel.is_scaled and fuel.is_enough
    return MarketAnswer(
        coin=view.coin,
        time_ms=view.time_ms,
        venue=view.layer.venue,
        basis=view.layer.basis,
        origin=view.layer.origin,
        coverage=view.coverage,
        coverage_long=None if covered is None else covered.long,
        coverage_short=None if covered is None else covered.short,
        age_s=view.age_s,
        provenance=view.provenance,
        spot=view.spot,
        funding=view.funding,
        open_interest_usd=view.open_interest_usd,
        regime=view.regime,
        ratio=view.ratio,
        ratio_basis=ratio_basis(fuel),
        known_ratio=ratio_of(view.up_usd, view.down_usd),
        scaled_up_usd=fuel.weighed.short if is_weighed else None,
        scaled_down_usd=fuel.weighed.long if is_weighed else None,
        up_usd=view.up_usd,
        down_usd=view.down_usd,
        long_usd=view.open_usd.long,
        short_usd=view.open_usd.short,
        trapped=TrappedShares(
            long=trapped.underwater.long,
            short=trapped.underwater.short,
            long_5pct=trapped.deep.long,
            short_5pct=trapped.deep.short,
        ),
        cohorts={cohort.name.lower(): _cohort(reading) for cohort, reading in _known(view)},
        clusters=tuple(map(_cluster, view.clusters)),
        holdings=tuple(_holding(holding, view.spot) for holding in view.holdings),
        others=tuple(map(_other, view.others)),
        divergence=view.divergence,
        swept=None if view.swept is None else _swept(view.swept),
        realised_share=view.realised_share,
        context=view.context,
        monthly_expiry_ms=monthly_ms,
        quarterly_expiry_ms=quarterly_ms,
    )


def ratio_basis(fuel: Fuel) -> RatioBasis:
    """Return of what the ratio of some fuel is computed."""
    return RatioBasis.SCALED if fuel.is_scaled else RatioBasis.KNOWN


def _known(view: MarketView) -> list[tuple[Cohort, CohortReading]]:
    order = (Cohort.WHALE, Cohort.RETAIL, Cohort.MARKET_MAKER, Cohort.UNKNOWN)
    return [(cohort, view.cohorts[cohort]) for cohort in order if cohort in view.cohorts]


def _cohort(reading: CohortReading) -> CohortAnswer:
    return CohortAnswer(
        accounts=reading.accounts,
        long_usd=reading.open_usd.long,
        short_usd=reading.open_usd.short,
        up_usd=reading.fuel_usd.short,
        down_usd=reading.fuel_usd.long,
    )


def _cluster(cluster: Cluster) -> ClusterAnswer:
    return ClusterAnswer(
        id=cluster.id,
        side=cluster.side,
        price=cluster.price,
        low=cluster.low,
        high=cluster.high,
        usd=cluster.usd,
        accounts=cluster.accounts,
        whale_share=cluster.whale_share,
        distance_pct=cluster.distance_pct,
        since_ms=cluster.since_ms,
    )


def _holding(holding: Held, spot: float) -> Holding:
    level = holding.liquidation
    return Holding(
        account=holding.account,
        side=holding.side,
        usd=holding.usd,
        entry=holding.entry,
        liquidation=level,
        liquidation_pct=None if level is None else (level / spot - 1) * 100,
    )


def _other(other: Elsewhere) -> OtherLayer:
    return OtherLayer(
        venue=other.layer.venue,
        basis=other.layer.basis,
        origin=other.layer.origin,
        label=other.layer.label,
        time_ms=other.time_ms,
        spot=other.spot,
        up_usd=other.up_usd,
        down_usd=other.down_usd,
        ratio=other.ratio,
        ratio_basis=ratio_basis(other.fuel),
        long_accounts=other.long_accounts,
        taker_buy=other.taker_buy,
    )


def _swept(swept: SweptReading) -> SweptAnswer:
    return SweptAnswer(
        since_ms=swept.since_ms,
        modelled_usd=_both(swept.modelled),
        realised_usd=None if swept.realised is None else _both(swept.realised),
        foreseen_usd=None if swept.foreseen is None else _both(swept.foreseen),
        sampled=swept.sampled,
    )


def _both(sides: BySide[float]) -> float:
    return sides.long + sides.short
