"""What was observed of a coin: the views that history keeps whole, each with what led to it."""

from collections.abc import AsyncIterator

from liqbot.market.events import Observation
from liqbot.market.layer import Layer
from liqbot.store.history import History


async def observed(history: History, layer: Layer, coin: str, since_ms: int) -> AsyncIterator[Observation]:
    """Yield the observations of `coin` from `since_ms` on, the oldest first, as rules have read them."""
    async for view in history.views(layer, coin, since_ms):
        yield Observation(view)
