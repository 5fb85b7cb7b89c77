"""Fetching the past of one instrument for a model: candles, open interest, funding, as updates in one go.

Not here: what is new since (`news.py`), thinned views of a coin (`store/history.py`).
"""

from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import structlog

from liqbot.market.candles import Candles
from liqbot.market.margin import MarginTiers
from liqbot.market.updates import (
    AssetContext,
    CandlesSeen,
    FundingSeen,
    MarginTiersSeen,
    OpenInterestSeen,
    Update,
)
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.errors import BusyError, UnknownSymbolError
from liqbot.sources.exchanges.rows import (
    PERIOD_MS,
    USUAL_INTERVAL_H,
    Candle,
    Funding,
    OpenInterest,
    interval_h,
)
from liqbot.sources.exchanges.symbols import Instrument
from liqbot.sources.source import NoDataError

_log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class History:
    """What an exchange knows of an instrument's past, each part in the order of time."""

    instrument: Instrument
    tiers: MarginTiers | None
    funding: FundingSeen | None
    interest: OpenInterestSeen | None
    """None where the exchange keeps none."""
    candles: CandlesSeen | None

    @property
    def until_ms(self) -> int:
        """When the last candle closed; 0 where there is none."""
        return self.candles.time_ms if self.candles else 0

    def updates(self, from_ms: int) -> Iterator[Update]:
        """Yield what is known: margin tiers as of `from_ms`, funding, open interest, candles, a price."""
        coin = self.instrument.coin
        if self.tiers is not None:
            yield MarginTiersSeen(coin, from_ms, self.tiers)
        if self.funding is not None:
            yield self.funding
        if self.interest is not None:
            yield self.interest
        if self.candles is not None:
            yield self.candles
            interest = float(self.interest.coins[-1]) if self.interest else None
            yield AssetContext(coin, self.until_ms, float(self.candles.candles.close[-1]), interest)


async def fetch_history(client: Client, instrument: Instrument, from_ms: int, to_ms: int) -> History:
    """Return the past from `from_ms` to `to_ms`. Raises `NoDataError`.

    Of margin tiers and funding what cannot be read is left out: a map is worth more than they are. Candles
    before the first open interest are left out: without it they say nothing of positions. Where there is no
    open interest at all they still say where price has been since an earlier run.
    """
    tiers = await _or_none(client.margin_tiers(instrument), client, "margin tiers")
    payments = await _or_none(client.funding(instrument, from_ms, to_ms), client, "funding")
    interest = await client.open_interest(instrument, from_ms, to_ms)
    candles = await client.candles(instrument, from_ms, to_ms)
    first_ms = interest[0].time_ms if interest else from_ms
    known = [candle for candle in candles if candle.begin_ms + PERIOD_MS >= first_ms]
    return History(
        instrument,
        tiers,
        funding_seen(instrument.coin, payments) if payments else None,
        open_interest_seen(instrument.coin, interest) if interest else None,
        candles_seen(instrument.coin, known) if known else None,
    )


async def _or_none(question: Awaitable[T], client: Client, what: str) -> T | None:
    """Return an answer, None where it has another form. What may pass is raised: all is tried again."""
    try:
        return await question
    except (BusyError, UnknownSymbolError):
        raise
    except NoDataError as error:
        client.sieve.refused[f"no {what} that can be read"] += 1
        _log.warning("market_data_left_out", what=what, source=client.venue, reason=str(error))
        return None


def funding_seen(coin: str, payments: Sequence[Funding], before_ms: int = 0) -> FundingSeen:
    """Return payments of funding, at least one, as rates per hour.

    What a payment is for is the time since the one before it, of which the first may be at `before_ms`; the
    usual interval is the longest that is believed.
    """
    times = [payment.time_ms for payment in payments]
    hours = [interval_h(pair) for pair in pairwise([before_ms, *times] if before_ms else times)]
    if not before_ms:
        hours.insert(0, hours[0] if hours else USUAL_INTERVAL_H)
    rates = [payment.rate / interval for payment, interval in zip(payments, hours, strict=True)]
    return FundingSeen.of(coin, times, rates)


def open_interest_seen(coin: str, rows: Sequence[OpenInterest]) -> OpenInterestSeen:
    """Return rows, at least one, as an update."""
    times = np.array([row.time_ms for row in rows], dtype=np.int64)
    return OpenInterestSeen(coin, times, np.array([row.coins for row in rows], dtype=np.float64))


def candles_seen(coin: str, rows: Sequence[Candle]) -> CandlesSeen:
    """Return rows, at least one, as an update."""
    begin, opened, high, low, close, volume = zip(*rows, strict=True)
    candles = Candles.of(PERIOD_MS, begin, open=opened, high=high, low=low, close=close, volume=volume)
    return CandlesSeen(coin, candles)
