"""What a push would set off in a market as it is seen: which positions, which book, and what is assumed."""

from dataclasses import replace

import numpy as np

from liqbot.engine.cascade import Cascade, cascade
from liqbot.market.cohort import Cohort
from liqbot.market.depth import Depth
from liqbot.market.layer import Basis
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Floats
from liqbot.market.side import Side
from liqbot.market.view import MarketView

_LARGE = (Cohort.WHALE, Cohort.MARKET_MAKER)
"""Whose positions are taken to be larger than $100k, of which only a part is sold at once."""


def cascade_of(view: MarketView, push_pct: float) -> Cascade | None:
    """Return what pushing price by `push_pct` percent of spot (negative: a fall) would set off in a view.

    None without depth of book: where price would stop cannot be said. Raises `ValueError` for a push of 0, of
    -100 or below, or a number that is none.
    """
    return None if view.depth is None else cascade_in(view, view.depth, push_pct)


def cascade_in(view: MarketView, depth: Depth, push_pct: float) -> Cascade:
    """Return the same with a book that is given."""
    side = Side.LONG if push_pct < 0 else Side.SHORT
    return cascade(forced_map(view), depth, push_pct, large_share=_large_share(view, side))


def forced_map(view: MarketView) -> LiquidationMap:
    """Return what is forced where price goes: what is measured, or the realised share of a model."""
    if view.realised_share is None:
        return view.map
    return replace(view.map, usd=view.map.usd * view.realised_share.value)


def _large_share(view: MarketView, side: Side) -> Floats | None:
    """Return which share of each bin is in large positions; None where the venue has no rule for them.

    Hyperliquid sells a fifth of those first, and so does the simulated market: the measured layers.
    """
    if view.layer.basis is not Basis.MEASURED:
        return None
    usd = view.map.usd[side.row]
    total = usd.sum(axis=0)
    large = sum((usd[cohort] for cohort in _LARGE), start=np.zeros_like(total))
    return np.divide(large, total, out=np.zeros_like(total), where=total > 0)
