"""Stop-loss and take-profit orders of a coin: where they wait, beside what would be liquidated there."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from liqbot.market.layer import Basis, Origin
from liqbot.market.side import Side
from liqbot.market.stops import (
    STEP_WIDTH,
    StopKind,
    StopMap,
    liquidations_in,
    stops_label,
)
from liqbot.market.view import MarketView
from liqbot.service.layers import LayerQuery
from liqbot.service.markets import Markets

BANDS_PCT = (1.0, 2.0, 5.0, 10.0)
MOST_LEVELS = 5
"""So many levels are named of each kind and direction."""
APART = 2
"""No two levels are named of which one is that many steps or fewer from the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBand:
    """What waits within a distance of spot, and beside it what would be liquidated; USD at spot."""

    within_pct: float
    stop_sells: float
    """Stop-losses that sell when price falls to them."""
    stop_buys: float
    """Stop-losses that buy when price rises to them."""
    take_profit_sells: float
    """Take-profits that sell when price rises to them."""
    take_profit_buys: float
    """Take-profits that buy when price falls to them."""
    long_liquidations: float
    """Of the map, not of the stops: what would be force-sold on the same way down."""
    short_liquidations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLevel:
    """A price, to 0.2%, at which many orders wait; USD at spot."""

    kind: StopKind
    side: Side
    """`long`: they sell, and so close longs; `short`: they buy."""
    low: float
    high: float
    distance_pct: float
    """Its middle from spot, in percent of spot; negative below."""
    usd: float
    liquidations: float
    """Of the map, at the same prices: what would be force-sold (`long`) or bought (`short`) there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReading:
    """All orders that wait, as they stood."""

    time_ms: int
    age_s: float
    orders: int
    accounts: int
    unsized: int
    """Orders for a whole position that is not known: counted, and in no figure."""
    beyond: float
    """What waits more than about 20% from spot, USD at spot."""
    bands: tuple[StopBand, ...]
    levels: tuple[StopLevel, ...]
    """The heaviest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsAnswer:
    """The stop orders of a coin: a layer of its own, part of no map, cluster or ratio."""

    coin: str
    time_ms: int
    spot: float
    venue: str
    basis: Basis
    origin: Origin
    label: str
    """As `Hyperliquid, measured, stops`."""
    provenance: str
    stops: StopReading | None
    """None where no venue tells of them: nothing is known, which is not the same as none."""


class Stops:
    """Answers questions about stop orders."""

    def __init__(self, markets: Markets) -> None:
        """Answer from the newest views."""
        self._markets = markets

    async def stops(self, coin: str, venue: str | None = None) -> StopsAnswer:
        """Return the stop orders of `coin` at a venue, by default at the first that tells of them.

        Raises `UserError`.
        """
        own = self._markets.seen(coin, LayerQuery(venue)).view
        others = [] if venue is not None else self._markets.layers.of(coin)
        views = [own, *(view for view in others if view.layer.origin is own.layer.origin)]
        shown = next((view for view in views if view.stops is not None), own)
        return stops_answer(shown, self._markets.now_of(own))


def stops_answer(view: MarketView, now_ms: int) -> StopsAnswer:
    """Return the stop orders of a view at `now_ms`."""
    stops = None if view.stops is None else view.stops.if_fresh(now_ms)
    return StopsAnswer(
        coin=view.coin,
        time_ms=view.time_ms,
        spot=view.spot,
        venue=view.layer.venue,
        basis=view.layer.basis,
        origin=view.layer.origin,
        label=stops_label(view.layer),
        provenance=view.provenance,
        stops=None if stops is None else _reading(stops, view, now_ms),
    )


def _reading(stops: StopMap, view: MarketView, now_ms: int) -> StopReading:
    levels = [one for kind in StopKind for side in Side for one in _levels(stops, view, kind, side)]
    return StopReading(
        time_ms=stops.time_ms,
        age_s=max(now_ms - stops.time_ms, 0) / 1000,
        orders=stops.orders,
        accounts=stops.accounts,
        unsized=stops.unsized,
        beyond=float(stops.beyond.sum()) * view.spot,
        bands=tuple(_band(stops, view, within_pct) for within_pct in BANDS_PCT),
        levels=tuple(sorted(levels, key=lambda one: -one.usd)),
    )


def _band(stops: StopMap, view: MarketView, within_pct: float) -> StopBand:
    def waiting(kind: StopKind, side: Side) -> float:
        return stops.usd_within(kind, side, within_pct / 100, view.spot)

    def forced(side: Side) -> float:
        within = np.abs(view.map.bins.centers / view.spot - 1) <= within_pct / 100
        return float(view.map.of(side)[within].sum())

    return StopBand(
        within_pct=within_pct,
        stop_sells=waiting(StopKind.STOP_LOSS, Side.LONG),
        stop_buys=waiting(StopKind.STOP_LOSS, Side.SHORT),
        take_profit_sells=waiting(StopKind.TAKE_PROFIT, Side.LONG),
        take_profit_buys=waiting(StopKind.TAKE_PROFIT, Side.SHORT),
        long_liquidations=forced(Side.LONG),
        short_liquidations=forced(Side.SHORT),
    )


def _levels(stops: StopMap, view: MarketView, kind: StopKind, side: Side) -> Iterator[StopLevel]:
    """Yield the heaviest steps of a kind and side, none close to one that is heavier."""
    usd, edges = stops.waiting(kind, side, view.spot), stops.edges
    named: list[int] = []
    for place in np.argsort(-usd, kind="stable").tolist():
        if usd[place] <= 0 or len(named) == MOST_LEVELS:
            break
        if any(abs(place - other) <= APART for other in named):
            continue
        named.append(place)
        step = stops.first + place
        yield StopLevel(
            kind=kind,
            side=side,
            low=float(edges[place]),
            high=float(edges[place + 1]),
            distance_pct=(float(np.exp((step + 0.5) * STEP_WIDTH)) / view.spot - 1) * 100,
            usd=float(usd[place]),
            liquidations=liquidations_in(view.map, side, step),
        )
