"""One platform's sender: its lease, its deliveries in flight through the stages, its pace over a restart.

Not here: the loop over all platforms (`alerts/dispatcher.py`), a single try (`send.py`).
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from liqbot.alerts.delivery.address import AddressStage
from liqbot.alerts.delivery.hold import HoldStage
from liqbot.alerts.delivery.preparing import Preparing
from liqbot.alerts.delivery.send import SendStage
from liqbot.alerts.delivery.settle import SettleStage
from liqbot.alerts.delivery.take import TakeStage
from liqbot.alerts.pacing import Pacing, Place
from liqbot.alerts.platform import Platform, Resuming
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Delivery
from liqbot.store.errors import StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Lease, fenced
from liqbot.store.store import Store

_log = structlog.get_logger()

SPARE = 6
"""Of what a group gets a minute, so much is kept for who types and for alerts, where others only tap."""
STOP_S = 5
"""How long a shutdown waits for what is in flight."""
BEFORE_MS = 600_000
"""What was sent by another process within so long counts at a start: clocks may have been set meanwhile."""
LOOK_S = 0.1
"""So often it looks meanwhile whether the lease is still held."""


class _Pace(msgspec.Struct):
    """What the next process is to know of the pace of this one: nothing of whom it spoke to."""

    at_ms: int
    replies: int
    """How many one group got at most within a minute."""
    ago_s: float
    """How long before `at_ms` the last of them was."""


class PlatformSender:
    """Sends what is due on one platform."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        store: Store,
        address: AddressStage,
        *,
        leadership: Leadership,
        clocks: tuple[Callable[[], int], Callable[[], float]],
        wake: Callable[[], None],
    ) -> None:
        """Send while `leadership` is had; `wake` has `begin` called.

        `clocks` tell ms since 1970 UTC, and seconds that never go backwards.
        """
        self.name = name
        self.outcomes: Counter[str] = Counter()
        """How often a try came to what: `sent`, `due` again, `unknown`, `failed`, `away`, `gone`,
        `moved`."""
        self._platform = platform
        self._pacing = Pacing(platform.limits, clocks[1])
        self._take = TakeStage(name, store.deliveries, self._pacing)
        self._preparing = Preparing(address, wake)
        self._hold = HoldStage(platform, store.deliveries, self._pacing, self._preparing)
        self._send = SendStage(
            name,
            platform,
            store.deliveries,
            address=address,
            pacing=self._pacing,
            may_send=lambda: leadership.is_held,
            clocks=clocks,
        )
        self._deliveries = store.deliveries
        self._notes = store.notes
        self._note = f"pace.{name}"
        self._clock = clocks[0]
        self._leadership = leadership
        self._led: Lease | None = None
        """Under which lease was sent last."""
        self._is_leading = self._is_recovered = False
        self._is_successor = True
        """Whether it was another process that sent last."""
        self._settle = SettleStage(name, store.deliveries)
        self._wake = wake
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """What is in flight, by the native id of the chat: of each chat one message at a time."""

    @property
    def leads(self) -> bool:
        """Whether this process sends on the platform now."""
        return self._is_leading and self._leadership.is_held

    @property
    def lease(self) -> Lease | None:
        """The lease under which this process sends; None where it does not."""
        return self._leadership.lease

    @property
    def is_led_elsewhere(self) -> bool:
        """Whether another process does."""
        return self._leadership.is_elsewhere

    async def lead(self) -> None:
        """Send whenever the lease of the platform is had, until cancelled."""
        await self._leadership.run(self._lead)

    async def turn(self, chat: ChatKey) -> None:
        """Wait until a reply may go to `chat`."""
        await self._pacing.turn(chat.native_id, is_group=self._platform.is_group(chat))

    def turn_within(self, chat: ChatKey, within_s: float) -> Awaitable[None] | None:
        """Let a reply wait for its place: return what ends when it may go, None where it would be too late.

        To a group, some places of its minute are left for those who need them more.
        """
        is_group = self._platform.is_group(chat)
        if self._pacing.reply_wait_s(chat.native_id, is_group=is_group, spare=SPARE) > within_s:
            return None
        return self._pacing.request(chat.native_id, is_group=is_group)

    async def recover(self) -> None:
        """Once a lease is had: note of what was being sent before that nobody knows. Raises `StoreError`."""
        lease = self._leadership.lease
        if self._is_recovered or lease is None:
            return
        with fenced(lease):
            await self._settle.settle()  # what this process has sent before it knows
            await self._deliveries.recover(self.name)
            replies = await self._replies_before(self._clock())
            if self._is_successor:
                await self._resume(replies)
        self._is_recovered = True

    async def _resume(self, replies: tuple[int, float] | None) -> None:
        """Leave room for what whoever sent before may have sent right before its end."""
        now_ms = self._clock()
        sent = await self._deliveries.sent_lately(self.name, now_ms - BEFORE_MS)
        if sent is None:
            return
        self._pacing.resume(
            [
                (chat.native_id, self._platform.is_group(chat), max(0, now_ms - (at_ms or now_ms)) / 1000)
                for chat, at_ms in sent
            ],
            replies,
        )
        if isinstance(self._platform, Resuming):
            self._platform.resume()

    async def _replies_before(self, now_ms: int) -> tuple[int, float] | None:
        """Return how many replies a group got at most, and how long ago, s; None where that is unknown."""
        written = await self._notes.get(self._note)
        if not written:
            return None  # it was killed
        await self._notes.set(self._note, "")  # whoever is killed from now on has written nothing
        try:
            pace = msgspec.json.decode(written, type=_Pace)
        except msgspec.ValidationError:
            return None  # an older version wrote it
        return pace.replies, pace.ago_s + max(0, now_ms - pace.at_ms) / 1000

    async def begin(self, now_ms: int) -> float:
        """Write down what has been done, and begin what may begin; return in how many seconds to come again.

        Infinite where nothing is due: then somebody has to wake the dispatcher. Raises `StoreError`; what has
        been done is not forgotten by that.
        """
        lease = self._leadership.lease
        if lease is None or not self._is_recovered:
            return math.inf
        with fenced(lease):
            return await self._begin(now_ms)

    async def settle(self) -> None:
        """Write down what has been done, where nothing more may begin at present. Raises `StoreError`."""
        lease = self._leadership.lease
        if lease is not None and self._is_recovered:
            with fenced(lease):
                await self._settle.settle()

    async def _begin(self, now_ms: int) -> float:
        await self._settle.settle()
        free = self._platform.limits.in_flight - len(self._tasks)
        if free <= 0:
            return math.inf
        self._preparing.look()
        due = await self._take.take(free, now_ms, {*self._tasks, *self._preparing.waiting})
        going = await self._hold.pass_on(due, now_ms)
        for delivery, place in going:
            if self.leads:  # else whoever leads next finds it claimed, and nobody knows whether it was sent
                self._tasks[delivery.chat.native_id] = asyncio.create_task(self._deliver(delivery, place))
        is_over = not due or (self._preparing.is_full and not going)
        return await self._wait_s(now_ms) if is_over else self._pacing.wait_s()

    async def _wait_s(self, now_ms: int) -> float:
        """Return in how many seconds something may begin, where nothing may now. Words may go at once."""
        wait_s = min(
            await self._take.wait_s(now_ms, {*self._tasks, *self._preparing.waiting}),
            self._preparing.wait_s(),
        )
        hopeless = self._preparing.hopeless()
        if hopeless is None:
            return wait_s
        place_s = self._pacing.wait_s()
        if place_s > 0:
            self._pacing.want()
        else:
            self._preparing.give_up(hopeless)
        return min(wait_s, place_s)

    @property
    def at_work(self) -> bool:
        """Whether something is in flight, is prepared for that, or is not written down yet."""
        return bool(self._tasks or self._preparing.waiting) or self._settle.is_behind

    async def in_flight(self, chat: ChatKey) -> None:
        """Wait until what is on its way to `chat` has got there, or has failed; nothing is called back."""
        task = self._tasks.get(chat.native_id)
        if task is not None:
            await asyncio.wait([task])

    async def arrived(self, chat: ChatKey) -> None:
        """Wait until nothing is on its way to `chat`; what takes long is called back."""
        task = self._tasks.get(chat.native_id)
        if task is not None:
            await asyncio.wait([task], timeout=STOP_S)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _lead(self, lease: Lease) -> None:
        """Be the one who sends until cancelled: at the end of the bot, or of the lease."""
        self._is_successor = self._led is None or lease.number != self._led.number + 1
        if self._is_successor:
            self._settle.forget()  # somebody else has sent meanwhile, and knows better
        self._led, self._is_recovered, self._is_leading = lease, False, True
        self._wake()
        try:
            await asyncio.Event().wait()
        finally:
            self._is_leading = False
            await self._stop(lease)

    async def _stop(self, lease: Lease) -> None:
        """Let what is in flight arrive, for a moment, as long as the lease is held; the rest stays owed."""
        self._preparing.stop()
        loop = asyncio.get_running_loop()
        until_s = loop.time() + STOP_S
        while self._tasks and self._leadership.is_held and loop.time() < until_s:
            await asyncio.wait(self._tasks.values(), timeout=LOOK_S, return_when=asyncio.ALL_COMPLETED)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if not self._leadership.is_held:
            return
        try:
            with fenced(lease):
                await self._settle.settle()
                pace = _Pace(self._clock(), *self._pacing.most_replies())
                await self._notes.set(self._note, msgspec.json.encode(pace).decode())
        except StoreError as error:
            _log.error("receipts_not_saved", reason=str(error))

    async def _deliver(self, delivery: Delivery, place: Place) -> None:
        result = await self._send.send(delivery, place)
        self.outcomes[result.name] += 1
        self._settle.note(result)
        self._preparing.done(delivery.chat.native_id)
        del self._tasks[delivery.chat.native_id]
        self._wake()
