"""Leadership: one duty of a process, done for as long as it holds the lease, and again once it has it."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import structlog

from liqbot.store.errors import StoreError
from liqbot.store.leases import MARGIN_S, RENEW_S, RETRY_S, Lease, Leases

_log = structlog.get_logger()

STOP_S = 0.5
"""Of the margin, so much is for whoever leads to stop."""


def lease_clock_s() -> float:
    """Return seconds that never go backwards, and go on while the machine sleeps, as leases do."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # the monotonic clock of Linux stands still then
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _always() -> bool:
    """Want it all the time."""
    return True


class Leadership:
    """Wants one lease for as long as it runs, and says whether it holds it."""

    def __init__(
        self,
        leases: Leases,
        name: str,
        *,
        wanted: Callable[[], bool] = _always,
        clock_s: Callable[[], float] = lease_clock_s,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """The lease is asked for, and kept, only while it is `wanted`.

        `clock_s` tells seconds that never go backwards, as `lease_clock_s`; `sleep` waits so many of them.
        """
        self.name = name
        self._leases = leases
        self._wanted = wanted
        self._clock_s = clock_s
        self._sleep = sleep
        self._lease: Lease | None = None
        self._until_s = 0.0
        self.taken = 0
        """How often it was had."""
        self.is_elsewhere = False
        """Whether another process held it when it was asked for last."""

    @property
    def lease(self) -> Lease | None:
        """The lease, for as long as it is surely held; asked right before what only a holder may do."""
        return self._lease if self._clock_s() < self._until_s else None

    @property
    def is_held(self) -> bool:
        """Whether the lease is surely held now."""
        return self.lease is not None

    async def run(self, lead: Callable[[Lease], Awaitable[None]]) -> None:
        """Lead whenever the lease is held, until cancelled or until `lead` has done all there is to do.

        `lead` is cancelled where the lease is lost, and has `STOP_S` to stop; what it raises ends this.
        """
        while True:
            lease = await self._acquired()
            try:
                if await self._led(lead, lease):
                    return
            finally:
                self._lease, self._until_s = None, 0.0
                await asyncio.shield(self._given_back(lease))

    async def _acquired(self) -> Lease:
        while True:
            asked_s = self._clock_s()
            try:
                lease = await self._leases.acquire(self.name) if self._is_wanted() else None
            except StoreError as error:
                _log.debug("lease_not_asked_for", lease=self.name, reason=str(error))
                lease = None
            else:
                self.is_elsewhere = lease is None
            if lease is not None:
                self._hold(lease, asked_s)
                self.taken += 1
                if not math.isinf(self._leases.ttl_s):
                    _log.info("lease_taken", lease=self.name, number=lease.number)
                return lease
            await self._sleep(RETRY_S)

    async def _led(self, lead: Callable[[Lease], Awaitable[None]], lease: Lease) -> bool:
        """Lead until the lease is lost, or all is done; return whether it is."""
        leading = asyncio.ensure_future(lead(lease))
        renewing = asyncio.create_task(self._kept(lease))
        try:
            await asyncio.wait([leading, renewing], return_when=asyncio.FIRST_COMPLETED)
            if leading.done():
                await leading
                return True
            _log.warning("lease_lost", lease=self.name, number=lease.number)
            return False
        finally:
            leading.cancel()
            await asyncio.gather(leading, return_exceptions=True)
            renewing.cancel()  # until then it was held, so that what was begun could be finished
            await asyncio.gather(renewing, return_exceptions=True)

    async def _kept(self, lease: Lease) -> None:
        """Renew a lease; return as soon as it may not be relied on any more."""
        while math.isinf(self._until_s):
            await asyncio.Event().wait()
        while True:
            left_s = self._until_s - STOP_S - self._clock_s()
            if left_s <= 0:
                return
            await self._sleep(min(RENEW_S, left_s))
            if not self._is_wanted():
                return
            asked_s = self._clock_s()
            left_s = self._until_s - STOP_S - asked_s
            try:
                async with asyncio.timeout(max(left_s, 0)):
                    if not await self._leases.renew(lease):
                        self._until_s = 0.0
                        return
            except TimeoutError:
                return
            except StoreError as error:
                _log.debug("lease_not_renewed", lease=self.name, reason=str(error))
            else:
                self._hold(lease, asked_s)

    def _is_wanted(self) -> bool:
        return self._wanted() and not self._leases.stands_aside

    async def _given_back(self, lease: Lease) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await self._leases.release(lease)
        except (TimeoutError, StoreError) as error:
            _log.debug("lease_not_given_back", lease=self.name, reason=str(error))

    def _hold(self, lease: Lease, asked_s: float) -> None:
        self._lease, self._until_s = lease, asked_s + self._leases.ttl_s - MARGIN_S
