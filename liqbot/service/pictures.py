"""Pictures of a coin: gathers view, grid, candles, events, book, second layer, and hands them to the studio.

Not here: drawing (`charts/`), what is asked for (`picture_query.py`).
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from liqbot.charts import chart_events
from liqbot.charts.request import (
    ChartEvent,
    ComparisonInput,
    EventKind,
    HeatmapInput,
    MapInput,
    NamedLevel,
    Panel,
    SecondLayer,
    TerrainInput,
)
from liqbot.charts.sharing import Shared
from liqbot.charts.studio import DrawingError, Studio
from liqbot.engine.combined_venues import combine_grids
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.rules.hit import Hit
from liqbot.service.comparisons import Compared
from liqbot.service.context_strip import context_strip
from liqbot.service.layers import LayerQuery, Seen
from liqbot.service.markets import Markets
from liqbot.service.picture_query import DEFAULT_STYLE, PictureQuery, PictureStyle
from liqbot.service.traded import TradedCandles
from liqbot.service.windows import ALERT_WINDOW, WINDOWS
from liqbot.store.errors import StoreError
from liqbot.store.events import Events
from liqbot.store.history import History
from liqbot.text import language
from liqbot.text.figures import price

_log = structlog.get_logger()

PLAIN = PictureQuery()
REMEMBERED = 12
"""So many questions are known whose heatmaps are drawn, or being drawn."""
MOST_EVENTS = 20_000
"""Events that a picture is made from: of more the newest. Only the largest of them are drawn."""


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


def level_of(hit: Hit) -> NamedLevel | None:
    """Return the price that a hit is about, named by its figure; None for none that can be marked."""
    if hit.level is None or not 0 < hit.level < math.inf:
        return None
    return NamedLevel(hit.level, (price(hit.level),), hit.side)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a heatmap shows: whoever asks for the same gets the same one."""

    view: MarketView
    """This very view: of a newer one the past may be another, too."""
    marks: tuple[Mark, ...]
    window: str
    span_ms: int
    about: str | None
    level: NamedLevel | None
    query: PictureQuery
    language: str


class Pictures:
    """Draws what is asked for."""

    def __init__(
        self,
        studio: Studio,
        markets: Markets,
        history: History,
        events: Events,
        marks: Callable[[MarketView], tuple[Mark, ...]] = no_marks,
    ) -> None:
        """Draw in `studio`; `marks` says what overlays want on the heatmap of a view, and may block."""
        self.studio = studio
        self.traded = TradedCandles()
        """Candles as the sources tell them."""
        self._markets = markets
        self._history = history
        self._events = events
        self._marks = marks
        self._shared: Shared[Picture] = Shared(REMEMBERED)
        """Heatmaps by what was asked: as long as there is no newer view, the same question has one answer."""

    async def heatmap(self, coin: str, window: str = "24h", query: PictureQuery = PLAIN) -> Picture | None:
        """Draw the heatmap of the `window` (a key of `WINDOWS`) up to now; None where that fails.

        Raises `UserError` for a layer that there is not.
        """
        seen = self._markets.seen(coin, query.layer)
        if query.other is not None:
            self._markets.seen(coin, LayerQuery(query.other))
        try:
            return await self.heatmap_of(seen, window, query=query)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, window=window, reason=str(error))
            return None

    async def map(self, coin: str, query: PictureQuery = PLAIN) -> Picture | None:
        """Draw the map of this moment; None where that fails. Raises `UserError`."""
        seen = self._markets.seen(coin, query.layer)
        try:
            return await self.map_of(seen, query)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, reason=str(error))
            return None

    async def map_of(self, seen: Seen, query: PictureQuery = PLAIN) -> Picture:
        """Draw the map of a view. Raises `DrawingError`."""
        return await self.studio.map(MapInput(view=seen.view, look=query.style.look, depth=seen.view.depth))

    async def terrain(self, coin: str, window: str = "7d", query: PictureQuery = PLAIN) -> Picture | None:
        """Draw a map in three dimensions: price, time, money; None where that fails. Raises `UserError`."""
        seen = self._markets.seen(coin, query.layer)
        try:
            return await self.terrain_of(seen, window, query)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, window=window, reason=str(error))
            return None

    async def terrain_of(self, seen: Seen, window: str, query: PictureQuery = PLAIN) -> Picture:
        """Draw a view in three dimensions. Raises `DrawingError`."""
        grid = await self.grid_of(seen, window)
        return await self.studio.terrain(
            TerrainInput(view=seen.view, grid=grid, window=window, look=query.style.look)
        )

    async def comparison(
        self, maps: Sequence[Compared], window: str = "24h", style: PictureStyle = DEFAULT_STYLE
    ) -> Picture | None:
        """Draw maps of one coin side by side; None where that fails."""
        try:
            return await self.comparison_of(maps, window, style)
        except DrawingError as error:
            _log.error("picture_failed", coin=maps[0].view.coin, window=window, reason=str(error))
            return None

    async def comparison_of(
        self, maps: Sequence[Compared], window: str = "24h", style: PictureStyle = DEFAULT_STYLE
    ) -> Picture:
        """Draw maps of one coin side by side. Raises `DrawingError`."""
        grids = [await self.grid_of(one.seen, window) for one in maps]
        panels = tuple(Panel(one.title, one.view, grid) for one, grid in zip(maps, grids, strict=True))
        return await self.studio.comparison(ComparisonInput(panels=panels, window=window, look=style.look))

    async def of_alert(
        self,
        view: MarketView,
        hit: Hit,
        style: PictureStyle = DEFAULT_STYLE,
        level: NamedLevel | None = None,
    ) -> Picture | None:
        """Draw what goes with an alert of `hit` in `view`: a heatmap that shows and names the hit's cluster.

        And its level, by default with its figure alone. None where it cannot be drawn.
        """
        seen = self._markets.layers.whole(view)
        try:
            return await self.heatmap_of(
                seen,
                ALERT_WINDOW,
                about=cluster_of(view, hit),
                level=level_of(hit) if level is None else level,
                query=PictureQuery(style=style),
            )
        except DrawingError as error:
            _log.error("picture_failed", coin=view.coin, reason=str(error))
            return None

    async def heatmap_of(
        self,
        seen: Seen,
        window: str,
        *,
        about: str | None = None,
        level: NamedLevel | None = None,
        query: PictureQuery = PLAIN,
        span_ms: int | None = None,
    ) -> Picture:
        """Draw the heatmap of a window up to a view; `about` is the identity of a cluster to be named.

        `level` is a price to be marked. `span_ms` is how long the window is, by default what `WINDOWS` says.
        Raises `DrawingError`.
        """
        asked = _Asked(
            view=seen.view,
            marks=await asyncio.to_thread(self._marks, seen.view),
            window=window,
            span_ms=WINDOWS[window] if span_ms is None else span_ms,
            about=about,
            level=level,
            query=query,
            language=language(),
        )

        async def drawn() -> Picture:
            return await self.studio.heatmap(await self._gathered(seen, asked))

        return await self._shared.get(asked, drawn)

    async def _gathered(self, seen: Seen, asked: "_Asked") -> HeatmapInput:
        """Return all that is known of a view's market in a window."""
        view, span_ms, query = asked.view, asked.span_ms, asked.query
        return HeatmapInput(
            view=view.with_marks(asked.marks),
            grid=await self._grid(seen, span_ms),
            window=asked.window,
            candles=self.traded.first_of(seen.layers, view.coin),
            line=query.style.line,
            events=await self._happened(view, seen.layers, view.time_ms - span_ms),
            highlight=asked.about,
            level=asked.level,
            zoom=query.zoom,
            look=query.style.look,
            second=await self._second(view, query.other, span_ms),
            depth=view.depth,
            facts=context_strip(view),
        )

    async def grid_of(self, seen: Seen, window: str) -> Grid:
        """Return the past maps of the `window` up to a view."""
        return await self._grid(seen, WINDOWS[window])

    async def _grid(self, seen: Seen, span_ms: int) -> Grid:
        made = await asyncio.to_thread(seen.grid, span_ms)
        if made is not None:
            return made
        if seen.summed:  # modelled by another process: the maps that were kept of each
            grids = [await self._history.grid(one, span_ms) for one in seen.summed]
            return await asyncio.to_thread(combine_grids, grids)
        return await self._history.grid(seen.view, span_ms)

    async def _happened(
        self, view: MarketView, layers: Sequence[Layer], since_ms: int
    ) -> tuple[ChartEvent, ...]:
        """Return what took place in a view's market since.

        Of a part, or of several venues, liquidations alone: clusters of the whole say nothing of how those of
        a part ended.
        """
        seen: list[ChartEvent] = []
        for layer in layers:
            try:
                logged = await self._events.between(
                    layer, view.coin, since_ms, view.time_ms, kinds=chart_events.KINDS, limit=MOST_EVENTS
                )
            except StoreError as error:
                _log.error("events_unread", coin=view.coin, layer=layer.key, reason=str(error))
                continue
            told = await asyncio.to_thread(chart_events.told, [one.event for one in logged])
            is_whole = layer == view.layer  # no part, no sum
            seen += [event for event in told if is_whole or event.kind is EventKind.LIQUIDATION]
        return tuple(seen)

    async def _second(self, view: MarketView, other: str | None, span_ms: int) -> SecondLayer | None:
        if other is None:
            return None
        seen = self._markets.seen(view.coin, LayerQuery(other))
        if seen.view.layer == view.layer:
            return None
        return SecondLayer(replace(seen.view, marks=()), await self._grid(seen, span_ms))
