"""Lowest and highest price since any instant (running extremes): which levels price has been through."""

from bisect import bisect_left

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints, Positions


class Extremes:
    """How far price went, down and up, since any instant.

    Of each direction only the prices that no later one has exceeded are kept: few, however many are told.
    """

    def __init__(self) -> None:
        self._lows = _Lowest()
        self._highs = _Lowest()
        """Of the prices with their sign turned, so that the lowest is the highest."""

    def add(self, time_ms: int, price: float) -> None:
        """Take up a price in USD. Times must not fall."""
        self._lows.add(time_ms, price)
        self._highs.add(time_ms, -price)

    def forget_before(self, time_ms: int) -> None:
        """Drop what nobody will ask for who asks for no instant before `time_ms`."""
        self._lows.forget_before(time_ms)
        self._highs.forget_before(time_ms)

    def after(self, time_ms: int) -> tuple[float, float]:
        """Return the lowest and highest price later than `time_ms`; (infinity, -infinity) without any."""
        instant = np.array([time_ms])
        return float(self._lows.after(instant)[0]), -float(self._highs.after(instant)[0])

    def passed(self, positions: Positions) -> Bools:
        """Return whose liquidation price was touched by a price later than when the position was seen.

        Such a position was liquidated, or its level had moved away before: what was seen no longer holds,
        even where price has come back since.
        """
        lowest = self._lows.after(positions.seen_ms)
        highest = -self._highs.after(positions.seen_ms)
        return np.where(positions.is_long, lowest <= positions.liquidation, highest >= positions.liquidation)


class _Lowest:
    """The lowest value after any instant: values that rise with time, all others are of no account."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._values: list[float] = []

    def add(self, time_ms: int, value: float) -> None:
        while self._values and self._values[-1] >= value:
            self._values.pop()
            self._times.pop()
        self._times.append(time_ms)
        self._values.append(value)

    def forget_before(self, time_ms: int) -> None:
        first = bisect_left(self._times, time_ms)
        del self._times[:first], self._values[:first]

    def after(self, time_ms: Ints) -> Floats:
        """Return the lowest value later than each of `time_ms`, infinity where there is none."""
        place = np.array(self._times, dtype=np.int64).searchsorted(time_ms, side="right")
        return np.array([*self._values, np.inf])[place]
