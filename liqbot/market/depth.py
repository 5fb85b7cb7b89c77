"""Depth of book: what stands to buy and to sell near the price, in coins, at one venue and instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from liqbot.market.positions import Floats
from liqbot.market.side import Side

FRESH_MS = 60_000
"""A book that is older than a minute says nothing of what stands there now."""
LARGEST = 1e15
"""No price and no size comes near it: what lies beyond is a mistake."""
Level: TypeAlias = tuple[float, float]
"""A price in USD, and how many coins stand there."""


class DepthError(ValueError):
    """A book that cannot be: one side is empty, or the best bid is not below the best ask."""


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """One coin's order book at a venue: bids and asks in columns, the best first. Columns are not written to.

    A book is cut off somewhere: beyond its `reach` it says nothing, which is not the same as nothing there.
    """

    coin: str
    venue: str
    time_ms: int
    """When the book stood so, ms since 1970 UTC."""
    bid_prices: Floats
    """Shape (n,), USD, falling."""
    bid_sizes: Floats
    """Shape (n,), coins that are bid for at each price, above 0."""
    ask_prices: Floats
    """Shape (m,), USD, rising."""
    ask_sizes: Floats
    """Shape (m,), coins that are offered at each price, above 0."""

    def __post_init__(self) -> None:
        sides = (("bids", self.bid_prices, self.bid_sizes), ("asks", self.ask_prices, self.ask_sizes))
        for name, prices, sizes in sides:
            if len(prices) != len(sizes):
                raise ValueError(f"{len(prices)} prices do not go with {len(sizes)} sizes of {name}")
            if not len(prices):
                raise DepthError(f"no {name}: not a book")
            if not np.all(_possible(prices) & _possible(sizes)):
                raise ValueError(f"prices and sizes of {name} must be numbers above 0")
        if np.any(np.diff(self.bid_prices) >= 0) or np.any(np.diff(self.ask_prices) <= 0):
            raise ValueError("the best price comes first, and no price twice")
        if self.bid_prices[0] >= self.ask_prices[0]:
            raise DepthError(f"crossed: bid {self.bid_prices[0]:g} is not below ask {self.ask_prices[0]:g}")

    @staticmethod
    def of(coin: str, venue: str, time_ms: int, bids: Iterable[Level], asks: Iterable[Level]) -> "Depth":
        """Make a book of levels in any order; those that cannot be are left out, equal prices are added up.

        Raises `DepthError` where nothing is left of a side, or where the book is crossed.
        """
        bid_prices, bid_sizes = _columns(bids)
        ask_prices, ask_sizes = _columns(asks)
        return Depth(coin, venue, time_ms, bid_prices[::-1], bid_sizes[::-1], ask_prices, ask_sizes)

    @staticmethod
    def of_checked(
        coin: str, venue: str, time_ms: int, bids: tuple[Floats, Floats], asks: tuple[Floats, Floats]
    ) -> "Depth":
        """Make a book of prices and sizes that come from one: they are not checked again, for speed."""
        made = object.__new__(Depth)
        columns = (coin, venue, time_ms, *bids, *asks)
        for name, value in zip(Depth.__slots__, columns, strict=True):
            object.__setattr__(made, name, value)
        return made

    @staticmethod
    def combined(books: Sequence["Depth"]) -> "Depth":
        """Return one book of several of the same instant, told in steps of price that grow (Hyperliquid).

        A coarser book adds what it has beyond the finer one's reach: of its first step that lies beyond,
        only the coins that the finer one has not told of yet. The time is that of the oldest. Raises
        `ValueError` where there is none, or where they are not of one coin and venue.
        """
        if not books or len({(book.coin, book.venue) for book in books}) != 1:
            raise ValueError("books of one coin and venue are combined")
        finest_first = sorted(books, key=lambda book: book.reach(Side.LONG) + book.reach(Side.SHORT))
        bids = _nested([(-book.bid_prices, book.bid_sizes) for book in finest_first])
        asks = _nested([(book.ask_prices, book.ask_sizes) for book in finest_first])
        oldest = min(book.time_ms for book in books)
        return Depth(books[0].coin, books[0].venue, oldest, -bids[0], bids[1], *asks)

    @property
    def mid(self) -> float:
        """The price between the best bid and the best ask, USD."""
        return float(self.bid_prices[0] + self.ask_prices[0]) / 2

    @property
    def spread(self) -> float:
        """Best ask less best bid, as a share of `mid`."""
        return float(self.ask_prices[0] - self.bid_prices[0]) / self.mid

    def column(self, side: Side) -> tuple[Floats, Floats]:
        """Return prices and sizes of one side: `Side.LONG` is who buys (bids), `Side.SHORT` who sells."""
        if side is Side.LONG:
            return self.bid_prices, self.bid_sizes
        return self.ask_prices, self.ask_sizes

    def reach(self, side: Side) -> float:
        """Return how far from `mid` the book is known on a side, as a share of `mid`."""
        return abs(float(self.column(side)[0][-1]) / self.mid - 1)

    def usd_within(self, side: Side, share: float) -> float | None:
        """Return the USD that stand within `share` of `mid` on a side; None where the book ends before."""
        if self.reach(side) < share:
            return None
        prices, sizes = self.column(side)
        within = np.abs(prices / self.mid - 1) <= share
        return float(np.sum(prices[within] * sizes[within]))

    def if_fresh(self, now_ms: int, most_ms: int = FRESH_MS) -> "Depth | None":
        """Return the book, or None where it is older than `most_ms`: no depth is known, which is not zero."""
        return self if now_ms - self.time_ms <= most_ms else None


def _possible(column: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return (column > 0) & (column < LARGEST)


def _columns(levels: Iterable[Level]) -> tuple[Floats, Floats]:
    """Return possible levels as columns, prices rising, each once."""
    rows = np.array(list(levels), dtype=np.float64).reshape(-1, 2)
    rows = rows[_possible(rows[:, 0]) & _possible(rows[:, 1])]
    prices, places = np.unique(rows[:, 0], return_inverse=True)
    sizes = np.zeros(len(prices))
    np.add.at(sizes, places, rows[:, 1])
    return prices, sizes


def _nested(columns: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return one side of nested books: columns of (distance that rises, size), the finest first."""
    prices, sizes = columns[0]
    for coarse_prices, coarse_sizes in columns[1:]:
        beyond = coarse_prices > prices[-1]
        told = np.concatenate([[sizes.sum()], np.cumsum(coarse_sizes)[beyond]])
        more = np.diff(np.maximum.accumulate(told))
        kept = more > 0
        prices = np.concatenate([prices, coarse_prices[beyond][kept]])
        sizes = np.concatenate([sizes, more[kept]])
    return prices, sizes
