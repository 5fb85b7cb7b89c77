"""The bot: what the sources tell becomes views, views become alerts, alerts reach chats."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeAlias

import msgspec
import structlog

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.layer_choice import LayerChoices
from liqbot.alerts.minute_summary import MinuteSummary
from liqbot.alerts.platform import Platform
from liqbot.app.clock import clock_ms
from liqbot.app.feed import Feed
from liqbot.app.platform_runner import PlatformRunner
from liqbot.app.plugin_setup import chat_commands, plugins_of
from liqbot.charts.studio import Studio
from liqbot.chat.adapter import Adapter, Reception
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.engine.cases import CaseFinder
from liqbot.hosting.plugins import Plugins
from liqbot.market.events import MarketEvent, Observation
from liqbot.market.layer import Layer, Origin
from liqbot.market.updates import CandlesSeen
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.rules.hit import Hit
from liqbot.service.picture_query import PictureStyle
from liqbot.service.services import Services
from liqbot.settings import Settings
from liqbot.sources.source import Source, SourceError, WithCursor
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.errors import StoreError
from liqbot.store.retention import Retention
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.store import Store

_log = structlog.get_logger()

Observer: TypeAlias = Callable[[Sequence[MarketView], Mapping[str, Sequence[MarketEvent]]], Awaitable[None]]
DRAIN_S = 10
"""How long a shutdown waits for deliveries that are under way."""


class Bot:
    """Everything wired together; it works between `async with`.

    Of a coin that several sources know, the best layer that there is gives the view that people see and rules
    read (`alerts/layer_choice.py`), but for watches that name another one.
    """

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        platforms: Mapping[str, Platform],
        plugins: Plugins | None = None,
    ) -> None:
        """Open the database, and load the plugins where they are not given. Raises `DatabaseError`."""
        self.settings = settings
        keep = settings.keep
        self.store: Store = SqliteStore(
            settings.database,
            retention=Retention.of_days(
                history=keep.history_days, views=keep.views_days, events=keep.events_days
            ),
        )
        self.plugins = plugins or plugins_of(settings)
        for error in self.plugins.errors:
            _log.error("plugin_left_out", reason=str(error))
        rules = self.plugins.rules
        self.choices = LayerChoices(source.layer for source in sources)
        """Which layer of a coin people see and rules read."""
        self.evaluator = Evaluator(rules, self.store.alerts, self.choices)
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._feeds = [
            Feed(
                source,
                settings.coins,
                self._engine,
                partial(self._take, place),
                partial(self._recall_past, place),
                hear=self._hear_candles,
            )
            for place, source in enumerate(sources)
        ]
        self._minutes = MinuteSummary()
        self._cases = CaseFinder()
        self._unlogged: dict[Layer, list[MarketEvent]] = {}
        """By layer: what has happened and is still to be written down."""
        self._unread: dict[Layer, list[Observation]] = {}
        """By layer: what is kept and not yet read by rules."""
        self.services = Services(
            self.store,
            rules,
            Studio(),
            clock_ms,
            sources=[feed.health for feed in self._feeds],
            faults=self.evaluator.faults,
            choices=self.choices,
            marks=self.plugins.marks,
            evaluating=self.evaluator.evaluating,
            public_url=settings.web.public_url if settings.web.enabled else "",
        )
        self.answering = Answering((*COMMANDS, *chat_commands(self.plugins)))
        self.dispatcher = Dispatcher(self.store, self._illustrate, clock_ms, page_of=self.services.page_of)
        for name, platform in platforms.items():
            self.dispatcher.connect(name, platform)
        self.services.wake = self.dispatcher.wake
        self.services.arrived = self.dispatcher.arrived
        self.servings: list[PlatformRunner] = []
        """The platforms that people talk to the bot on."""
        self.observers: list[Observer] = []
        """Who is told of the views of each beat, and of what happened."""
        self.address: str | None = None
        """Where the page is; None where there is none."""
        self.trouble: str | None = None
        """Why nothing can be written down at present; None where it can."""
        self.beats = 0
        """How often there were new views."""
        self.clock_put_back = asyncio.Event()
        """Set where the machine's clock has been put back: markets and platforms are to be begun anew."""
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._talking: list[asyncio.Task[None]] = []
        self._dispatching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._put_back()
        self.choices.begin(clock_ms())
        for feed in self._feeds:
            await self._begin(feed)
        self._dispatching = asyncio.create_task(self.dispatcher.run())
        self._tasks = [asyncio.create_task(self._run(feed)) for feed in self._feeds]
        self._talking = [asyncio.create_task(serving.run()) for serving in self.servings]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await _ended(self._tasks)
            await self.drain(DRAIN_S)
        finally:
            await _ended(self._talking)
            await _ended([self._dispatching] if self._dispatching else [])
            self._engine.shutdown()
            self.plugins.close()
            self.services.pictures.studio.close()
            await self.store.close()

    def reception(self) -> Reception:
        """Return what an adapter serves people with."""
        return Reception(self.answering, self.services, self.dispatcher.turn, self.dispatcher.turn_within)

    def serve(self, name: str, adapter: Adapter) -> None:
        """Serve a platform's people, and its chats, from the start of the bot on."""
        self.dispatcher.connect(name, adapter)
        self.servings.append(PlatformRunner(name, adapter))

    @property
    def feeds(self) -> Sequence[Feed]:
        """The sources with what they know."""
        return self._feeds

    @property
    def failure(self) -> SourceError | None:
        """Why there is nothing to show: the first source's failure, where every source has failed."""
        failures = [feed.failure for feed in self._feeds]
        return failures[0] if failures and all(failures) else None

    @property
    def ended(self) -> bool:
        """Whether no source will tell anything more."""
        return all(task.done() for task in self._tasks)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, asked whenever there are new views, or until every source has ended."""
        while not (holds() or self.ended):
            self._changed.clear()
            await self._changed.wait()

    async def drain(self, at_most_s: float | None = DRAIN_S) -> None:
        """Send what is due, for `at_most_s` seconds or as long as it takes; what is left stays owed."""
        self.dispatcher.wake()
        try:
            async with asyncio.timeout(at_most_s):
                await self.dispatcher.drained()
        except TimeoutError:
            _log.warning("deliveries_unfinished")

    async def _put_back(self) -> None:
        """Put back what lies in the future: this machine's clock was ahead when it was written."""
        ahead_ms = await self.store.put_back(clock_ms())
        if ahead_ms:
            _log.warning("clock_was_ahead", by_s=ahead_ms // 1000)

    async def _begin(self, feed: Feed) -> None:
        """Give a live market's board its clusters back; any other market starts over."""
        layer = feed.source.layer
        if layer.origin is not Origin.LIVE:
            await self.store.begin_anew(layer)
            self._cases.forget(layer.key)
            return
        if isinstance(feed.source, WithCursor):
            feed.source.resume(await self.store.events.cursor(layer))
        try:
            feed.board.recall(await self.store.memories.load(layer))
        except msgspec.DecodeError as error:
            _log.warning("memory_left_out", layer=layer.key, reason=str(error))
        await self._read_what_is_left(layer)

    async def _read_what_is_left(self, layer: Layer) -> None:
        """Let rules read what was kept last: the bot may have been killed before they did."""
        for coin in self.settings.coins:
            try:
                newest = await self.store.observations.newest(layer, coin)
            except StoreError as error:
                _log.warning("observation_left_out", layer=layer.key, coin=coin, reason=str(error))
                continue
            if newest is not None and clock_ms() - newest.time_ms < EXPIRES_MS:
                await self.evaluator.take(newest.view, clock_ms(), newest.events, is_late=True)

    def _hear_candles(self, layer: Layer, seen: CandlesSeen) -> None:
        self.services.pictures.traded.take(layer, seen)

    async def _illustrate(self, view: MarketView, hit: Hit, look: str) -> Picture | None:
        return await self.services.pictures.of_alert(view, hit, PictureStyle.kept(look))

    async def _run(self, feed: Feed) -> None:
        try:
            await feed.run()
            self.choices.lose(feed.source.layer)
        finally:
            asyncio.get_running_loop().call_soon(self._changed.set)

    async def _recall_past(self, place: int, views: Sequence[MarketView]) -> None:
        """Take up views of a past that the source makes up: nobody is told of them, previews count them."""
        await self._log_events(self._feeds[place], views)
        await self.store.observations.record(views)
        await self.store.history.record(views)
        await self._count(views)

    async def _take(self, place: int, views: Sequence[MarketView]) -> None:
        """Take up the views of the source at `place`."""
        feed = self._feeds[place]
        self.services.markets.layers.keep(views, feed.snapshots)
        now_ms = clock_ms()
        for view in views:
            self.choices.hear(view.coin, view.layer, now_ms)
        views_beside = [self.services.markets.layers.beside(view) for view in views]
        self.services.markets.views.update(
            {
                view.coin: view
                for view in views_beside
                if self.choices.shown(view.coin, "", now_ms) == view.layer
            }
        )
        try:
            await self._write(feed, views)
        except StoreError as error:
            # People still see the market. What was to be written follows from the views to come.
            if self.trouble is None:
                _log.exception("database_failed")
            self.trouble = str(error)
        else:
            self.trouble = None
            for observer in self.observers:
                await observer(views, feed.events)
        self.beats += 1
        self._changed.set()

    async def _write(self, feed: Feed, views: Sequence[MarketView]) -> None:
        """Write down what is seen; rules read the first views of a minute, exactly as those are kept."""
        await self._log_events(feed, views)
        beside = map(self.services.markets.layers.beside, views)
        kept = await self.store.observations.record([self._minutes.joined(view) for view in beside])
        self._minutes.read(one.view for one in kept)
        await self._read(feed, kept)
        if await self.store.history.record(views):
            await self._remember(feed, views)
        await self._count([one.view for one in kept])

    async def _count(self, views: Sequence[MarketView]) -> None:
        """Write down the cases of the scoreboard that begin with `views`."""
        for view in views:
            if cases := self._cases.see(view):
                await self.store.cases.record(view.layer, view.coin, cases)

    async def _read(self, feed: Feed, kept: Sequence[Observation]) -> None:
        """Let rules read what is kept; what they could not read before comes first."""
        unread = self._unread.setdefault(feed.source.layer, [])
        unread += kept
        while unread:
            view, events = unread[0].view, unread[0].events
            if await self.evaluator.take(view, clock_ms(), events):
                self.dispatcher.wake()
            del unread[0]

    async def _log_events(self, feed: Feed, views: Sequence[MarketView]) -> None:
        """Write down what happened; what could not be written before is written with it."""
        unlogged = self._unlogged.setdefault(feed.source.layer, [])
        unlogged += [event for view in views for event in feed.events.get(view.coin, ())]
        if unlogged or feed.cursor:
            cursors = {feed.source.layer: feed.cursor} if feed.cursor else {}
            await self.store.events.record(unlogged, cursors)
            unlogged.clear()

    async def _remember(self, feed: Feed, views: Sequence[MarketView]) -> None:
        memories = feed.board.memories()
        await self.store.memories.save(feed.source.layer, {view.coin: memories[view.coin] for view in views})


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel `tasks` and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
