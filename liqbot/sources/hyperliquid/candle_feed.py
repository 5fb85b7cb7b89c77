"""Candles of a minute: closed ones from the stream, and what a break of the stream left out."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

import structlog

from liqbot.market.candles import Candles
from liqbot.market.updates import CandlesSeen
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.payloads import Candle

_log = structlog.get_logger()

MINUTE_MS = 60_000
PAST_MS = 6 * 60 * MINUTE_MS
"""So much of the past is asked for when the first candle of a coin comes, and at most so much of a break."""
PAUSE_S = 5.0
"""Between two such requests, 20 weight each, at least."""


class CandleFeed:
    """Tells of candles when they have closed, in order and each once."""

    def __init__(self, client: InfoClient, clock: Clock, tell: Callable[[CandlesSeen], None]) -> None:
        self._client = client
        self._clock = clock
        self._tell = tell
        self._open: dict[str, Candle] = {}
        self._until_ms: dict[str, int] = {}
        """Up to when candles were told, by coin."""
        self._gaps: deque[tuple[str, int, int]] = deque()
        self._waiting: dict[str, list[Candle]] = {}
        """Closed candles behind a gap that is still to be filled, by coin."""
        self.refused = Counter[str]()

    def take(self, candle: Candle) -> None:
        """Take up a candle of the stream, which tells of one again and again until it closes."""
        before = self._open.get(candle.s)
        if before is None:
            since_ms = self._until_ms.get(candle.s, candle.t - PAST_MS)
            self._ask_for(candle.s, max(since_ms, candle.t - PAST_MS), candle.t)
        elif candle.t > before.t:
            if candle.t > before.t + MINUTE_MS:  # the last word on the open one was missed as well
                self._ask_for(candle.s, before.t, candle.t)
            else:
                self._close(before)
        if before is None or candle.t >= before.t:
            self._open[candle.s] = candle

    async def run(self) -> None:
        """Ask for what is missing until cancelled."""
        while True:
            if self._gaps:
                await self._fill(*self._gaps.popleft())
            await self._clock.sleep(PAUSE_S)

    def _ask_for(self, coin: str, begin_ms: int, end_ms: int) -> None:
        if end_ms > begin_ms:
            self._gaps.append((coin, begin_ms, end_ms))
            self._waiting.setdefault(coin, [])

    def _close(self, candle: Candle) -> None:
        if candle.s in self._waiting:
            self._waiting[candle.s].append(candle)
        else:
            self._tell_of(candle.s, [candle])

    async def _fill(self, coin: str, begin_ms: int, end_ms: int) -> None:
        try:
            found = await self._client.candles(coin, "1m", begin_ms, end_ms - 1)
        except RequestFailed as error:
            _log.info("candles_missing", coin=coin, reason=str(error))
            found = []
        closed = [candle for candle in found if begin_ms <= candle.t < end_ms]
        last = not any(other == coin for other, _, _ in self._gaps)
        self._tell_of(coin, [*closed, *(self._waiting.pop(coin, []) if last else [])])

    def _tell_of(self, coin: str, candles: Iterable[Candle]) -> None:
        fresh: list[Candle] = []
        until_ms = self._until_ms.get(coin, 0)
        for candle in sorted(candles, key=lambda candle: candle.t):
            if candle.t < until_ms:
                continue
            if not _is_sound(candle):
                self.refused["a candle that made no sense"] += 1
                continue
            fresh.append(candle)
            until_ms = candle.t + MINUTE_MS
        if fresh:
            self._until_ms[coin] = until_ms
            self._tell(CandlesSeen(coin, _columns(fresh)))


def _is_sound(candle: Candle) -> bool:
    inner = (candle.o, candle.c)
    return 0 < candle.l <= min(inner) and max(inner) <= candle.h < 1e15 and candle.v >= 0


def _columns(candles: Sequence[Candle]) -> Candles:
    return Candles.of(
        MINUTE_MS,
        [candle.t for candle in candles],
        open=[candle.o for candle in candles],
        high=[candle.h for candle in candles],
        low=[candle.l for candle in candles],
        close=[candle.c for candle in candles],
        volume=[candle.v for candle in candles],
    )
