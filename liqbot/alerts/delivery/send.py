"""Fourth stage: try to send a delivery, and say what came of it."""

import asyncio
import math
import random
from collections.abc import Callable

import structlog

from liqbot.alerts.delivery.address import AddressStage, AlertGone
from liqbot.alerts.delivery.settle import Result
from liqbot.alerts.pacing import Pacing, Place
from liqbot.alerts.platform import (
    ChatAway,
    ChatGone,
    ChatMoved,
    NotSent,
    Platform,
    Receipt,
    Refused,
    SlowDown,
    Unclear,
)
from liqbot.logs import redacted
from liqbot.store.deliveries import Deliveries, Delivery, DeliveryStatus, Outcome
from liqbot.store.errors import StoreError

_log = structlog.get_logger()

MOST_ATTEMPTS = 20
"""After so many tries, which is about an hour, a delivery is given up, unless the whole platform is away."""
SILENT_S = 3_600.0
"""A platform that has taken nothing for so long is away: its chats hear later what they missed."""
REFUSALS = 4
"""What a platform refuses in every form so often is given up: a refusal may be a passing mistake."""
LONGEST_PAUSE_S = 300
"""The longest pause between two tries."""
PATIENCE_S = 60
"""How long a platform may take over one message before nobody knows whether it arrived."""
LATE_S = 0.05
"""After so long a delivery that waited for its picture takes another place in the pace."""


class SendStage:
    """Sends deliveries on one platform."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        deliveries: Deliveries,
        *,
        address: AddressStage,
        pacing: Pacing,
        may_send: Callable[[], bool],
        clocks: tuple[Callable[[], int], Callable[[], float]],
    ) -> None:
        """Nothing is sent unless `may_send` says so right before.

        `clocks` tell ms since 1970 UTC, and seconds that never go backwards.
        """
        self._name = name
        self._platform = platform
        self._deliveries = deliveries
        self._address = address
        self._pacing = pacing
        self._may_send = may_send
        self._clock, self._clock_s = clocks
        self._arrived_s = -math.inf
        """When something arrived last."""
        self._jitter = random.Random()  # noqa: S311 - it spreads tries, it keeps no secret

    async def send(self, delivery: Delivery, place: Place) -> Result:
        """Try once, at its place; whatever goes wrong is a result. One that is cancelled may have arrived."""
        try:
            receipt = await self._send(delivery, place)
        except (asyncio.CancelledError, TimeoutError) as error:
            what = "no answer" if isinstance(error, TimeoutError) else "the bot was stopped"
            return self._again(delivery, f"{what}; it may have arrived", DeliveryStatus.UNKNOWN)
        except NotSent as error:
            return self._not_sent(delivery, error)
        except AlertGone as error:
            return self._given_up(delivery, str(error))
        except StoreError as error:  # before anything was sent: a platform knows no store
            return self._again(delivery, str(error), _surely_not_sent(delivery))
        except Exception as error:  # noqa: BLE001 - one bad chat harms only itself
            # Its name is enough: what an unknown error says may hold what must not be written down.
            _log.exception("platform_failed", platform=self._name)
            return self._again(delivery, type(error).__name__, DeliveryStatus.UNKNOWN)
        return self._sent(delivery, receipt)

    async def _send(self, delivery: Delivery, place: Place) -> Receipt:
        await self._address.prepare(delivery)
        place = await self._in_time(delivery, place)
        async with self._address.addressed(delivery, self._platform.limits, self._clock()) as message:
            await self._in_time(delivery, place)  # another chat's upload of the picture was waited for
            if not self._may_send():
                raise NotSent("another process sends on this platform by now")
            async with asyncio.timeout(PATIENCE_S):
                receipt = await self._platform.send(message)
            if receipt.upload is not None:
                self._address.uploaded(delivery, receipt.upload)
            return receipt

    async def _in_time(self, delivery: Delivery, place: Place) -> Place:
        """Return its place, or wait for another one where it is past. Raises `AlertGone`, `StoreError`."""
        if self._clock_s() - place.at_s <= LATE_S:
            return place
        place = await self._pacing.take_later(place)
        if not await self._deliveries.is_claimed(delivery):  # its chat may have been forgotten meanwhile
            raise AlertGone("nobody waits for it any more")
        return place

    def _sent(self, delivery: Delivery, receipt: Receipt) -> Result:
        self._arrived_s = self._clock_s()
        return Result(
            Outcome(
                delivery,
                DeliveryStatus.SENT,
                self._clock(),
                message_id=receipt.message_id,
                upload=receipt.upload,
            )
        )

    def _not_sent(self, delivery: Delivery, error: NotSent) -> Result:  # noqa: PLR0911 - one for each outcome
        reason, status = redacted(str(error)), _surely_not_sent(delivery)
        if error.may_have_arrived:
            status = DeliveryStatus.UNKNOWN
        match error:
            case SlowDown():
                self._pacing.halt(None if error.everywhere else delivery.chat.native_id, error.pause_s)
                at_ms = self._clock() + math.ceil(error.pause_s * 1000)
                return Result(Outcome(delivery, status, at_ms, reason, counts=False))
            case ChatMoved():
                return Result(Outcome(delivery, status, self._clock(), reason, moved=error.native_id))
            case ChatAway():
                return Result(Outcome(delivery, status, self._clock(), reason, counts=False), away=reason)
            case ChatGone():
                _log.info("chat_gone", platform=self._name, reason=reason)
                return Result(Outcome(delivery, DeliveryStatus.FAILED, self._clock(), reason, gone=reason))
            case Refused() if delivery.attempts + 1 < REFUSALS:
                return self._again(delivery, reason, status)
            case Refused():
                _log.error("delivery_refused", delivery=delivery.key, reason=reason)
                return self._given_up(delivery, reason)
            case Unclear():
                return self._again(delivery, reason, DeliveryStatus.UNKNOWN)
            case _:
                return self._again(delivery, reason, status)

    def _again(self, delivery: Delivery, reason: str, status: DeliveryStatus) -> Result:
        if delivery.attempts + 1 >= MOST_ATTEMPTS:
            if self._clock_s() - self._arrived_s > SILENT_S:
                return Result(Outcome(delivery, status, self._clock(), reason, counts=False), away=reason)
            _log.error("delivery_given_up", delivery=delivery.key, reason=reason)
            return self._given_up(delivery, reason)
        pause_s = min(2**delivery.attempts, LONGEST_PAUSE_S) * self._jitter.uniform(0.75, 1.25)
        return Result(Outcome(delivery, status, self._clock() + round(pause_s * 1000), reason))

    def _given_up(self, delivery: Delivery, reason: str) -> Result:
        return Result(Outcome(delivery, DeliveryStatus.FAILED, self._clock(), reason))


def _surely_not_sent(delivery: Delivery) -> DeliveryStatus:
    """Return how a delivery stands after a try that did not arrive: an earlier one may have."""
    return DeliveryStatus.UNKNOWN if delivery.is_repeat else DeliveryStatus.DUE
