"""What people said while the bot was away: what is done all the same, and what is owed an apology."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from liqbot.message import Button, Message
from liqbot.service.chats import ChatKey
from liqbot.text import N_, _, ngettext

OLD_S = 90.0
"""What was asked longer ago is not answered any more: whoever asked has turned to something else."""
LEAVE_ALONE = frozenset(("stop", "unsubscribe", "mute", "pause", "quiet", "forget"))
"""The commands of those who want to hear less: done however old they are, and before anything is sent."""
_AWAY = N_("I was away for a while, and have done now what you asked")


@dataclass(slots=True)
class _Missed:
    """What one chat has not got an answer to."""

    count: int = 0
    last: str = ""
    """The newest question, as it can be asked again; empty where nobody knows."""
    done: list[str] = field(default_factory=list[str])
    """What was done of what it asked, in words."""


class Backlog:
    """What is owed an apology, by chat."""

    def __init__(self) -> None:
        self._missed: dict[ChatKey, _Missed] = {}

    def missed(self, chat: ChatKey, line: str) -> None:
        """Note a question that is too old to be answered; `line` is how it can be asked again."""
        found = self._missed.setdefault(chat, _Missed())
        found.count += 1
        found.last = line or found.last

    def done(self, chat: ChatKey, what: str) -> None:
        """Note that an old wish was done, in words."""
        self._missed.setdefault(chat, _Missed()).done.append(what)

    def apologies(self) -> Sequence[tuple[ChatKey, Message]]:
        """Return what each chat is to be told; nothing is owed after that."""
        missed, self._missed = self._missed, {}
        return [(chat, _apology(found)) for chat, found in missed.items()]


def _apology(missed: _Missed) -> Message:
    if not missed.count:
        return Message(_(_AWAY), tuple(missed.done))
    title = ngettext(
        "I was away for a while, and your message was not answered",
        "I was away for a while, and {count} messages here were not answered",
        missed.count,
    )
    again = (Button(missed.last, missed.last),) if missed.last else ()
    return Message(title, tuple(missed.done), notes=(_("Please ask again."),), actions=again)
