"""The bot: store, bus, sources, roles, services and dispatcher wired together in one process; start and end.

A process may have some of the roles only: then others of the same bot have the rest, and they speak through
the bus and the store alone (`roles.py`, `backend.py`).

Not here: platforms, web and metrics around it (`runtime.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Self

import structlog

from liqbot.alerts.account_evaluator import AccountEvaluator
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.layer_choice import LayerChoices
from liqbot.alerts.platform import Platform
from liqbot.app.account_role import AccountRole
from liqbot.app.alerts_role import AlertsRole
from liqbot.app.backend import Backend, open_backend
from liqbot.app.backups import Backups
from liqbot.app.clock import clock_ms
from liqbot.app.engine_role import EngineRole, kept_coins
from liqbot.app.feed import Feed
from liqbot.app.market_follower import MarketFollower
from liqbot.app.platform_runner import PlatformRunner
from liqbot.app.plugin_setup import chat_commands, plugins_of
from liqbot.app.ports import Ports
from liqbot.app.roles import ALERTS, ENGINE, SCANNER, Duties, shards_text, whole
from liqbot.app.scanner_role import ScannerRole
from liqbot.app.shared_sources import SharedSources
from liqbot.bus import AccessChanged, DeliveriesDue
from liqbot.charts.studio import Studio
from liqbot.chat.adapter import Adapter, Reception
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.hosting.plugins import Plugins
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Layer, Origin
from liqbot.market.updates import CandlesSeen
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.rules.hit import Hit
from liqbot.service.picture_query import PictureStyle
from liqbot.service.processes import Processes
from liqbot.service.quotas import steady_ms
from liqbot.service.services import Services
from liqbot.settings import CHAT_PLATFORMS, Settings
from liqbot.sources.scanning import Scanning, WithScanning
from liqbot.sources.source import Source, SourceError, WithAccounts
from liqbot.store.alerts import Alert
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Lease, Leases, fenced

_log = structlog.get_logger()

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
        *,
        duties: Duties | None = None,
        backend: Backend | None = None,
    ) -> None:
        """Open the database, and load the plugins, where they are not given. Raises `DatabaseError`.

        `duties` say what of all this process does; by default everything.
        """
        self.settings = settings
        self.duties = whole() if duties is None else duties
        self.backend = open_backend(settings) if backend is None else backend
        self.store, self.bus, shared = self.backend.store, self.backend.bus, self.backend.shared
        leases = None if shared is None else shared.leases
        self.plugins = plugins or plugins_of(settings)
        self.backups = Backups(settings.database, settings.backups, clock_ms)
        self._tell_of_plugins()
        rules = self.plugins.rules
        self.layers = frozenset(source.layer.key for source in sources)
        """The keys of the layers that the sources make, whichever process follows them."""
        self.choices = LayerChoices(source.layer for source in sources)
        """Which layer of a coin people see and rules read."""
        self.evaluator = Evaluator(rules, self.store.alerts, self.choices)
        self.scanners = self._scanners(sources)
        """What asks for accounts on behalf of all engines; nothing, where a source asks by itself."""
        self.engine = EngineRole(
            sources if self.duties.has(ENGINE) else (),
            settings.coins,
            self.store,
            self.bus,
            choices=self.choices,
            clock=clock_ms,
            hear=self._hear_candles,
            leases=leases,
        )
        """What watches the market; nothing, where another process does."""
        self.alerts = AlertsRole(
            self.store,
            self.evaluator,
            self.bus,
            clock_ms,
            leases=leases,
            rules_are_there=self._rules_are_there,
        )
        """What lets rules read, where that is a role of this process."""
        self.shared = SharedSources(
            sources, self.engine, None if shared is None else shared.calls, may_lead=self.duties.has(ENGINE)
        )
        """The sources as people can ask of them, whichever process follows them."""
        self.services = Services(
            self.store,
            rules,
            Studio(),
            clock_ms,
            sources=[feed.health for feed in self.engine.feeds],
            faults=self.evaluator.faults,
            choices=self.choices,
            marks=self.plugins.marks,
            evaluating=self.evaluator.evaluating,
            public_url=settings.web.public_url if settings.web.enabled else "",
            access=settings.access,
            quotas=settings.quotas,
            processes=None if shared is None else Processes(shared.presence, shared.leases),
            places=self.shared.places,
            coin_sources=self.shared.coins,
            keeps_coins=self.shared.keeps_coins,
        )
        self.accounts = AccountRole(
            self.store,
            AccountEvaluator(self.store.alerts, self.evaluator.evaluating),
            self.services.accounts,
            self.bus,
            clock_ms,
        )
        """What watches single accounts, where the sources of this process know any."""
        self.answering = Answering((*COMMANDS, *chat_commands(self.plugins)))
        self.dispatcher = Dispatcher(
            self.store,
            self._illustrate,
            clock_ms,
            page_of=self.services.page_of,
            is_served=self.services.access.is_served,
            record_of=self.services.rule_records.line,
            illustrate_account=self._illustrate_account,
            leases=leases,
        )
        for name, platform in platforms.items():
            self.dispatcher.connect(name, platform)
        self.engine.markets = self.services.markets
        self.engine.startup = self.services.startup
        self.follower = MarketFollower(self.bus, self.services.markets, self.choices, clock_ms)
        """What shows the views of other processes."""
        self._wire()
        self.servings: list[PlatformRunner] = []
        """The platforms that people talk to the bot on."""
        self.barred: frozenset[str] = frozenset()
        """On which of them this process serves nobody, as another one is set up otherwise."""
        self.address: str | None = None
        """Where the page is; None where there is none."""
        self.ports = Ports()
        self.clock_put_back = asyncio.Event()
        """Set where the machine's clock has been put back: markets and platforms are to be begun anew."""
        self._stack = AsyncExitStack()
        self._reading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._talking: list[asyncio.Task[None]] = []
        self._scanning: list[asyncio.Task[None]] = []
        self._dispatching: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None

    def _wire(self) -> None:
        """Let services and the bus reach what they are answered and carried on by."""
        self.services.access.changed = self._tell_of_access
        self.bus.subscribe(AccessChanged, self._read_access)
        self.bus.subscribe(DeliveriesDue, self._wake)
        self.services.access.peopled = frozenset(CHAT_PLATFORMS)
        self.services.wake = self.dispatcher.wake
        self.services.quotas.clock = steady_ms
        self.services.platforms = lambda: [sender.name for sender in self.dispatcher.platforms]
        self.services.arrived, self.services.call_back = self.dispatcher.arrived, self.dispatcher.call_back
        self.services.in_flight = self.dispatcher.in_flight
        self.services.coin_requests.used = self.shared.use
        self.services.accounts.settle = self.shared.settle

    async def __aenter__(self) -> Self:
        await self.services.access.load()
        await self._put_back()
        self.choices.begin(clock_ms())
        self.services.startup.begin(len(self.feeds))
        if self.plugins.awaited:
            self.services.startup.plugins.clear()
            self._loading = asyncio.create_task(self._load_plugins())
        await self._stack.enter_async_context(self.backend.at_work(lambda: self.alerts.lag_s > 0))
        await self.engine.prepare()
        if self.duties.has(ALERTS):
            self._reading = asyncio.create_task(self.alerts.run())
        for feed in self.feeds if self.backend.leases is None else ():
            if feed.source.layer.origin is Origin.LIVE:
                coins = await kept_coins(self.store, self.settings.coins)
                await self.alerts.read_what_is_left(feed.source.layer, coins)
        self._dispatching = asyncio.create_task(self.dispatcher.run())
        if self.services.accounts.places and self.duties.has(ENGINE):
            self.accounts.listen()
            self.services.accounts.settle = self._settle_accounts
            self._watching = asyncio.create_task(self._watch_accounts())
        self._scanning = [asyncio.create_task(scanner.run()) for scanner in self.scanners]
        self.engine.start()
        self._talking = [asyncio.create_task(serving.run()) for serving in self.servings]
        if self.services.coin_requests.is_possible:
            self._talking.append(asyncio.create_task(self.services.coin_requests.run()))
        self._talking += [
            asyncio.create_task(one)
            for one in self.shared.work(self.services.coin_requests, self.accounts.settle)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.engine.stop()
            await self.drain(DRAIN_S)
        finally:
            await _ended([*self._talking, *self._scanning])
            working = (self._reading, self._watching, self._dispatching)
            await _ended([task for task in working if task])
            if self._loading is not None:  # a worker that is being started is not left behind
                await asyncio.gather(self._loading, return_exceptions=True)
            await self._stack.aclose()
            self.engine.executor.shutdown()
            self.plugins.close()
            self.services.pictures.studio.close()
            await self.store.close()

    def reception(self, platform: str) -> Reception:
        """Return what the adapter of a platform, or of a further bot there, serves people with."""
        return Reception(
            platform,
            self.answering,
            self.services,
            self.dispatcher.turn,
            self.dispatcher.turn_within,
            shards=self.duties.shards,
        )

    def serve(self, name: str, adapter: Adapter) -> None:
        """Serve a platform's people, and its chats, from the start of the bot on.

        Where other processes could, it is whoever holds the lease of receiving: on Discord one for each range
        of shards. Of those who receive, one sends.
        """
        leases = self.backend.leases
        lease = None if leases is None else self._receiving(leases, name)
        runner = PlatformRunner(name, adapter, leadership=lease)
        self.dispatcher.connect(name, adapter, wanted=lambda: runner.leads)
        self.servings.append(runner)

    def _receiving(self, leases: Leases, name: str) -> Leadership:
        lease = receiver_lease(name, self.duties.shards)
        return Leadership(leases, lease, wanted=lambda: name not in self.barred)

    @property
    def feeds(self) -> Sequence[Feed]:
        """The sources with what they know."""
        return self.engine.feeds

    @property
    def failure(self) -> SourceError | None:
        """Why there is nothing to show: the first source's failure, where every source has failed."""
        return self.engine.failure

    @property
    def ended(self) -> bool:
        """Whether no source will tell anything more."""
        return self.engine.ended

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written down at present; None where it can."""
        return self.engine.trouble

    @property
    def beats(self) -> int:
        """How often there were new views."""
        return self.engine.beats

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, asked whenever there are new views, or until every source has ended."""
        await self.engine.until(holds)

    async def drain(self, at_most_s: float | None = DRAIN_S) -> None:
        """Let plugins read what is there, and send what is due; what is left after `at_most_s` stays owed."""
        try:
            async with asyncio.timeout(at_most_s):
                await self.alerts.caught_up()
                await self._accounts_read()
                self.dispatcher.wake()
                await self.dispatcher.drained()
        except TimeoutError:
            _log.warning("deliveries_unfinished")

    async def _watch_accounts(self) -> None:
        """Watch accounts; where others could as well, whoever follows a source that knows accounts."""

        async def lead(lease: Lease) -> None:
            with fenced(lease):
                await self.accounts.run()

        leases = self.backend.leases
        if leases is None:
            await self.accounts.run()
        else:
            await Leadership(leases, "accounts", wanted=self._follows_accounts).run(lead)

    def _follows_accounts(self) -> bool:
        """Return whether this process follows a source that knows accounts."""
        return any(isinstance(feed.source, WithAccounts) for feed in self.engine.led)

    async def _settle_accounts(self) -> None:
        """Watch who is wanted by now, here or where the source is followed."""
        if self._follows_accounts():
            await self.accounts.settle()
        await self.shared.settle()

    async def _accounts_read(self) -> None:
        """Wait until what was told of accounts is read."""
        if self._watching is not None and not self._watching.done():
            await self.accounts.caught_up()

    async def _rules_are_there(self) -> None:
        await self.services.startup.plugins.wait()

    async def _load_plugins(self) -> None:
        """Take up the plugins of the worker, which has started meanwhile."""
        try:
            known = len(self.plugins.errors)
            await self.plugins.begin()
            self._tell_of_plugins(known)
            self.answering.add(chat_commands(self.plugins))
        except Exception:  # noqa: BLE001 - the bot goes on without
            _log.exception("plugins_not_loaded")
        finally:
            self.services.startup.plugins.set()

    def _tell_of_plugins(self, known: int = 0) -> None:
        """Log which plugins were left out, but for those that are `known`."""
        for error in self.plugins.errors[known:]:
            _log.error("plugin_left_out", reason=str(error))

    def _scanners(self, sources: Sequence[Source]) -> list[ScannerRole]:
        """Have accounts go from those processes that scan to those that make maps of them."""
        shared, found = self.backend.shared, list[ScannerRole]()
        if shared is None:
            return found
        for source in sources:
            if isinstance(source, WithScanning):
                if self.duties.has(SCANNER):
                    found.append(ScannerRole(source, source.name, shared))
                source.read_scans(Scanning(shared.scans(source.name)))
        return found

    async def _put_back(self) -> None:
        """Put back what lies in the future: this machine's clock was ahead when it was written."""
        ahead_ms = await self.store.put_back(clock_ms())
        if ahead_ms:
            _log.warning("clock_was_ahead", by_s=ahead_ms // 1000)

    def _hear_candles(self, layer: Layer, seen: CandlesSeen) -> None:
        self.services.pictures.traded.take(layer, seen)

    async def _illustrate(self, view: MarketView, hit: Hit, look: str) -> Picture | None:
        return await self.services.pictures.of_alert(view, hit, PictureStyle.kept(look))

    async def _illustrate_account(self, alert: Alert, state: AccountState, look: str) -> Picture | None:
        return await self.services.account_alerts.picture(alert, state, PictureStyle.kept(look))

    async def _tell_of_access(self) -> None:
        await self.bus.publish(AccessChanged())

    async def _read_access(self, notice: AccessChanged) -> None:
        if notice.is_remote:
            await self.services.access.read()

    async def _wake(self, _notice: DeliveriesDue) -> None:
        self.dispatcher.wake()


def receiver_lease(platform: str, shards: tuple[range, int] | None) -> str:
    """Return the name of the lease of whoever hears what people say on a platform."""
    return f"receiver/{platform}" + ("" if shards is None else f"/{shards_text(shards)}")


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel `tasks` and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
