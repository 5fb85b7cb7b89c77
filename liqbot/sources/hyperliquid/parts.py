"""The parts of the Hyperliquid source made and wired to each other: who hears what from whom."""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

import httpx

from liqbot.market.coins import ALL, DEFAULT_COINS
from liqbot.market.updates import AssetContext, Liquidation, Update
from liqbot.sources.hyperliquid.account_stream import AccountStream
from liqbot.sources.hyperliquid.all_coins import AllCoins
from liqbot.sources.hyperliquid.batches import Batches
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.candle_feed import CandleFeed
from liqbot.sources.hyperliquid.client import InfoClient
from liqbot.sources.hyperliquid.clock import Clock, SystemClock
from liqbot.sources.hyperliquid.depth_feed import DepthFeed
from liqbot.sources.hyperliquid.discovery import Discovery
from liqbot.sources.hyperliquid.fills import AccountFill
from liqbot.sources.hyperliquid.frames import Frames
from liqbot.sources.hyperliquid.gathering import Batch
from liqbot.sources.hyperliquid.hyperperps import HyperPerps
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.liquidations import Liquidations
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.modes import Modes
from liqbot.sources.hyperliquid.node_fills import NodeFills
from liqbot.sources.hyperliquid.payloads import Trade
from liqbot.sources.hyperliquid.poller import Poller
from liqbot.sources.hyperliquid.polling import ByWorth, Policy
from liqbot.sources.hyperliquid.provider_feed import ProviderFeed
from liqbot.sources.hyperliquid.reading import Reading
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.scan_exchange import ScanExchange
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.stop_feed import StopFeed
from liqbot.sources.hyperliquid.stream import Stream
from liqbot.sources.hyperliquid.taker_flow import TakerFlow
from liqbot.sources.hyperliquid.watched_accounts import WatchedAccounts
from liqbot.sources.source import Report
from liqbot.store.address import DatabaseAddress


class Parts:
    """What finds accounts, asks for them, and listens. What is told is put into a queue."""

    def __init__(  # noqa: PLR0915 - a line a part
        self,
        settings: HyperliquidSettings,
        coins: Sequence[str],
        database: DatabaseAddress,
        *,
        clock: Clock | None = None,
        policy: Policy | None = None,
        recall_first: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Stream `coins`; keep the accounts that are found in `database`. Raises `SettingsError`.

        With `recall_first` there is no beat after a restart until most of what an earlier run knew was asked
        again: a map that is still half empty would end alerts and begin them anew. With `transport` it asks
        by that instead of over the network; with `budget` within that of somebody else at the same address.
        """
        self._transport = transport
        self._exchange: ScanExchange | None = None
        """What goes to and comes from other processes; None where there are none."""
        self._tells_itself = True
        """Whether it tells of markets and positions; else it asks for others alone."""
        self._settings = settings
        self._coins = () if ALL in coins else tuple(coins)
        """The coins that are named, and those that somebody asked for; none where all are followed."""
        self._requested: list[str] = []
        """Coins that are followed because somebody asked for them."""
        self._database = database
        self.clock = clock or SystemClock()
        self.budget = budget or Budget(settings.weight_per_minute, self.clock)
        self.client = InfoClient(settings.market_url, self.budget, transport)
        """Asks of the market, and of everything that a node does not serve."""
        self.accounts_client, account_budget = self.client, self.budget
        if settings.node_data:
            account_budget = Budget(0, self.clock)
            self.accounts_client = InfoClient(settings.api_url, account_budget, transport)
        self.roster = Roster()
        self.discovery = Discovery(settings, self.client, self.roster, self.clock)
        self.discovery.from_file()
        self.feed = MarketFeed(self.client, settings.dexes, self.clock, self._take_context)
        self.depth = DepthFeed(self.client, self.clock, self._tell)
        self.candles = CandleFeed(self.client, self.clock, self._tell)
        self.frames = Frames(self.feed, self.depth, self.candles, self._take_trades)
        self.stream = Stream(settings.ws_url, self._coins, self.frames.take, self.clock)
        self.poller = Poller(
            self.accounts_client,
            self.roster,
            feed=self.feed,
            policy=policy or ByWorth(),
            dexes=settings.dexes,
            clock=self.clock,
            batches=Batches(self.accounts_client, account_budget, self.clock),
            take=self._take_answer,
            learn=self.discovery.sizes.learn,
        )
        self.watched = WatchedAccounts(
            account_budget,
            1 + len(settings.dexes),
            self.clock,
            ask_soon=self._ask_soon,
            ask_now=self._ask_now,
            batches=self.poller.batches,
            largest=self.roster.largest,
            ask_past=self.client.user_fills,
        )
        self._register = LiquidationRegister()
        self._all_coins = None
        if ALL in coins:
            self._all_coins = AllCoins(
                self.client,
                self.clock,
                feed=self.feed,
                poller=self.poller,
                stream=self.stream,
                watched=self.watched,
                finds_dexes=not settings.dexes,
            )
        self._liquidations = Liquidations(
            self.clock,
            self._register,
            self._take_liquidation,
            all_are_told=bool(settings.node_data or settings.liquidations_url.get_secret_value()),
        )
        self.account_stream = AccountStream(
            settings.ws_url,
            settings.pushed_accounts,
            self.clock,
            choose=self._worth_streaming,
            take_states=self.poller.take_pushed,
            take_fills=self._liquidations.in_fills,
        )
        self.provider = (
            ProviderFeed(settings.liquidations_url, self.clock, self._register, self._take_liquidation)
            if settings.liquidations_url.get_secret_value()
            else None
        )
        """A provider of all liquidations; None without one."""
        self.node = self._node(Path(settings.node_data)) if settings.node_data else None
        """The fills of a node of one's own; None without one."""
        self.stop_feed = self._stop_feed() if settings.node_data and settings.stop_orders_s else None
        """Everybody's stop orders, which a node alone tells; None without one."""
        self.modes = Modes(self.client, self.clock)
        self.cross_check = HyperPerps(settings.hyperperps_url, self._coins or DEFAULT_COINS, self.clock)
        self._taker_flow = TakerFlow(self._tell)
        self._batch = Batch()
        self._recall_first = recall_first
        self._beat_taken = asyncio.Event()
        """Set while the views of the last beat are made: beats wait for whoever makes them."""
        self._loop_thread: int | None = None
        self._newest_report = Report()
        """What other threads are told: everything here changes on the event loop's thread, so it is put
        together there, at each beat, and handed over as one value that nobody changes."""
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins that are followed now."""
        return self._coins if self._all_coins is None else self._all_coins.coins

    def _tell(self, update: Update) -> None:
        if self._tells_itself:
            self._queue.put_nowait(update)

    def _take_context(self, context: AssetContext) -> None:
        self._liquidations.hear(context)
        self._tell(context)

    def _take_answer(self, reading: Reading) -> None:
        """Take up what was asked for here."""
        if self._exchange is not None and not self._tells_itself:
            self._exchange.add(reading)  # of accounts that people watch nothing is written down
        self._take(reading)

    def _take(self, reading: Reading) -> None:
        if not self._tells_itself:
            return
        self._liquidations.in_reading(reading)
        self._batch.add(reading)
        self.modes.take(reading)
        self.watched.take(reading)

    def _take_trades(self, trades: Sequence[Trade]) -> None:
        self.discovery.from_trades(trades)
        self._liquidations.in_trades(trades)
        self._taker_flow.note_breaks(self.stream.reconnects)
        self._taker_flow.take(trades)

    def _take_fills(self, fills: Sequence[AccountFill]) -> None:
        """Have everybody asked for whose position has just changed."""
        now_ms = self.clock.now_ms()
        for one in fills:
            self.roster.find(one.account, now_ms, guess_usd=one.usd, traded_usd=one.usd)
            self.poller.ask_soon(one.account)

    def _worth_streaming(self, most: int) -> list[tuple[str, float]]:
        """Return accounts with their worth, USD, the first ones first: the watched, then the largest."""
        watched = [(account, math.inf) for account in self.watched.accounts[:most]]
        return watched + [(name, self.roster.held_usd(name)) for name in self.roster.largest(most)]

    def _ask_soon(self, account: str) -> None:
        """Have an account asked for that people watch."""
        self.roster.note_typed(account, self.clock.now_ms())
        self.poller.ask_soon(account)

    async def _ask_now(self, account: str) -> Reading | None:
        """Ask for an account that somebody wants to see."""
        self.roster.note_typed(account, self.clock.now_ms())
        return await self.poller.ask_now(account)

    def _take_liquidation(self, liquidation: Liquidation) -> None:
        self._register.note(liquidation)
        if liquidation.coin in self.coins:  # of others there are no views that could take it up
            self._tell(liquidation)
        self.watched.take_liquidation(liquidation)

    def _node(self, data: Path) -> NodeFills:
        return NodeFills(
            data,
            self.clock,
            self._register,
            take_fills=self._take_fills,
            take_liquidation=self._take_liquidation,
        )

    def _stop_feed(self) -> StopFeed:
        return StopFeed(
            self.accounts_client,
            Path(self._settings.node_data),
            self.clock,
            every_s=self._settings.stop_orders_s,
            node_path=self._settings.node_path,
            tell=self._tell,
        )
