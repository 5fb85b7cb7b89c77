"""Lining up candles and open interest, which come apart at their own times, into steps of a model."""

from dataclasses import dataclass, field

import numpy as np

from liqbot.engine.model_steps import Steps
from liqbot.market.candles import Candles
from liqbot.market.positions import Floats, Ints

MOST = 50_000
"""So many figures of open interest are kept at most, where candles fail to come."""


@dataclass(slots=True)
class CandleAlignment:
    """Puts candles aside until the open interest at their end is known."""

    until_ms: int = 0
    """When the newest step ended; what is older is not waited for."""
    _waiting: list[Candles] = field(default_factory=list[Candles])
    _newest_ms: int = 0
    _times: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _coins: Floats = field(default_factory=lambda: np.zeros(0))
    """Open interest by time, both of shape (n,)."""

    def hear_candles(self, candles: Candles) -> None:
        """Take up closed candles; those that are known or older are passed over."""
        fresh = candles.take(candles.end_ms > max(self._newest_ms, self.until_ms))
        if len(fresh):
            self._waiting.append(fresh)
            self._newest_ms = fresh.until_ms

    def hear_interest(self, times_ms: Ints, coins: Floats) -> int:
        """Take up open interest in coins by time; return how many of the figures were no number above 0."""
        sound = np.isfinite(coins) & (coins > 0)
        is_later = not len(self._times) or times_ms[0] > self._times[-1] if len(times_ms) else True
        self._times = np.concatenate([self._times, times_ms[sound]])
        self._coins = np.concatenate([self._coins, coins[sound]])
        if not is_later:
            # What was told first stands: a history that comes later must not change what was reckoned with.
            self._times, first = np.unique(self._times, return_index=True)
            self._coins = self._coins[first]
        self._times, self._coins = self._times[-MOST:], self._coins[-MOST:]
        return int(np.count_nonzero(~sound))

    def ready(self) -> Steps:
        """Return the steps that are complete, and forget them.

        A candle is complete when an open interest is known that is as new as its end, or when a later candle
        has come; it goes with the newest open interest until its end. One from before any is left out.
        """
        known_ms = int(self._times[-1]) if len(self._times) else 0
        parts: list[Steps] = []
        waiting: list[Candles] = []
        for candles in self._waiting:
            complete = (candles.end_ms <= known_ms) | (candles.end_ms < self._newest_ms)
            parts.append(self._steps(candles.take(complete)))
            if not complete.all():
                waiting.append(candles.take(~complete))
        if not known_ms:
            return Steps.empty()
        self._waiting = waiting
        steps = Steps.joined([Steps.empty(), *parts])
        if len(steps):
            self.until_ms = int(steps.end_ms[-1])
            self._forget()
        return steps

    def _steps(self, candles: Candles) -> Steps:
        place = np.searchsorted(self._times, candles.end_ms, side="right") - 1
        candles, place = candles.take(place >= 0), place[place >= 0]
        return Steps(
            end_ms=candles.end_ms,
            low=candles.low,
            high=candles.high,
            close=candles.close,
            interest=self._coins[place],
            traded=candles.volume != 0,
        )

    def _forget(self) -> None:
        """Drop open interest that no candle to come can need."""
        first = max(int(np.searchsorted(self._times, self.until_ms, side="right")) - 1, 0)
        self._times, self._coins = self._times[first:], self._coins[first:]
