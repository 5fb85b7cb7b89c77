"""The past of one instrument, fetched, and told in steps as if it happened."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.candles import Candles
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Ints
from liqbot.market.updates import AssetContext, CandlesSeen, MarginTiersSeen, OpenInterestSeen, Update
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.rows import PERIOD_MS, Candle, OpenInterest, per_hour
from liqbot.sources.exchanges.symbols import Instrument

DAY_MS = 86_400_000
FINE_STEP_MS, STEP_MS = 900_000, 7_200_000
"""Steps of the last day, and of what lies before: those in which the history of maps is kept."""


@dataclass(slots=True)
class History:
    """What an exchange knows of an instrument's past, each part in the order of time."""

    instrument: Instrument
    tiers: MarginTiers | None
    interest: OpenInterestSeen | None
    """None where the exchange keeps none; then there are no candles either."""
    candles: Candles | None
    funding: list[tuple[int, float]]
    """When, and the rate per hour."""

    @property
    def until_ms(self) -> int:
        """When the last candle closed; 0 where there is none."""
        return self.candles.until_ms if self.candles else 0

    def opening(self, time_ms: int) -> list[Update]:
        """Return what must be known before the first candle, as of `time_ms`."""
        return [] if self.tiers is None else [MarginTiersSeen(self.instrument.coin, time_ms, self.tiers)]

    def between(self, from_ms: int, to_ms: int) -> Iterator[Update]:
        """Yield what became known after `from_ms` and until `to_ms`: open interest, candles, the price."""
        coin, interest, candles = self.instrument.coin, self.interest, self.candles
        if interest is None or candles is None:
            return
        rows = _between(interest.times_ms, from_ms, to_ms)
        if rows.start < rows.stop:
            yield OpenInterestSeen(coin, interest.times_ms[rows], interest.coins[rows])
        fresh = candles.take(_between(candles.end_ms, from_ms, to_ms))
        if len(fresh):
            known = int(np.searchsorted(interest.times_ms, fresh.until_ms, side="right"))
            yield CandlesSeen(coin, fresh)
            yield AssetContext(
                coin,
                fresh.until_ms,
                mark=float(fresh.close[-1]),
                open_interest=float(interest.coins[known - 1]) if known else None,
                funding=self._funding_at(fresh.until_ms),
            )

    def _funding_at(self, time_ms: int) -> float | None:
        place = bisect_right(self.funding, time_ms, key=lambda row: row[0])
        return self.funding[place - 1][1] if place else None


async def fetch_history(client: Client, instrument: Instrument, from_ms: int, to_ms: int) -> History:
    """Return the past from `from_ms` to `to_ms`. Raises `NoDataError`.

    Candles before the first open interest are left out: without it they say nothing of positions.
    """
    tiers = await client.margin_tiers(instrument)
    interest = await client.open_interest(instrument, from_ms, to_ms)
    candles = await client.candles(instrument, from_ms, to_ms) if interest else []
    funding = await client.funding(instrument, from_ms - DAY_MS, to_ms)
    first_ms = interest[0].time_ms if interest else to_ms + 1
    known = [candle for candle in candles if candle.begin_ms + PERIOD_MS >= first_ms]
    return History(
        instrument,
        tiers,
        open_interest_seen(instrument.coin, interest) if interest else None,
        candles_seen(instrument.coin, known).candles if known else None,
        per_hour(funding),
    )


def steps(from_ms: int, to_ms: int) -> Iterator[tuple[int, int]]:
    """Yield the begin and the end of each step from `from_ms` to `to_ms`: fine on the last day."""
    while from_ms < to_ms:
        length_ms = STEP_MS if from_ms < to_ms - DAY_MS else FINE_STEP_MS
        end_ms = min((from_ms // length_ms + 1) * length_ms, to_ms)
        yield from_ms, end_ms
        from_ms = end_ms


def open_interest_seen(coin: str, rows: Sequence[OpenInterest]) -> OpenInterestSeen:
    """Return rows, at least one, as an update."""
    times = np.array([row.time_ms for row in rows], dtype=np.int64)
    return OpenInterestSeen(coin, times, np.array([row.coins for row in rows], dtype=np.float64))


def candles_seen(coin: str, rows: Sequence[Candle]) -> CandlesSeen:
    """Return rows, at least one, as an update."""
    begin, opened, high, low, close, volume = zip(*rows, strict=True)
    candles = Candles.of(PERIOD_MS, begin, open=opened, high=high, low=low, close=close, volume=volume)
    return CandlesSeen(coin, candles)


def _between(times_ms: Ints, from_ms: int, to_ms: int) -> slice:
    first, end = np.searchsorted(times_ms, [from_ms, to_ms], side="right")
    return slice(int(first), int(end))
