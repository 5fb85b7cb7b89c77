"""Pictures of a coin's market, drawn off the event loop."""

import asyncio
from collections.abc import Callable

import structlog

from liqbot.charts.studio import DrawingError, Studio
from liqbot.market.grid import Grid
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.rules.hit import Hit
from liqbot.service.layers import LayerQuery, Seen
from liqbot.service.markets import Markets
from liqbot.service.windows import ALERT_WINDOW, WINDOWS
from liqbot.store.history import History

_log = structlog.get_logger()


def no_marks(view: MarketView) -> tuple[Mark, ...]:
    """Mark nothing."""
    del view
    return ()


def cluster_of(view: MarketView, hit: Hit) -> str | None:
    """Return the identity of the cluster that `hit` is about; None where it is about none.

    A hit's key is that identity, or the identity of what stood at the same level before: then it is the
    cluster of the hit's side and weight.
    """
    clusters = [*view.clusters, *(ended.cluster for ended in view.ended)]
    if any(cluster.id == hit.key for cluster in clusters):
        return hit.key
    alike = (cluster.id for cluster in clusters if (cluster.side, cluster.usd) == (hit.side, hit.value))
    return next(alike, None)


class Pictures:
    """Draws what is asked for."""

    def __init__(
        self,
        studio: Studio,
        markets: Markets,
        history: History,
        marks: Callable[[MarketView], tuple[Mark, ...]] = no_marks,
    ) -> None:
        """Draw in `studio`; `marks` says what overlays want on the heatmap of a view, and may block."""
        self.studio = studio
        self._markets = markets
        self._history = history
        self._marks = marks

    async def heatmap(
        self, coin: str, window: str = "24h", query: LayerQuery | None = None
    ) -> Picture | None:
        """Draw the heatmap of the `window` (a key of `WINDOWS`) up to now; None where that fails.

        Raises `UserError` for a layer that there is not.
        """
        seen = self._markets.seen(coin, query or LayerQuery())
        try:
            return await self.heatmap_of(seen, window)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, window=window, reason=str(error))
            return None

    async def map(self, coin: str, query: LayerQuery | None = None) -> Picture | None:
        """Draw the map of this moment; None where that fails. Raises `UserError`."""
        seen = self._markets.seen(coin, query or LayerQuery())
        try:
            return await self.studio.map(seen.view)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, reason=str(error))
            return None

    async def of_alert(self, view: MarketView, hit: Hit) -> Picture | None:
        """Draw what goes with an alert of `hit` in `view`: a heatmap that shows and names the hit's cluster.

        None where it cannot be drawn.
        """
        try:
            return await self.heatmap_of(
                self._markets.layers.whole(view), ALERT_WINDOW, cluster_of(view, hit)
            )
        except DrawingError as error:
            _log.error("picture_failed", coin=view.coin, reason=str(error))
            return None

    async def heatmap_of(self, seen: Seen, window: str, about: str | None = None) -> Picture:
        """Draw the heatmap of the `window` up to a view; `about` is the identity of a cluster to be named.

        Raises `DrawingError`.
        """
        grid = await self.grid_of(seen, window)
        marks = await asyncio.to_thread(self._marks, seen.view)
        return await self.studio.heatmap(seen.view.with_grid(grid).with_marks(marks), window, about)

    async def grid_of(self, seen: Seen, window: str) -> Grid:
        """Return the past maps of the `window` up to a view."""
        made = await asyncio.to_thread(seen.grid, WINDOWS[window])
        return made or await self._history.grid(seen.view, WINDOWS[window])
