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
    Side,
    SideChoice,
    Usd,
    event_rule,
    price,
    usd,
)
from liqbot.text import N_, _

_HOW_SURE = {
    Provenance.STREAMED: N_("The venue told of it as it happened."),
    Provenance.INFERRED: N_(
        "Inferred: price crossed its level and the position was gone; nobody told of it."
    ),
}

_LIQUIDATED = {
    Side.LONG: N_("{usd} long liquidated at {price}, {venue}"),
    Side.SHORT: N_("{usd} short liquidated at {price}, {venue}"),
}
_FORCED = {
    Side.LONG: N_("It was force-sold at market. Spot is {price}."),
    Side.SHORT: N_("It was force-bought at market. Spot is {price}."),
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
        yield Hit(
            key=f"{event.time_ms}-{event.side}-{place}",
            text=_(
                _LIQUIDATED[event.side],
                usd=usd(event.usd),
                price=price(event.price),
                venue=event.layer.venue,
            ),
            means=_(_FORCED[event.side], price=price(view.spot)),
            caveat=_(_HOW_SURE[event.provenance]),
            value=event.usd,
            side=event.side,
        )
