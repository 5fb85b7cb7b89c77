"""The order book of a coin: imbalance, walls, what market orders would move, and who is positioned how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from liqbot.market.depth import FRESH_MS, Depth
from liqbot.market.depth_readings import ORDERS_USD, Band, MarketOrder, Wall, bands, market_order, walls
from liqbot.market.layer import Basis, Origin
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.service.layers import LayerQuery
from liqbot.service.market_answer import CohortAnswer, market_answer
from liqbot.service.markets import Markets


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReading:
    """A book as it stood. USD; `share`s are of mid."""

    venue: str
    time_ms: int
    age_s: float
    mid: float
    spread_pct: float
    reach_bids_pct: float
    """How far from mid the book is known: beyond, nothing is said, which is not the same as nothing there."""
    reach_asks_pct: float
    bands: tuple[Band, ...]
    walls: tuple[Wall, ...]
    orders: tuple[MarketOrder, ...]
    """What market orders of some sizes would do: sales first, then purchases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBook:
    """One venue's book in brief."""

    venue: str
    age_s: float
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAnswer:
    """The book of a coin, and who is positioned how."""

    coin: str
    time_ms: int
    spot: float
    venue: str
    basis: Basis
    origin: Origin
    provenance: str
    book: BookReading | None
    """None where no book is known that is at most a minute old: no depth, which is not zero depth."""
    venues: tuple[VenueBook, ...]
    """The books of all venues of the same origin. Each stands for itself: nobody can hit all at once."""
    cohorts: Mapping[str, CohortAnswer]
    """Whales, retail and market makers, of the measured layer; empty where none is."""
    cohorts_of: str | None
    """The layer that `cohorts` are of."""


class Books:
    """Answers questions about order books."""

    def __init__(self, markets: Markets) -> None:
        """Answer from the newest views."""
        self._markets = markets

    async def book(self, coin: str, venue: str | None = None) -> BookAnswer:
        """Return the newest book of `coin` at a venue, by default at that of the coin's own view.

        Where that has none and no venue is named, at the first that has one. Raises `UserError`.
        """
        own = self._markets.seen(coin, LayerQuery(venue)).view
        others = [view for view in self._markets.layers.of(coin) if view.layer.origin is own.layer.origin]
        return book_answer(own, others, self._markets.now_of(own), elsewhere=venue is None)


def book_answer(
    own: MarketView, others: Iterable[MarketView], now_ms: int, *, elsewhere: bool = True
) -> BookAnswer:
    """Return the book of `own` at `now_ms`; with `elsewhere` that of another layer where it has none."""
    views = [own, *(view for view in others if view.layer != own.layer)]
    fresh = [(view, depth) for view in views if (depth := depth_of(view, now_ms)) is not None]
    shown = next(
        ((view, depth) for view, depth in fresh if elsewhere or view.layer == own.layer), (own, None)
    )
    view, depth = shown
    measured = next((one for one in views if one.layer.basis is Basis.MEASURED and one.cohorts), None)
    return BookAnswer(
        coin=view.coin,
        time_ms=view.time_ms,
        spot=view.spot,
        venue=view.layer.venue,
        basis=view.layer.basis,
        origin=view.layer.origin,
        provenance=view.provenance,
        book=None if depth is None else _reading(depth, now_ms),
        venues=tuple(
            VenueBook(venue=one.layer.venue, age_s=_age_s(book, now_ms), bands=bands(book))
            for one, book in fresh
        ),
        cohorts={} if measured is None else market_answer(measured).cohorts,
        cohorts_of=None if measured is None else measured.layer.label,
    )


def depth_of(view: MarketView, now_ms: int) -> Depth | None:
    """Return the book that goes with a view; None where it is older than a minute at `now_ms`."""
    return None if view.depth is None else view.depth.if_fresh(now_ms, FRESH_MS)


def _reading(depth: Depth, now_ms: int) -> BookReading:
    orders = [market_order(depth, side, usd) for side in (Side.SHORT, Side.LONG) for usd in ORDERS_USD]
    return BookReading(
        venue=depth.venue,
        time_ms=depth.time_ms,
        age_s=_age_s(depth, now_ms),
        mid=depth.mid,
        spread_pct=depth.spread * 100,
        reach_bids_pct=depth.reach(Side.LONG) * 100,
        reach_asks_pct=depth.reach(Side.SHORT) * 100,
        bands=bands(depth),
        walls=walls(depth),
        orders=tuple(orders),
    )


def _age_s(depth: Depth, now_ms: int) -> float:
    return max(now_ms - depth.time_ms, 0) / 1000
