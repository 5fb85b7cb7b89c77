"""Markets for tests, in two lines.

view = market(long("ann", 2, at=95), short("bob", 1, at=104), spot=100)
assert view.ratio == 104 / 190
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.positions import Floats
from liqbot.market.updates import AccountsSeen, AssetContext
from liqbot.market.view import MarketView

LAYER = Layer("Testex", Basis.MEASURED, Origin.SIMULATED)


@dataclass(frozen=True, slots=True)
class Position:
    """One account's position. `at` is its liquidation price in USD, None for none."""

    account: str
    coins: float
    """Positive for long, negative for short."""
    at: float | None = None
    entry: float = 100.0


def long(account: str, coins: float, at: float | None = None, *, entry: float = 100.0) -> Position:
    """Return a long of `coins` coins that is liquidated `at` a price below spot."""
    return Position(account, coins, at, entry)


def short(account: str, coins: float, at: float | None = None, *, entry: float = 100.0) -> Position:
    """Return a short of `coins` coins that is liquidated `at` a price above spot."""
    return Position(account, -coins, at, entry)


def market(
    *positions: Position,
    spot: float = 100.0,
    coin: str = "BTC",
    time_ms: int = 0,
    open_interest: float | None = None,
    funding: float | None = None,
) -> MarketView:
    """Return the view of a coin in a market of one price and these positions."""
    board = Board(LAYER)
    board.apply(AssetContext(coin, time_ms, spot, open_interest, funding))
    board.apply(seen(positions, coin, time_ms))
    return board.view(coin)


def seen(positions: Sequence[Position], coin: str, time_ms: int, flat: Collection[str] = ()) -> AccountsSeen:
    """Return what was seen of the accounts of `positions`, and of `flat`, which hold nothing.

    Raises `ValueError` where an account has two positions in a coin, which no exchange knows.
    """
    holders = [position.account for position in positions]
    if len(set(holders)) < len(holders):
        raise ValueError(f"an account has one position in {coin}: {sorted(holders)}")
    accounts = tuple(dict.fromkeys([*holders, *flat]))
    count = len(positions)
    return AccountsSeen(
        time_ms=time_ms,
        accounts=accounts,
        coins=(coin,),
        account=np.array([accounts.index(holder) for holder in holders], dtype=np.int64),
        coin=np.zeros(count, dtype=np.int64),
        size=_floats(position.coins for position in positions),
        entry=_floats(position.entry for position in positions),
        liquidation=_floats(position.at for position in positions),
        leverage=np.full(count, np.nan),
        margin_mode=np.zeros(count, np.int8),
    )


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
