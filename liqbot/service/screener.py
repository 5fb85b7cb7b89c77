"""The screener: all coins beside each other, in the order of what one looks for."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from liqbot.market.clusters import Cluster, worth_naming
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.rules.wording import nearest, quoted
from liqbot.service.errors import UserError
from liqbot.service.markets import Markets

SORT, PAGE = "sort", "page"
FUEL_WITHIN_PCT = 2.0
"""Fuel counts within so many percent of spot."""
_LONGEST_NUMBER = 6
ROWS = 12
"""So many coins are on a page: as many as can be read in a picture on a phone."""
_ENDLESS = float("inf")


class Order(StrEnum):
    """What comes first."""

    NEAREST = "nearest"
    """The coin whose nearest cluster that matters is the nearest."""
    FUEL = "fuel"
    """The coin with the most to be liquidated within 2% of spot."""
    IMBALANCE = "imbalance"
    """The coin whose fuel within 5% lies the most on one side."""
    TRAPPED = "trapped"
    """The coin of which the largest share of a side is underwater."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenerRow:
    """A coin in a few figures, of the best layer that there is. USD at its spot."""

    coin: str
    label: str
    """Of the layer: venue and basis."""
    time_ms: int
    spot: float
    nearest_side: Side | None
    """Of the nearest cluster that matters; None without any."""
    nearest_price: float | None
    nearest_pct: float | None
    """From spot, in percent of it; negative below."""
    nearest_usd: float | None
    up_2pct_usd: float
    """Shorts that would be liquidated within 2% above spot."""
    down_2pct_usd: float
    """Longs that would be liquidated within 2% below spot."""
    lean: float | None
    """Where the fuel within 5% lies, from -1 (all below spot) to +1 (all above); None without fuel."""
    regime: Regime
    trapped_long: float | None
    """Share (0 to 1) of the longs that is underwater; None where a side is empty, or nobody is known."""
    trapped_short: float | None

    @property
    def fuel_usd(self) -> float:
        """What would be liquidated within 2% of spot, on both sides."""
        return self.up_2pct_usd + self.down_2pct_usd

    @property
    def trapped(self) -> float | None:
        """The larger of the two shares."""
        return max((one for one in (self.trapped_long, self.trapped_short) if one is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenerAnswer:
    """One page of all coins."""

    sort: Order
    page: int
    pages: int
    coins: int
    """How many there are on all pages."""
    time_ms: int | None
    """Of the newest view; None without any."""
    rows: tuple[ScreenerRow, ...]


def read_order(text: str) -> Order:
    """Return the order that is named. Raises `UserError`."""
    named = text.lower()
    if named in list(Order):
        return Order(named)
    near = nearest(named, list(Order))
    raise UserError(
        "sort= takes nearest, fuel, imbalance or trapped, not {text}.",
        text=quoted(text),
        instead=None if near is None else (text, near),
    )


def read_page(text: str) -> int:
    """Return the number of a page. Raises `UserError`."""
    if not text.isdecimal() or len(text) > _LONGEST_NUMBER or not int(text):
        raise UserError("page= takes a number from 1 on, not {text}.", text=quoted(text))
    return int(text)


def screener_row(view: MarketView) -> ScreenerRow:
    """Return the figures of one view."""
    cluster = _nearest(view)
    up_usd, down_usd = _within(view, FUEL_WITHIN_PCT / 100)
    underwater = view.trapped.underwater
    return ScreenerRow(
        coin=view.coin,
        label=view.layer.label,
        time_ms=view.time_ms,
        spot=view.spot,
        nearest_side=None if cluster is None else cluster.side,
        nearest_price=None if cluster is None else cluster.price,
        nearest_pct=None if cluster is None else cluster.distance_pct,
        nearest_usd=None if cluster is None else cluster.usd,
        up_2pct_usd=up_usd,
        down_2pct_usd=down_usd,
        lean=view.lean,
        regime=view.regime,
        trapped_long=underwater.long,
        trapped_short=underwater.short,
    )


def screener_answer(rows: Iterable[ScreenerRow], order: Order, page: int, most: int = ROWS) -> ScreenerAnswer:
    """Return one page of `rows` in an order; of a page beyond the last one the last."""
    ordered = sorted(rows, key=lambda row: (_rank(row, order), row.coin))
    pages = max(1, -(-len(ordered) // most))
    page = min(page, pages)
    return ScreenerAnswer(
        sort=order,
        page=page,
        pages=pages,
        coins=len(ordered),
        time_ms=max((row.time_ms for row in ordered), default=None),
        rows=tuple(ordered[(page - 1) * most : page * most]),
    )


class Screener:
    """Answers `/screener`."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._known: Mapping[str, tuple[MarketView, ScreenerRow]] = {}
        """By coin: of which view its row is. Most views are there still when the next page is asked for."""

    async def screener(self, order: Order, page: int = 1, most: int = ROWS) -> ScreenerAnswer:
        """Return one page of all coins."""
        views = list(self._markets.all())
        return await asyncio.to_thread(self._answer, views, order, page, most)

    def _answer(self, views: list[MarketView], order: Order, page: int, most: int) -> ScreenerAnswer:
        known, rows = self._known, dict[str, tuple[MarketView, ScreenerRow]]()
        for view in views:
            before = known.get(view.coin)
            is_same = before is not None and before[0] is view
            rows[view.coin] = before if before is not None and is_same else (view, screener_row(view))
        self._known = rows
        return screener_answer((row for _, row in rows.values()), order, page, most)


def _rank(row: ScreenerRow, order: Order) -> float:
    """Return the place in the order, the least first; infinite for what has none."""
    match order:
        case Order.NEAREST:
            return _ENDLESS if row.nearest_pct is None else abs(row.nearest_pct)
        case Order.FUEL:
            return -row.fuel_usd
        case Order.IMBALANCE:
            return _ENDLESS if row.lean is None else -abs(row.lean)
        case Order.TRAPPED:
            return _ENDLESS if row.trapped is None else -row.trapped


def _nearest(view: MarketView) -> Cluster | None:
    """Return the nearest cluster that matters, of either side."""
    first = [worth_naming(view.clusters.of(side))[:1] for side in Side]
    return min((one for side in first for one in side), key=lambda one: abs(one.distance_pct), default=None)


def _within(view: MarketView, share: float) -> tuple[float, float]:
    """Return the USD of shorts up to that share above spot, and of longs down to it below.

    A bin of the map, 0.1% wide, counts where its middle does.
    """
    centers, spot = view.map.bins.centers, view.spot
    above = view.map.of(Side.SHORT)[centers <= spot * (1 + share)].sum()
    return float(above), float(view.map.of(Side.LONG)[centers >= spot * (1 - share)].sum())
