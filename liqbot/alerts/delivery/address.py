"""Third stage: the message of a delivery. An alert's is made, and its picture drawn, once for chats alike."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from liqbot.alerts.alert_message import addressed, announcement, digest, tell, tell_account
from liqbot.alerts.delivery.drawings import Drawings, PictureKey
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
"""How many alerts' messages are kept at hand beside those that are being brought."""
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


@dataclass(eq=False, slots=True)
class Told:
    """An alert with the message that is the same for every chat that wants its pictures alike."""

    words: "asyncio.Task[_Words]"
    """The alert, and its message without a picture."""
    whole: "asyncio.Future[None]"
    """Done once nothing more comes: its picture is there, or there will be none."""
    picture: Picture | None = None
    uploads: dict[str, str] = field(default_factory=dict[str, str])
    """The handle of its picture, by platform."""
    uploading: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    def end(self) -> None:
        """Note that nothing more comes."""
        if not self.whole.done():
            self.whole.set_result(None)

    @property
    def has_failed(self) -> bool:
        """Whether its words could not be made: that may be tried again."""
        return self.words.done() and (self.words.cancelled() or self.words.exception() is not None)


@dataclass(frozen=True, slots=True)
class _Words:
    alert: Alert
    message: Message
    is_pictured: bool
    """Whether a picture goes with it."""


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
        self.drawings = Drawings(self._draw)
        self._told: OrderedDict[PictureKey, Told] = OrderedDict()
        self._held: Counter[PictureKey] = Counter()
        """How many deliveries each is kept for."""

    def hold(self, picture: PictureKey) -> Told:
        """Have the words of an alert made, and keep its message at hand until `release`."""
        self._held[picture] += 1
        return self._told_of(picture)

    def release(self, picture: PictureKey) -> None:
        """Keep the message of an alert for one delivery less."""
        self._held[picture] -= 1
        if self._held[picture] <= 0:
            del self._held[picture]

    def stop(self) -> None:
        """Make and draw nothing more; what is not whole is begun anew when it is asked for again."""
        self.drawings.stop()
        for picture, told in list(self._told.items()):
            if not told.whole.done():
                told.words.cancel()
                del self._told[picture]

    async def prepare(self, delivery: Delivery) -> None:
        """Have the words of a delivery made. Raises `AlertGone`, `StoreError`."""
        picture = picture_of(delivery)
        if picture is not None:
            await self._words(picture)

    @asynccontextmanager
    async def addressed(
        self, delivery: Delivery, limits: Limits, now_ms: int
    ) -> AsyncGenerator[OutgoingMessage]:
        """Give the message of a delivery, to be sent meanwhile. Raises `AlertGone`, `StoreError`.

        It has the picture that is there by now: none is waited for. Where a platform reuses uploads, one
        message of an alert goes with its picture, and the others wait for the handle that `uploaded` notes.
        """
        if not _is_single(delivery):
            alerts = [await self._alert(number) for number in delivery.alerts]
            message = digest(alerts, _marked(delivery, limits, now_ms))
            if delivery.held is not None:
                yield _parcel(delivery, message, None)
                return
            told, words = await self._words(_first(delivery))
            message = replace(message, picture=told.picture)  # of one moment: the first's is all's
        else:
            told, words = await self._words(_first(delivery))
            pictured = replace(words.message, picture=told.picture)
            message = addressed(pictured, words.alert, _marked(delivery, limits, now_ms))
            if words.alert.hit.live and words.alert.reason in _RENEWING:
                replaced = await self._alerts.message_of(delivery.chat_id, words.alert)
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
                    yield _parcel(delivery, message, await self._alerts.upload(words.alert.id, platform))
                    return
        yield _parcel(delivery, message, told.uploads[platform])

    def uploaded(self, delivery: Delivery, handle: str) -> None:
        """Note the handle of the picture that a delivery has brought to its platform."""
        told = self._told.get(_first(delivery))
        if told is not None and not told.has_failed:
            told.uploads[delivery.picture_key] = handle

    async def _words(self, picture: PictureKey) -> tuple[Told, _Words]:
        told = self._told_of(picture)
        return told, await asyncio.shield(told.words)

    def _told_of(self, picture: PictureKey) -> Told:
        told = self._told.get(picture)
        if told is None or told.has_failed:
            words = asyncio.create_task(self._make(*picture))
            told = self._told[picture] = Told(words, asyncio.get_running_loop().create_future())
            words.add_done_callback(lambda _: None if _is_pictured(words) else told.end())
        self._told.move_to_end(picture)
        self._forget()
        return told

    def _forget(self) -> None:
        """Keep few messages at hand, and those that are being brought."""
        spare = len(self._told) - KEPT - len(self._held)
        if spare <= 0:
            return
        for picture in [one for one in self._told if one not in self._held][:spare]:
            del self._told[picture]

    async def _alert(self, number: int) -> Alert:
        known = next(
            (told.words for (own, _), told in self._told.items() if own == number and _is_made(told.words)),
            None,
        )
        if known is not None:
            return known.result().alert
        alert = await self._alerts.alert(number)
        if alert is None:
            raise AlertGone(f"there is no alert {number} any more")
        return alert

    async def _make(self, number: int, look: str) -> _Words:
        del look  # it is the picture's
        alert = await self._alert(number)
        if alert.reason == ANNOUNCEMENT:
            return _Words(alert, announcement(alert), is_pictured=False)
        if alert.is_of_account:
            state = await self._account(alert)
            return _Words(alert, tell_account(alert, state), is_pictured=state is not None)
        try:
            view = await self._alerts.view_of(alert)
        except WireError as error:
            _log.error("alert_without_market", alert=number, reason=str(error))
            return _Words(alert, tell(alert, None, None), is_pictured=False)
        record = await self._record(alert, view)
        # What is over needs no picture.
        is_pictured = alert.hit.live or alert.reason != Reason.RESOLVED
        return _Words(alert, tell(alert, view, None, self._page_of(alert.coin), record), is_pictured)

    async def _draw(self, picture: PictureKey) -> bool:
        """Draw the picture of an alert; return whether it has one. However that fails, the words go out."""
        told = self._told.get(picture)
        if told is None or told.whole.done():
            return False
        try:
            words = await asyncio.shield(told.words)
            if not words.is_pictured:
                return False  # it is whole without one
            told.picture = await self._drawn(words.alert, picture[1])
        except Exception:  # noqa: BLE001 - where it has no words, that is told to who sends it
            if not told.has_failed:
                _log.exception("alert_without_picture", alert=picture[0])
        told.end()
        return True

    async def _drawn(self, alert: Alert, look: str) -> Picture | None:
        if alert.is_of_account:
            state = await self._account(alert)
            return None if state is None else await self._illustrate_account(alert, state, look)
        return await self._illustrate(await self._alerts.view_of(alert), alert.hit, look)

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


def picture_of(delivery: Delivery) -> PictureKey | None:
    """Return which picture goes with a delivery; None where it tells of what was held back, in words."""
    return _first(delivery) if _is_single(delivery) or delivery.held is None else None


def _first(delivery: Delivery) -> PictureKey:
    return delivery.alerts[0], delivery.settings.look


def _is_single(delivery: Delivery) -> bool:
    """Return whether a delivery is one alert as it is: what was missed is told, not repeated."""
    return len(delivery.ids) == 1 and delivery.held is not HoldReason.AWAY


def _is_made(words: "asyncio.Task[_Words]") -> bool:
    return words.done() and not words.cancelled() and not words.exception()


def _is_pictured(words: "asyncio.Task[_Words]") -> bool:
    return _is_made(words) and words.result().is_pictured


def _marked(delivery: Delivery, limits: Limits, now_ms: int) -> Delivery:
    """Return a delivery that is marked as a repeat only where the platform may show it twice."""
    age_ms = now_ms - (delivery.unclear_ms or 0)
    is_known = 0 <= age_ms < limits.knows_repeats_s * 1000
    return replace(delivery, is_repeat=delivery.is_repeat and not is_known)


def _parcel(delivery: Delivery, message: Message, upload: str | None) -> OutgoingMessage:
    return OutgoingMessage(delivery.chat, message, delivery.key, delivery.silent, delivery.role, upload)
