"""Which of the market's events a heatmap shows: the largest liquidations, and clusters that ended."""

from collections.abc import Iterable

from liqbot.charts.request import ChartEvent, EventKind
from liqbot.market.events import ClusterEnded, LiquidationSeen, MarketEvent

MOST_DOTS, MOST_ENDS = 200, 24
"""More would hide the heat; the largest are drawn."""
_SPARE = 4
"""So many times as many are handed over: not all of them lie within a picture's prices."""
KINDS = (LiquidationSeen.kind, ClusterEnded.kind)
"""The kinds of market events that a heatmap shows."""


def told(events: Iterable[MarketEvent]) -> tuple[ChartEvent, ...]:
    """Return what a heatmap shows of market events: the largest liquidations, and clusters that ended."""
    shown: list[ChartEvent] = []
    for event in events:
        if isinstance(event, LiquidationSeen):
            shown.append(
                ChartEvent(
                    EventKind.LIQUIDATION, event.time_ms, event.price, event.usd, event.side, event.sampled
                )
            )
        elif isinstance(event, ClusterEnded):
            ended = event.cluster
            kind = EventKind(event.end.value)
            shown.append(ChartEvent(kind, event.time_ms, ended.price, ended.usd, ended.side))
    shown.sort(key=lambda event: -event.usd)
    dots = [event for event in shown if event.kind is EventKind.LIQUIDATION][: _SPARE * MOST_DOTS]
    ends = [event for event in shown if event.kind is not EventKind.LIQUIDATION][: _SPARE * MOST_ENDS]
    return tuple(sorted([*dots, *ends], key=lambda event: event.time_ms))
