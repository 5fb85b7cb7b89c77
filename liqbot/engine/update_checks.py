"""What makes sense of what a source tells of a coin, and what does not."""

import math
from dataclasses import replace

from liqbot.market.updates import AssetContext, Liquidation, Provenance


def sensible_context(
    context: AssetContext, known: AssetContext | None
) -> tuple[AssetContext | None, list[str]]:
    """Return `context` without figures that cannot be, None where nothing is left; and what was refused.

    `known` is the newest context of the coin so far: what is older is refused.
    """
    if not (math.isfinite(context.mark) and context.mark > 0):
        return None, ["mark price is not a number above 0"]
    if known is not None and context.time_ms < known.time_ms:
        return None, ["older than what is known"]
    refused: list[str] = []
    interest, funding = context.open_interest, context.funding
    if interest is not None and not (math.isfinite(interest) and interest >= 0):
        refused.append("open interest is not a number from 0 up")
        context = replace(context, open_interest=None)
    if funding is not None and not math.isfinite(funding):
        refused.append("funding rate is not a number")
        context = replace(context, funding=None)
    return context, refused


def nonsense_in(event: Liquidation) -> str | None:
    """Return why `event` cannot be, None where it can."""
    if all(math.isfinite(value) and value > 0 for value in (event.price, event.size)):
        return None
    return "liquidation without a price or a size above 0"


def is_recent(event: Liquidation, viewed_ms: int | None) -> bool:
    """Return whether `event` counts as of the time since the last view, at `viewed_ms`; None: there was none.

    What was asked for afterwards, at the start or after a break, counts only if it happened since then.
    """
    if event.provenance is not Provenance.BACKFILLED:
        return True
    return viewed_ms is not None and event.time_ms > viewed_ms
