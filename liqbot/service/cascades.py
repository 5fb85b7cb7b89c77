"""What a push would set off: what is forced on the way, and where price would stop, with what is assumed."""

from collections.abc import Iterable
from dataclasses import dataclass

from liqbot.engine.cascade import (
    DEEP,
    FIRST_SHARE,
    LARGE_USD,
    THIN,
    USUAL,
    Cascade,
    Refill,
    Stop,
    forced_by_push,
)
from liqbot.engine.cascade_of_view import cascade_in, forced_map
from liqbot.market.layer import Basis, Origin
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.service.books import depth_of
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.service.market_answer import ClusterAnswer, market_answer
from liqbot.service.markets import Markets

SMALLEST_PCT, DEEPEST_PCT, HIGHEST_PCT = 0.05, -60.0, 100.0
"""Pushes that are answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAnswer:
    """Where price would stop under one assumption. USD at spot."""

    price: float
    move_pct: float
    """From spot, in percent of spot; negative below."""
    overshoot_pct: float
    """How far beyond the push, in percent of spot, 0 or more."""
    forced_usd: float
    """What is force-closed from spot to there."""
    absorbed_usd: float
    """What of it the book takes as it stands between push and stop, nothing refilled."""
    is_beyond_book: bool
    """Whether it lies beyond the end of the book, which was taken to go on as its outer half does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsAnswer:
    """Where price would stop, under each assumption of how the book refills."""

    likely: StopAnswer
    """Some of the book comes back: `refill_likely`."""
    nearest: StopAnswer
    """Most of it does: `refill_deep`."""
    farthest: StopAnswer
    """Nothing does: `refill_thin`."""
    all_at_once: StopAnswer
    """Nothing does, and all is sold at once, however large."""
    refill_likely: Refill
    refill_deep: Refill
    refill_thin: Refill
    book_venue: str
    book_age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeAnswer:
    """What pushing price to a level would set off."""

    coin: str
    time_ms: int
    venue: str
    basis: Basis
    origin: Origin
    provenance: str
    spot: float
    side: Side
    """Whose positions are forced: longs by a fall, shorts by a rise."""
    push_pct: float
    push_price: float
    pushed_usd: float
    """What is forced from spot to the push, whatever comes of it. USD at spot."""
    coverage: float | None
    """Known share of that side's open interest: what is not known would be forced as well."""
    realised_share: float | None
    """In a modelled layer, the share of what stands that is taken to be liquidated; else None."""
    stops: StopsAnswer | None
    """None without depth: where price would stop cannot be said."""
    swept: tuple[ClusterAnswer, ...]
    """The clusters from spot to the likely stop, or to the push where that is not known, by distance."""
    large_usd: float = LARGE_USD
    """Of a measured position above this, `first_share` is sold at once, and the rest after a pause."""
    first_share: float = FIRST_SHARE


class Cascades:
    """Answers what a push would set off."""

    def __init__(self, markets: Markets) -> None:
        """Answer from the newest views, and from books as long as they are fresh."""
        self._markets = markets

    async def cascade(self, coin: str, push_pct: float, venue: str | None = None) -> CascadeAnswer:
        """Return what pushing the price of `coin` by `push_pct` percent would set off. Raises `UserError`."""
        view = self._markets.seen(coin, LayerQuery(venue)).view
        return cascade_answer(view, push_pct, self._markets.now_of(view))


def cascade_answer(view: MarketView, push_pct: float, now_ms: int) -> CascadeAnswer:
    """Return what a push would set off in a view; its book counts while it is fresh at `now_ms`.

    Raises `UserError` for a push that is too small, or too large to say anything of.
    """
    if not (DEEPEST_PCT <= push_pct <= HIGHEST_PCT and abs(push_pct) >= SMALLEST_PCT):
        raise UserError("A push is between −60% and +100%, and at least 0.05%: /cascade BTC -3%")
    side = Side.LONG if push_pct < 0 else Side.SHORT
    push_price = view.spot * (1 + push_pct / 100)
    depth = depth_of(view, now_ms)
    found = None if depth is None else cascade_in(view, depth, push_pct)
    end = push_price if found is None else found.usual.price
    market = market_answer(view)
    covered = view.side_coverage
    return CascadeAnswer(
        coin=view.coin,
        time_ms=view.time_ms,
        venue=view.layer.venue,
        basis=view.layer.basis,
        origin=view.layer.origin,
        provenance=view.provenance,
        spot=view.spot,
        side=side,
        push_pct=push_pct,
        push_price=push_price,
        pushed_usd=forced_by_push(forced_map(view), push_pct),
        coverage=None if covered is None else covered[side],
        realised_share=None if view.realised_share is None else view.realised_share.value,
        stops=None if found is None or depth is None else _stops(found, depth.venue, now_ms - depth.time_ms),
        swept=tuple(_between(market.clusters_of(side), view.spot, end)),
    )


def _stops(found: Cascade, venue: str, age_ms: int) -> StopsAnswer:
    return StopsAnswer(
        likely=_stop(found, found.usual),
        nearest=_stop(found, found.deep),
        farthest=_stop(found, found.thin),
        all_at_once=_stop(found, found.simultaneous),
        refill_likely=USUAL,
        refill_deep=DEEP,
        refill_thin=THIN,
        book_venue=venue,
        book_age_s=max(age_ms, 0) / 1000,
    )


def _stop(found: Cascade, stop: Stop) -> StopAnswer:
    return StopAnswer(
        price=stop.price,
        move_pct=(stop.price / found.spot - 1) * 100,
        overshoot_pct=abs(stop.price - found.push_price) / found.spot * 100,
        forced_usd=stop.forced_usd,
        absorbed_usd=stop.absorbed_usd,
        is_beyond_book=stop.is_beyond_book,
    )


def _between(clusters: Iterable[ClusterAnswer], spot: float, end: float) -> list[ClusterAnswer]:
    low, high = min(spot, end), max(spot, end)
    return sorted(
        (cluster for cluster in clusters if low <= cluster.price <= high),
        key=lambda cluster: abs(cluster.distance_pct),
    )
