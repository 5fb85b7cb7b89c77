"""The traffic of one platform: what is in flight, at what pace, and what became of it."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from liqbot.alerts.pacing import Pacing
from liqbot.alerts.parcels import Parcels
from liqbot.alerts.platform import (
    ChatGone,
    ChatMoved,
    Limits,
    NotSent,
    Platform,
    Receipt,
    Refused,
    SlowDown,
    Unclear,
)
from liqbot.alerts.timing import hold, hold_digest
from liqbot.logs import redacted
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Delivery, DeliveryStatus, HoldReason, Outcome
from liqbot.store.errors import StoreError
from liqbot.store.store import Store

_log = structlog.get_logger()

MOST_ATTEMPTS = 20
"""After so many tries, which is about an hour, a delivery is given up."""
LONGEST_PAUSE_S = 300
"""The longest pause between two tries."""
PATIENCE_S = 60
"""How long a platform may take over one message before nobody knows whether it arrived."""
LATE_S = 0.05
"""After so long a delivery that waited for its picture takes another place in the pace."""
STOP_S = 5
"""How long a shutdown waits for what is in flight."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What a try came to, to be written down."""

    outcome: Outcome
    gone: str | None = None
    """Why the chat cannot be reached any more."""
    moved: str | None = None
    """The id that the chat has now."""


class Sending:
    """Sends what is due on one platform."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        store: Store,
        parcels: Parcels,
        *,
        clocks: tuple[Callable[[], int], Callable[[], float]],
        wake: Callable[[], None],
    ) -> None:
        """`clocks` tell ms since 1970 UTC, and seconds that never go backwards; `wake` has `begin` called."""
        self.name = name
        self.outcomes: Counter[str] = Counter()
        """How often a try came to what: `sent`, `due` again, `unknown`, `failed`, `gone`, `moved`."""
        self._platform = platform
        self._store = store
        self._parcels = parcels
        self._clock, self._clock_s = clocks
        self._pacing = Pacing(platform.limits, self._clock_s)
        self._wake = wake
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """What is in flight, by the native id of the chat: of each chat one message at a time."""
        self._done: list[_Done] = []
        self._jitter = random.Random()  # noqa: S311 - it spreads tries, it keeps no secret

    async def turn(self, chat: ChatKey) -> None:
        """Wait until a reply may go to `chat`."""
        await self._pacing.turn(chat.native_id, is_group=self._platform.is_group(chat))

    async def begin(self, now_ms: int) -> float:
        """Write down what has been done, and begin what may begin; return in how many seconds to come again.

        Infinite where nothing is due: then somebody has to wake the dispatcher. Raises what SQLite raises;
        what has been done is not forgotten by that.
        """
        await self._write()
        free = self._platform.limits.in_flight - len(self._tasks)
        wait_s, busy = self._pacing.wait_s(), self._pacing.busy()
        if free <= 0:
            return math.inf
        heads = [] if wait_s else await self._heads(free, now_ms, {*self._tasks, *map(str, busy)})
        chosen = await self._choose(heads, now_ms)
        if chosen:
            for delivery in await self._store.deliveries.claim(chosen):
                self._tasks[delivery.chat.native_id] = asyncio.create_task(self._deliver(delivery))
        if heads:
            return self._pacing.wait_s()
        waits = [wait for wait in (wait_s, *busy.values()) if wait]
        return min(waits) if waits and await self._heads(1, now_ms, self._tasks) else math.inf

    async def _heads(self, limit: int, now_ms: int, but_not: Collection[str]) -> list[Delivery]:
        return await self._store.deliveries.heads(self.name, limit, now_ms, but_not=but_not)

    @property
    def at_work(self) -> bool:
        """Whether something is in flight, or not written down yet."""
        return bool(self._tasks or self._done)

    async def stop(self) -> None:
        """Let what is in flight arrive, for a moment; what does not stays owed."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=STOP_S)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        try:
            await self._write()
        except StoreError:
            _log.exception("receipts_not_saved")

    async def _choose(self, heads: list[Delivery], now_ms: int) -> list[Delivery]:
        """Return which deliveries go out now; those whose chats do not want to hear yet are held back."""
        chosen: dict[str, Delivery] = {}
        held: list[tuple[Delivery, int, HoldReason]] = []
        for delivery in heads:
            wait = _hold(delivery, self._platform.limits, now_ms)
            if wait is not None:
                held.append((delivery, *wait))
            elif delivery.chat.native_id not in chosen and self._pacing.wait_s() == 0:
                is_group = self._platform.is_group(delivery.chat)
                self._pacing.take(delivery.chat.native_id, is_group=is_group)
                chosen[delivery.chat.native_id] = delivery
        if held:
            await self._store.deliveries.hold(held)
        return list(chosen.values())

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            done = await self._try(delivery)
        except asyncio.CancelledError:
            done = self._again(
                delivery, "the bot was stopped; it may have arrived", status=DeliveryStatus.UNKNOWN
            )
        self.outcomes["gone" if done.gone else "moved" if done.moved else done.outcome.status] += 1
        self._done.append(done)
        del self._tasks[delivery.chat.native_id]
        self._wake()

    async def _try(self, delivery: Delivery) -> _Done:
        try:
            begun_s = self._clock_s()
            async with self._parcels.parcel(delivery, self._platform.limits) as parcel:
                if self._clock_s() - begun_s > LATE_S:
                    # The picture took its time, and the places that were taken meanwhile are all past.
                    await self.turn(delivery.chat)
                async with asyncio.timeout(PATIENCE_S):
                    receipt = await self._platform.send(parcel)
                if receipt.upload is not None:
                    await self._parcels.uploaded(delivery, receipt.upload)
        except NotSent as error:
            return self._not_sent(delivery, error)
        except LookupError as error:
            return _given_up(delivery, str(error), self._clock())
        except TimeoutError:
            return self._again(delivery, "no answer; it may have arrived", status=DeliveryStatus.UNKNOWN)
        except Exception as error:  # noqa: BLE001 - one bad chat harms only itself
            # Its name is enough: what an unknown error says may hold what must not be written down.
            _log.exception("platform_failed", platform=self.name)
            return self._again(delivery, type(error).__name__, status=DeliveryStatus.UNKNOWN)
        return self._sent(delivery, receipt)

    def _sent(self, delivery: Delivery, receipt: Receipt) -> _Done:
        return _Done(
            Outcome(
                delivery,
                DeliveryStatus.SENT,
                self._clock(),
                message_id=receipt.message_id,
                upload=receipt.upload,
            )
        )

    def _not_sent(self, delivery: Delivery, error: NotSent) -> _Done:
        reason = redacted(str(error))
        status = DeliveryStatus.UNKNOWN if delivery.is_repeat else DeliveryStatus.DUE
        match error:
            case SlowDown():
                self._pacing.halt(None if error.everywhere else delivery.chat.native_id, error.pause_s)
                at_ms = self._clock() + math.ceil(error.pause_s * 1000)
                return _Done(Outcome(delivery, status, at_ms, reason, counts=False))
            case ChatMoved():
                return _Done(Outcome(delivery, status, self._clock(), reason), moved=error.native_id)
            case ChatGone():
                _log.info("chat_gone", platform=self.name, reason=reason)
                return _Done(Outcome(delivery, DeliveryStatus.FAILED, self._clock(), reason), gone=reason)
            case Refused():
                _log.error("delivery_refused", delivery=delivery.key, reason=reason)
                return _given_up(delivery, reason, self._clock())
            case Unclear():
                return self._again(delivery, reason, status=DeliveryStatus.UNKNOWN)
            case _:
                return self._again(delivery, reason, status=status)

    def _again(self, delivery: Delivery, reason: str, *, status: DeliveryStatus) -> _Done:
        if delivery.attempts + 1 >= MOST_ATTEMPTS:
            _log.error("delivery_given_up", delivery=delivery.key, reason=reason)
            return _given_up(delivery, reason, self._clock())
        pause_s = min(2**delivery.attempts, LONGEST_PAUSE_S) * self._jitter.uniform(0.75, 1.25)
        return _Done(Outcome(delivery, status, self._clock() + round(pause_s * 1000), reason))

    async def _write(self) -> None:
        """Write down what has been done. What cannot be written is kept for the next time."""
        if not self._done:
            return
        done = list(self._done)
        for item in done:
            if item.moved is not None:
                await self._store.chats.move(item.outcome.delivery.chat, item.moved)
        await self._store.deliveries.settle(item.outcome for item in done)
        for item in done:
            if item.gone is not None:
                await self._store.chats.deactivate(item.outcome.delivery.chat, item.gone, item.outcome.at_ms)
        del self._done[: len(done)]


def _hold(delivery: Delivery, limits: Limits, now_ms: int) -> tuple[int, HoldReason] | None:
    """Return until when a delivery is to be held back, and why. What may have arrived is not."""
    if delivery.is_repeat:
        return None
    if delivery.held is not None:
        return hold_digest(delivery.settings, now_ms)
    lately = delivery.sent_lately if limits.hourly else 0
    return hold(delivery.settings, delivery.digest, lately, delivery.first_sent_ms, now_ms)


def _given_up(delivery: Delivery, reason: str, now_ms: int) -> _Done:
    return _Done(Outcome(delivery, DeliveryStatus.FAILED, now_ms, reason))
