"""Markets that a rule seldom meets and must not fail on: empty, one-sided, tiny, modelled."""

from collections.abc import Mapping

import numpy as np

from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.candles import Candles
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import AssetContext, CandlesSeen, OpenInterestSeen
from liqbot.market.view import MarketView
from liqbot.testing.market import long, market, short

MINUTES_5_MS = 300_000
CANDLES = 288
"""A day of five minutes."""
MODELLED = Layer("Testex", Basis.MODELLED, Origin.SIMULATED)


def edge_markets(now_ms: int) -> Mapping[str, MarketView]:
    """Return by what it is a view of each such market, all of one coin, at `now_ms`."""
    return {
        "an empty market": market(time_ms=now_ms),
        "a market without shorts": market(long("a", 50_000, at=95), time_ms=now_ms),
        "a market without longs": market(short("a", 50_000, at=105), time_ms=now_ms),
        "a market of one tiny position": market(long("a", 1e-6, at=99.9), time_ms=now_ms),
        "positions without a liquidation price": market(long("a", 5), short("b", 5), time_ms=now_ms),
        "a modelled market": _modelled(now_ms),
    }


def _modelled(now_ms: int) -> MarketView:
    """Return a view modelled from a day of candles that swing about a price, with open interest alone."""
    begin_ms = now_ms // MINUTES_5_MS * MINUTES_5_MS - MINUTES_5_MS * np.arange(CANDLES, 0, -1)
    close = 100 * np.exp(0.02 * np.sin(np.arange(CANDLES) / 20))
    before = np.concatenate((close[:1], close[:-1]))
    low, high = np.minimum(before, close) * 0.999, np.maximum(before, close) * 1.001
    volume = np.full(CANDLES, 1_000.0)
    interest = 1e6 * (1 + 0.1 * np.sin(np.arange(CANDLES) / 30))
    board = ModelledBoard(MODELLED)
    board.apply(OpenInterestSeen("BTC", begin_ms + MINUTES_5_MS, interest))
    board.apply(CandlesSeen("BTC", Candles(MINUTES_5_MS, begin_ms, before, high, low, close, volume)))
    board.apply(AssetContext("BTC", now_ms, float(close[-1]), float(interest[-1]), None))
    return board.view("BTC")
