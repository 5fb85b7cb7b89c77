"""A week of the simulated market, for the benchmarks that draw it."""

import asyncio
import tempfile
from pathlib import Path

from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.sources.simulator import SimulatedMarket
from liqbot.sources.simulator.source import LAYER
from liqbot.store.sqlite.store import SqliteStore

WEEK_S = 7 * 24 * 3600
STEP_S = 1800
START_MS = 1_770_000_000_000


def view_with_grid(coin: str = "BTC") -> MarketView:
    """Return the last view of a week, with the week's maps."""
    return asyncio.run(_view_with_grid(coin))


async def _view_with_grid(coin: str) -> MarketView:
    market, board = SimulatedMarket(7, start_ms=START_MS), Board(LAYER)
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "x.db") as store:
        history = store.history
        for _ in range(WEEK_S // STEP_S):
            board.apply_all(market.step(STEP_S))
            view = board.view(coin)
            await history.record([view])
        return view.with_grid(await history.grid(view, WEEK_S * 1000))
