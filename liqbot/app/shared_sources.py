"""Accounts and coins of a source that one of several processes follows: asked of that process by all others.

What a source can be asked for stands here once for each process. Whoever follows it answers by itself; any
other one calls that process (`store/remote_calls.py`), whose address has the budget.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import structlog

from liqbot.app.engine_role import EngineRole
from liqbot.app.source_answers import FOLLOW, LOOK, PAST, SETTLE, STANDING, USED, SourceAnswers, Standing
from liqbot.market.accounts import AccountState, PastTrades
from liqbot.market.wire import WireError, account_from_bytes
from liqbot.service.accounts import AccountPlace
from liqbot.service.coin_requests import CoinRequests
from liqbot.sources.source import AccountListener, AccountWatch, Followed, Source, WithAccounts, WithCoins
from liqbot.store.errors import StoreError
from liqbot.store.remote_calls import RemoteCalls

_log = structlog.get_logger()

PATIENCE_S = 11.0
"""So long another process is waited for; nobody waits longer for a look."""
SETTLE_S = 2.0
"""So long it is waited until whoever follows a source knows who is watched; it looks by itself as well."""
REFRESH_S = 15.0
"""So often it is asked which coins there are, and how often accounts are looked at."""


class DistantSource:
    """A source that another process follows, as far as that tells of it."""

    def __init__(self, name: str, calls: RemoteCalls, leads: Callable[[], bool]) -> None:
        """`name` is the source's; `leads` says whether this process follows it at the moment."""
        self.name = name
        self.leads = leads
        self._calls = calls
        self.standing = Standing()
        """What was told of it last."""
        self._used: set[str] = set()
        self._is_away = False
        """Whether nobody could be asked the last time, which the log has been told."""

    async def ask(self, what: str, subject: str, within_s: float | None = None) -> bytes | None:
        """Return what the process that follows it answers; None where none does."""
        patience_s = PATIENCE_S if within_s is None else within_s
        try:
            found = await self._calls.ask(f"{what}/{self.name}", subject, patience_s)
        except StoreError as error:
            if not self._is_away:
                _log.warning("call_failed", what=what, source=self.name, reason=str(error))
            self._is_away = True
            return None
        else:
            self._is_away = False
            return found

    def use(self, coin: str) -> None:
        """Take note that a coin is still wanted, and say so before long."""
        self._used.add(coin)

    async def run(self) -> None:
        """Hear how it stands, again and again until cancelled."""
        while True:
            if not self.leads():
                await self.refresh()
            await asyncio.sleep(REFRESH_S)

    async def refresh(self) -> None:
        """Hear how it stands, and say which coins were used."""
        used, self._used = self._used, set()
        if used:
            await self.ask(USED, " ".join(sorted(used)))
        told = await self.ask(STANDING, "")
        with suppress(msgspec.DecodeError):
            self.standing = self.standing if told is None else msgspec.json.decode(told, type=Standing)


class SharedAccounts:
    """An `AccountWatch` of a source that this process follows or another one does."""

    def __init__(self, watch: AccountWatch, distant: DistantSource, *, may_lead: bool) -> None:
        """`watch` is the source's own; `may_lead` says whether this process could follow the source."""
        self._watch = watch
        self._distant = distant
        self._may_lead = may_lead

    @property
    def interval_s(self) -> float:
        """After how many seconds each account is looked at again."""
        own = self._watch.interval_s
        return own if self._distant.leads() else self._distant.standing.interval_s or own

    @property
    def oldest_s(self) -> float:
        """How many seconds old a state gets."""
        own = self._watch.oldest_s
        return own if self._distant.leads() else self._distant.standing.oldest_s or own

    def watch(self, account: str, known: AccountState | None = None) -> float:
        """Look at an account from now on; another process that does finds in the store who is watched."""
        return self._watch.watch(account, known) if self._may_lead else self.oldest_s

    def unwatch(self, account: str) -> None:
        """End one wish to watch an account, as above."""
        if self._may_lead:
            self._watch.unwatch(account)

    def newest(self, account: str) -> AccountState | None:
        """Return the newest state; what another process has seen is in the store."""
        return self._watch.newest(account) if self._distant.leads() else None

    def is_pushed(self, account: str) -> bool:
        """Return whether the venue tells of the account by itself; of another process that is not known."""
        return self._distant.leads() and self._watch.is_pushed(account)

    def knows(self, account: str) -> bool:
        """Return whether an address may be an account."""
        return self._watch.knows(account)

    def examples(self, count: int) -> Sequence[str]:
        """Return accounts that are worth a look."""
        if self._distant.leads():
            return self._watch.examples(count)
        return self._distant.standing.examples[:count]

    async def look(self, account: str) -> AccountState | None:
        """Look at an account, or have it looked at."""
        if self._distant.leads():
            return await self._watch.look(account)
        told = await self._distant.ask(LOOK, account)
        try:
            return None if not told else account_from_bytes(told)
        except WireError as error:
            _log.warning("account_not_understood", reason=str(error))
            return None

    async def past_trades(self, account: str, since_ms: int) -> PastTrades | None:
        """Return what an account has traded since, here or there."""
        if self._distant.leads():
            return await self._watch.past_trades(account, since_ms)
        told = await self._distant.ask(PAST, f"{account} {since_ms}")
        try:
            return None if not told else msgspec.msgpack.decode(told, type=PastTrades)
        except msgspec.DecodeError:
            return None

    def listen(self, listener: AccountListener) -> None:
        """Tell `listener` of watched accounts, whenever this process follows the source."""
        if self._may_lead:
            self._watch.listen(listener)


class SharedCoins:
    """A `WithCoins` of a source that this process follows or another one does."""

    def __init__(self, source: WithCoins, distant: DistantSource) -> None:
        self._source = source
        self._distant = distant

    @property
    def coins(self) -> Collection[str]:
        """The coins that are followed now."""
        return self._source.coins if self._distant.leads() else self._distant.standing.coins

    @property
    def listed(self) -> Collection[str]:
        """The coins that could be followed."""
        return self._source.listed if self._distant.leads() else self._distant.standing.listed

    async def follow(self, coin: str) -> Followed:
        """Follow one more coin, or have it followed."""
        if self._distant.leads():
            return await self._source.follow(coin)
        told = await self._distant.ask(FOLLOW, coin)
        try:
            return Followed((told or b"").decode())
        except ValueError:
            return Followed.NOT_YET

    async def unfollow(self, coin: str) -> None:
        """Follow a coin no longer; whoever follows the source decides by itself."""
        if self._distant.leads():
            await self._source.unfollow(coin)


class SharedSources:
    """The sources of a bot as people can ask of them in this process, whichever process follows them."""

    def __init__(
        self, sources: Sequence[Source], engine: EngineRole, calls: RemoteCalls | None, *, may_lead: bool
    ) -> None:
        """Without `calls` there is one process, which follows all. `may_lead`: it could follow them."""
        self._sources = sources
        self._engine = engine
        self._calls = calls
        self._distant: list[DistantSource] = []
        self.places: list[AccountPlace] = []
        """The sources that know accounts by name."""
        self.coins: list[WithCoins] = []
        """Those that can follow more coins."""
        self._may_lead = may_lead
        for source in sources:
            self._add(source, calls)

    def keeps_coins(self) -> bool:
        """Return whether this process keeps the list of coins that were asked for."""
        with_coins = [source for source in self._sources if isinstance(source, WithCoins)]
        return self._calls is None or any(map(self._leads, with_coins))

    def use(self, coin: str) -> None:
        """Take note that a coin is still wanted that another process follows."""
        for one in self._distant:
            if not one.leads():
                one.use(coin)

    async def settle(self) -> None:
        """Have whoever follows a source watch who is wanted by now, and nobody else."""
        for one in self._distant:
            if not one.leads():
                await one.ask(SETTLE, "", SETTLE_S)

    def work(
        self, requests: CoinRequests, settle: Callable[[], Awaitable[None]]
    ) -> list[Coroutine[Any, Any, None]]:
        """Return what is to be done while the bot runs: hearing of sources, and answering for them.

        `settle` has sources watch who is wanted by now.
        """
        if self._calls is None:
            return []
        work: list[Coroutine[Any, Any, None]] = [one.run() for one in self._distant]
        if self._may_lead:
            answers = SourceAnswers(
                self._sources, self._leads, follow=requests.take, use=requests.use, settle=settle
            )
            work.append(self._calls.serve(answers.kinds, answers.answer))
        return work

    def _add(self, source: Source, calls: RemoteCalls | None) -> None:
        distant = None
        if calls is not None and isinstance(source, WithAccounts | WithCoins):
            distant = DistantSource(source.name, calls, partial(self._leads, source))
            self._distant.append(distant)
        if isinstance(source, WithAccounts):
            watch = source.watched
            if distant is not None:
                watch = SharedAccounts(watch, distant, may_lead=self._may_lead)
            self.places.append(AccountPlace(source.name, source.layer, watch))
        if isinstance(source, WithCoins):
            self.coins.append(source if distant is None else SharedCoins(source, distant))

    def _leads(self, source: Source) -> bool:
        return any(feed.source is source for feed in self._engine.led)
