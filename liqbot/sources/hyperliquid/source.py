"""The Hyperliquid source: finding, asking, listening and saving side by side; one stream of updates.

Not here: how its parts are wired (`parts.py`), what it tells `/status` (`source_report.py`).
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator

import structlog

from liqbot.market.coins import ALL, DEFAULT_COINS
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import Beat, Update
from liqbot.sources.closing import finished
from liqbot.sources.hyperliquid.client import RequestFailed
from liqbot.sources.hyperliquid.node_fills import NodeFills
from liqbot.sources.hyperliquid.parts import Parts
from liqbot.sources.hyperliquid.polling import waited
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.scan_exchange import ScanExchange
from liqbot.sources.hyperliquid.source_report import WITHOUT_STREAM, report_of
from liqbot.sources.scanning import Scanning
from liqbot.sources.source import STREAM_CHECK_S, Followed, Report, SourceError, unheard
from liqbot.store.accounts import Accounts
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


class Hyperliquid(Parts):
    """Every position that one address can reach. It may be followed again after it has failed."""

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
        self._beat_taken = asyncio.Event()
        self._beat_taken.set()
        self.report()
        work = asyncio.create_task(self._work())
        work.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while update := await queue.get():
                yield update
                if isinstance(update, Beat):
                    self._beat_taken.set()
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._loop_thread = None

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

    async def check_stream(self) -> str:
        """Listen at the websockets once. Raises `SourceError` that says which is mute, and what to do."""
        coin = next(iter(self._coins or DEFAULT_COINS))
        asked = [self.stream.why_silent(coin, STREAM_CHECK_S)]
        if self.provider is not None:
            asked.append(self.provider.connection.why_silent(STREAM_CHECK_S))
        market, *provider = await asyncio.gather(*asked)
        said = [] if market is None else [unheard(NAME, market, WITHOUT_STREAM)]
        if any(provider):
            variable = "LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL"
            said.append(f"the provider of liquidations: {provider[0]}. Check {variable}")
        if said:
            raise SourceError("; ".join(said))
        return "answers, and so does the provider of liquidations" if provider else "answers"

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
            await self._beat_taken.wait()
            if self.clock.now_ms() - self.feed.heard_ms > QUIET_MS:
                continue  # nothing can be said without a price, or at one of long ago
            for update in self._batch.take():
                self._tell(update)
            self.depth.tell()
            self.report()
            # Whatever the node told up to the cursor is in the queue before the beat.
            cursor = "" if self.node is None else self.node.cursor
            self._beat_taken.clear()
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
