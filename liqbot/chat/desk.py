"""The desk: what commands may look at and use."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from liqbot.charts.studio import DrawingError, Studio
from liqbot.chat.layers import Layers, Seen, Wish
from liqbot.chat.previews import Previews
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError
from liqbot.sources.source import Report
from liqbot.store.store import Store
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()

HOUR_MS = 3_600_000
WINDOWS = {
    "12h": 12 * HOUR_MS,
    "24h": 24 * HOUR_MS,
    "3d": 3 * 24 * HOUR_MS,
    "7d": 7 * 24 * HOUR_MS,
    "30d": 30 * 24 * HOUR_MS,
    "90d": 90 * 24 * HOUR_MS,
    "180d": 180 * 24 * HOUR_MS,
    "1y": 365 * 24 * HOUR_MS,
}
"""The windows of a heatmap, in ms."""
ALERT_WINDOW = "24h"
"""The window of the heatmap that goes with an alert."""


@dataclass(slots=True)
class SourceHealth:
    """How a source is doing, for `/status`."""

    name: str
    layer: Layer
    state: str = "starting"
    """In a word or two: `running`, `ended`, or what went wrong."""
    rejected: Counter[str] = field(default_factory=Counter[str])
    """Updates or positions that made no sense, by reason."""
    report: Callable[[], Report] = Report
    """What the source itself has to say when asked."""

    @property
    def missing(self) -> Mapping[str, str]:
        """Why there is no data at the moment, by what is missing: a coin, liquidations."""
        return self.report().missing

    @property
    def limits(self) -> Mapping[str, str]:
        """What the source never has, and why."""
        return self.report().limits


def _nobody() -> None:
    """Wake nobody."""


def _no_marks(view: MarketView) -> tuple[Mark, ...]:
    del view
    return ()


@dataclass(slots=True)
class Desk:
    """What the bot knows and can do, as the commands see it."""

    store: Store
    rules: Rules
    studio: Studio
    clock: Callable[[], int]
    """The time in ms since 1970 UTC."""
    sources: list[SourceHealth] = field(default_factory=list[SourceHealth])
    views: dict[str, MarketView] = field(default_factory=dict[str, MarketView])
    """The newest view of each coin."""
    layers: Layers = field(default_factory=Layers)
    """The newest view of each coin in each layer."""
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each rule failed."""
    marks: Callable[[MarketView], tuple[Mark, ...]] = _no_marks
    """What overlays want drawn on the heatmap of a view; may block."""
    wake: Callable[[], None] = field(default=_nobody)
    """Lets what is due be sent at once."""
    previews: Previews = field(init=False)

    def __post_init__(self) -> None:
        self.previews = Previews(self.store.history)

    def words(self, watch: Watch) -> str:
        """Return a watch as it would be typed: `near-cluster BTC within=2% at_least=$5M side=either`."""
        rule = self.rules.by_name.get(watch.rule)
        if rule is None:
            return f"{watch.rule} {watch.coin} (this rule is not loaded)"
        try:
            settings = rule.form.show(rule.form.restore(watch.parameters))
        except ParameterError as error:
            return f"{watch.rule} {watch.coin} (no longer possible: {error})"
        return f"{watch.rule} {watch.coin} {settings}".rstrip()

    def seen(self, coin: str, wish: Wish) -> Seen:
        """Return the view of `coin` that is wished for; its own where nothing particular is.

        Raises `NoSuchLayerError`.
        """
        return self.layers.whole(self.views[coin]) if wish == Wish() else self.layers.seen(coin, wish)

    async def would_have_fired(self, watch: Watch) -> tuple[str, ...]:
        """Return, within a second, how often `watch` would have fired lately: a sentence, or none."""
        rule = self.rules.by_name[watch.rule]
        values = rule.form.restore(watch.parameters)
        return await self.previews.told(rule, values, self.views.get(watch.coin))

    async def heatmap(self, view: MarketView, window: str, seen: Seen | None = None) -> Picture:
        """Draw the heatmap of the `window` (a key of `WINDOWS`) up to `view`, off the event loop.

        `seen` is what `view` was taken from; left out where it is the newest of a layer.
        """
        seen = seen or self.layers.whole(view)
        grid = await self._past(seen, WINDOWS[window])
        marks = await asyncio.to_thread(self.marks, view)
        return await self.studio.heatmap(view.with_grid(grid).with_marks(marks), window)

    async def alert_picture(self, view: MarketView) -> Picture | None:
        """Draw what goes with an alert raised in `view`; None where it cannot be drawn."""
        try:
            return await self.heatmap(view, ALERT_WINDOW)
        except DrawingError as error:
            _log.error("an alert goes without its picture", reason=str(error))
            return None

    async def _past(self, seen: Seen, window_ms: int) -> Grid:
        made = await asyncio.to_thread(seen.grid, window_ms)
        return made or await self.store.history.grid(seen.view, window_ms)

    async def map(self, view: MarketView) -> Picture:
        """Draw the map of `view`, off the event loop."""
        return await self.studio.map(view)
