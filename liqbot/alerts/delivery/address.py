"""Third stage: the message of a delivery. An alert's is made, and its picture drawn, once for chats alike."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from liqbot.alerts.alert_message import addressed, announcement, digest, tell, tell_account
from liqbot.alerts.platform import Limits, OutgoingMessage
from liqbot.alerts.states import Reason
from liqbot.market.accounts import AccountState
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.message import Message, Picture
from liqbot.rules.hit import Hit
from liqbot.store.alerts import ANNOUNCEMENT, Alert, Alerts
from liqbot.store.deliveries import Delivery, HoldReason

_log = structlog.get_logger()

KEPT = 32
"""How many alerts' messages are kept at hand."""
Illustrate = Callable[[MarketView, Hit, str], Awaitable[Picture | None]]
"""Draws what an alert saw in its market, as `ChatSettings.look` says; None where it cannot be drawn, and then
the text goes alone."""

IllustrateAccount = Callable[[Alert, AccountState, str], Awaitable[Picture | None]]
"""Draws what goes with an alert about an account, which was so then; as above."""


async def no_picture(alert: Alert, state: AccountState, look: str) -> Picture | None:
    """Draw nothing."""
    del alert, state, look


_RENEWING = (Reason.UPDATED, Reason.RESOLVED)
"""Why an alert that is kept up to date is told in the message that its chat has got already."""
PageOf = Callable[[str], str]
"""Returns the address of a coin's page; empty where people cannot reach one."""


def no_page(coin: str) -> str:
    """Return no address."""
    del coin
    return ""


RecordOf = Callable[[Alert, MarketView], Awaitable[str]]
"""Returns what became of the alerts of an alert's rule, in one line; empty where nothing is known."""


async def no_record(alert: Alert, view: MarketView) -> str:
    """Return no record."""
    del alert, view
    return ""


@dataclass(slots=True)
class _Told:
    """An alert with the message that is the same for every chat that wants its pictures alike."""

    alert: Alert
    message: Message
    uploads: dict[str, str] = field(default_factory=dict[str, str])
    """The handle of its picture, by platform."""
    uploading: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])


class AlertGone(Exception):  # noqa: N818 - an outcome
    """There is nothing to tell any more."""


class AddressStage:
    """Makes messages of deliveries."""

    def __init__(
        self,
        alerts: Alerts,
        illustrate: Illustrate,
        page_of: PageOf = no_page,
        record_of: RecordOf = no_record,
        illustrate_account: IllustrateAccount = no_picture,
    ) -> None:
        self._record_of = record_of
        self._illustrate_account = illustrate_account
        self._alerts = alerts
        self._page_of = page_of
        self._illustrate = illustrate
        self._told: OrderedDict[tuple[int, str], asyncio.Task[_Told]] = OrderedDict()

    async def prepare(self, delivery: Delivery) -> None:
        """Have the message of a delivery made, with its picture. Raises `AlertGone`, `StoreError`."""
        if _is_single(delivery) or delivery.held is None:
            await self._tell(delivery.alerts[0], delivery.settings.look)

    @asynccontextmanager
    async def addressed(
        self, delivery: Delivery, limits: Limits, now_ms: int
    ) -> AsyncGenerator[OutgoingMessage]:
        """Give the message of a delivery, to be sent meanwhile. Raises `AlertGone`, `StoreError`.

        Where a platform reuses uploads, one message of an alert goes with its picture, and the others wait
        for the handle that `uploaded` notes.
        """
        if not _is_single(delivery):
            alerts = [await self._alert(number) for number in delivery.alerts]
            message = digest(alerts, _marked(delivery, limits, now_ms))
            if delivery.held is not None:
                yield _parcel(delivery, message, None)
                return
            told = await self._tell(delivery.alerts[0], delivery.settings.look)
            message = replace(message, picture=told.message.picture)  # of one moment: the first's is all's
        else:
            told = await self._tell(delivery.alerts[0], delivery.settings.look)
            message = addressed(told.message, told.alert, _marked(delivery, limits, now_ms))
            if told.alert.hit.live and told.alert.reason in _RENEWING:
                replaced = await self._alerts.message_of(delivery.chat_id, told.alert)
                if replaced is not None:
                    yield replace(_parcel(delivery, message, None), replaces=replaced)
                    return
        platform = delivery.picture_key
        if message.picture is None or not limits.reuses_uploads:
            yield _parcel(delivery, message, None)
            return
        if platform not in told.uploads:
            lock = told.uploading.setdefault(platform, asyncio.Lock())
            async with lock:
                if platform not in told.uploads:
                    yield _parcel(delivery, message, await self._alerts.upload(told.alert.id, platform))
                    return
        yield _parcel(delivery, message, told.uploads[platform])

    def uploaded(self, delivery: Delivery, handle: str) -> None:
        """Note the handle of the picture that a delivery has brought to its platform."""
        task = self._told.get((delivery.alerts[0], delivery.settings.look))
        if task is not None and _is_made(task):
            task.result().uploads[delivery.picture_key] = handle

    async def _tell(self, number: int, look: str) -> _Told:
        key = (number, look)
        task = self._told.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._told[key] = asyncio.create_task(self._make(number, look))
        self._told.move_to_end(key)
        while len(self._told) > KEPT:
            self._told.popitem(last=False)
        return await asyncio.shield(task)

    async def _alert(self, number: int) -> Alert:
        known = next(
            (task for (own, _), task in self._told.items() if own == number and _is_made(task)), None
        )
        if known is not None:
            return known.result().alert
        alert = await self._alerts.alert(number)
        if alert is None:
            raise AlertGone(f"there is no alert {number} any more")
        return alert

    async def _make(self, number: int, look: str) -> _Told:
        alert = await self._alert(number)
        if alert.reason == ANNOUNCEMENT:
            return _Told(alert, announcement(alert))
        if alert.is_of_account:
            state = await self._account(alert)
            picture = (
                None
                if state is None
                else await self._drawn(alert, self._illustrate_account(alert, state, look))
            )
            return _Told(alert, tell_account(alert, state, picture))
        try:
            view = await self._alerts.view_of(alert)
        except WireError as error:
            _log.error("alert_without_market", alert=number, reason=str(error))
            return _Told(alert, tell(alert, None, None))
        picture = await self._picture(alert, view, look)
        record = await self._record(alert, view)
        return _Told(alert, tell(alert, view, picture, self._page_of(alert.coin), record))

    async def _account(self, alert: Alert) -> AccountState | None:
        try:
            return await self._alerts.account_of(alert)
        except WireError as error:
            _log.error("alert_without_account", alert=alert.id, reason=str(error))
            return None

    async def _record(self, alert: Alert, view: MarketView) -> str:
        try:
            return await self._record_of(alert, view)
        except Exception:  # noqa: BLE001 - whatever of the past cannot be read, the alert goes out
            _log.exception("alert_without_record", alert=alert.id)
            return ""

    async def _picture(self, alert: Alert, view: MarketView, look: str) -> Picture | None:
        if alert.reason == Reason.RESOLVED and not alert.hit.live:
            return None  # what is over needs no picture
        return await self._drawn(alert, self._illustrate(view, alert.hit, look))

    @staticmethod
    async def _drawn(alert: Alert, drawing: Awaitable[Picture | None]) -> Picture | None:
        try:
            return await drawing
        except Exception:  # noqa: BLE001 - however a picture fails, the text goes out
            _log.exception("alert_without_picture", alert=alert.id)
            return None


def _is_single(delivery: Delivery) -> bool:
    """Return whether a delivery is one alert as it is: what was missed is told, not repeated."""
    return len(delivery.ids) == 1 and delivery.held is not HoldReason.AWAY


def _is_made(task: asyncio.Task[_Told]) -> bool:
    return task.done() and not task.cancelled() and not task.exception()


def _marked(delivery: Delivery, limits: Limits, now_ms: int) -> Delivery:
    """Return a delivery that is marked as a repeat only where the platform may show it twice."""
    age_ms = now_ms - (delivery.unclear_ms or 0)
    is_known = 0 <= age_ms < limits.knows_repeats_s * 1000
    return replace(delivery, is_repeat=delivery.is_repeat and not is_known)


def _parcel(delivery: Delivery, message: Message, upload: str | None) -> OutgoingMessage:
    return OutgoingMessage(delivery.chat, message, delivery.key, delivery.silent, delivery.role, upload)
