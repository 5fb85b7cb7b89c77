"""A command: what a move would force."""

from typing import Annotated

import numpy as np

from liqbot.plugin import (
    Between,
    Help,
    MarketView,
    Message,
    Percent,
    Side,
    Tone,
    command,
    percent,
    price,
    usd,
)


@command("what-if")
def what_if(
    view: MarketView,
    *,
    move: Annotated[Percent, Between(-60, 170), Help("how far price goes: −5% is a fall")] = -5.0,
) -> Message:
    """What would be force-closed if price moved by `move`."""
    target = view.spot * (1 + move / 100)
    side = Side.LONG if move < 0 else Side.SHORT
    centers = view.map.bins.centers
    low, high = min(target, view.spot), max(target, view.spot)
    forced = float(np.sum(view.map.of(side)[(centers >= low) & (centers <= high)]))
    order = "sold" if side is Side.LONG else "bought"
    return Message(
        title=f"{view.coin} {percent(move, signed=True)}: {usd(forced)} would be force-{order}",
        lines=(
            f"From {price(view.spot)} to {price(target)}.",
            "At today's positions: a move changes who is in, and forced orders move price on.",
        ),
        tone=Tone.LONGS if side is Side.LONG else Tone.SHORTS,
        time_ms=view.time_ms,
        provenance=view.provenance,
    )
