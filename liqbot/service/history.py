"""What is stored of the past, asked: grids of windows, events, stored views."""

from collections.abc import Collection

from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView
from liqbot.rules.wording import nearest
from liqbot.service.errors import UserError
from liqbot.service.market_answer import MarketAnswer, market_answer
from liqbot.service.windows import WINDOWS
from liqbot.store.events import MOST, Events, LoggedEvent
from liqbot.store.history import History as StoredHistory
from liqbot.text.figures import listed


class History:
    """Answers questions about the past of a coin."""

    def __init__(self, stored: StoredHistory, log: Events) -> None:
        """Answer from what is stored of views, and from the event log."""
        self._stored = stored
        self._log = log

    async def coins(self) -> list[str]:
        """Return the coins of which there is history."""
        return await self._stored.coins()

    async def spelled(self, coin: str) -> str:
        """Return the coin as it is stored. Raises `UserError` that names what was probably meant."""
        known = await self.coins()
        found = next((name for name in known if name.lower() == coin.lower()), None)
        if found is not None:
            return found
        near = nearest(coin, known)
        if near:
            raise UserError("There is no {coin} here. Did you mean {near}?", coin=coin, near=near)
        raise UserError("There is no {coin} here, only {names}.", coin=coin, names=listed(known) or "-")

    async def market(self, coin: str, at_ms: int | None = None) -> MarketAnswer:
        """Return the figures of a coin as they were at or before a time, by default the newest.

        Raises `UserError`.
        """
        return market_answer(await self.view(coin, at_ms))

    async def view(self, coin: str, at_ms: int | None = None) -> MarketView:
        """Return the newest view of a coin at or before a time. Raises `UserError`."""
        name = await self.spelled(coin)
        seen = await self._stored.newest(name, at_ms)
        if seen is None:
            raise UserError("There is no view of {coin} at that time.", coin=name)
        return seen

    async def grid(self, view: MarketView, window: str) -> Grid:
        """Return the past maps of a `window` (a key of `WINDOWS`) up to a view."""
        return await self._stored.grid(view, WINDOWS[window])

    async def events(
        self,
        coin: str,
        layer: Layer,
        since_ms: int,
        *,
        kinds: Collection[str] | None = None,
        limit: int = MOST,
    ) -> list[LoggedEvent]:
        """Return what happened since, the oldest first; of more than `limit` the newest."""
        return await self._log.between(layer, coin, since_ms, 2**62, kinds=kinds, limit=limit)
