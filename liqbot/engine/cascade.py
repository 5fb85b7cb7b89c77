"""Cascades: where price would stop if a push set off forced orders that push it on.

A push takes price to a level. Every position whose liquidation price lies on the way is force-closed with
market orders, which eat into the book beyond that level; what they move price through is liquidated in turn.
Price stops where the book has absorbed all that was forced on the way: at the first p beyond the push with

    (1 + refill) * book(push, p) >= forced(spot, p)

where `book` is what stands between two prices and `forced` what is liquidated between them, in USD at spot.
Of a large position only a first part is sold at once, the rest after a pause in which the book refills
(Hyperliquid: 20% first above $100k, then 30 s). So the condition is asked twice: for what is forced at once,
and then, from there on and with the book refilled, for all of it.

By construction more depth never lets a cascade run farther, a larger push never stops it earlier, and where
nothing is forced, price stops where it was pushed to. Whoever closes before being liquidated, cancels orders,
or buys into the fall is not in it: the stop is what these positions and this book come to.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from liqbot.market.depth import Depth
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Floats
from liqbot.market.side import Side

_Sum: TypeAlias = Callable[[Floats], Floats]
"""USD up to each distance."""
LARGE_USD = 100_000.0
"""Above this notional Hyperliquid sells only a part of a position at once."""
FIRST_SHARE = 0.2
"""That part."""
FARTHEST = 100.0
"""Where a book holds next to nothing, its extension ends here, |ln(price / spot)|: prices stay numbers."""


@dataclass(frozen=True, slots=True)
class Refill:
    """How fast a book that was eaten into fills up again: shares of what stood there."""

    at_once: float
    """Hidden and re-quoted orders that are met while price runs through."""
    after_pause: float
    """What comes besides until the rest of large positions is sold."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(part) and part >= 0 for part in (self.at_once, self.after_pause)):
            raise ValueError("a refill is a share from 0 up")


THIN, USUAL, DEEP = Refill(0.0, 0.0), Refill(0.3, 1.0), Refill(1.0, 3.0)
"""The assumptions over which the band is drawn: nothing comes back, as a rule some does, most does."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a cascade would end under one assumption."""

    price: float
    """USD."""
    forced_usd: float
    """What is force-closed from spot to there, USD at spot."""
    absorbed_usd: float
    """What of it the book takes as it stands between push and stop, nothing refilled; USD at spot."""
    is_beyond_book: bool
    """Whether the book ends before: from there on its outer half was taken to go on as it is."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """What a push would set off."""

    side: Side
    """Whose positions are forced: longs by a fall, shorts by a rise."""
    spot: float
    push_price: float
    pushed_usd: float
    """What the push alone forces: liquidations from spot to the push, USD at spot."""
    thin: Stop
    usual: Stop
    deep: Stop
    """Under the three assumptions of refill; `thin` runs farthest."""
    simultaneous: Stop
    """The same with nothing held back and nothing refilled, as if all were sold at once."""

    @property
    def overshoot_pct(self) -> float:
        """How far beyond the push price would go under the usual assumption, percent of spot, 0 or more."""
        return abs(self.usual.price - self.push_price) / self.spot * 100


def cascade(
    liquidations: LiquidationMap, depth: Depth, push_pct: float, *, large_share: Floats | None = None
) -> Cascade:
    """Return what pushing price by `push_pct` percent of spot (negative: a fall) would set off.

    `large_share`, shape (bins,): which share of each bin is held in positions above `LARGE_USD`, of which
    only `FIRST_SHARE` is sold at once; None where it is unknown: then all is, which runs farthest. Raises
    `ValueError` for a push of 0, one of -100 or below, or a number that is none.
    """
    if not math.isfinite(push_pct) or push_pct == 0 or push_pct <= -100:
        raise ValueError(f"a push is a percentage above -100 that is not 0, not {push_pct}")
    side = Side.LONG if push_pct < 0 else Side.SHORT
    forced = _Forced.of(liquidations, side, large_share)
    book = _Book.of(depth, side, liquidations.spot)
    push = abs(math.log1p(push_pct / 100))
    thin, usual, deep = (_stop(forced, book, push, refill) for refill in (THIN, USUAL, DEEP))
    return Cascade(
        side=side,
        spot=liquidations.spot,
        push_price=liquidations.spot * (1 + push_pct / 100),
        pushed_usd=forced_by_push(liquidations, push_pct),
        thin=thin,
        usual=usual,
        deep=deep,
        simultaneous=_stop(forced.all_at_once(), book, push, THIN),
    )


def forced_by_push(liquidations: LiquidationMap, push_pct: float) -> float:
    """Return the USD, at spot, that are liquidated from spot to a push, whatever comes of it."""
    side = Side.LONG if push_pct < 0 else Side.SHORT
    push = abs(math.log1p(push_pct / 100))
    return float(_Forced.of(liquidations, side, None).until(np.array([push]))[0])


@dataclass(frozen=True, slots=True)
class _Forced:
    """Liquidations of one side by distance from spot: |ln(level / spot)|, rising."""

    side: Side
    spot: float
    distance: Floats
    usd: Floats
    at_once: Floats
    """The part of `usd` that is sold without a pause."""

    @staticmethod
    def of(liquidations: LiquidationMap, side: Side, large_share: Floats | None) -> "_Forced":
        usd = liquidations.of(side)
        large = np.zeros(len(usd)) if large_share is None else np.clip(large_share, 0, 1)
        signed = np.log(liquidations.bins.centers / liquidations.spot)
        distance = -signed if side is Side.LONG else signed
        held = usd > 0
        order = np.argsort(distance[held], kind="stable")
        usd, large = usd[held][order], large[held][order]
        # The bin that holds spot may have its centre on the other side of it: it is forced at once.
        distance = np.maximum(distance[held][order], 0.0)
        return _Forced(side, liquidations.spot, distance, usd, usd * (1 - large * (1 - FIRST_SHARE)))

    def all_at_once(self) -> "_Forced":
        return _Forced(self.side, self.spot, self.distance, self.usd, self.usd)

    def until(self, distance: Floats) -> Floats:
        """Return the USD that is forced up to each distance."""
        return _sum_until(self.distance, self.usd, distance)

    def at_once_until(self, distance: Floats) -> Floats:
        """Return the USD that is forced without a pause up to each distance."""
        return _sum_until(self.distance, self.at_once, distance)

    def price(self, distance: float) -> float:
        return self.spot * math.exp(-distance if self.side is Side.LONG else distance)


@dataclass(frozen=True, slots=True)
class _Book:
    """The side of the book that forced orders of one side meet, by distance from spot, rising."""

    distance: Floats
    usd: Floats
    """USD at spot."""
    density: float
    """USD by unit of distance in the outer half: what is taken to stand beyond the book's end."""

    @staticmethod
    def of(depth: Depth, side: Side, spot: float) -> "_Book":
        prices, sizes = depth.column(side)
        # The geometric middle: so a mirrored book is as far away on either side.
        signed = np.log(prices / math.sqrt(depth.bid_prices[0] * depth.ask_prices[0]))
        distance = np.maximum(-signed if side is Side.LONG else signed, 0.0)
        usd = sizes * spot
        end = float(distance[-1])
        outer = float(usd[distance >= end / 2].sum())
        return _Book(distance, usd, outer / (end / 2) if end > 0 else 0.0)

    @property
    def end(self) -> float:
        return float(self.distance[-1])

    def until(self, distance: Floats) -> Floats:
        """Return the USD that stand up to each distance."""
        beyond = np.maximum(distance - self.end, 0.0)
        return _sum_until(self.distance, self.usd, distance) + beyond * self.density


def _stop(forced: _Forced, book: _Book, push: float, refill: Refill) -> Stop:
    first = _first_crossing(
        forced.at_once_until, forced.distance, book, (push, push), capacity=1 + refill.at_once
    )
    capacity = 1 + refill.at_once + refill.after_pause
    last = _first_crossing(forced.until, forced.distance, book, (push, first), capacity=capacity)
    last = min(last, FARTHEST)
    total = float(forced.until(np.array([last]))[0])
    stood, before = book.until(np.array([last, push]))
    return Stop(forced.price(last), total, min(total, float(stood - before)), last > max(book.end, push))


def _first_crossing(
    demand: _Sum, levels: Floats, book: _Book, span: tuple[float, float], *, capacity: float
) -> float:
    """Return where the book has absorbed the demand.

    `span` is from which distance the book counts, and from which on price may stop.
    """
    push, since = span
    before = float(book.until(np.array([push]))[0])
    # Where the book stands in levels, only a level of it can make up the difference.
    inner = np.concatenate([[since], book.distance[book.distance > since]])
    enough = np.flatnonzero(capacity * (book.until(inner) - before) >= demand(inner))
    if len(enough):
        return float(inner[enough[0]])
    # Beyond its end it gives evenly, and the demand is even between two liquidations.
    begins = np.concatenate([[inner[-1]], levels[levels > inner[-1]]])
    if book.density <= 0:
        return float(begins[-1])
    reached = (
        begins + np.maximum(demand(begins) / capacity - (book.until(begins) - before), 0.0) / book.density
    )
    crossed = np.flatnonzero(reached[:-1] < begins[1:])
    return float(reached[crossed[0]] if len(crossed) else reached[-1])


def _sum_until(distance: Floats, usd: Floats, asked: Floats) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(usd)])
    return sums[np.searchsorted(distance, asked, side="right")]
