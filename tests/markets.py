"""Markets for tests, in two lines.

view = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100)
assert view.ratio == 104 / 190
"""

from dataclasses import dataclass

import numpy as np

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import AccountsSeen, AssetContext
from liqbot.market.view import MarketView

MINUTE = 60_000
HOUR = 60 * MINUTE
LAYER = Layer("Testex", Basis.MEASURED, Origin.SIMULATED)


@dataclass(frozen=True)
class Row:
    """One position. `at` is its liquidation price, None for none."""

    account: str
    size: float
    at: float | None = None
    entry: float = 100.0
    coin: str = "BTC"
    leverage: float | None = None


def long(account: str, coins: float, at: float | None = None, **more) -> Row:
    return Row(account, coins, at, **more)


def short(account: str, coins: float, at: float | None = None, **more) -> Row:
    return Row(account, -coins, at, **more)


def seen(*rows: Row, time_ms: int = 0, flat: tuple[str, ...] = ()) -> AccountsSeen:
    """Return what was seen of the accounts in `rows`, and of `flat`, which hold nothing."""
    accounts = tuple(dict.fromkeys([*(row.account for row in rows), *flat]))
    coins = tuple(dict.fromkeys(row.coin for row in rows))

    def floats(values) -> np.ndarray:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return AccountsSeen(
        time_ms=time_ms,
        accounts=accounts,
        coins=coins,
        account=np.array([accounts.index(row.account) for row in rows], dtype=np.int64),
        coin=np.array([coins.index(row.coin) for row in rows], dtype=np.int64),
        size=floats(row.size for row in rows),
        entry=floats(row.entry for row in rows),
        liquidation=floats(row.at for row in rows),
        leverage=floats(row.leverage for row in rows),
        margin_mode=np.zeros(len(rows), np.int8),
    )


def price(spot: float, *, time_ms: int = 0, coin: str = "BTC", **more) -> AssetContext:
    return AssetContext(coin, time_ms, spot, **more)


def board_of(*rows: Row, spot: float = 100.0, time_ms: int = 0, coin: str = "BTC", **more) -> Board:
    """Return a board that was told one price and these positions; `more` is open interest and funding."""
    board = Board(LAYER)
    board.apply(price(spot, time_ms=time_ms, coin=coin, **more))
    board.apply(seen(*rows, time_ms=time_ms))
    return board


def view_of(*rows: Row, spot: float = 100.0, time_ms: int = 0, coin: str = "BTC", **more) -> MarketView:
    """Return the view of one coin in a market of one price and these positions."""
    return board_of(*rows, spot=spot, time_ms=time_ms, coin=coin, **more).view(coin)
