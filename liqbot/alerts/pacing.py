"""Pacing of one platform: when an alert or a reply may go, in all, to one chat, to one group; 429s.

Broadcasts ask whether they may go now; replies to people take the next free place, ahead of all broadcasts
to other chats. Where a platform lets a chat have a few messages at once, a reply goes right after what went
to it: who asks in the second of an alert waits for nothing. Within one group it is the other way round: there
replies have only their share of the minute, so that a member who goes on asking keeps no alert away.
In which order replies get their places, and which share of them, is seen to by `reply_queue.py`.
No second holds more places than the platform takes messages. That what leaves in its place also arrives in it
is seen to where requests leave (`rate_window.py`).

Not here: the last guard where requests leave (`rate_window.py`).
"""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field

from liqbot.alerts.platform import Limits
from liqbot.alerts.reply_queue import MINUTE_S, SECOND_S, ReplyQueue

MARGIN = 0.98
"""The share of the allowed rate at which messages follow each other."""
CATCH_UP = 3
"""So many places that came late may be made up for: timers wake late, and that must not cost pace."""
REPLIES = 0.6
"""The share of what a group may get in a minute that replies may take; the rest is for its alerts."""


@dataclass(slots=True)
class _Lately:
    """What was sent to one chat, s."""

    free_s: float = 0
    """When the next message may go at the chat's pace; replies may go a little ahead of it."""
    halted_s: float = -math.inf
    """Until when nothing may go."""
    group: deque[float] = field(default_factory=deque[float])
    """When messages went to a group within the last minute."""
    replies: deque[float] = field(default_factory=deque[float])
    """Which of these were replies."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a broadcast has taken."""

    chat: Hashable
    is_group: bool
    at_s: float
    free_s: float = 0.0
    """When the next message to the chat might have gone without it, by the chat's pace."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What any group may have got of another process within its last minute."""

    count: int = 0
    """So many replies."""
    share: int = 0
    """So many more it may get until then."""
    until_s: float = -math.inf
    """When the last of them is a minute ago."""


def _before(most: int, replies: tuple[int, float] | None, now_s: float) -> _Before:
    """Return what counts of another process, where a group may get `most` a minute."""
    if replies is None:  # it may be what replies may take, or much less: some can be answered all the same
        count = int(most * REPLIES)
        return _Before(count, int((most - count) * REPLIES), now_s + MINUTE_S)
    count, ago_s = replies
    return _Before(count, int(most * REPLIES) - count, now_s + MINUTE_S - ago_s)


class Pacing:
    """The pace of one platform."""

    def __init__(
        self,
        limits: Limits,
        clock_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock_s` tells seconds that never go backwards; `sleep` waits so many of them."""
        self._limits = limits
        self._clock_s = clock_s
        self._sleep = sleep
        self._step_s = 1 / (limits.a_second * MARGIN)
        self._ahead_s = (limits.chat_burst - 1) * limits.a_chat_s
        """So much sooner than its pace says a reply may go to a chat."""
        self._free_s = 0.0
        """When the next message to anyone may go."""
        self._places: deque[float] = deque(
            maxlen=None if math.isinf(limits.a_second) else int(limits.a_second)
        )
        """The last places that were taken: as many as a second may hold."""
        self._chats: dict[Hashable, _Lately] = {}
        self._replies = ReplyQueue(limits.a_second)
        self._usher: asyncio.Task[None] | None = None
        """Gives the replies that wait their places."""
        self._ushers_s = math.inf
        """When it looks next."""
        self._before = _Before()

    def most_replies(self) -> tuple[int, float]:
        """Return how many replies one group got at most within the last minute, and how long ago the last, s.

        Of which group that is true is nobody's business once this process has ended.
        """
        now_s = self._clock_s()
        since_s = now_s - MINUTE_S
        times = [[one for one in lately.replies if one > since_s] for lately in self._chats.values()]
        count = max(map(len, times), default=0)
        last_s = max((one for group in times for one in group), default=since_s)
        if self._before.until_s > now_s:
            count, last_s = count + self._before.count, max(last_s, self._before.until_s - MINUTE_S)
        return count, now_s - last_s

    def resume(
        self,
        sent: Iterable[tuple[Hashable, bool, float]],
        replies: tuple[int, float] | None = None,
    ) -> None:
        """Begin after another process, which may have been sending until now.

        `sent` is what it has sent, or may have sent: chat, whether that is a group, and how long ago, s.
        `replies` are its `most_replies`, by now; without them, groups may have got their whole share.
        """
        now_s = self._clock_s()
        if self._limits.a_group_minute is not None:
            self._before = _before(self._limits.a_group_minute, replies, now_s)
        rest_s = max(self._limits.a_chat_s, self._limits.rest_s)
        for chat, is_group, ago_s in sent:
            if not math.isinf(self._limits.a_second):
                self.halt(None, SECOND_S)
            self.halt(chat, rest_s)
            if is_group and self._limits.a_group_minute is not None:
                self._chats[chat].group.append(now_s - ago_s)

    def wait_s(self) -> float:
        """Return how long no broadcast may go to anyone; 0 where one may go now. Replies go first."""
        self._serve()
        now_s = self._clock_s()
        return self._next_s(now_s) - now_s

    def want(self) -> None:
        """Note that broadcasts wait for a place."""
        self._replies.want(self._clock_s())

    def reply_wait_s(self, chat: Hashable, *, is_group: bool, spare: int = 0) -> float:
        """Return in how many seconds a reply could go to `chat`, as far as is known now.

        `spare`: so many messages to a group are left for others within that minute.
        """
        now_s = self._clock_s()
        before = self._replies.before(chat, is_group=is_group)
        place_s = max(self._next_s(now_s) - now_s, self._replies.share_wait_s(now_s)) + before * self._step_s
        return max(place_s, self._own_wait_s(chat, now_s, spare if is_group else 0))

    def busy(self) -> dict[Hashable, float]:
        """Return the chats that may not be sent to now, and in how many seconds each may be."""
        now_s = self._clock_s()
        self._chats = {
            chat: lately for chat, lately in self._chats.items() if not self._is_over(lately, now_s)
        }
        waits = {chat: self._chat_wait_s(lately, now_s) for chat, lately in self._chats.items()}
        return {chat: wait_s for chat, wait_s in waits.items() if wait_s > 0}

    def take(self, chat: Hashable, *, is_group: bool) -> Place:
        """Note that a message goes to `chat` now."""
        now_s = self._clock_s()
        lately = self._chats.get(chat)
        place = Place(chat, is_group, self._take_place(now_s), 0.0 if lately is None else lately.free_s)
        self._note(chat, place.at_s, is_group=is_group)
        return place

    async def take_later(self, place: Place) -> Place:
        """Put back a place that was not used in time, and wait for another one: replies go first."""
        self._put_back(place)
        while True:
            now_s = self._clock_s()
            lately = self._chats.get(place.chat)
            own_s = 0.0 if lately is None else self._chat_wait_s(lately, now_s)
            wait_s = max(own_s, self._next_s(now_s) - now_s)
            if wait_s <= 0:
                break
            if wait_s > own_s:
                self.want()
            await self._sleep(wait_s)
        return self.take(place.chat, is_group=place.is_group)

    def _put_back(self, place: Place) -> None:
        """Let a place count no more."""
        if place.at_s in self._places:
            self._places.remove(place.at_s)
        lately = self._chats.get(place.chat)
        if lately is None:
            return
        if lately.free_s == max(place.free_s, place.at_s) + self._limits.a_chat_s:  # nothing else went there
            lately.free_s = place.free_s
        if place.at_s in lately.group:
            lately.group.remove(place.at_s)

    def halt(self, chat: Hashable | None, pause_s: float) -> None:
        """Let nothing go to `chat` for so long; None for nothing to anyone."""
        until_s = self._clock_s() + pause_s
        if chat is None:
            self._free_s = max(self._free_s, until_s)
        else:
            lately = self._chats.setdefault(chat, _Lately())
            lately.halted_s = max(lately.halted_s, until_s)

    async def turn(self, chat: Hashable, *, is_group: bool) -> None:
        """Wait until a reply may go to `chat`, and take its place: within its share, ahead of broadcasts."""
        await self.request(chat, is_group=is_group)

    def request(self, chat: Hashable, *, is_group: bool) -> "asyncio.Future[None]":
        """Let a reply to `chat` wait for its place; return what is done once it has it, or is cancelled."""
        place = self._replies.add(chat, is_group=is_group)
        self._rouse()
        return place

    def _rouse(self) -> None:
        """Give places to the replies that wait, now and whenever there will be some."""
        wait_s = self._serve()
        looks_s = self._clock_s() + wait_s
        is_under_way = self._usher is not None and not self._usher.done()
        if not len(self._replies) or (is_under_way and self._ushers_s <= looks_s):
            return
        if self._usher is not None and is_under_way:
            self._usher.cancel()
        self._ushers_s = looks_s
        self._usher = asyncio.create_task(self._serve_on(wait_s))

    async def _serve_on(self, wait_s: float) -> None:
        while len(self._replies):
            self._ushers_s = self._clock_s() + wait_s
            await self._sleep(wait_s)
            wait_s = self._serve()

    def _serve(self) -> float:
        """Give places to replies as far as there are some; return in how many seconds there is another."""
        while True:
            now_s = self._clock_s()
            first, wait_s = self._replies.next(self._own_wait_s, now_s)
            wait_s = max(wait_s, self._next_s(now_s) - now_s)
            if first is None or wait_s > 0:
                return wait_s
            self._take_place(now_s)
            self._note(first.chat, now_s, is_group=first.is_group)
            if first.is_group and self._limits.a_group_minute is not None:
                self._chats[first.chat].replies.append(now_s)
            self._replies.serve(first, now_s)

    def _own_wait_s(self, chat: Hashable, now_s: float, spare: int = 0) -> float:
        """Return how long a reply has to wait for its own chat."""
        lately = self._chats.get(chat)
        if lately is None:
            return 0.0
        own_s = self._chat_wait_s(lately, now_s, spare, self._ahead_s)
        return max(own_s, self._share_wait_s(lately, now_s))

    def _next_s(self, now_s: float) -> float:
        """Return when the next place is."""
        if self._places.maxlen is None or len(self._places) < self._places.maxlen:
            return max(now_s, self._free_s)
        return max(now_s, self._free_s, self._places[0] + SECOND_S)

    def _take_place(self, now_s: float) -> float:
        """Take the next place, and return when it is. The one after is a step later, or makes up for time."""
        at_s = self._next_s(now_s)
        self._free_s = max(self._free_s, now_s - CATCH_UP * self._step_s) + self._step_s
        if self._places.maxlen is not None:
            self._places.append(at_s)
        return at_s

    def _note(self, chat: Hashable, at_s: float, *, is_group: bool) -> None:
        if not self._limits.a_chat_s and self._limits.a_group_minute is None:
            return
        lately = self._chats.setdefault(chat, _Lately())
        lately.free_s = max(lately.free_s, at_s) + self._limits.a_chat_s
        if is_group and self._limits.a_group_minute is not None:
            lately.group.append(at_s)

    def _chat_wait_s(self, lately: _Lately, now_s: float, spare: int = 0, ahead_s: float = 0.0) -> float:
        while lately.group and lately.group[0] <= now_s - MINUTE_S:
            lately.group.popleft()
        wait_s = max(lately.free_s - ahead_s, lately.halted_s) - now_s
        if self._limits.a_group_minute is not None:
            most = max(1, self._limits.a_group_minute - spare)
            at_first = most - self._before.count
            wait_s = max(wait_s, self._place_in_minute_s(lately.group, most, at_first, now_s))
        return max(0.0, wait_s)

    def _place_in_minute_s(self, times: deque[float], most: int, at_first: int, now_s: float) -> float:
        """Return in how many seconds a minute that holds `most` has a place beside `times`.

        It holds only `at_first`, at least one, while what another process has sent counts as well.
        """
        wait_s = times[-most] + MINUTE_S - now_s if len(times) >= most else 0.0
        at_first = max(1, at_first)
        left_s = self._before.until_s - now_s
        if left_s > 0 and len(times) >= at_first:
            wait_s = max(wait_s, min(left_s, times[-at_first] + MINUTE_S - now_s))
        return wait_s

    def _share_wait_s(self, lately: _Lately, now_s: float) -> float:
        """Return in how many seconds a group's replies have a place of their share."""
        if self._limits.a_group_minute is None:
            return 0.0
        while lately.replies and lately.replies[0] <= now_s - MINUTE_S:
            lately.replies.popleft()
        most = max(1, int(self._limits.a_group_minute * REPLIES))
        return max(0.0, self._place_in_minute_s(lately.replies, most, self._before.share, now_s))

    def _is_over(self, lately: _Lately, now_s: float) -> bool:
        is_free = max(lately.free_s, lately.halted_s) <= now_s
        return is_free and not (lately.group and lately.group[-1] > now_s - MINUTE_S)
