"""Hyperliquid as a source: finding, asking, listening and saving, side by side, and one stream of updates."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Sequence
from pathlib import Path

import httpx
import structlog

from liqbot.market.coins import ALL, DEFAULT_COINS
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import AssetContext, Beat, Liquidation, Update
from liqbot.sources.closing import finished
from liqbot.sources.hyperliquid.account_stream import AccountStream
from liqbot.sources.hyperliquid.all_coins import AllCoins
from liqbot.sources.hyperliquid.batches import Batches
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.candle_feed import CandleFeed
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
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
from liqbot.sources.hyperliquid.polling import ByWorth, Policy, waited
from liqbot.sources.hyperliquid.provider_feed import ProviderFeed
from liqbot.sources.hyperliquid.reading import Reading
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.scan_exchange import ScanExchange
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.source_report import report_of
from liqbot.sources.hyperliquid.stop_feed import StopFeed
from liqbot.sources.hyperliquid.stream import Stream
from liqbot.sources.hyperliquid.watched_accounts import WatchedAccounts
from liqbot.sources.scanning import Scanning
from liqbot.sources.source import Followed, Report, SourceError
from liqbot.store.accounts import Accounts
from liqbot.store.address import DatabaseAddress
from liqbot.store.errors import StoreError
from liqbot.store.opening import open_accounts

_log = structlog.get_logger()

NAME = "hyperliquid"
LIVE_LAYER = Layer("Hyperliquid", Basis.MEASURED)
BEAT_S, NODE_BEAT_S = 5.0, 1.0
"""Views are made so often; oftener where a node tells of every change as it happens."""
SAVE_S = 60.0
SAVED_AT_ONCE = 5000
RECALLED, RECALL_MS = 0.8, 600_000
"""After a restart there are views when this share of what was known is known again, or after so long."""
PUSHED_S = 20.0
"""An account that the exchange has told of within so long is not asked for besides, though it is watched."""
QUIET_MS = 180_000
"""Without any price for so long there are no more views: those before age."""


class Hyperliquid:
    """Every position that one address can reach. It may be followed again after it has failed."""

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
        self._batch = Batch()
        self._recall_first = recall_first
        self._is_beat_taken = True
        """Whether the views of the last beat are made: beats wait for whoever makes them."""
        self._loop_thread: int | None = None
        self._newest_report = Report()
        """What other threads are told: everything here changes on the event loop's thread, so it is put
        together there, at each beat, and handed over as one value that nobody changes."""
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()

    @property
    def name(self) -> str:
        """The name in `LIQBOT_SOURCES`."""
        return NAME

    @property
    def layer(self) -> Layer:
        """Real positions, measured, live."""
        return LIVE_LAYER

    @property
    def live_from_ms(self) -> int:
        """It makes up no past."""
        return 0

    async def updates(self) -> AsyncIterator[Update]:
        """Yield what comes in, with a beat every five seconds. Raises `DatabaseError`."""
        left, self._queue = self._queue, asyncio.Queue[Update | None]()
        queue = self._queue
        while not left.empty():  # what was told, and not taken before a failure
            update = left.get_nowait()
            if update is not None:
                queue.put_nowait(update)
        self._loop_thread = threading.get_ident()
        self._is_beat_taken = True
        self.report()
        work = asyncio.create_task(self._work())
        work.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while update := await queue.get():
                yield update
                self._is_beat_taken = self._is_beat_taken or isinstance(update, Beat)
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._loop_thread = None

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins that are followed now."""
        return self._coins if self._all_coins is None else self._all_coins.coins

    async def follow(self, coin: str) -> Followed:
        """Follow one more coin from now on.

        Its price and who holds it are known already: all coins are told of, whatever is streamed.
        """
        if coin in self.coins:
            return Followed.ALREADY
        if coin not in self.feed.listed:
            return Followed.NO_MARKET if self.feed.listed else Followed.NOT_YET
        if self._all_coins is not None:
            return Followed.NOT_YET  # it is listed, and followed as soon as it has a price
        if len(self._requested) >= self._settings.coins_on_request or not await self.stream.add(coin):
            return Followed.FULL
        if coin not in self._coins:
            self._requested.append(coin)
            self._coins = (*self._coins, coin)
        return Followed.FOLLOWED

    @property
    def listed(self) -> Collection[str]:
        """Every market that is not delisted."""
        return self.feed.listed.keys()

    async def unfollow(self, coin: str) -> None:
        """Let go of a coin that was followed for the asking."""
        if coin in self._requested:
            self._requested.remove(coin)
            self._coins = tuple(one for one in self._coins if one != coin)
            await self.stream.remove(coin)

    async def check(self) -> str:
        """Ask for the market once, and say what came. Raises `SourceError` where nothing comes."""
        try:
            async with self.client:
                await self.feed.ask()
        except RequestFailed as error:
            raise SourceError(f"{self._settings.api_url} does not answer: {error}") from None
        return f"{self._settings.api_url} tells of {len(self.feed.coins)} coins"

    def report(self) -> Report:
        """Return how it is doing: on the event loop as of now, on any other thread as of the last beat."""
        if self._loop_thread in (None, threading.get_ident()):
            self._newest_report = report_of(self)
        return self._newest_report

    def resume(self, cursor: str) -> None:
        """Go on where an earlier run had read to, as the cursor of its last beat said."""
        if self.node is not None:
            self.node.resume(cursor)

    @property
    def is_recalling(self) -> bool:
        """Whether what was known before a restart is still being asked for."""
        return self._recall_first and self.roster.known_again < RECALLED

    def read_scans(self, scanning: Scanning) -> None:
        """Take accounts from other processes, from before it is followed on; ask for watched ones alone."""
        self._exchange = ScanExchange(scanning, self.roster, self.clock, self._take)

    @property
    def oldest_s(self) -> float:
        """For how many seconds the account has waited that has waited longest of those that are asked for."""
        mine = ~(self.roster.is_others | self.roster.column("gone"))
        return float(waited(self.roster, self.clock.now_ms())[mine].max(initial=0.0))

    def scanner(self, scanning: Scanning) -> "Hyperliquid":
        """Return a source that asks for the accounts of this process's slots, and tells of them there."""
        coins = self._coins or (ALL,)
        made = Hyperliquid(
            self._settings,
            coins,
            self._database,
            clock=self.clock,
            transport=self._transport,
            budget=self.budget,
        )
        made.read_scans(scanning)
        made._tells_itself = False
        return made

    async def _work(self) -> None:
        accounts = await asyncio.to_thread(open_accounts, self._database, NAME)
        try:
            self.roster.take_back(await accounts.load())
            async with self.client, self.accounts_client, asyncio.TaskGroup() as group:
                for work in (*self._asking(), *(self._telling() if self._tells_itself else ())):
                    group.create_task(work)
                group.create_task(self._save_often(accounts))
        finally:
            await finished(_close(accounts, self.roster))

    def _asking(self) -> Iterator[Coroutine[None, None, None]]:
        """Yield what asks for accounts, and what that needs."""
        yield self.feed.run()
        yield self.stream.run()
        yield self.poller.run()
        if self._exchange is not None:
            yield self._exchange.run()
        if self._exchange is None or not self._tells_itself:
            yield self.discovery.run(self._coins or DEFAULT_COINS)
        if self._all_coins is not None:
            yield self._all_coins.run()

    def _telling(self) -> Iterator[Coroutine[None, None, None]]:
        """Yield what tells of markets and positions."""
        yield self.modes.run()
        yield self.watched.run()
        yield self.depth.run()
        yield self.candles.run()
        yield self._beat()
        if self.node is not None:
            yield self._follow_node(self.node)
        if self.stop_feed is not None:
            yield self.stop_feed.run()
        if self.provider is not None:
            yield self.provider.run()
        if self._settings.pushed_accounts:
            yield self.account_stream.listen()
            yield self.account_stream.run()
        if self._settings.hyperperps:
            yield self.cross_check.run()

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

    async def _follow_node(self, node: NodeFills) -> None:
        """Read the node's fills once prices are known: a liquidation of a coin without one is lost."""
        while not self.feed.coins:
            await self.clock.sleep(1.0)
        await node.run()

    async def _beat(self) -> None:
        give_up_ms = self.clock.now_ms() + RECALL_MS
        beat_s = BEAT_S if self.node is None else NODE_BEAT_S
        while self.is_recalling and self.clock.now_ms() < give_up_ms:
            await self.clock.sleep(beat_s)
        while True:
            await self.clock.sleep(beat_s)
            self.watched.pushed = self.account_stream.pushed(PUSHED_S)
            if not self._is_beat_taken or self.clock.now_ms() - self.feed.heard_ms > QUIET_MS:
                continue  # nothing can be said without a price, or at one of long ago
            for update in self._batch.take():
                self._tell(update)
            self.depth.tell()
            self.report()
            # Whatever the node told up to the cursor is in the queue before the beat.
            cursor = "" if self.node is None else self.node.cursor
            self._is_beat_taken = False
            self._tell(Beat(self.clock.now_ms(), cursor))

    async def _save_often(self, accounts: Accounts) -> None:
        while True:
            await self.clock.sleep(SAVE_S)
            forgotten = self.roster.forget_idle(self.clock.now_ms())
            changed = self.roster.unsaved(SAVED_AT_ONCE)
            try:
                await accounts.save(changed)
                await accounts.forget(forgotten)
            except StoreError as error:
                self.roster.still_unsaved(changed)
                _log.warning("accounts_not_saved", reason=str(error))


async def _close(accounts: Accounts, roster: Roster) -> None:
    try:
        await accounts.save(roster.unsaved())
    except StoreError as error:
        _log.warning("last_accounts_not_saved", reason=str(error))
    finally:
        await accounts.close()
