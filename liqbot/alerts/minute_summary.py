"""What views say of the time since the view before, summed over the minute between two that rules read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from liqbot.market.clusters import EndedCluster
from liqbot.market.events import ClusterEnded, LiquidationSum, MarketEvent
from liqbot.market.layer import Layer
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView


@dataclass(frozen=True, slots=True)
class _Since:
    """What has happened in one coin and layer since rules read a view of it last."""

    ended: tuple[EndedCluster, ...]
    liquidated: BySide[float]
    low: float
    high: float

    @staticmethod
    def of(view: MarketView) -> "_Since":
        return _Since(view.ended, view.liquidated, view.low, view.high)


class MinuteSummary:
    """Sources tell every few seconds, rules read once a minute: none of what happened in between is lost."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, Layer], _Since] = {}

    def joined(self, view: MarketView) -> MarketView:
        """Return `view` as rules read it: what ended, was liquidated and was reached since they last did."""
        key = (view.coin, view.layer)
        before = self._since.get(key)
        joined = view if before is None else _joined(before, view)
        self._since[key] = _Since.of(joined)
        return joined

    def read(self, views: Iterable[MarketView]) -> None:
        """Note that rules are given `views`: what comes is counted from there."""
        for view in views:
            self._since.pop((view.coin, view.layer), None)

    def forget(self, layer: Layer) -> None:
        """Know nothing of a layer any more: somebody else has told of it meanwhile."""
        self._since = {key: since for key, since in self._since.items() if key[1] != layer}

    def recall(self, coin: str, layer: Layer, events: Iterable[MarketEvent]) -> None:
        """Take up again, at a restart, what the event log has since rules read last.

        How far price went in that minute is not in the log: only what it swept and liquidated.
        """
        ended: list[EndedCluster] = []
        liquidated = dict.fromkeys(Side, 0.0)
        for event in events:
            if isinstance(event, ClusterEnded):
                ended.append(EndedCluster(event.cluster, event.end, event.time_ms, event.into))
            elif isinstance(event, LiquidationSum):
                liquidated[event.side] += event.usd
        if ended or any(liquidated.values()):
            self._since[coin, layer] = _Since(
                tuple(ended),
                BySide(liquidated[Side.LONG], liquidated[Side.SHORT]),
                low=math.inf,
                high=0.0,
            )


def _joined(before: _Since, view: MarketView) -> MarketView:
    known = {one.cluster.id for one in view.ended}
    liquidated = BySide(
        before.liquidated.long + view.liquidated.long, before.liquidated.short + view.liquidated.short
    )
    return replace(
        view,
        ended=tuple(one for one in before.ended if one.cluster.id not in known) + view.ended,
        liquidated=liquidated,
        low=min(before.low, view.low),
        high=max(before.high, view.high),
    )
