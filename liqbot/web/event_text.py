"""What happened, in one line and in figures, for the feed of the page and the marks on its heatmap."""

from typing import TypeAlias

from liqbot.market.clusters import End
from liqbot.market.events import (
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    MarketEvent,
    RegimeChanged,
)
from liqbot.text import _
from liqbot.text.figures import price, ratio, usd
from liqbot.web.ports import Happening

_Cell: TypeAlias = tuple[str | None, float | None, float | None]
"""Side, price and USD."""
_ENDED = {
    End.SWEPT: "Price went through {usd} of {side}s at {price}",
    End.CLOSED: "{usd} of {side}s at {price} were closed",
    End.MERGED: "{usd} of {side}s at {price} merged into a larger cluster",
}


TOLD = (ClusterBorn.kind, ClusterGrew.kind, ClusterEnded.kind, LiquidationSeen.kind, RegimeChanged.kind)
"""The kinds of events that are told."""


def happening(event: MarketEvent, number: int = 0) -> Happening | None:
    """Return an event as it is told; None for one that the feed leaves out (sums by the minute).

    `number` is its place in the log, 0 for one that was just seen.
    """
    match event:
        case ClusterBorn(cluster=cluster) | ClusterGrew(cluster=cluster) | ClusterEnded(cluster=cluster):
            words = {"usd": usd(cluster.usd), "side": cluster.side.value, "price": price(cluster.price)}
            if isinstance(event, ClusterBorn):
                kind, text = "born", _("{usd} of {side}s stand out at {price}", **words)
            elif isinstance(event, ClusterGrew):
                before = usd(event.before_usd)
                kind, text = (
                    "grew",
                    _("{usd} of {side}s at {price}, up from {before}", before=before, **words),
                )
            else:
                kind, text = event.end.value, _(_ENDED[event.end], **words)
            return _happening(event, number, kind, text, (cluster.side.value, cluster.price, cluster.usd))
        case LiquidationSeen(side=side, price=at, usd=money):
            text = _(
                "{usd} of a {side} liquidated at {price}", usd=usd(money), side=side.value, price=price(at)
            )
            return _happening(event, number, "liquidation", text, (side.value, at, money))
        case RegimeChanged(before=before, after=after):
            text = _(
                "{before} became {after}, ratio {ratio}",
                before=before.value,
                after=after.value,
                ratio=ratio(event.ratio),
            )
            return _happening(event, number, "regime", text)
        case _:
            return None


def _happening(
    event: MarketEvent, number: int, kind: str, text: str, cell: _Cell = (None, None, None)
) -> Happening:
    side, at, money = cell
    return Happening(id=number, time_ms=event.time_ms, kind=kind, side=side, price=at, usd=money, text=text)
