"""Chats that take nothing at present: what the stages of delivery know of them, and learn."""

import random
from collections.abc import Mapping, Sequence

import structlog

from liqbot.alerts.absence import not_taken
from liqbot.store.absences import Absence
from liqbot.store.deliveries import Delivery, DeliveryStatus, HoldReason, Outcome
from liqbot.store.store import Store

_log = structlog.get_logger()


class AwayChats:
    """The chats of one platform that are away."""

    def __init__(self, platform: str, store: Store) -> None:
        self._platform = platform
        self._store = store
        self._known: set[int] = set()
        """Those that were away when they were last looked at, by the store's numbers."""
        self._chance = random.Random()  # noqa: S311 - it spreads tries, it keeps no secret

    async def among(self, due: Sequence[Delivery]) -> Mapping[int, Absence]:
        """Return the absences of the chats of some deliveries, by the store's numbers of these."""
        if not due:
            return {}
        absences = await self._store.absences.of([delivery.chat_id for delivery in due])
        self._known |= absences.keys()
        return absences

    async def learn(self, outcome: Outcome, away: str | None) -> None:
        """Take note of what a try says of its chat; `away` is why it took nothing, None where it is not so.

        A delivery that was not taken is held until the next try, and then is that try.
        """
        delivery, now_ms = outcome.delivery, outcome.at_ms
        if outcome.status == DeliveryStatus.SENT and delivery.chat_id in self._known:
            await self._store.absences.end(delivery.chat, now_ms)
            self._known.discard(delivery.chat_id)
        if away is None:
            return
        before = (await self._store.absences.of([delivery.chat_id])).get(delivery.chat_id)
        absence = not_taken(before, away, now_ms, self._chance.random())
        if absence is None:
            _log.info("chat_gone", platform=self._platform, reason=away)
            await self._store.chats.deactivate(delivery.chat, away, now_ms)
            return
        if before is None:
            _log.info("chat_away", platform=self._platform, reason=away)
        await self._store.absences.note(delivery.chat_id, absence)
        await self._store.deliveries.hold([(delivery, absence.next_ms, HoldReason.AWAY)])
