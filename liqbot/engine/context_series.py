"""Funding and open interest of one coin as they were, so that they can be held against their own past."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from liqbot.market.context import MarketContext

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
FINE_MS, FINE_STEP_MS = 2 * HOUR_MS, 5 * MINUTE_MS
"""So far back a sample stands for five minutes, before that for an hour."""
TAKERS_MS = 30 * MINUTE_MS
"""So long what takers did in five minutes is news."""
OFF_BY = 0.2
"""A sample of so long ago may be off by this share of that time."""


class Sample(NamedTuple):
    """What was told at a time. None where it was not told."""

    time_ms: int
    interest: float | None
    """Coins, one-sided."""
    funding: float | None
    """Fraction an hour."""


@dataclass(slots=True)
class ContextSeries:
    """The samples of one coin, in the order of time."""

    samples: list[Sample] = field(default_factory=list[Sample])
    long_accounts: float | None = None
    """The newest ratio of accounts that was told."""
    long_accounts_ms: int = 0
    taker_buy: float | None = None
    """The newest share that takers bought."""
    taker_ms: int = 0
    _made: tuple[int, MarketContext] | None = None
    """The newest context, and of which minute it is: it does not change faster."""

    def add(self, time_ms: int, interest: float | None, funding: float | None) -> None:
        """Take up what is told of now; of one step of time the first sample stays."""
        newest = self.samples[-1].time_ms if self.samples else -WEEK_MS
        is_told = interest is not None or funding is not None
        if is_told and time_ms - newest >= FINE_STEP_MS:
            self.samples.append(Sample(time_ms, interest, funding))
            self._thin(time_ms)

    def add_past(self, samples: Iterable[Sample], now_ms: int) -> None:
        """Take up what is told of the past, in any order."""
        known = {one.time_ms // HOUR_MS: one for one in self.samples}
        for one in samples:
            if not now_ms - WEEK_MS - HOUR_MS <= one.time_ms <= now_ms:
                continue
            there = known.get(one.time_ms // HOUR_MS)
            if there is None:
                insort(self.samples, one, key=lambda it: it.time_ms)
                known[one.time_ms // HOUR_MS] = one
            elif (there.interest is None and one.interest is not None) or (
                there.funding is None and one.funding is not None
            ):
                place = bisect_left(self.samples, there.time_ms, key=lambda it: it.time_ms)
                merged = Sample(
                    there.time_ms,
                    one.interest if there.interest is None else there.interest,
                    one.funding if there.funding is None else there.funding,
                )
                self.samples[place] = known[one.time_ms // HOUR_MS] = merged

    def hear_accounts(self, time_ms: int, long_share: float) -> None:
        """Take up the newest ratio of accounts."""
        if time_ms >= self.long_accounts_ms:
            self.long_accounts, self.long_accounts_ms = long_share, time_ms

    def hear_takers(self, time_ms: int, buy_share: float) -> None:
        """Take up the newest share that takers bought."""
        if time_ms >= self.taker_ms:
            self.taker_buy, self.taker_ms = buy_share, time_ms

    def context(self, now_ms: int, interest: float | None, funding: float | None) -> MarketContext:
        """Return what is now against what was, at most a minute old."""
        minute = now_ms // MINUTE_MS
        if self._made is not None and self._made[0] == minute:
            return self._made[1]
        fresh = now_ms - self.long_accounts_ms <= HOUR_MS
        context = MarketContext(
            funding_rank=self._rank(now_ms, funding),
            interest_1h=self._change(now_ms, interest, HOUR_MS),
            interest_24h=self._change(now_ms, interest, DAY_MS),
            interest_7d=self._change(now_ms, interest, WEEK_MS),
            long_accounts=self.long_accounts if fresh else None,
            taker_buy=self.taker_buy if now_ms - self.taker_ms <= TAKERS_MS else None,
        )
        self._made = (minute, context)
        return context

    def _rank(self, now_ms: int, funding: float | None) -> float | None:
        told = [
            (one.time_ms, one.funding)
            for one in self.samples
            if one.funding is not None and now_ms - one.time_ms <= WEEK_MS
        ]
        if funding is None or not told or now_ms - told[0][0] < DAY_MS:
            return None
        by_hour = {time_ms // HOUR_MS: rate for time_ms, rate in told}.values()
        below = sum((rate < funding) + 0.5 * (rate == funding) for rate in by_hour)
        return below / len(by_hour)

    def _change(self, now_ms: int, interest: float | None, ago_ms: int) -> float | None:
        told = [one for one in self.samples if one.interest]
        if not interest or not told:
            return None
        nearest = min(told, key=lambda one: abs(now_ms - ago_ms - one.time_ms))
        if abs(now_ms - ago_ms - nearest.time_ms) > OFF_BY * ago_ms or not nearest.interest:
            return None
        return interest / nearest.interest - 1

    def _thin(self, now_ms: int) -> None:
        kept: list[Sample] = []
        for one in self.samples:
            age_ms = now_ms - one.time_ms
            same_hour = kept and kept[-1].time_ms // HOUR_MS == one.time_ms // HOUR_MS
            if age_ms <= FINE_MS or (age_ms <= WEEK_MS + HOUR_MS and not same_hour):
                kept.append(one)
        self.samples = kept
