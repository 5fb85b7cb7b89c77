"""A view in the shape of HyperPerps' public heatmap, for scripts that were written for that."""

import math

import msgspec
import numpy as np

from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.web.cells import LEAST_USD


class Level(msgspec.Struct, frozen=True):
    """Liquidations within 0.1% of a price."""

    price: float
    notional_usd: float
    wallet_count: int | None
    """How many accounts the cluster there has; None where none stands out, or nobody knows."""
    distance_pct: float


class TrappedPercent(msgspec.Struct, frozen=True):
    """Percent of each side that is underwater by more than 5%."""

    longs_underwater_5pct: float | None
    shorts_underwater_5pct: float | None


class NearPercent(msgspec.Struct, frozen=True):
    """Percent of each side that would be liquidated within 2% of spot."""

    longs_near_liq_2pct: float | None
    shorts_near_liq_2pct: float | None


class Mass(msgspec.Struct, frozen=True):
    """What would be liquidated within 2% of spot, USD."""

    within_2pct: float


class CascadeMass(msgspec.Struct, frozen=True):
    """The same of each side."""

    long: Mass
    short: Mass


class Meta(msgspec.Struct, frozen=True):
    """Where it comes from, and how old it is; venue, basis and origin are ours."""

    as_of: int
    age_seconds: int
    venue: str
    basis: str
    origin: str


class HyperPerpsAnswer(msgspec.Struct, frozen=True):
    """What `GET /api/public/heatmap/{coin}` answers: levels of 0.1%, the nearest first; times in ms."""

    coin: str
    spot_at_compute: float
    updated_at: int
    sample_size: int
    longs: list[Level]
    shorts: list[Level]
    trapped_pct: TrappedPercent
    forced_liq_proximity: NearPercent
    cascade_mass: CascadeMass
    meta: Meta = msgspec.field(name="_meta")


def hyperperps_answer(view: MarketView, now_ms: int) -> HyperPerpsAnswer:
    """Return a view in that shape."""
    near = {side: _within_2pct(view, side) for side in Side}
    shares = {
        side: _percent(near[side] / view.open_usd[side] if view.open_usd[side] > 0 else None) for side in Side
    }
    return HyperPerpsAnswer(
        coin=view.coin,
        spot_at_compute=view.spot,
        updated_at=view.time_ms,
        sample_size=view.accounts.long + view.accounts.short,
        longs=_levels(view, Side.LONG),
        shorts=_levels(view, Side.SHORT),
        trapped_pct=TrappedPercent(_percent(view.trapped.deep.long), _percent(view.trapped.deep.short)),
        forced_liq_proximity=NearPercent(shares[Side.LONG], shares[Side.SHORT]),
        cascade_mass=CascadeMass(Mass(round(near[Side.LONG], 2)), Mass(round(near[Side.SHORT], 2))),
        meta=Meta(
            as_of=view.time_ms,
            age_seconds=max(0, math.floor((now_ms - view.time_ms) / 1000)),
            venue=view.layer.venue,
            basis=view.layer.basis.value,
            origin=view.layer.origin.value,
        ),
    )


def _levels(view: MarketView, side: Side) -> list[Level]:
    usd, centers = view.map.of(side), view.map.bins.centers
    found = [
        Level(
            price=round(float(centers[place]), 8),
            notional_usd=round(float(usd[place]), 2),
            wallet_count=_accounts_at(view, side, float(centers[place])),
            distance_pct=round((float(centers[place]) / view.spot - 1) * 100, 4),
        )
        for place in np.flatnonzero(usd >= LEAST_USD).tolist()
    ]
    return sorted(found, key=lambda level: abs(level.distance_pct))


def _within_2pct(view: MarketView, side: Side) -> float:
    usd, centers = view.map.of(side), view.map.bins.centers
    return float(usd[np.abs(centers / view.spot - 1) <= 0.02].sum())


def _accounts_at(view: MarketView, side: Side, price: float) -> int | None:
    """Return how many accounts the cluster at a price has; None where there is none, or nobody knows."""
    return next(
        (
            one.accounts
            for one in view.clusters.of(side)
            if one.low <= price * 1.001 and price <= one.high * 1.001
        ),
        None,
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)
