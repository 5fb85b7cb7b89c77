"""What each path of the API asks of the services: one method a path (view, grid, screener, account, …)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from liqbot.market.grid import Grid
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.service.account_answer import AccountAnswer
from liqbot.service.books import BookAnswer
from liqbot.service.brief import BriefAnswer
from liqbot.service.cascades import CascadeAnswer
from liqbot.service.comparisons import (
    VENUE,
    Compared,
    ComparisonAnswer,
    compared,
    comparison_answer,
    read_by,
)
from liqbot.service.exports import Exports
from liqbot.service.layers import LayerQuery, Seen
from liqbot.service.liquidations import LiquidationsAnswer
from liqbot.service.past_readings import PastAnswer
from liqbot.service.picture_query import BY, PictureQuery
from liqbot.service.scoreboards import ScoreboardAnswer, ScoreQuery
from liqbot.service.screener import ScreenerAnswer, read_order
from liqbot.service.services import Services
from liqbot.service.status import ModelScore
from liqbot.service.stops import StopsAnswer
from liqbot.service.windows import WINDOWS
from liqbot.web.event_text import TOLD, happening
from liqbot.web.ports import AlertSeen, DayReading, Happening, Shown

PATIENCE_S = 30.0
"""So long a request waits for a past that is still being read: programs give up earlier than people."""
SCREENED = 100
"""So many coins are on a page of the screener."""


class ServiceQuestions:
    """Answers the web out of the services of a bot."""

    def __init__(
        self,
        services: Services,
        *,
        troubles: Callable[[], Mapping[str, str]],
        metrics: Callable[[], Awaitable[bytes]],
        hindrances: Callable[[], Mapping[str, str]] = dict[str, str],
    ) -> None:
        """`troubles` says what is wrong now by name, `metrics` gives the figures for Prometheus.

        `hindrances` are those of the troubles that keep this process from serving.
        """
        self._services = services
        self._troubles = troubles
        self._hindrances = hindrances
        self._metrics = metrics

    @property
    def windows(self) -> Sequence[str]:
        """The windows of a heatmap, the shortest first."""
        return list(WINDOWS)

    def coins(self) -> Mapping[str, Sequence[MarketView]]:
        """Return the newest view of each layer by coin, the one that people see first."""
        markets = self._services.markets
        found: dict[str, list[MarketView]] = {}
        for view in markets.all():
            others = [other for other in markets.layers.of(view.coin) if other.layer != view.layer]
            found[view.coin] = [view, *others]
        return found

    def revision(self, coin: str) -> int:
        """Return a number that is another one once anything that is shown of a coin may be another."""
        return self._services.markets.revision(coin)

    async def shown(self, coin: str, part: Mapping[str, str]) -> Shown:
        """Return the view of a coin; `part` may hold `venue`, `tier` and `opened`. Raises `UserError`."""
        seen = self._seen(coin, part)
        tiers = sorted({tier for source, _ in seen.parts for tier in source.leverages})
        return Shown(seen.view, seen.view.provenance, self._services.markets.venues(coin), tiers)

    async def grid(self, coin: str, window: str, part: Mapping[str, str]) -> tuple[MarketView, Grid]:
        """Return a view and the past maps of a window up to it. Raises `UserError`."""
        await self._services.startup.require_past(PATIENCE_S)
        seen = self._seen(coin, part)
        return seen.view, await self._services.pictures.grid_of(seen, window)

    async def happenings(
        self, coin: str, window: str, part: Mapping[str, str], limit: int
    ) -> Sequence[Happening]:
        """Return what happened within a window, the oldest first, at most the newest `limit`.

        Of several venues added up it is what happened at each of them, and says where. Raises `UserError`.
        """
        await self._services.startup.require_past(PATIENCE_S)
        seen = self._seen(coin, part)
        since_ms, found = seen.view.time_ms - self.window_ms(window), list[Happening]()
        for layer in seen.layers:
            logged = await self._services.history.events(coin, layer, since_ms, kinds=TOLD, limit=limit)
            told = [one for number, event in logged if (one := happening(event, number)) is not None]
            found += (
                [replace(one, text=f"{layer.venue}: {one.text}") for one in told] if seen.summed else told
            )
        return sorted(found, key=lambda one: (one.time_ms, one.id))[-limit:]

    async def liquidations(self, coin: str, window_s: float, venue: str | None) -> LiquidationsAnswer:
        """Return what was liquidated in the last `window_s` seconds. Raises `UserError`."""
        await self._services.startup.require_past(PATIENCE_S)
        return await self._services.liquidations.liquidations(coin, window_s, venue=venue)

    async def past(self, coin: str, window: str, part: Mapping[str, str]) -> PastAnswer:
        """Return the readings of a window. Raises `UserError`."""
        query = LayerQuery.of(part)
        await self._services.startup.require_past(PATIENCE_S)
        return await self._services.past_readings.past(coin, window, query)

    async def book(self, coin: str, venue: str | None) -> BookAnswer:
        """Return the order book of a coin. Raises `UserError`."""
        return await self._services.books.book(coin, venue)

    async def stops(self, coin: str, venue: str | None) -> StopsAnswer:
        """Return the stop orders of a coin. Raises `UserError`."""
        return await self._services.stops.stops(coin, venue)

    async def cascade(self, coin: str, push_pct: float, venue: str | None) -> CascadeAnswer:
        """Return what pushing the price by `push_pct` percent would set off. Raises `UserError`."""
        return await self._services.cascades.cascade(coin, push_pct, venue)

    async def screener(self, sort: str, page: int) -> ScreenerAnswer:
        """Return one page of all coins in an order. Raises `UserError`."""
        return await self._services.screener.screener(read_order(sort), page, SCREENED)

    async def brief(self, coin: str) -> BriefAnswer:
        """Return what to check of a coin before a trade. Raises `UserError`."""
        return await self._services.briefs.brief(coin)

    async def account(self, address: str) -> AccountAnswer:
        """Return what an account holds, and not whether anybody watches it. Raises `UserError`."""
        return replace(await self._services.accounts.account(address), watched_every_s=None)

    async def model_scores(self) -> Sequence[ModelScore]:
        """Return how the modelled maps fared against the truth."""
        return await self._services.model_scores.newest()

    async def scoreboard(self, coin: str, window: str, settings: Mapping[str, str]) -> ScoreboardAnswer:
        """Return what became of clusters. Raises `UserError`."""
        query = ScoreQuery.of(settings)
        await self._services.startup.require_past(PATIENCE_S)
        return await self._services.scoreboards.scoreboard(coin, window, query)

    @property
    def exports(self) -> Exports:
        """What is kept, as files."""
        return self._services.exports

    async def readings(self, coin: str, days: int, part: Mapping[str, str]) -> Sequence[DayReading]:
        """Return one reading a day, the oldest first. Raises `UserError`."""
        query = LayerQuery.of(part)
        await self._services.startup.require_past(PATIENCE_S)
        found = await self._services.past_readings.by_day(coin, days, query)
        return [
            DayReading(
                time_ms=one.time_ms,
                spot=one.spot,
                ratio=one.ratio,
                regime=one.regime.value,
                up_usd=one.up_usd,
                down_usd=one.down_usd,
                funding=one.funding,
                open_interest_usd=one.open_interest_usd,
            )
            for one in found
        ]

    async def alerts(self, coin: str | None, limit: int) -> Sequence[AlertSeen]:
        """Return the newest alerts, the newest first, without samples and without who got them."""
        return [
            AlertSeen(
                id=alert.id,
                coin=alert.coin,
                rule=alert.rule,
                time_ms=alert.time_ms,
                title=alert.hit.text,
                text=alert.hit.means,
                side=None if alert.hit.side is None else alert.hit.side.value,
            )
            for alert in await self._services.alerts.latest(coin, limit)
        ]

    async def picture(self, coin: str, kind: str, window: str, settings: Mapping[str, str]) -> Picture:
        """Return a picture as PNG. Raises `UserError`, and `DrawingError` where it fails."""
        own = {name: text for name, text in settings.items() if kind != "compare" or name != BY}
        query = PictureQuery.of(own)
        await self._services.startup.require_past(PATIENCE_S)
        pictures = self._services.pictures
        if kind == "compare":
            maps = await self._compared(coin, query.layer, settings)
            return await pictures.comparison_of(maps, window, query.style)
        seen = await asyncio.to_thread(self._services.markets.seen, coin, query.layer)
        if kind == "map3d":
            return await pictures.terrain_of(seen, window, query)
        if kind == "map":
            return await pictures.map_of(seen, query)
        return await pictures.heatmap_of(seen, window, query=query)

    async def comparison(self, coin: str, settings: Mapping[str, str]) -> ComparisonAnswer:
        """Return maps side by side in figures. Raises `UserError`."""
        own = {name: text for name, text in settings.items() if name != BY}
        return await comparison_answer(coin, await self._compared(coin, LayerQuery.of(own), settings))

    async def _compared(self, coin: str, query: LayerQuery, settings: Mapping[str, str]) -> list[Compared]:
        by = read_by(settings.get(BY, VENUE))
        return await asyncio.to_thread(compared, self._services.markets, coin, query, by)

    def window_ms(self, window: str) -> int:
        """Return how long a window is."""
        return WINDOWS[window]

    def now_ms(self) -> int:
        """Return the clock's time, ms since 1970 UTC."""
        return self._services.clock()

    def troubles(self) -> Mapping[str, str]:
        """Return what is wrong now, by name."""
        return self._troubles()

    def hindrances(self) -> Mapping[str, str]:
        """Return what keeps this process from serving now, by name."""
        return self._hindrances()

    async def metrics(self) -> bytes:
        """Return the figures for Prometheus."""
        return await self._metrics()

    def _seen(self, coin: str, part: Mapping[str, str]) -> Seen:
        return self._services.markets.seen(coin, LayerQuery.of(part))
