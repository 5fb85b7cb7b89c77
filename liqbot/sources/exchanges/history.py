"""The past of one instrument, fetched, and told in one go: whoever models it keeps every step of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.candles import Candles
from liqbot.market.margin import MarginTiers
from liqbot.market.updates import AssetContext, CandlesSeen, MarginTiersSeen, OpenInterestSeen, Update
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.rows import PERIOD_MS, Candle, OpenInterest
from liqbot.sources.exchanges.symbols import Instrument


@dataclass(frozen=True, slots=True)
class History:
    """What an exchange knows of an instrument's past, each part in the order of time."""

    instrument: Instrument
    tiers: MarginTiers | None
    interest: OpenInterestSeen | None
    """None where the exchange keeps none."""
    candles: CandlesSeen | None

    @property
    def until_ms(self) -> int:
        """When the last candle closed; 0 where there is none."""
        return self.candles.time_ms if self.candles else 0

    def updates(self, from_ms: int) -> Iterator[Update]:
        """Yield what is known: the margin tiers as of `from_ms`, open interest, candles, the last price."""
        coin = self.instrument.coin
        if self.tiers is not None:
            yield MarginTiersSeen(coin, from_ms, self.tiers)
        if self.interest is not None:
            yield self.interest
        if self.candles is not None:
            yield self.candles
            interest = float(self.interest.coins[-1]) if self.interest else None
            yield AssetContext(coin, self.until_ms, float(self.candles.candles.close[-1]), interest)


async def fetch_history(client: Client, instrument: Instrument, from_ms: int, to_ms: int) -> History:
    """Return the past from `from_ms` to `to_ms`. Raises `NoDataError`.

    Candles before the first open interest are left out: without it they say nothing of positions. Where
    there is no open interest at all they still say where price has been since an earlier run.
    """
    tiers = await client.margin_tiers(instrument)
    interest = await client.open_interest(instrument, from_ms, to_ms)
    candles = await client.candles(instrument, from_ms, to_ms)
    first_ms = interest[0].time_ms if interest else from_ms
    known = [candle for candle in candles if candle.begin_ms + PERIOD_MS >= first_ms]
    return History(
        instrument,
        tiers,
        open_interest_seen(instrument.coin, interest) if interest else None,
        candles_seen(instrument.coin, known) if known else None,
    )


def open_interest_seen(coin: str, rows: Sequence[OpenInterest]) -> OpenInterestSeen:
    """Return rows, at least one, as an update."""
    times = np.array([row.time_ms for row in rows], dtype=np.int64)
    return OpenInterestSeen(coin, times, np.array([row.coins for row in rows], dtype=np.float64))


def candles_seen(coin: str, rows: Sequence[Candle]) -> CandlesSeen:
    """Return rows, at least one, as an update."""
    begin, opened, high, low, close, volume = zip(*rows, strict=True)
    candles = Candles.of(PERIOD_MS, begin, open=opened, high=high, low=low, close=close, volume=volume)
    return CandlesSeen(coin, candles)
