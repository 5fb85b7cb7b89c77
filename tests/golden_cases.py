"""What the golden bytes hold: markets that are the same whenever they are made."""

from dataclasses import replace

import modelled
from markets import HOUR, LAYER, MINUTE, board_of, long, price, seen, short

from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.clusters import End
from liqbot.market.events import (
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    LiquidationSum,
    MarketEvent,
    Observation,
    RegimeChanged,
)
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.market.view import MarketView


def measured() -> Observation:
    """Return a market in which a cluster has closed, another was born and somebody was liquidated."""
    board = board_of(
        *(long("ann", 20_000, at=95), long("cid", 10_000, at=80, leverage=10), short("bob", 1, at=104)),
        time_ms=HOUR,
        open_interest=70_000.0,
        funding=1e-5,
    )
    board.observe("BTC")
    later = HOUR + MINUTE
    board.apply(Liquidation("BTC", later - 1, Side.LONG, 100.0, 2_000.0))
    board.apply(seen(short("dan", 50_000, at=108), flat=("cid",), time_ms=later))
    board.apply(price(101, time_ms=later, open_interest=70_000.0))
    return board.observe("BTC")


def modelled_view() -> MarketView:
    """Return the view of an estimated market, with an hour of past maps."""
    board = modelled.told(ModelledBoard(modelled.LAYER), *modelled.history(60))
    view = board.view("BTC")
    grid = board.grid("BTC", HOUR)
    assert grid is not None
    return view.with_grid(grid)


def events() -> list[MarketEvent]:
    """Return an event of each kind."""
    cluster = measured().view.clusters[0]
    base = {"coin": "BTC", "layer": LAYER, "time_ms": HOUR}
    side = {"side": Side.LONG, "sampled": True}
    return [
        ClusterBorn(**base, cluster=cluster),
        ClusterGrew(**base, cluster=cluster, before_usd=1e6),
        ClusterEnded(**base, cluster=cluster, end=End.MERGED, into="BTC-L2"),
        LiquidationSeen(**base, **side, price=99.5, usd=2e5, account="0xabc"),
        LiquidationSum(**base, **side, usd=3e5, count=7),
        RegimeChanged(**base, before=Regime.BALANCED, after=Regime.SHORT_SQUEEZE, ratio=2.5),
        RegimeChanged(
            **{**base, "layer": replace(LAYER, venue="Binance")},
            before=Regime.BALANCED,
            after=Regime.SHORT_SQUEEZE,
            ratio=None,
        ),
    ]
