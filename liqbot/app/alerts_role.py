"""The role that evaluates: rules read what the engine has observed, and deliveries become due.

Rules of this process read an observation before the next is taken; those of plugins read behind, at their own
pace, so that a slow plugin delays its own alerts and nobody's views. What was not read when the bot ended is
in the store, and is read at the next start.

Where several processes could evaluate, one does at a time. It reads from the store alone, whichever process
has seen the market, and whoever takes its place begins with what it had not read.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from liqbot.alerts.evaluator import Evaluator, Lane
from liqbot.bus import Bus, DeliveriesDue, ObservationsKept
from liqbot.market.events import Observation
from liqbot.market.layer import Layer, Origin
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.errors import DamagedError, StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Lease, Leases, fenced
from liqbot.store.store import Store
from liqbot.store.urgency import urgently

_log = structlog.get_logger()

LEASE = "alerts"
"""The lease of whoever lets rules read."""
TOGETHER = 100
"""Of so many coins the observations are read at a time, and what follows of them is one transaction."""
MOST_BEHIND = 240
"""So many observations plugins may be behind; then the engine waits for them."""
LOOK_S = 10.0
"""So often whoever leads looks in the store for what no notice has told of: its sender may have died."""
AGAIN_S = 1.0
"""After so long it is tried again to write down what plugins tell."""


class AlertsRole:
    """Lets rules read each observation, in order, and says what is due."""

    def __init__(
        self,
        store: Store,
        evaluator: Evaluator,
        bus: Bus,
        clock: Callable[[], int],
        *,
        leases: Leases | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rules_are_there: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """`clock` tells the time in ms since 1970 UTC. With `leases` whoever holds `LEASE` evaluates.

        Nothing is read before `rules_are_there`: watches of a rule that is lacking would miss it.
        """
        self._rules_are_there = rules_are_there
        self._store = store
        self._evaluator = evaluator
        self._bus = bus
        self._clock = clock
        self._sleep = sleep
        self._unread: dict[Layer, list[Observation]] = {}
        """What could not be read for want of the store."""
        self._behind: deque[tuple[Observation, bool]] = deque()
        """What plugins have not read yet, and whether it is from before a restart."""
        self._changed = asyncio.Condition()
        self.leadership = None if leases is None else Leadership(leases, LEASE)
        """Who evaluates; None where nobody else could."""
        self._kept: dict[Layer, dict[str, None]] = {}
        """Of which coins there is more to be read in the store, by layer."""
        self._followed: dict[Layer, dict[str, None]] = {}
        """Of which coins there were observations, by layer."""
        self._more = asyncio.Event()
        self._waiting_s: float | None = None
        bus.subscribe(ObservationsKept, self.observed)

    @property
    def leads(self) -> bool:
        """Whether it is this process that evaluates."""
        return self.leadership is None or self.leadership.is_held

    @property
    def lease(self) -> Lease | None:
        """The lease under which this process evaluates; None where it needs none, or does not."""
        return None if self.leadership is None else self.leadership.lease

    @property
    def lag_s(self) -> float:
        """For how many seconds something has waited that rules of this process have not read."""
        return 0.0 if self._waiting_s is None else time.monotonic() - self._waiting_s

    @property
    def behind(self) -> int:
        """How many observations plugins have not read yet."""
        return len(self._behind)

    async def run(self) -> None:
        """Let plugins read what there is for them, until cancelled; where others could, all rules."""
        with urgently():
            if self.leadership is None:
                await self._read_behind()
                return
            while True:
                try:
                    await self.leadership.run(self._lead)
                except StoreError as error:
                    _log.warning("alerts_not_led", reason=str(error))
                    await self._sleep(AGAIN_S)

    async def _lead(self, lease: Lease) -> None:
        """Read what nobody has read, and then what comes."""
        self._behind.clear()
        try:
            await self._lead_on(lease)
        finally:
            self._kept.clear()  # what is left unread is for whoever leads next, and nothing waits for it here
            self._waiting_s = None

    async def _lead_on(self, lease: Lease) -> None:
        with fenced(lease):
            await self._read_left()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read_behind())
                group.create_task(self._read_kept())
                group.create_task(self._look_again_and_again())

    async def _read_left(self) -> None:
        """Let rules read what whoever led before has not let them read."""
        for coin in await self._store.history.coins():
            for layer in await self._store.observations.layers(coin):
                if layer.origin is Origin.LIVE:
                    self._follow(layer, [coin])
                    await self.read_what_is_left(layer, [coin])

    async def _read_kept(self) -> None:
        """Let rules read what is in the store, coin after coin, as somebody says that there is more."""
        while True:
            await self._more.wait()
            self._more.clear()
            for layer in list(self._kept):
                await self._read(layer, list(self._kept.pop(layer, ())))
            if not self._kept:
                self._waiting_s = None

    async def _look_again_and_again(self) -> None:
        """Find what is in the store, and of which no notice has come."""
        while True:
            for layer, coins in list(self._followed.items()):
                try:
                    await self._look(layer, list(coins))
                except Exception as error:  # noqa: BLE001 - it is looked again, and told where it is read
                    _log.debug("observations_not_looked_for", layer=layer.key, reason=str(error))
            await self._sleep(LOOK_S)

    async def _look(self, layer: Layer, coins: Sequence[str]) -> None:
        """Note the coins of which a watch has read something, and there is more; a new watch waits for it."""
        for start in range(0, len(coins), TOGETHER):
            read_ms = await self._evaluator.read_until_of(coins[start : start + TOGETHER], layer)
            since_ms = {
                coin: self._since(at_ms, layer) for coin, at_ms in read_ms.items() if at_ms is not None
            }
            unread = await self._store.observations.next_of(layer, since_ms) if since_ms else ()
            if unread:
                self._note(layer, [one.coin for one in unread])

    def _follow(self, layer: Layer, coins: Sequence[str]) -> None:
        self._followed.setdefault(layer, {}).update(dict.fromkeys(coins))

    async def _read(self, layer: Layer, coins: Sequence[str]) -> None:
        """Let rules read what there is of some coins: of each the next, then what came after that."""
        since_ms: dict[str, int] | None = None
        while coins:
            read_ms: dict[str, int] = {}
            parts = [coins[start : start + TOGETHER] for start in range(0, len(coins), TOGETHER)]
            ahead = asyncio.create_task(self._next_of(layer, parts[0], since_ms))
            try:
                for place, some in enumerate(parts):
                    found = ahead
                    if place + 1 < len(parts):  # these are fetched while rules read those before them
                        ahead = asyncio.create_task(self._next_of(layer, parts[place + 1], since_ms))
                    try:
                        read_ms |= await self._read_together(await found)
                    except Exception as error:  # noqa: BLE001 - one of them may have spoilt it for the others
                        _log.debug("observations_read_one_by_one", layer=layer.key, reason=str(error))
                        if not await self._read_each(layer, some):
                            self._note(layer, [*read_ms, *itertools.chain(*parts[place + 1 :])])
                            return
            finally:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)
            coins, since_ms = list(read_ms), {coin: time_ms + 1 for coin, time_ms in read_ms.items()}

    async def _next_of(
        self, layer: Layer, coins: Sequence[str], known_ms: Mapping[str, int] | None
    ) -> list[Observation]:
        """Return of each coin the first observation since `known_ms`; without that, the first unread one."""
        since_ms: dict[str, int | None] = {}
        if known_ms is None:
            read_ms = await self._evaluator.read_until_of(coins, layer)
            for coin, until_ms in read_ms.items():
                since_ms[coin] = None if until_ms is None else self._since(until_ms, layer)
        else:
            since_ms |= {coin: known_ms[coin] for coin in coins}
        return await self._store.observations.next_of(layer, since_ms) if since_ms else []

    async def _read_together(self, found: Sequence[Observation]) -> dict[str, int]:
        """Let rules read an observation of each of some coins; return by coin of which time it is."""
        if not found:
            return {}
        count = await self._evaluator.take_all(found, self._clock())
        if count:
            await self._bus.publish(DeliveriesDue(count))
        for observation in found:
            await self._hand_on(observation)
        return {one.coin: one.time_ms for one in found}

    async def _read_each(self, layer: Layer, coins: Sequence[str]) -> bool:
        """Let rules read what there is coin by coin; return False where the store has to be waited for."""
        for place, coin in enumerate(coins):
            try:
                for observation in await self._readable(layer, coin):
                    await self._take(observation, Lane.PROCESS)
                    await self._hand_on(observation)
            except DamagedError as error:
                _log.warning("observation_left_out", layer=layer.key, coin=coin, reason=str(error))
            except StoreError as error:
                _log.warning("observations_wait", layer=layer.key, reason=str(error))
                self._note(layer, coins[place:])
                await self._sleep(AGAIN_S)
                return False
            except Exception:  # noqa: BLE001 - one bad observation harms only itself
                _log.exception("observation_left_out", layer=layer.key, coin=coin)
        return True

    def _note(self, layer: Layer, coins: Sequence[str]) -> None:
        self._waiting_s = self._waiting_s or time.monotonic()
        self._kept.setdefault(layer, {}).update(dict.fromkeys(coins))
        self._more.set()

    async def _read_behind(self) -> None:
        """Let plugins read what was left to them, at their own pace."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._behind))
            observation, is_late = self._behind[0]
            try:
                await self._take(observation, Lane.WORKER, is_late=is_late)
            except StoreError as error:
                _log.warning("plugins_wait_for_the_database", reason=str(error))
                await self._sleep(AGAIN_S)
                continue
            except Exception:  # noqa: BLE001 - one bad observation harms only itself
                _log.exception("observation_left_out", layer=observation.layer.key, coin=observation.coin)
            async with self._changed:
                self._behind.popleft()
                self._changed.notify_all()

    async def caught_up(self) -> None:
        """Wait until plugins have read all that there is."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._behind)

    async def observed(self, notice: ObservationsKept) -> None:
        """Let rules read what is kept; what they could not read before comes first. Raises `StoreError`."""
        if self.leadership is not None:
            if not notice.observations:  # another process follows the layer, whatever became of it here
                self._evaluator.choices.regain(notice.layer)
            self._follow(notice.layer, notice.coins)
            if self.leads:  # whoever leads next finds it in the store
                self._note(notice.layer, notice.coins)
            return
        unread = self._unread.setdefault(notice.layer, [])
        unread += notice.observations or await self._unread_of(notice.layer, notice.coins)
        while unread:
            await self._take(unread[0], Lane.PROCESS)
            await self._hand_on(unread[0])
            del unread[0]

    async def read_what_is_left(self, layer: Layer, coins: Sequence[str]) -> None:
        """Let rules read what was kept last: the bot may have ended before all had read it."""
        for coin in coins:
            try:
                left = await self._unread_of(layer, [coin])
                for observation in left:
                    await self._take(observation, Lane.PROCESS, is_late=True)
                    await self._hand_on(observation, is_late=True)
            except StoreError as error:
                _log.warning("observation_left_out", layer=layer.key, coin=coin, reason=str(error))

    async def _unread_of(
        self, layer: Layer, coins: Sequence[str], *, with_newest: bool = False
    ) -> list[Observation]:
        """Return what is kept and that a watch has not read which has read the layer last.

        `with_newest`: of a coin that no watch has read in the layer, the newest, for those that are to begin.
        """
        found: list[Observation] = []
        for coin in coins:
            read_ms = await self._evaluator.read_until(coin, layer)
            if read_ms is None and with_newest:
                newest = await self._store.observations.newest(layer, coin)
                found += [] if newest is None else [newest]
            elif read_ms is not None:
                since_ms = self._since(read_ms, layer)
                found += [one async for one in self._store.observations.since(layer, coin, since_ms)]
        return found

    async def _readable(self, layer: Layer, coin: str) -> list[Observation]:
        """Return what is to be read of a coin; the newest alone where one before it is damaged.

        Raises `DamagedError` where the newest is.
        """
        try:
            return await self._unread_of(layer, [coin], with_newest=True)
        except DamagedError as error:
            newest = await self._store.observations.newest(layer, coin)
            _log.warning("observation_left_out", layer=layer.key, coin=coin, reason=str(error))
            return [] if newest is None else [newest]

    def _since(self, read_ms: int, layer: Layer) -> int:
        """Return from when on observations are to be read, where they were read until then."""
        is_live = layer.origin is Origin.LIVE  # any other market has a time of its own
        return max(read_ms + 1, self._clock() - EXPIRES_MS if is_live else 0)

    async def _hand_on(self, observation: Observation, *, is_late: bool = False) -> None:
        """Leave an observation to plugins, where there are any; wait where they are too far behind."""
        if not self._evaluator.has(Lane.WORKER):
            return
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._behind) < MOST_BEHIND)
            self._behind.append((observation, is_late))
            self._changed.notify_all()

    async def _take(self, observation: Observation, lane: Lane, *, is_late: bool = False) -> None:
        if self._rules_are_there is not None:
            await self._rules_are_there()
        count = await self._evaluator.take(
            observation.view, self._clock(), observation.events, is_late=is_late, lanes=[lane]
        )
        if count:
            await self._bus.publish(DeliveriesDue(count))
