"""The intake: updates become questions, taps and news of chats, and each is dealt with in its turn.

Of one chat, lines are dealt with one after the other; an answer that waits for its turn to be sent holds up
no line behind it. Taps wait for no line. What is old becomes an apology (`backlog.py`).
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import structlog
from telegram import Update

from liqbot.chat.at_once import AtOnce
from liqbot.chat.telegram.backlog import LEAVE_ALONE, OLD_S, Backlog
from liqbot.chat.telegram.buttons import tapped
from liqbot.chat.telegram.incoming import Incoming, Tapped, Typed, read
from liqbot.chat.telegram.update_handler import UpdateHandler

_log = structlog.get_logger()

MOST_WAITING = 20
"""So much that one chat asked for may wait for its turn; what comes on top is left out."""
TAPS_AT_ONCE = 4
"""So many taps of one chat are dealt with at once, though many may tap where something happens."""
FINISH_S = 5.0
"""How long the end waits for answers that are being given."""
BROUGHT_S = 5.0
"""So long it is waited for more of what is brought late, before one apology is made of it."""
QUIETLY = "quietly"
"""The name of tasks that do what nobody waits for."""
SAID_AGAIN_S = 60.0
"""That lines are left out is logged so often at most: who writes without end fills no log."""
BEHIND_S = 10.0
"""So long alerts wait at most until it is read what people said while the bot was away."""


@dataclass(eq=False, slots=True)
class _Asked:
    """A line that is dealt with."""

    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when what it asks for is done, though its answer may not have been sent."""
    task: asyncio.Task[None] | None = None


class Intake:
    """Deals with updates."""

    def __init__(
        self,
        handler: UpdateHandler,
        platform: str,
        now_s: Callable[[], float],
        clock_s: Callable[[], float],
    ) -> None:
        """`platform` is that of the chats, as in their keys.

        `now_s` tells Telegram's time, s since 1970 UTC, `clock_s` seconds that never go backwards.
        """
        self._handler = handler
        self._platform = platform
        self._now_s = now_s
        self._clock_s = clock_s
        self._backlog = Backlog()
        self._asked: defaultdict[str, list[_Asked]] = defaultdict(list)
        """The lines of each chat that are not answered yet, in their order."""
        self._taps: defaultdict[str, int] = defaultdict(int)
        self._tapping = AtOnce(TAPS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._told_s = -math.inf
        """When the newest message was written that was read."""
        self._behind_since_s: float | None = None
        self._waited_long = False
        self._sorry_soon = False
        self._left_out = 0
        """So many lines were left out that the log does not know of."""
        self._left_out_said_s = -math.inf

    @property
    def is_behind(self) -> bool:
        """Whether more is to be read of what people said meanwhile, before anything is sent to them."""
        since_s = self._behind_since_s
        return since_s is not None and self._clock_s() - since_s < BEHIND_S

    def fall_behind(self, *, waited_long: bool) -> None:
        """Note that Telegram has more to tell than it has told, or may have.

        `waited_long`: it is so much that nobody can have said all of it just now.
        """
        self._waited_long |= waited_long
        if self._behind_since_s is None:
            self._behind_since_s = self._clock_s()

    def catch_up(self) -> None:
        """Note that all has been read that waited; say sorry for what will not be answered."""
        self._behind_since_s, self._waited_long = None, False
        self._begin(self._apologise())

    def take(self, update: Update, username: str) -> None:
        """Begin to deal with what came. It never raises: one bad update harms only itself."""
        try:
            incoming = read(update, username, self._platform)
        except Exception as error:  # noqa: BLE001 - see above
            # Its number is enough: what is in it is what somebody wrote.
            _log.error("update_not_readable", update=update.update_id, reason=type(error).__name__)
            return
        match incoming:
            case None:
                return
            case Typed():
                self._typed(incoming)
            case Tapped():
                self._tapped(incoming)
            case _:
                self._chain(incoming)

    async def finish(self) -> None:
        """Deal with what has been taken: Telegram will not tell it again."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=FINISH_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _typed(self, typed: Typed) -> None:
        if not math.isinf(typed.time_s):
            self._told_s = max(self._told_s, typed.time_s)
        if self._is_old(typed.time_s):
            self._too_late(typed, typed.line)
        elif len(self._asked[typed.chat.native_id]) < MOST_WAITING or self._wants_peace(typed.line):
            self._chain(typed)
        else:
            self._leave_out()

    def _leave_out(self) -> None:
        """Note that a line is left out; of many, the log is told how many there were."""
        self._left_out += 1
        if self._clock_s() - self._left_out_said_s >= SAID_AGAIN_S:
            _log.warning("updates_left_out", count=self._left_out)
            self._left_out, self._left_out_said_s = 0, self._clock_s()

    def _tapped(self, tap: Tapped) -> None:
        line = (tapped(tap.data) or ("", False))[0]
        chat = tap.chat.native_id
        if self._may_be_old() and self._is_old(self._told_s):
            self._too_late(tap, line)
            return
        if self._taps[chat] >= 2 * MOST_WAITING and not self._wants_peace(line):
            self._leave_out()
            return
        self._taps[chat] += 1
        busy = self._taps[chat] > MOST_WAITING and not self._wants_peace(line)
        task = self._begin(self._handler.too_busy(tap) if busy else self._tap_in_turn(tap))
        task.add_done_callback(lambda _: self._tap_done(chat))

    async def _tap_in_turn(self, tap: Tapped) -> None:
        async with self._tapping.turn(tap.chat.native_id):
            await self._handler.take(tap)

    def _tap_done(self, chat: str) -> None:
        self._taps[chat] -= 1
        if not self._taps[chat]:
            del self._taps[chat]

    def _may_be_old(self) -> bool:
        """Return whether a tap, which does not say when it was made, is among what waited."""
        return self._behind_since_s is not None and (self._waited_long or not math.isinf(self._told_s))

    def _is_old(self, time_s: float) -> bool:
        return self._now_s() - time_s > OLD_S

    def _wants_peace(self, line: str) -> bool:
        command = self._handler.answers.command(line)
        return command is not None and command.name in LEAVE_ALONE

    def _too_late(self, asked: Typed | Tapped, line: str) -> None:
        """Do what an old line asks for if it is to be left alone; else it is owed an apology."""
        if not self._handler.is_for_us(asked, line):
            return
        if self._behind_since_s is None and not self._sorry_soon:  # updates are brought one by one
            self._sorry_soon = True
            self._begin(self._apologise_later())
        if self._wants_peace(line):
            self._begin(self._quietly(asked, line), name=QUIETLY)
            return
        self._backlog.missed(asked.chat, line if self._handler.answers.command(line) else "")

    async def _quietly(self, asked: Typed | Tapped, line: str) -> None:
        answer = await self._handler.answers.to(asked, line)
        self._backlog.done(asked.chat, answer.title)

    async def _apologise_later(self) -> None:
        await asyncio.sleep(BROUGHT_S)
        self._sorry_soon = False
        await self._apologise()

    async def _apologise(self) -> None:
        """Say sorry, one chat after the other: who asks now is answered in between."""
        quiet = [task for task in self._tasks if task.get_name() == QUIETLY]
        if quiet:
            await asyncio.wait(quiet)
        for chat, apology in self._backlog.apologies():
            await self._handler.tell(chat, apology)

    def _chain(self, incoming: Incoming) -> None:
        """Deal with what came after what came before it in the same chat."""
        chat, asked = incoming.chat.native_id, _Asked()
        before = self._asked[chat][-1] if self._asked[chat] else None
        self._asked[chat].append(asked)
        asked.task = self._begin(self._after(before, asked, incoming))
        asked.task.add_done_callback(lambda _: self._forget(chat, asked))

    async def _after(self, before: _Asked | None, asked: _Asked, incoming: Incoming) -> None:
        try:
            if before is not None:
                await before.answered.wait()
            answer = await self._handler.answer(incoming)
        finally:
            asked.answered.set()
        if before is not None and before.task is not None:
            await asyncio.wait([before.task])
        if answer is not None and isinstance(incoming, Typed):
            await self._handler.reply(incoming, answer)

    def _forget(self, chat: str, asked: _Asked) -> None:
        self._asked[chat].remove(asked)
        if not self._asked[chat]:
            del self._asked[chat]

    def _begin(self, work: Coroutine[object, object, None], name: str | None = None) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
