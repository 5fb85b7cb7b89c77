"""Before its claim: a delivery waits until its message is made and its picture is drawn, but not for long.

Nothing is claimed meanwhile and no place in flight is taken, so that nobody else waits for that: what a kill
leaves behind is owed as before. Who has waited for `PATIENCE_S` is told in words alone, unless the picture
comes while all wait for the platform; who would have to wait longer, as soon as it has a place to spare.

Not here: in which order pictures are drawn (`drawings.py`), making messages (`address.py`).
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from liqbot.alerts.delivery.address import AddressStage, Told, picture_of
from liqbot.alerts.delivery.drawings import PictureKey
from liqbot.store.deliveries import Delivery

_log = structlog.get_logger()

PATIENCE_S = 8.0
"""So long a delivery is kept for its picture: an alert that comes late is worth less than one in words."""
GATHERING_S = 0.5
"""For so long it is seen how many chats wait for each picture before any is given up as too far behind."""
MOST = 500
"""So many chats of a platform wait at once; what comes behind them is looked at once some of them go."""
FORGOTTEN_S = 60.0
"""What has not gone out so long after its time is owed no more: it was taken back, or goes another way."""


@dataclass(slots=True)
class _Prepared:
    """The next delivery of a chat."""

    delivery: int
    """The number of its first row."""
    picture: PictureKey
    told: Told
    since_s: float
    is_waiting: bool
    """Whether it waits for its message, and is not ready to be claimed."""
    is_wanting: bool
    """Whether it counts among those that its picture is drawn for."""


class Preparing:
    """Prepares one platform's deliveries, of each chat the next one."""

    def __init__(self, address: AddressStage, wake: Callable[[], None]) -> None:
        """`wake` is called when something may have become ready."""
        self._address = address
        self._drawings = address.drawings
        self._wake = wake
        self._next: dict[str, _Prepared] = {}
        """By the native id of the chat, until it has been tried to be sent."""
        self._waiting: set[str] = set()
        """The chats of which one `is_waiting`."""
        self._late = 0
        """So many have waited too long."""

    @property
    def waiting(self) -> set[str]:
        """The chats whose next delivery waits for its message, by native id, as of the last look."""
        return set(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return len(self._waiting) >= MOST

    def look(self) -> None:
        """See which deliveries are ready by now."""
        if not self._next:
            return
        now_s = asyncio.get_running_loop().time()
        for chat, one in list(self._next.items()):
            if one.told.whole.done():
                self._end_wait(chat, one)
                self._end_want(one)
            elif now_s >= one.since_s + PATIENCE_S:
                self._late += one.is_waiting
                self._end_wait(chat, one)
            if not one.is_waiting and now_s > one.since_s + PATIENCE_S + FORGOTTEN_S:
                self.done(chat)
        if self._late and not self._waiting:
            _log.warning("alerts_before_their_pictures", chats=self._late)
            self._late = 0

    def hopeless(self) -> str | None:
        """Return whose picture will be the latest, where it will come too late; None for nobody."""
        now_s, due_s = asyncio.get_running_loop().time(), self._drawings.due_s()
        found = [
            (due_s.get(one.picture, 0.0), chat)
            for chat, one in ((chat, self._next[chat]) for chat in self._waiting)
            if now_s >= one.since_s + GATHERING_S
            and now_s + due_s.get(one.picture, 0.0) >= one.since_s + PATIENCE_S
        ]
        return max(found, default=(0.0, None))[1]

    def give_up(self, chat: str) -> None:
        """Let the next delivery of a chat go as it is."""
        self._late += 1
        self._end_wait(chat, self._next[chat])
        self._end_want(self._next[chat])

    def take_on(self, delivery: Delivery) -> bool:
        """Return whether a delivery is ready; where it is not, have it prepared, or leave it for later.

        Where no more may wait, one with a picture that nobody waits for is ready as it is.
        """
        picture = picture_of(delivery)
        if picture is None:
            return True
        chat = delivery.chat.native_id
        one = self._next.get(chat)
        if one is None or (one.delivery, one.picture) != (delivery.ids[0], picture):
            self.done(chat)
            if self.is_full and self._drawings.is_wanted(picture):
                return False  # it comes behind those that wait for the same
            one = self._begin(delivery, picture, is_waiting=not self.is_full)
        return not one.is_waiting

    def done(self, chat: str) -> None:
        """Forget what was prepared for a chat: it has been tried."""
        one = self._next.pop(chat, None)
        if one is None:
            return
        self._end_wait(chat, one)
        self._end_want(one)
        self._address.release(one.picture)

    def wait_s(self) -> float:
        """Return in how many seconds to look again, though nothing became ready; infinite for never."""
        now_s = asyncio.get_running_loop().time()
        times = (
            moment - now_s
            for since_s in (self._next[chat].since_s for chat in self._waiting)
            for moment in (since_s + GATHERING_S, since_s + PATIENCE_S)
        )
        return min((wait for wait in times if wait > 0), default=math.inf)

    def stop(self) -> None:
        """Prepare nothing more; it stays owed."""
        for chat in list(self._next):
            self.done(chat)

    def _begin(self, delivery: Delivery, picture: PictureKey, *, is_waiting: bool) -> _Prepared:
        chat, told = delivery.chat.native_id, self._address.hold(picture)
        # Those who wait for the same are ready from the next look on: it does not go ahead of them.
        is_waiting = is_waiting and not (told.whole.done() and not self._drawings.is_wanted(picture))
        now_s = asyncio.get_running_loop().time()
        one = self._next[chat] = _Prepared(
            delivery.ids[0], picture, told, now_s, is_waiting=is_waiting, is_wanting=is_waiting
        )
        if is_waiting:
            self._waiting.add(chat)
            self._drawings.want(picture)
            told.whole.add_done_callback(lambda _: self._wake())
        return one

    def _end_wait(self, chat: str, one: _Prepared) -> None:
        one.is_waiting = False
        self._waiting.discard(chat)

    def _end_want(self, one: _Prepared) -> None:
        if one.is_wanting:
            one.is_wanting = False
            self._drawings.leave(one.picture)
