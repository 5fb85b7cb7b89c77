"""The role that watches accounts: who is watched is looked at by the sources, and what that tells is read."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from liqbot.alerts.account_evaluator import AccountEvaluator, last_seen
from liqbot.alerts.account_reading import FORGOTTEN_MS
from liqbot.bus import Bus, DeliveriesDue
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Origin
from liqbot.market.updates import Liquidation
from liqbot.service.accounts import AccountPlace, Accounts, NoAccountError
from liqbot.store.errors import StoreError
from liqbot.store.store import Store
from liqbot.store.subscriptions import ACCOUNT_RULE
from liqbot.store.urgency import urgently

_log = structlog.get_logger()

LOOK_S = 15.0
"""This often it is looked up who is watched: subscriptions end by themselves, and in other processes."""
WAIT_S = 5.0
"""This often it is seen to liquidations that no look has shown."""
AGAIN_S = 1.0


class AccountRole:
    """Keeps the sources' watch lists as the subscriptions ask, and has watches read what the sources tell."""

    def __init__(
        self,
        store: Store,
        evaluator: AccountEvaluator,
        accounts: Accounts,
        bus: Bus,
        clock: Callable[[], int],
    ) -> None:
        """`clock` tells the time in ms since 1970 UTC."""
        self._store = store
        self._evaluator = evaluator
        self._accounts = accounts
        self._bus = bus
        self._clock = clock
        self._watched: dict[str, AccountPlace] = {}
        """Where each account is watched."""
        self._told: asyncio.Queue[tuple[AccountPlace, AccountState | Liquidation]] = asyncio.Queue()
        self._settling = asyncio.Lock()
        self._waiting: dict[str, int] = {}
        """Accounts of which a liquidation was told that no look may have shown yet, and when that was."""

    @property
    def watched(self) -> Sequence[str]:
        """Who is watched."""
        return list(self._watched)

    def listen(self) -> None:
        """Hear what the sources tell of accounts from now on."""
        for place in self._accounts.places:
            place.watch.listen(partial(self._hear, place))

    async def run(self) -> None:
        """Look up who is watched, and read what is told, until cancelled."""
        with urgently():
            async with asyncio.TaskGroup() as group:
                for work in (self._keep_up(), self._read(), self._wait()):
                    group.create_task(work)

    async def settle(self) -> None:
        """Watch who is wanted by now, and nobody else. Raises `StoreError`."""
        async with self._settling:
            wanted = {watch.coin for watch in await self._store.alerts.watches_of_rule(ACCOUNT_RULE)}
            for account in [one for one in self._watched if one not in wanted]:
                self._watched.pop(account).watch.unwatch(account)
                self._waiting.pop(account, None)
            for account in wanted - set(self._watched):
                await self._begin(account)

    async def caught_up(self) -> None:
        """Wait until all that was told is read."""
        await self._told.join()

    async def _begin(self, account: str) -> None:
        """Have an account watched, from where it was left; one that no source knows is left alone."""
        try:
            place = self._accounts.place_of(account)
            known = None
            if place.layer.origin is Origin.LIVE:
                known = await last_seen(self._store.alerts, account, place.layer)
            place.watch.watch(account, known)
        except (NoAccountError, ValueError):
            return
        self._watched[account] = place

    async def _keep_up(self) -> None:
        while True:
            try:
                await self.settle()
            except StoreError as error:
                _log.warning("accounts_not_looked_up", reason=str(error))
            except Exception:  # noqa: BLE001 - whatever a source says of one account, the others are watched
                _log.exception("accounts_not_looked_up")
            await asyncio.sleep(LOOK_S)

    def _hear(self, place: AccountPlace, told: AccountState | Liquidation) -> None:
        if told.account in self._watched:
            self._told.put_nowait((place, told))

    async def _read(self) -> None:
        while True:
            place, told = await self._told.get()
            try:
                await self._take(place, told)
            finally:
                self._told.task_done()

    async def _take(self, place: AccountPlace, told: AccountState | Liquidation) -> None:
        """Have what was told read; a liquidation must not get lost, of states the next one says as much."""
        while True:
            try:
                due = await self._evaluator.take(place.layer, told, self._clock())
            except StoreError as error:
                _log.warning("account_not_read", reason=str(error))
                if isinstance(told, AccountState):
                    return
                await asyncio.sleep(AGAIN_S)
                continue
            except Exception:  # noqa: BLE001 - one bad look harms only itself
                _log.exception("account_look_left_out", source=place.name)
                return
            if isinstance(told, Liquidation) and told.account is not None:
                self._waiting[told.account] = self._clock()
            await self._publish(due)
            return

    async def _wait(self) -> None:
        while True:
            await asyncio.sleep(WAIT_S)
            for account in list(self._waiting):
                try:
                    await self._look_after(account)
                except Exception as error:  # noqa: BLE001 - one bad account harms only itself
                    _log.warning("account_not_read", reason=repr(error))

    async def _look_after(self, account: str) -> None:
        place = self._watched.get(account)
        if place is None:
            return
        newest = place.watch.newest(account)
        now_ms = self._clock()
        is_live = place.layer.origin is Origin.LIVE
        time_ms = now_ms if is_live or newest is None else newest.time_ms
        due = await self._evaluator.wait(place.layer, account, time_ms, now_ms)
        if due or now_ms - self._waiting[account] > FORGOTTEN_MS:
            self._waiting.pop(account, None)
        await self._publish(due)

    async def _publish(self, due: int) -> None:
        if due:
            await self._bus.publish(DeliveriesDue(due))
