"""An eventful day of the simulated market, on which `liqbot plugins check` tries a plugin."""

from collections.abc import Sequence

from liqbot.engine.board import Board
from liqbot.market.neighbours import with_neighbours
from liqbot.market.view import MarketView
from liqbot.sources.simulator import Scenario, SimulatedMarket
from liqbot.sources.simulator.source import LAYER

STEP_S = 1_800
STEPS = 48
DAY_MS = 86_400_000


def simulated_day(now_ms: int) -> Sequence[MarketView]:
    """Return views of the day of `now_ms`, every coin after the other at each time."""
    market = SimulatedMarket(7, Scenario.MIXED, start_ms=now_ms // DAY_MS * DAY_MS)
    board, views = Board(LAYER), list[MarketView]()
    for _ in range(STEPS):
        board.apply_all(market.step(STEP_S))
        views += with_neighbours([board.view(coin) for coin in board.coins])
    return views
