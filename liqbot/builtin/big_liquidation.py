"""big-liquidation: one position of a size was force-closed."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Help,
    Hit,
    LiquidationSeen,
    MarketEvent,
    MarketView,
    Need,
    Provenance,
    SideChoice,
    Usd,
    event_rule,
    price,
    usd,
)

_HOW_SURE = {
    Provenance.STREAMED: "The venue told of it as it happened.",
    Provenance.INFERRED: "Inferred: price crossed its level and the position was gone; nobody told of it.",
}


@event_rule("big-liquidation", needs=[Need.LIQUIDATIONS])
def big_liquidation(
    view: MarketView,
    events: tuple[MarketEvent, ...],
    *,
    at_least: Annotated[Usd, Between(100_000, 1e12), Help("minimum size")] = 1_000_000,
    side: Annotated[
        SideChoice, Help("whose liquidations: longs are force-sold, shorts force-bought")
    ] = "either",
) -> Iterator[Hit]:
    """A position of at least `at_least` was liquidated.

    What a venue tells afterwards, of a time when nobody listened, alerts nobody.
    """
    for place, event in enumerate(events):
        if not isinstance(event, LiquidationSeen) or event.provenance is Provenance.BACKFILLED:
            continue
        if event.usd < at_least or side not in ("either", event.side):
            continue
        order = "sold" if event.side == "long" else "bought"
        yield Hit(
            key=f"{event.time_ms}-{event.side}-{place}",
            text=f"{usd(event.usd)} {event.side} liquidated at {price(event.price)}, {event.layer.venue}",
            means=f"It was force-{order} at market. Spot is {price(view.spot)}.",
            caveat=_HOW_SURE[event.provenance],
            value=event.usd,
            side=event.side,
        )
