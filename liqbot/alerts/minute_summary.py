"""What views say of the time since the view before, summed over the minute between two that rules read."""

from collections.abc import Iterable
from dataclasses import replace

from liqbot.market.layer import Layer
from liqbot.market.side import BySide
from liqbot.market.view import MarketView


class MinuteSummary:
    """Sources tell every few seconds, rules read once a minute: none of what happened in between is lost."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, Layer], MarketView] = {}
        """By coin and layer: the newest view that rules have not read, with all since the last they have."""

    def joined(self, view: MarketView) -> MarketView:
        """Return `view` as rules read it: what ended, was liquidated and was reached since they last did."""
        key = (view.coin, view.layer)
        before = self._since.get(key)
        joined = view if before is None else _joined(before, view)
        self._since[key] = joined
        return joined

    def read(self, views: Iterable[MarketView]) -> None:
        """Note that rules are given `views`: what comes is counted from there."""
        for view in views:
            self._since.pop((view.coin, view.layer), None)


def _joined(before: MarketView, view: MarketView) -> MarketView:
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
