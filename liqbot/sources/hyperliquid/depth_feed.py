"""Order books: the finest from the stream, what lies farther from spot asked for coin after coin.

A book tells twenty prices a side, which is a few dollars of BTC. Asked for with fewer significant digits, its
steps are wider and it reaches farther: together they are one book that reaches a tenth of the price.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

from liqbot.market.depth import Depth, DepthError
from liqbot.market.updates import DepthSeen
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.decoding import PayloadError, decode_rows
from liqbot.sources.hyperliquid.payloads import Book, BookLevel

VENUE = "Hyperliquid"
DIGITS = (4, 3, 2)
"""Significant digits of the prices of the coarser books: steps of 10, 100 and 1,000 USD at 60,000."""
ROUND_S, SHORTEST_S = 30.0, 5.0
"""Every coin is asked for so often, but no two within the shorter time: at most 72 weight a minute."""
COARSE_MS = 120_000
"""A coarse book that is older is left out."""


class DepthFeed:
    """Keeps the newest books, and tells of them at each beat."""

    def __init__(self, client: InfoClient, clock: Clock, tell: Callable[[DepthSeen], None]) -> None:
        self._client = client
        self._clock = clock
        self._tell = tell
        self._finest: dict[str, Book] = {}
        self._coarser: dict[str, list[Depth]] = {}
        self.refused = Counter[str]()

    def take(self, book: Book) -> None:
        """Take up a book of the stream; it is read when it is told of."""
        self._finest[book.coin] = book

    async def run(self) -> None:
        """Ask for coarser books of the streamed coins until cancelled."""
        while True:
            coins = list(self._finest) or [""]
            for coin in coins:
                if coin:
                    with contextlib.suppress(RequestFailed):  # there is less depth for now
                        await self.ask(coin)
                await self._clock.sleep(max(ROUND_S / len(coins), SHORTEST_S))

    async def ask(self, coin: str) -> None:
        """Ask for the coarser books of a coin. Raises `RequestFailed`."""
        books = [await self._client.book(coin, digits) for digits in DIGITS]
        self._coarser[coin] = list(self._read(books))

    def tell(self) -> None:
        """Tell of the books that came since this was last done."""
        oldest_ms = self._clock.now_ms() - COARSE_MS
        finest, self._finest = self._finest, {}
        for coin, book in finest.items():
            coarser = [depth for depth in self._coarser.get(coin, ()) if depth.time_ms >= oldest_ms]
            books = [*self._read([book]), *coarser]
            if books:
                self._tell(DepthSeen(Depth.combined(books)))

    def _read(self, books: list[Book]) -> Iterator[Depth]:
        for book in books:
            try:
                sides = [decode_rows(side, BookLevel, "l2Book") for side in book.levels]
                bids, asks = ([(level.px, level.sz) for level in levels] for levels, _ in sides)
                time_ms = min(book.time, self._clock.now_ms())
                yield Depth.of(book.coin, VENUE, time_ms, bids, asks)
            except (PayloadError, DepthError):
                self.refused["a book that made no sense"] += 1
