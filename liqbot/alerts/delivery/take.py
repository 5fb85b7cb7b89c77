"""First stage: take from the store what is due next, of each chat only the first."""

import math
from collections.abc import Collection

from liqbot.alerts.pacing import Pacing
from liqbot.store.deliveries import Deliveries, Delivery


class TakeStage:
    """Takes what one platform can bear now."""

    def __init__(self, platform: str, deliveries: Deliveries, pacing: Pacing) -> None:
        self._platform = platform
        self._deliveries = deliveries
        self._pacing = pacing

    async def take(self, limit: int, now_ms: int, in_flight: Collection[str]) -> list[Delivery]:
        """Return what is due in up to `limit` chats; nothing while the platform's pace forbids it.

        Chats with something `in_flight`, by native id, and those that were just sent to are left out.
        """
        if self._pacing.wait_s():
            return []
        return await self._heads(limit, now_ms, {*in_flight, *map(str, self._pacing.busy())})

    async def wait_s(self, now_ms: int, in_flight: Collection[str]) -> float:
        """Return in how many seconds what is due may be taken; infinite where nothing is."""
        waits = [wait for wait in (self._pacing.wait_s(), *self._pacing.busy().values()) if wait]
        if not waits or not await self._heads(1, now_ms, in_flight):
            return math.inf
        if self._pacing.wait_s():
            self._pacing.want()
        return min(waits)

    async def _heads(self, limit: int, now_ms: int, but_not: Collection[str]) -> list[Delivery]:
        return await self._deliveries.queue_heads(self._platform, limit, now_ms, but_not=but_not)
