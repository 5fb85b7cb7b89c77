"""Stop orders as a board keeps them: the newest that were told, by coin in steps of price."""

import numpy as np

from liqbot.engine.position_book import Book
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import Side
from liqbot.market.stops import STEP_WIDTH, StopKind, StopMap, first_step, step_count
from liqbot.market.updates import StopOrdersSeen

AGAIN_MS = 60_000
"""What orders for a whole position are worth is looked up anew after so long."""
_NOBODY = -1


class StopOrders:
    """The orders that wait for their price."""

    def __init__(self) -> None:
        self._seen: StopOrdersSeen | None = None
        self._rows: dict[str, Ints] = {}
        self._maps: dict[str, tuple[tuple[int, int], StopMap]] = {}
        """By coin: for which first step, and until when it holds; and the map."""

    def take(self, update: StopOrdersSeen) -> bool:
        """Take up all orders in place of those before; return whether they were: older ones are not."""
        if self._seen is not None and update.time_ms < self._seen.time_ms:
            return False
        self._seen = update
        self._maps.clear()
        order = np.argsort(update.coin, kind="stable")
        ends = np.searchsorted(update.coin[order], np.arange(len(update.coins) + 1))
        self._rows = {coin: order[ends[place] : ends[place + 1]] for place, coin in enumerate(update.coins)}
        return True

    def of(self, coin: str, spot: float, now_ms: int, book: Book) -> StopMap | None:
        """Return what waits in a coin around `spot`; None where nothing fresh was told.

        `book` says what accounts hold: of orders for a whole position no size is told.
        """
        seen = self._seen
        if seen is None:
            return None
        first = first_step(spot)
        known = self._maps.get(coin)
        if known is None or known[0][0] != first or now_ms >= known[0][1]:
            made = _map(seen, self._rows.get(coin, _NONE), first, book, coin)
            known = self._maps[coin] = ((first, now_ms + AGAIN_MS), made)
        return known[1].if_fresh(now_ms)


def _map(seen: StopOrdersSeen, rows: Ints, first: int, book: Book, coin: str) -> StopMap:
    """Return the orders of some rows, all of one coin, by steps from `first` on."""
    count = step_count()
    size = _sizes(seen, rows, book, coin)
    sized = np.isfinite(size)
    kind = np.where(seen.takes_profit[rows], StopKind.TAKE_PROFIT.row, StopKind.STOP_LOSS.row)
    side = np.where(seen.is_buy[rows], Side.SHORT.row, Side.LONG.row)
    step = np.floor(np.log(seen.trigger[rows]) / STEP_WIDTH).astype(np.int64) - first
    here: Bools = sized & (step >= 0) & (step < count)
    coins, beyond = np.zeros((2, 2, count)), np.zeros((2, 2))
    np.add.at(coins, (kind[here], side[here], step[here]), size[here])
    away = sized & ~here
    np.add.at(beyond, (kind[away], side[away]), size[away])
    return StopMap(
        time_ms=seen.time_ms,
        first=first,
        coins=coins,
        beyond=beyond,
        orders=len(rows),
        accounts=len(np.unique(seen.account[rows])),
        unsized=int(np.count_nonzero(~sized)),
    )


def _sizes(seen: StopOrdersSeen, rows: Ints, book: Book, coin: str) -> Floats:
    """Return the size of each order in coins, NaN where it is for a position that is not known.

    A sale closes a long and a purchase a short: an order that waits for the other side has nothing to close.
    """
    size = seen.size[rows].copy()
    whole = np.flatnonzero(np.isnan(size))
    if not len(whole):
        return size
    positions = book.positions(coin)
    places: list[int] = seen.account[rows[whole]].tolist()
    numbers = np.array([book.known_number(seen.accounts[place]) for place in places], dtype=np.int64)
    held = np.zeros(1 + max(int(numbers.max()), int(positions.account.max(initial=_NOBODY))) + 1)
    held[positions.account] = positions.size
    told = np.where(numbers == _NOBODY, 0.0, held[numbers])
    closes = np.where(seen.is_buy[rows[whole]], told < 0, told > 0)
    size[whole] = np.where(closes, np.abs(told), np.nan)
    return size


_NONE: Ints = np.zeros(0, dtype=np.int64)
