"""The operator's chat: it hears of what only an operator can mend, once when it begins and once when it ends.

It does not go through the outbox: where the database is the trouble, that is just what has to be told. What
cannot be told yet, as nobody sends there or the platform is away, is told as soon as it can be. Of several
processes whoever sends on the platform tells it, and notes what the next one need not tell again.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog

from liqbot.alerts.platform import NotSent, OutgoingMessage, Platform
from liqbot.logs import redacted
from liqbot.message import Message, Tone
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError
from liqbot.store.notes import Notes
from liqbot.text import _

_log = structlog.get_logger()

TRIES = 5
SHORTEST_PAUSE_S = 2
NOTE = "operator"
NOTE_S = 2.0
"""So long it is waited for the note: the database may be the very trouble."""
LOOKS = 6
"""Only after so many looks it is said that something is over which another process has told: it was found
by looking, and may be found again."""


class _Told(msgspec.Struct):
    """What the operator knows."""

    chat: str
    """Which chat was told, as a digest."""
    troubles: list[str]


def _anywhere(platform: str) -> bool:
    """Send on every platform."""
    del platform
    return True


class Operator:
    """Tells the operator of troubles, each by its name."""

    def __init__(
        self,
        chat: ChatKey | None,
        platforms: Mapping[str, Platform],
        *,
        may_send: Callable[[str], bool] = _anywhere,
        notes: Notes | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Tell `chat`, or only the log where that is None.

        Only a process that `may_send` on the chat's platform tells it; where others could as well, `notes`
        say what was told. `sleep` waits so many seconds for another try.
        """
        self._may_send = may_send
        self._chat = chat
        self._platforms = platforms
        self._notes = notes
        self._sleep = sleep
        self.troubles: dict[str, str] = {}
        """What is wrong now, by name."""
        self._told: dict[str, None] = {}
        """What the operator knows to be wrong, by name."""
        self._more = asyncio.Event()
        self._looks = 0
        self._is_sender = False
        """Whether this process told the operator last."""
        self._is_unreached = False
        """Whether the operator could not be reached, which the log has been told."""
        self._begun = secrets.token_hex(4)  # a platform that knows a key again has those of the last start
        self._subject: tuple[str, bool] | None = None
        self._sent = 0

    async def tell(self, troubles: Mapping[str, str]) -> None:
        """Note what is wrong now, by name, for the operator to be told what is new and what is over."""
        before, self.troubles = self.troubles, dict(troubles)
        self._looks += 1
        for name, text in troubles.items():
            if name not in before:
                _log.error("trouble_found", what=name, detail=text)
        for name in before:
            if name not in troubles:
                _log.info("trouble_resolved", what=name)
        self._more.set()

    async def run(self) -> None:
        """Tell the operator what there is to tell, until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            await self.catch_up()

    async def catch_up(self) -> None:
        """Tell the operator what they do not know, as far as they can be reached now."""
        platform = None if self._chat is None else self._platforms.get(self._chat.platform)
        if self._chat is None or platform is None:
            return
        while self._may_send(self._chat.platform):
            if not self._is_sender:
                await self._recall(self._chat)
                self._is_sender = True
            name = self._next()
            if name is None:
                return
            is_wrong = name in self.troubles
            if not await self._send(self._chat, platform, name, is_wrong=is_wrong):
                return
            if is_wrong:
                self._told[name] = None
            else:
                self._told.pop(name, None)
            await self._write(self._chat)
        self._is_sender = False

    def _next(self) -> str | None:
        """Return of what to tell next: of what is new, then of what is over; None where all is known."""
        new = (name for name in self.troubles if name not in self._told)
        over = (name for name in self._told if name not in self.troubles and self._may_be_over)
        return next(new, None) or next(over, None)

    @property
    def _may_be_over(self) -> bool:
        """Whether this process has looked often enough to say so of what another one has told."""
        return self._notes is None or self._looks >= LOOKS

    async def _send(self, chat: ChatKey, platform: Platform, name: str, *, is_wrong: bool) -> bool:
        """Return whether the operator was told."""
        if self._subject != (name, is_wrong):
            self._subject, self._sent = (name, is_wrong), self._sent + 1
        message = Message(_("Resolved: {what}", what=name))
        if is_wrong:
            lines = (redacted(self.troubles[name]),)
            message = Message(_("Trouble: {what}", what=name), lines, tone=Tone.WARNING)
        outgoing = OutgoingMessage(chat, message, f"op-{self._begun}-{self._sent}")
        reason = ""
        for attempt in range(TRIES):
            try:
                await platform.send(outgoing)
            except NotSent as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - the operator's chat must not take the bot down
                reason = type(error).__name__
            else:
                self._subject, self._is_unreached = None, False
                return True
            await self._sleep(SHORTEST_PAUSE_S * 2**attempt)
            if not self._may_send(chat.platform):
                return False
        if not self._is_unreached:  # it is tried on with every look
            _log.error("operator_not_reached", reason=redacted(reason))
        self._is_unreached = True
        return False

    async def _recall(self, chat: ChatKey) -> None:
        """Take up what whoever sent before has told; without knowing, rather tell twice than never."""
        if self._notes is None:
            return
        try:
            async with asyncio.timeout(NOTE_S):
                text = await self._notes.get(NOTE)
            told = None if text is None else msgspec.json.decode(text, type=_Told)
        except (TimeoutError, StoreError, msgspec.DecodeError) as error:
            _log.debug("operator_note_not_read", reason=str(error))
            return
        if told is not None and told.chat == _digest(chat):
            self._told = dict.fromkeys(told.troubles)

    async def _write(self, chat: ChatKey) -> None:
        if self._notes is None:
            return
        text = msgspec.json.encode(_Told(_digest(chat), list(self._told))).decode()
        try:
            async with asyncio.timeout(NOTE_S):
                await self._notes.set(NOTE, text)
        except (TimeoutError, StoreError) as error:  # whoever sends next tells it again
            _log.debug("operator_note_not_written", reason=str(error))


def _digest(chat: ChatKey) -> str:
    return hashlib.sha256(":".join(chat).encode()).hexdigest()[:8]
