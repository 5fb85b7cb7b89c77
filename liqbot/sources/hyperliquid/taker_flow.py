"""Who crossed the spread lately: what takers bought in each five minutes, out of the streamed trades."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from liqbot.market.updates import TakerFlowSeen
from liqbot.sources.hyperliquid.payloads import Trade

PERIOD_MS = 5 * 60_000
BUYS, SELLS = "B", "A"


@dataclass(slots=True)
class _Period:
    number: int
    is_whole: bool
    """Whether every trade of it was heard, as far as can be said."""
    is_broken: bool = False
    """Whether the stream was interrupted, and nothing of it was heard since."""
    bought: float = 0.0
    sold: float = 0.0
    trades: set[int] = field(default_factory=set[int])
    """After a break the stream tells some of them again."""


class TakerFlow:
    """Sums up trades, and tells of each period that was heard from its beginning to its end."""

    def __init__(self, tell: Callable[[TakerFlowSeen], None]) -> None:
        self._tell = tell
        self._periods: dict[str, _Period] = {}
        self._breaks = 0

    def take(self, trades: Iterable[Trade]) -> None:
        """Take up some trades; a coin's first period began before it was listened to."""
        for trade in trades:
            number, usd = trade.time // PERIOD_MS, trade.px * trade.sz
            if trade.side not in (BUYS, SELLS) or not 0 < usd < 1e12:
                continue
            period = self._periods.get(trade.coin)
            if period is None or number > period.number:
                if period is not None:
                    self._end(trade.coin, period)
                is_next = period is not None and number == period.number + 1 and not period.is_broken
                period = self._periods[trade.coin] = _Period(number, is_whole=is_next)
            if number < period.number:
                continue
            period.is_broken = False
            if trade.tid in period.trades:
                continue
            period.trades.add(trade.tid)
            if trade.side == BUYS:
                period.bought += usd
            else:
                period.sold += usd

    def note_breaks(self, breaks: int) -> None:
        """Take note of how often the stream was interrupted so far: what is under way then is not whole."""
        if breaks != self._breaks:
            self._breaks = breaks
            for period in self._periods.values():
                period.is_whole, period.is_broken = False, True

    def _end(self, coin: str, period: _Period) -> None:
        both = period.bought + period.sold
        if period.is_whole and both > 0:
            self._tell(TakerFlowSeen(coin, period.number * PERIOD_MS, period.bought / both))
