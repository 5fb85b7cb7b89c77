"""Hyperliquid as a source: finding, asking, listening and saving, side by side, and one stream of updates."""

import asyncio
import difflib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from pathlib import Path

import httpx
import structlog

from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import Beat, Liquidation, Update
from liqbot.sources.hyperliquid.backstops import Backstops
from liqbot.sources.hyperliquid.batches import Batches
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.candle_feed import CandleFeed
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock, SystemClock
from liqbot.sources.hyperliquid.depth_feed import DepthFeed
from liqbot.sources.hyperliquid.discovery import Discovery
from liqbot.sources.hyperliquid.frames import Frames
from liqbot.sources.hyperliquid.gathering import Batch
from liqbot.sources.hyperliquid.hyperperps import HyperPerps
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.modes import Modes
from liqbot.sources.hyperliquid.payloads import Trade
from liqbot.sources.hyperliquid.poller import Poller
from liqbot.sources.hyperliquid.polling import ByWorth, Policy
from liqbot.sources.hyperliquid.reading import Reading, dex_of
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.stream import Stream
from liqbot.sources.hyperliquid.watched_accounts import WatchedAccounts
from liqbot.sources.source import Followed, Report, SourceError
from liqbot.store.accounts import Accounts
from liqbot.store.errors import StoreError
from liqbot.store.sqlite.accounts import SqliteAccounts

_log = structlog.get_logger()

NAME = "hyperliquid"
LIVE_LAYER = Layer("Hyperliquid", Basis.MEASURED)
BEAT_S = 5.0
"""Views are made so often."""
SAVE_S = 60.0
SAVED_AT_ONCE = 5000
RECALLED, RECALL_MS = 0.8, 600_000
"""After a restart there are views when this share of what was known is known again, or after so long."""
QUIET_MS = 180_000
"""Without any price for so long there are no more views: those before age."""


class Hyperliquid:
    """Every position that one address can reach. It may be followed again after it has failed."""

    def __init__(
        self,
        settings: HyperliquidSettings,
        coins: Sequence[str],
        database: Path,
        *,
        clock: Clock | None = None,
        policy: Policy | None = None,
        recall_first: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Stream `coins`; keep the accounts that are found in `database`. Raises `SettingsError`.

        With `recall_first` there is no beat after a restart until most of what an earlier run knew was asked
        again: a map that is still half empty would end alerts and begin them anew. With `transport` it asks
        by that instead of over the network.
        """
        self._settings = settings
        self._coins = tuple(coins)
        self._requested: list[str] = []
        """Coins that are followed because somebody asked for them."""
        self._database = database
        self.clock = clock or SystemClock()
        self.budget = Budget(settings.weight_per_minute, self.clock)
        self.client = InfoClient(settings.api_url, self.budget, transport)
        self.roster = Roster()
        self.discovery = Discovery(settings, self.client, self.roster, self.clock)
        self.discovery.from_file()
        self.feed = MarketFeed(self.client, settings.dexes, self.clock, self._tell)
        self.depth = DepthFeed(self.client, self.clock, self._tell)
        self.candles = CandleFeed(self.client, self.clock, self._tell)
        self.frames = Frames(self.feed, self.depth, self.candles, self._take_trades)
        self.stream = Stream(settings.ws_url, self._coins, self.frames.take, self.clock)
        self.poller = Poller(
            self.client,
            self.roster,
            feed=self.feed,
            policy=policy or ByWorth(),
            dexes=settings.dexes,
            clock=self.clock,
            batches=Batches(self.client, self.budget, self.clock),
            take=self._take,
        )
        self.watched = WatchedAccounts(
            self.budget,
            1 + len(settings.dexes),
            self.clock,
            ask_soon=self.poller.ask_soon,
            ask_now=self.poller.ask_now,
            batches=self.poller.batches,
        )
        self._backstops = Backstops()
        self.modes = Modes(self.client, self.clock)
        self.cross_check = HyperPerps(settings.hyperperps_url, self._coins, self.clock)
        self._batch = Batch()
        self._recall_first = recall_first
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
        self._queue = queue = asyncio.Queue[Update | None]()
        self._loop_thread = threading.get_ident()
        self.report()
        work = asyncio.create_task(self._work())
        work.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while update := await queue.get():
                yield update
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._loop_thread = None

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins that are followed now."""
        return self._coins

    async def follow(self, coin: str) -> Followed:
        """Follow one more coin from now on.

        Its price and who holds it are known already: all coins are told of, whatever is streamed.
        """
        if coin in self._coins:
            return Followed.ALREADY
        if coin not in self.feed.listed:
            return Followed.NO_MARKET if self.feed.listed else Followed.NOT_YET
        if len(self._requested) >= self._settings.coins_on_request or not await self.stream.add(coin):
            return Followed.FULL
        if coin not in self._coins:
            self._requested.append(coin)
            self._coins = (*self._coins, coin)
        return Followed.FOLLOWED

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
            self._newest_report = self._report()
        return self._newest_report

    def _report(self) -> Report:
        limit = f" of {self._settings.weight_per_minute:,}" if self._settings.weight_per_minute else ""
        lines = [
            *self._recalling(),
            f"{len(self.roster):,} accounts known, {self.roster.asked:,} of them asked",
            f"in the last minute {self.poller.a_minute:,} polls, {self.budget.spent:,.0f}{limit} weight",
            self.poller.batches.words,
            self.modes.words(),
        ]
        if not self.feed.coins:
            failure = next(iter(self.feed.failures.values()), "no answer so far")
            lines.append(f"no prices yet: {failure}")
        if self.roster.failed:
            lines.append(f"{self.roster.failed:,} polls failed; the last: {self.poller.last_failure}")
        if self.budget.refusals:
            lines.append(f"{self.budget.refusals:,}× told to slow down")
        if self.stream.reconnects:
            lines.append(f"{self.stream.reconnects:,}× reconnected")
        unread_usd = float(self.roster.column("unread").sum())
        if unread_usd:
            lines.append(f"positions of ${unread_usd:,.0f} could not be read, and stand as they were")
        refused = Counter(self.poller.refused)
        for part in (self.feed, self.frames, self.depth, self.candles):
            refused += part.refused
        refused["a frame that made no sense"] += self.stream.refused
        return Report(
            tuple(line for line in lines if line),
            +refused,
            tuple(self.cross_check.readings.values()),
            missing=dict(self._missing()),
            lacking=self._lacking(),
        )

    def _lacking(self) -> dict[str, str]:
        """Return the coins that are listed nowhere, each with the market that may be meant."""
        listed, silent = self.feed.listed, self.feed.failures
        unlisted = [coin for coin in self._coins if coin not in listed and dex_of(coin) not in silent]
        return {coin: _meant(coin, listed)[0] for coin in unlisted} if listed else {}

    def _missing(self) -> Iterator[tuple[str, str]]:
        """Yield each coin, or dex, of which there is nothing at the moment, and why."""
        for dex, reason in self.feed.failures.items():
            if dex:
                yield dex, reason
        for coin in self._coins:
            if coin in self.feed.coins or not self.feed.listed or dex_of(coin) in self.feed.failures:
                continue
            if coin in self.feed.listed:
                yield coin, "no price yet"
            else:
                yield coin, "no such market" + _nearest(coin, self.feed.listed)

    def _recalling(self) -> Iterator[str]:
        again = self.roster.known_again
        if self._recall_first and again < RECALLED:
            yield f"{again:.0%} of what was known before the restart is known again"

    async def _work(self) -> None:
        accounts = await asyncio.to_thread(SqliteAccounts, self._database, NAME)
        try:
            self.roster.take_back(await accounts.load())
            async with self.client, asyncio.TaskGroup() as group:
                for work in (
                    self.feed.run(),
                    self.stream.run(),
                    self.discovery.run(self._coins),
                    self.poller.run(),
                    self.modes.run(),
                    self.watched.run(),
                    self.depth.run(),
                    self.candles.run(),
                    self._beat(),
                    self._save_often(accounts),
                ):
                    group.create_task(work)
                if self._settings.hyperperps:
                    group.create_task(self.cross_check.run())
        finally:
            await asyncio.shield(_close(accounts, self.roster))

    def _tell(self, update: Update) -> None:
        self._queue.put_nowait(update)

    def _take(self, reading: Reading) -> None:
        self._batch.add(reading)
        self.modes.take(reading)
        self.watched.take(reading)

    def _take_trades(self, trades: Sequence[Trade]) -> None:
        self.discovery.from_trades(trades)
        for liquidation in self._backstops.among(trades, self.clock.now_ms()):
            self._take_liquidation(liquidation)

    def _take_liquidation(self, liquidation: Liquidation) -> None:
        self._tell(liquidation)
        self.watched.take_liquidation(liquidation)

    async def _beat(self) -> None:
        give_up_ms = self.clock.now_ms() + RECALL_MS
        while self._recall_first and self.roster.known_again < RECALLED and self.clock.now_ms() < give_up_ms:
            await self.clock.sleep(BEAT_S)
        while True:
            await self.clock.sleep(BEAT_S)
            if self.clock.now_ms() - self.feed.heard_ms > QUIET_MS:
                continue  # nothing can be said without a price, or at one of long ago
            for update in self._batch.take():
                self._tell(update)
            self.depth.tell()
            self.report()
            self._tell(Beat(self.clock.now_ms()))

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


def _nearest(coin: str, listed: Collection[str]) -> str:
    """Say which market may be meant; nothing where none is near."""
    market, is_surely = _meant(coin, listed)
    if not market:
        return ""
    return f"; it is called {market} there" if is_surely else f"; the nearest is {market}"


def _meant(coin: str, listed: Collection[str]) -> tuple[str, bool]:
    """Return which market may be meant, and whether it surely is: spelled otherwise, or kPEPE for PEPE."""
    by_spelling = {name.lower(): name for name in listed}
    spelling = coin.lower().removesuffix("usdt").removeprefix("1000").rstrip("-/_")
    for wanted in (spelling, f"k{spelling}"):
        if wanted in by_spelling:
            return by_spelling[wanted], True
    close = difflib.get_close_matches(spelling, by_spelling, n=1)
    return (by_spelling[close[0]], False) if close else ("", False)


async def _close(accounts: Accounts, roster: Roster) -> None:
    try:
        await accounts.save(roster.unsaved())
    except StoreError as error:
        _log.warning("last_accounts_not_saved", reason=str(error))
    finally:
        await accounts.close()
