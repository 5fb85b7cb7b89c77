"""fragile: a small push would set off a cascade that runs far beyond it."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Cascade,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Side,
    SideChoice,
    cascade_of,
    percent,
    price,
    rule,
    usd,
)
from liqbot.text import N_, _

LEAVING = 0.8
"""An alert stays on until the cascade runs less far beyond the push than its threshold times this."""


@rule("fragile", policy=Policy(hold=300, cooldown=6 * 3_600, escalate=2), needs=[Need.BOOK])
def fragile(
    view: MarketView,
    *,
    push: Annotated[Percent, Between(0.1, 20), Help("how far price is pushed, either way")] = 2.0,
    beyond: Annotated[
        Percent, Between(0.1, 60), Help("how far beyond the push the cascade must run, of spot")
    ] = 2.0,
    side: Annotated[SideChoice, Help("whose liquidations: longs by a fall, shorts by a rise")] = "either",
) -> Iterator[Hit]:
    """A push of `push` would cascade more than `beyond` farther.

    Forced orders on the way eat into the order book, which moves price on and sets off the next ones. It
    counts where price would likely stop, as /cascade shows it. Without a book that is at most a minute old
    nothing is said.
    """
    for whose, way in ((Side.LONG, -push), (Side.SHORT, push)):
        found = cascade_of(view, way) if side in ("either", whose) else None
        if found is None or found.overshoot_pct < LEAVING * beyond:
            continue
        yield Hit(
            f"fragile-{whose}",
            _seen(found, way),
            means=_meaning(found),
            caveat=_(
                "The book is as it stands now: orders can come or go within seconds, and nobody is certain to"
                " push."
            ),
            value=found.overshoot_pct,
            side=whose,
            holding=found.overshoot_pct <= beyond,
        )


def _seen(found: Cascade, push: float) -> str:
    stop = found.usual
    move = (stop.price / found.spot - 1) * 100
    return _(
        "a push of {push} would run to {move}",
        push=percent(push, signed=True),
        move=percent(move, signed=True),
    )


def _meaning(found: Cascade) -> str:
    near, far = sorted((found.deep.price, found.thin.price))
    return _(
        _FORCED[found.side],
        usd=usd(found.usual.forced_usd),
        price=price(found.usual.price),
        near=price(near),
        far=price(far),
    )


_FORCED = {
    Side.LONG: N_(
        "{usd} would be force-sold down to {price}, or anywhere from {near} to {far} by how fast the book"
        " refills."
    ),
    Side.SHORT: N_(
        "{usd} would be force-bought up to {price}, or anywhere from {near} to {far} by how fast the book"
        " refills."
    ),
}
