"""Second stage: hold back what its chat does not want to hear yet; claim what goes out now."""

from collections.abc import Sequence

from liqbot.alerts.delivery.preparing import Preparing
from liqbot.alerts.hold_policy import hold, hold_digest
from liqbot.alerts.pacing import Pacing, Place
from liqbot.alerts.platform import Limits, Platform
from liqbot.store.deliveries import Deliveries, Delivery, HoldReason


class HoldStage:
    """Holds deliveries of one platform, or claims them."""

    def __init__(
        self, platform: Platform, deliveries: Deliveries, pacing: Pacing, preparing: Preparing
    ) -> None:
        self._preparing = preparing
        self._platform = platform
        self._deliveries = deliveries
        self._pacing = pacing

    async def pass_on(self, due: Sequence[Delivery], now_ms: int) -> list[tuple[Delivery, Place]]:
        """Return which of the deliveries go out now: ready, claimed in the store, each with its place."""
        going: dict[str, Delivery] = {}
        places: dict[str, Place] = {}
        held: list[tuple[Delivery, int, HoldReason]] = []
        for delivery in due:
            absence = delivery.absence
            wait = held_until(delivery, self._platform.limits, now_ms)
            if absence is not None and absence.next_ms > now_ms:
                held.append((delivery, absence.next_ms, HoldReason.AWAY))
            elif wait is not None:
                held.append((delivery, *wait))
            elif (
                self._preparing.take_on(delivery)
                and delivery.chat.native_id not in going
                and self._pacing.wait_s() == 0
            ):
                is_group = self._platform.is_group(delivery.chat)
                places[delivery.chat.native_id] = self._pacing.take(
                    delivery.chat.native_id, is_group=is_group
                )
                going[delivery.chat.native_id] = delivery
        if held:
            await self._deliveries.hold(held)
        claimed = await self._deliveries.claim(list(going.values())) if going else []
        return [(delivery, places[delivery.chat.native_id]) for delivery in claimed]


def held_until(delivery: Delivery, limits: Limits, now_ms: int) -> tuple[int, HoldReason] | None:
    """Return until when a delivery is to be held back, and why. What may have arrived is not."""
    if delivery.is_repeat:
        return None
    if delivery.held is not None:
        return hold_digest(delivery.settings, now_ms)
    lately = delivery.sent_lately if limits.hourly else 0
    return hold(delivery.settings, delivery.digest, lately, delivery.first_sent_ms, now_ms)
