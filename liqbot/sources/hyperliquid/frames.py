"""Routing frames of the websocket: each channel to the feed that reads it."""

from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.candle_feed import CandleFeed
from liqbot.sources.hyperliquid.decoding import decode, decode_rows
from liqbot.sources.hyperliquid.depth_feed import DepthFeed
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.payloads import Frame, Trade

_log = structlog.get_logger()


class Frames:
    """Hands the data of each frame to whoever it concerns."""

    def __init__(
        self,
        market: MarketFeed,
        depth: DepthFeed,
        candles: CandleFeed,
        traded: Callable[[Sequence[Trade]], None],
    ) -> None:
        self._market = market
        self._depth = depth
        self._candles = candles
        self._traded = traded
        self.refused = Counter[str]()
        """What could not be read, by reason."""

    def take(self, frame: Frame) -> None:
        """Take up a frame. Raises `PayloadError` where nothing of it can be read."""
        match frame.channel:
            case "trades":
                trades, unread = decode_rows(frame.data, Trade, "trades")
                if unread:
                    self.refused["a trade that cannot be read"] += unread
                self._traded(trades)
            case "activeAssetCtx":
                told = decode(frame.data, decoding.CONTEXT_FRAME, "activeAssetCtx")
                self._market.take_context(told.coin, told.ctx)
            case "l2Book":
                self._depth.take(decode(frame.data, decoding.BOOK, "l2Book"))
            case "candle":
                self._candles.take(decode(frame.data, decoding.CANDLE, "candle"))
            case "error":
                _log.warning("stream_refused", reason=bytes(frame.data).decode(errors="replace"))
            case _:
                pass
