"""All services of one bot, made and handed to each other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import quote

from liqbot.alerts.layer_choice import LayerChoices
from liqbot.charts.studio import Studio
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.people_settings import AccessSettings, QuotaSettings
from liqbot.rules.plugin_loading import Rules
from liqbot.service.access import Access
from liqbot.service.account_alerts import AccountAlerts
from liqbot.service.account_previews import AccountPreviews
from liqbot.service.account_watches import AccountWatches
from liqbot.service.accounts import AccountPlace, Accounts
from liqbot.service.administration import Administration
from liqbot.service.alerts import Alerts
from liqbot.service.books import Books
from liqbot.service.brief import Briefs
from liqbot.service.cascades import Cascades
from liqbot.service.chats import Chats
from liqbot.service.coin_requests import CoinRequests
from liqbot.service.current_readings import CurrentReadings
from liqbot.service.exports import Exports
from liqbot.service.findings import findings_of
from liqbot.service.history import History
from liqbot.service.journal import Journal
from liqbot.service.liquidations import Liquidations
from liqbot.service.markets import Markets
from liqbot.service.model_scores import ModelScores
from liqbot.service.past_readings import PastReadings
from liqbot.service.pictures import Pictures, no_marks
from liqbot.service.previews import Previews
from liqbot.service.privacy import Privacy
from liqbot.service.processes import Processes
from liqbot.service.quotas import Quotas
from liqbot.service.rule_records import RuleRecords
from liqbot.service.scoreboards import Scoreboards
from liqbot.service.screener import Screener
from liqbot.service.sources import SourceHealth
from liqbot.service.startup import Startup
from liqbot.service.status import Status
from liqbot.service.stops import Stops
from liqbot.service.subscriptions import Subscriptions
from liqbot.service.troubles import Troubles
from liqbot.sources.source import WithCoins
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store


def _nobody() -> None:
    """Wake nobody."""


async def _nothing(_chat: ChatKey) -> None:
    """Wait for nothing."""


_OPEN, _DEFAULT_QUOTAS = AccessSettings(), QuotaSettings()


class Services:
    """What commands, pages and programs ask."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        studio: Studio,
        clock: Callable[[], int],
        *,
        sources: Sequence[SourceHealth] = (),
        faults: Mapping[str, int] | None = None,
        marks: Callable[[MarketView], tuple[Mark, ...]] = no_marks,
        choices: LayerChoices | None = None,
        evaluating: AbstractAsyncContextManager[object] | None = None,
        public_url: str = "",
        access: AccessSettings = _OPEN,
        quotas: QuotaSettings = _DEFAULT_QUOTAS,
        places: Sequence[AccountPlace] = (),
        processes: Processes | None = None,
        coin_sources: Sequence[WithCoins] = (),
        keeps_coins: Callable[[], bool] | None = None,
    ) -> None:
        """Answer from `store` and from what `markets` is told; `clock` tells ms since 1970 UTC.

        `faults` counts how often each rule failed; `choices` says which layer a watch reads; `marks` says
        what overlays want drawn, and may block; `evaluating` is held while rules read a view. `public_url` is
        where the page is; empty for nowhere. `access` says who may use the bot, `quotas` how much of it.
        `places` are the sources that know accounts by name, `coin_sources` those that can follow more coins;
        `keeps_coins` says whether this process keeps the list of those that were asked for, as by default.
        `processes` knows of others of the same bot.
        """
        self._public_url = public_url
        self.rules = rules
        self.clock = clock
        self.wake: Callable[[], None] = _nobody
        """Lets what is due be sent at once."""
        self.arrived: Callable[[ChatKey], Awaitable[None]] = _nothing
        """Waits until nothing is on its way to a chat."""
        self.in_flight: Callable[[ChatKey], Awaitable[None]] = _nothing
        """Waits a moment for what is on its way to a chat: it is not to come after a promise of none."""
        self.call_back: Callable[[ChatKey], Awaitable[None]] = _nothing
        """Has other processes send nothing more to a chat."""
        self.platforms: Callable[[], Sequence[str]] = tuple
        """Which chat platforms are served."""
        failed: Mapping[str, int] = {} if faults is None else faults
        self.troubles = Troubles(self._now_ms, lambda: findings_of(sources, rules, failed))
        """What is wrong now."""
        self.quotas = Quotas(quotas, clock)
        self.accounts = Accounts(places, clock, self.quotas)
        self.access = Access(store, self.quotas, clock, access)
        self.administration = Administration(store, self.access, self.quotas, clock, self._wake)
        self.markets = Markets(choices=LayerChoices() if choices is None else choices, clock=clock)
        self.startup = Startup(self.markets)
        """What of the start is still under way."""
        self.coin_requests = CoinRequests(
            coin_sources, self.markets, store, clock, keeps=keeps_coins or (lambda: True)
        )
        self.pictures = Pictures(studio, self.markets, store.history, store.events, marks)
        self.chats = Chats(store, clock, self._wake, self.access.follow)
        previews = Previews(store.observations)
        readings = CurrentReadings(rules, self.markets, self.accounts)
        self.subscriptions = Subscriptions(
            store,
            rules,
            self.markets,
            previews,
            clock,
            quotas=self.quotas,
            accounts=self.accounts,
            readings=readings,
        )
        self.account_watches = AccountWatches(
            store,
            self.subscriptions,
            self.accounts,
            AccountPreviews(store.events, self.markets, clock),
            self.quotas,
        )
        self.account_alerts = AccountAlerts(store, self.accounts, self.markets, self.pictures, clock)
        self.alerts = Alerts(
            store,
            rules,
            self.markets,
            self.pictures,
            self.subscriptions,
            readings=readings,
            account_alerts=self.account_alerts,
            previews=previews,
            clock=clock,
            wake=self._wake,
        )
        self.exports = Exports(store.address)
        self.history = History(store.history, store.events)
        self.books = Books(self.markets)
        self.stops = Stops(self.markets)
        self.cascades = Cascades(self.markets)
        self.liquidations = Liquidations(self.markets, store.events)
        self.briefs = Briefs(
            self.markets, liquidations=self.liquidations, books=self.books, cascades=self.cascades
        )
        self.journal = Journal(store, self.markets, clock)
        self.model_scores = ModelScores(store, self.markets, clock)
        self.rule_records = RuleRecords(store)
        self.scoreboards = Scoreboards(store, self.markets)
        self.past_readings = PastReadings(store, self.markets, self.pictures)
        self.screener = Screener(self.markets)
        self.status = Status(
            store,
            rules,
            self.markets,
            sources=sources,
            faults=failed,
            clock=clock,
            troubles=self.troubles,
            processes=processes,
        )
        self.privacy = Privacy(
            store,
            rules,
            evaluating=evaluating or asyncio.Lock(),
            arrived=self._arrived,
            call_back=self._called_back,
            accounts=self.accounts,
        )

    def page_of(self, coin: str) -> str:
        """Return the address of a coin's page, for people; empty where there is none for them."""
        return f"{self._public_url}/c/{quote(coin, safe='')}" if self._public_url else ""

    def _now_ms(self) -> int:
        return self.clock()

    def _wake(self) -> None:
        self.wake()

    async def _arrived(self, chat: ChatKey) -> None:
        await self.arrived(chat)

    async def _called_back(self, chat: ChatKey) -> None:
        await self.call_back(chat)
