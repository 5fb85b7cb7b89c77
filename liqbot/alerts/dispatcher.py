"""The dispatcher: one loop that has each platform's sender take what is due, wakes it, waits and drains.

Not here: one platform's deliveries in flight (`delivery/platform_sender.py`), serving people
(`app/platform_runner.py`).
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable

import structlog

from liqbot.alerts.delivery.address import (
    AddressStage,
    Illustrate,
    IllustrateAccount,
    PageOf,
    RecordOf,
    no_page,
    no_picture,
    no_record,
)
from liqbot.alerts.delivery.platform_sender import STOP_S, PlatformSender
from liqbot.alerts.platform import Platform
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Leases, LocalLeases
from liqbot.store.store import Store
from liqbot.store.urgency import urgently

_log = structlog.get_logger()

TIDY_MS = 10_000
"""How often what is too old to be told is given up."""
IN_FLIGHT_S = 3.0
"""So long a chat that wants no more alerts waits for one on its way before it is told that none comes."""
LOOK_AGAIN_S = 0.1
"""How often is looked whether another process has sent what was on its way."""
LOOK_S = 1.0
"""How often is looked for what is due while nobody wakes the dispatcher."""


def sender_lease(platform: str) -> str:
    """Return the name of the lease of whoever sends on a platform."""
    return f"sender/{platform}"


def _always(platform: str) -> bool:
    """Serve every platform."""
    del platform
    return True


def _here() -> bool:
    """Send in this process."""
    return True


class Dispatcher:
    """Sends what is due, on each platform at its own pace. Wake it when something new may be."""

    def __init__(
        self,
        store: Store,
        illustrate: Illustrate,
        clock: Callable[[], int],
        *,
        clock_s: Callable[[], float] = time.monotonic,
        page_of: PageOf = no_page,
        record_of: RecordOf = no_record,
        illustrate_account: IllustrateAccount = no_picture,
        is_served: Callable[[str], bool] = _always,
        leases: Leases | None = None,
    ) -> None:
        """`clock` tells the time in ms since 1970 UTC, `clock_s` seconds that never go backwards.

        `page_of` gives the address of a coin's page, which alerts link to. Nothing goes out on a platform
        that is not `is_served`. `record_of` says what became of a rule's alerts, in one line. With `leases` a
        platform is sent to by whoever holds its lease: its limits are those of one token.
        """
        self._store = store
        self._clock = clock
        self._clock_s = clock_s
        self._is_served = is_served
        self._address = AddressStage(store.alerts, illustrate, page_of, record_of, illustrate_account)
        self._senders: dict[str, PlatformSender] = {}
        self._leases = LocalLeases() if leases is None else leases
        self._tidied_ms = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self.trouble: str | None = None
        """Why nothing can be sent at present; None where it can."""

    def connect(self, name: str, platform: Platform, *, wanted: Callable[[], bool] = _here) -> None:
        """Serve the chats of a platform from now on, while that is `wanted` of this process."""
        self._senders[name] = PlatformSender(
            name,
            platform,
            self._store,
            self._address,
            leadership=Leadership(self._leases, sender_lease(name), wanted=wanted),
            clocks=(self._clock, self._clock_s),
            wake=self.wake,
        )

    @property
    def platforms(self) -> list[PlatformSender]:
        """Return the platforms that are served."""
        return list(self._senders.values())

    def sends_on(self, platform: str) -> bool:
        """Return whether it is this process that sends on a platform."""
        sender = self._senders.get(platform)
        return sender is not None and sender.leads

    async def turn(self, chat: ChatKey) -> None:
        """Wait until a reply may go to `chat`: ahead of broadcasts, within their share of each second."""
        await self._senders[chat.platform].turn(chat)

    def turn_within(self, chat: ChatKey, within_s: float) -> Awaitable[None] | None:
        """Let a reply wait for its place: return what ends when it may go, None for too late."""
        return self._senders[chat.platform].turn_within(chat, within_s)

    async def arrived(self, chat: ChatKey) -> None:
        """Wait until nothing is on its way to `chat` from this process."""
        sender = self._senders.get(chat.platform)
        if sender is not None:
            await sender.arrived(chat)

    async def in_flight(self, chat: ChatKey) -> None:
        """Wait a moment for what is on its way to `chat`, whichever process sends it."""
        sender = self._senders.get(chat.platform)
        if sender is None:
            return
        with contextlib.suppress(TimeoutError, StoreError):
            async with asyncio.timeout(IN_FLIGHT_S):
                await sender.in_flight(chat)
                while sender.is_led_elsewhere and await self._store.deliveries.is_sending(chat):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_AGAIN_S)

    async def call_back(self, chat: ChatKey) -> None:
        """Owe `chat` nothing more where another process sends, and wait for what that one is sending there.

        Raises `StoreError`.
        """
        sender = self._senders.get(chat.platform)
        if sender is None or not sender.is_led_elsewhere:
            return
        await self._store.deliveries.withdraw(chat)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while await self._store.deliveries.is_sending(chat):  # noqa: ASYNC110 - it tells nobody here
                    await asyncio.sleep(LOOK_AGAIN_S)

    def wake(self) -> None:
        """Look for what is due again."""
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Deliveries that were under way when the bot stopped are sent again."""
        with urgently():
            await self._send_on()

    async def _send_on(self) -> None:
        leading = [asyncio.create_task(sender.lead()) for sender in self._senders.values()]
        looking: asyncio.Task[float] | None = None
        try:
            while True:
                self._wake.clear()
                looking = asyncio.create_task(self._look())
                try:
                    wait_s = await asyncio.shield(looking)
                    self.trouble = None
                except Exception as error:  # noqa: BLE001 - what fails now may work again in a moment
                    wait_s = LOOK_S
                    self._note_trouble(error)
                await self._pause(wait_s)
        finally:
            # What has been claimed is begun, and then let arrive: nothing stays behind in between.
            await asyncio.gather(*filter(None, [looking]), return_exceptions=True)
            for task in leading:
                task.cancel()
            await asyncio.gather(*leading, return_exceptions=True)
            self._address.stop()

    async def drained(self) -> None:
        """Wait until nothing is due now."""
        await self._idle.wait()

    async def _look(self) -> float:
        """Begin what is due, and return in how many seconds to look again."""
        leading = [sender for sender in self._senders.values() if sender.leads]
        for sender in leading:
            await sender.recover()
        now_ms = self._clock()
        if leading:  # the clock of a machine that sends nothing decides nothing
            if now_ms - self._tidied_ms >= TIDY_MS:
                await self._store.deliveries.expire(now_ms)
                self._tidied_ms = now_ms
            await self._store.deliveries.release(now_ms)
        served = [sender for sender in leading if self._is_served(sender.name)]
        for sender in leading:
            if sender not in served:  # what was sent before a pause is known to have been sent
                await sender.settle()
        waits = [await sender.begin(now_ms) for sender in served]
        wait_s = min(waits, default=math.inf)
        is_settled = all(sender.leads or sender.is_led_elsewhere for sender in self._senders.values())
        is_over = is_settled and wait_s == math.inf and not self._wake.is_set()
        if is_over and not any(sender.at_work for sender in self._senders.values()):
            self._idle.set()
        return min(wait_s, LOOK_S)

    def _note_trouble(self, error: Exception) -> None:
        """Say once why nothing can be sent; of a database that is away the place in our code says nothing."""
        if self.trouble is None:
            is_known = isinstance(error, StoreError)
            _log.error("delivery_queue_failed", reason=str(error), exc_info=None if is_known else error)
        self.trouble = str(error)

    async def _pause(self, wait_s: float) -> None:
        """Wait until woken, or for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
