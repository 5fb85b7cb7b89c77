"""The role that watches the market: sources become views; what is seen and what happens is written down."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import structlog

from liqbot.alerts.layer_choice import LayerChoices
from liqbot.alerts.minute_summary import MinuteSummary
from liqbot.app.feed import Feed
from liqbot.bus import Bus, ObservationsKept, ViewsMade
from liqbot.engine.cases import CaseFinder
from liqbot.market.coins import ALL
from liqbot.market.events import ClusterBorn, ClusterEnded, ClusterGrew, MarketEvent
from liqbot.market.layer import Layer, Origin
from liqbot.market.updates import CandlesSeen
from liqbot.market.view import MarketView
from liqbot.service.markets import Markets
from liqbot.service.startup import Startup
from liqbot.sources.source import Source, SourceError, WithCursor
from liqbot.store.errors import StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import RETRY_S, Lease, Leases, fenced
from liqbot.store.store import Store
from liqbot.store.urgency import urgently

_log = structlog.get_logger()

CLUSTER_EVENTS = (ClusterBorn, ClusterGrew, ClusterEnded)


def engine_lease(layer: Layer) -> str:
    """Return the name of the lease of whoever makes the views of a layer."""
    return f"engine/{layer.key}"


class EngineRole:
    """Follows the sources, shows people the newest views, keeps what rules read, and tells on the bus."""

    def __init__(
        self,
        sources: Sequence[Source],
        coins: tuple[str, ...],
        store: Store,
        bus: Bus,
        *,
        choices: LayerChoices,
        clock: Callable[[], int],
        hear: Callable[[Layer, CandlesSeen], None] | None = None,
        leases: Leases | None = None,
    ) -> None:
        """`choices` says which layer of a coin people see; `clock` tells the time in ms since 1970 UTC.

        `hear` is told of candles as they come. With `leases`, a source is followed by whoever holds the lease
        of its layer.
        """
        self._coins = coins
        self._store = store
        self._bus = bus
        self._choices = choices
        self._clock = clock
        self.markets: Markets | None = None
        """Who is shown the newest views; None for nobody."""
        self.startup: Startup | None = None
        """Who is told of a past that has yet to be read; None for nobody."""
        self.trouble: str | None = None
        """Why nothing can be written down at present; None where it can."""
        self.beats = 0
        """How often there were new views."""
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="engine")
        """Where views are made."""
        self.feeds = [
            Feed(
                source,
                coins,
                self.executor,
                partial(self.take, place),
                partial(self._recall_past, place),
                hear=hear,
                lacks_data=partial(self._lacks_data, place),
            )
            for place, source in enumerate(sources)
        ]
        """The sources with what they know."""
        self._leases = leases
        self.leaderships = [
            Leadership(leases, engine_lease(feed.source.layer)) for feed in self.feeds if leases is not None
        ]
        """Of each source, who follows it; none where nobody else could."""
        self._minutes = MinuteSummary()
        self._cases = CaseFinder()
        self._unlogged: dict[Layer, list[MarketEvent]] = {}
        """By layer: what has happened and is still to be written down."""
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def failure(self) -> SourceError | None:
        """Why there is nothing to show: the first source's failure, where every source has failed."""
        failures = [feed.failure for feed in self.feeds]
        return failures[0] if failures and all(failures) else None

    @property
    def ended(self) -> bool:
        """Whether no source will tell anything more."""
        return all(task.done() for task in self._tasks)

    @property
    def led(self) -> list[Feed]:
        """The sources that this process follows now: all, where nobody else could."""
        if self._leases is None:
            return self.feeds
        each = zip(self.feeds, self.leaderships, strict=True)
        return [feed for feed, leadership in each if leadership.is_held]

    async def prepare(self) -> None:
        """Give live markets back what is known of them; any other market starts over.

        Where others could follow a source as well, that is done once its lease is had.
        """
        for feed in self.feeds if self._leases is None else ():
            await self._prepare(feed)
            await self._show_present(feed)

    def start(self) -> None:
        """Follow the sources from now on."""
        if self._leases is None:
            runs = [self._run(feed) for feed in self.feeds]
        else:
            runs = [self._follow(*each) for each in zip(self.feeds, self.leaderships, strict=True)]
        self._tasks = [asyncio.create_task(run) for run in runs]

    async def stop(self) -> None:
        """Follow them no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, asked whenever there are new views, or until every source has ended."""
        while not (holds() or self.ended):
            self._changed.clear()
            await self._changed.wait()

    async def take(self, place: int, views: Sequence[MarketView]) -> None:
        """Take up the views of the source at `place`."""
        feed = self.feeds[place]
        self._past_ends(feed)
        self._show(feed, views)
        with urgently():  # alerts come of it
            try:
                await self._write(feed, views)
            except StoreError as error:
                # People still see the market. What was to be written follows from the views to come.
                if self.trouble is None:
                    _log.error("database_failed", reason=str(error))
                self.trouble = str(error)
            else:
                self.trouble = None
                await self._bus.publish(ViewsMade(feed.source.layer, views, feed.events))
        self.beats += 1
        self._changed.set()

    async def _follow(self, feed: Feed, leadership: Leadership) -> None:
        """Follow a source whenever the lease of its layer is had."""

        async def lead(lease: Lease) -> None:
            try:
                with fenced(lease):
                    self._begin_anew(feed)
                    await self._prepare(feed)
                    await self._run(feed)
            except asyncio.CancelledError:
                feed.health.state = "standing by"
                raise
            finally:
                self.trouble = None  # of what another process writes by now
            if feed.failure is None:  # it has told all: nobody is to begin it again
                await asyncio.Event().wait()

        while True:
            feed.health.state = "standing by"
            try:
                await leadership.run(lead)
            except StoreError as error:
                _log.warning("layer_not_led", layer=feed.source.layer.key, reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _begin_anew(self, feed: Feed) -> None:
        """Know of a layer what is in the store alone: another process may have followed it meanwhile."""
        layer = feed.source.layer
        feed.begin_anew()
        self._unlogged.pop(layer, None)
        self._minutes.forget(layer)
        self._cases.forget(layer.key)
        self._store.look_anew(layer)

    async def _run(self, feed: Feed) -> None:
        try:
            await feed.run()
            self._choices.lose(feed.source.layer)
        finally:
            self._past_ends(feed)
            asyncio.get_running_loop().call_soon(self._changed.set)

    async def _show_present(self, feed: Feed) -> None:
        """Show the present of a source that has yet to tell its past: questions need not wait."""
        if self.markets is None or self.startup is None:
            return
        views = await feed.present()
        if views:
            self.startup.past_begins(feed.source.name)
            self._show(feed, views)
            self._changed.set()

    def _lacks_data(self, place: int) -> None:
        if self.startup is not None:
            self.startup.has_no_data(place)

    def _past_ends(self, feed: Feed) -> None:
        if self.startup is not None:
            self.startup.past_ends(feed.source.name)

    async def _prepare(self, feed: Feed) -> None:
        layer = feed.source.layer
        if layer.origin is not Origin.LIVE:
            await self._store.begin_anew(layer)
            self._cases.forget(layer.key)
            return
        if isinstance(feed.source, WithCursor):
            feed.source.resume(await self._store.events.cursor(layer))
        try:
            feed.board.recall(await self._store.memories.load(layer))
        except msgspec.DecodeError as error:
            _log.warning("memory_left_out", layer=layer.key, reason=str(error))
        for coin in await kept_coins(self._store, self._coins):
            await self._recall_minute(layer, coin)

    async def _recall_minute(self, layer: Layer, coin: str) -> None:
        """Take up what happened after the newest observation: rules have not read it, and will."""
        try:
            events = await self._store.observations.events_since_newest(layer, coin)
            self._minutes.recall(coin, layer, events)
        except StoreError as error:
            _log.warning("minute_left_out", layer=layer.key, coin=coin, reason=str(error))

    async def _recall_past(self, place: int, views: Sequence[MarketView]) -> None:
        """Take up views of a past that the source makes up: nobody is told of them, previews count them."""
        await self._log_events(self.feeds[place], views)
        await self._store.observations.record(views)
        await self._store.history.record(views)
        await self._count(views)

    def _show(self, feed: Feed, views: Sequence[MarketView]) -> None:
        now_ms = self._clock()
        for view in views:
            self._choices.hear(view.coin, view.layer, now_ms)
        if self.markets is not None:
            self.markets.take(views, feed.snapshots)

    async def _write(self, feed: Feed, views: Sequence[MarketView]) -> None:
        """Write down what is seen; rules read the first views of a minute, exactly as those are kept."""
        await self._log_events(feed, views)
        beside = views if self.markets is None else map(self.markets.layers.beside, views)
        kept = await self._store.observations.record([self._minutes.joined(view) for view in beside])
        self._minutes.read(one.view for one in kept)
        coins = [one.coin for one in kept]
        await self._bus.publish(ObservationsKept(feed.source.layer, coins, kept))
        if await self._store.history.record(views):
            loop, coins = asyncio.get_running_loop(), [view.coin for view in views]
            memories = await loop.run_in_executor(self.executor, feed.board.memories, coins)
            await self._store.memories.save(feed.source.layer, memories)
        await self._count([one.view for one in kept])

    async def _count(self, views: Sequence[MarketView]) -> None:
        """Write down the cases of the scoreboard that begin with `views`."""
        for view in views:
            if cases := self._cases.see(view):
                await self._store.cases.record(view.layer, view.coin, cases)

    async def _log_events(self, feed: Feed, views: Sequence[MarketView]) -> None:
        """Write down what happened; what could not be written before is written with it."""
        unlogged = self._unlogged.setdefault(feed.source.layer, [])
        unlogged += [event for view in views for event in feed.events.get(view.coin, ())]
        if unlogged or feed.cursor:
            layer = feed.source.layer
            cursors = {layer: feed.cursor} if feed.cursor else {}
            await self._store.events.record(unlogged, cursors, {layer: await self._memories(feed, unlogged)})
            unlogged.clear()

    async def _memories(self, feed: Feed, events: Sequence[MarketEvent]) -> dict[str, bytes]:
        """Return what a live board knows of the coins whose clusters have changed by `events`.

        It is written with them: a board that knew less after a restart would tell of them again.
        """
        changed = {event.coin for event in events if isinstance(event, CLUSTER_EVENTS)}
        if not changed or feed.source.layer.origin is not Origin.LIVE:
            return {}
        loop = asyncio.get_running_loop()  # the feed waits meanwhile: nothing changes its board
        return await loop.run_in_executor(self.executor, feed.board.memories, changed)


async def kept_coins(store: Store, coins: Sequence[str]) -> Sequence[str]:
    """Return `coins`, or, where all are followed, those of which anything was kept."""
    return await store.history.coins() if ALL in coins else coins
