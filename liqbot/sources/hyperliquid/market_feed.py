"""The market as a whole: marks, funding and open interest of every coin; books and candles of some."""

import math
from collections.abc import Callable, Sequence

import structlog

from liqbot.market.updates import AssetContext
from liqbot.sources.hyperliquid import payloads
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.payloads import AssetCtx, Book, Candle, Frame, Trade, decode
from liqbot.sources.hyperliquid.reading import CoinFacts

_log = structlog.get_logger()

EVERY_S = 60.0
"""All coins are asked for so often (one request a dex, 20 weight); those watched are streamed besides."""
RETRY_S = 5.0
"""Without any price it is tried again after so long."""
JUMP = 3.0
"""A mark that is off by this factor from the one before is believed when it is told twice."""


class MarketFeed:
    """Keeps what is known of each coin, and tells of every change."""

    def __init__(
        self,
        client: InfoClient,
        dexes: Sequence[str],
        clock: Clock,
        tell: Callable[[AssetContext], None],
        traded: Callable[[Sequence[Trade]], None],
    ) -> None:
        """Hand contexts to `tell` and trades to `traded`. The exchange's own dex comes before `dexes`."""
        self._client = client
        self._dexes = ("", *dexes)
        self._clock = clock
        self._tell = tell
        self._traded = traded
        self._doubted: dict[str, float] = {}
        self.coins: dict[str, CoinFacts] = {}
        self.books: dict[str, Book] = {}
        self.candles: dict[str, Candle] = {}
        """The newest candle of a minute."""
        self.refused = 0
        """Contexts that made no sense."""
        self.last_failure = ""
        self.heard_ms = 0
        """When a price was last told."""

    @property
    def marks(self) -> dict[str, float]:
        """The mark price of each coin, USD."""
        return {coin: facts.mark for coin, facts in self.coins.items()}

    async def ask(self) -> None:
        """Ask for every coin once. Raises `RequestFailed`."""
        for dex in self._dexes:
            meta, contexts = await self._client.contexts(dex)
            for asset, context in zip(meta.universe, contexts, strict=True):
                if not asset.is_delisted:
                    self.take_context(asset.name, context)

    async def run(self) -> None:
        """Ask again and again."""
        while True:
            try:
                await self.ask()
            except RequestFailed as error:
                self.last_failure = str(error)
                _log.warning("the market could not be asked", reason=str(error))
            await self._clock.sleep(EVERY_S if self.coins else RETRY_S)

    def take_frame(self, frame: Frame) -> None:
        """Take up a frame of the stream. Raises `PayloadError`."""
        match frame.channel:
            case "trades":
                self._traded(decode(frame.data, payloads.TRADES, "trades"))
            case "activeAssetCtx":
                told = decode(frame.data, payloads.CONTEXT_FRAME, "activeAssetCtx")
                self.take_context(told.coin, told.ctx)
            case "l2Book":
                book = decode(frame.data, payloads.BOOK, "l2Book")
                self.books[book.coin] = book
            case "candle":
                candle = decode(frame.data, payloads.CANDLE, "candle")
                self.candles[candle.s] = candle
            case "error":
                _log.warning(
                    "the stream refuses something", reason=bytes(frame.data).decode(errors="replace")
                )
            case _:
                pass

    def take_context(self, coin: str, context: AssetCtx) -> None:
        """Take up what is said of a coin, unless it makes no sense."""
        mark, interest = context.mark_px, context.open_interest
        if not (_is_price(mark) and 0 <= interest < math.inf and self._is_believed(coin, mark)):
            self.refused += 1
            return
        self.coins[coin] = CoinFacts(mark, interest)
        funding = context.funding if math.isfinite(context.funding) else None
        self.heard_ms = self._clock.now_ms()
        self._tell(AssetContext(coin, self.heard_ms, mark, interest, funding))

    def _is_believed(self, coin: str, mark: float) -> bool:
        """Return whether a mark is near the last one, or near a doubted one: then the market has jumped."""
        known = self.coins.get(coin)
        doubted = self._doubted.pop(coin, None)
        if known is None or _near(mark, known.mark) or (doubted is not None and _near(mark, doubted)):
            return True
        self._doubted[coin] = mark
        return False


def _is_price(value: float) -> bool:
    return 0 < value < math.inf


def _near(one: float, other: float) -> bool:
    return other / JUMP < one < other * JUMP
