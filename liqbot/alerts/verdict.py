"""The verdicts by which platforms answer a message: again, wait, degrade, gone; not tied to one platform.

Not here: each platform's table (`chat/discord/verdicts.py`, `chat/telegram/verdicts.py`).
"""

from enum import StrEnum

from liqbot.alerts.platform import ChatAway, ChatGone, NotSent, Refused


class Verdict(StrEnum):
    """What is to be done with a message that was not taken.

    Only what a platform says in its own words can be other than `AGAIN`: a status alone may be a proxy's.
    """

    AGAIN = "again"
    """A trouble that passes: the same message, in seconds or minutes."""
    WAIT = "wait"
    """The chat takes nothing at present: it is tried again in minutes, hours and days."""
    DEGRADE = "degrade"
    """The message is not taken in this form: it is sent in a plainer one."""
    GONE = "gone"
    """There is no such chat any more."""


def not_taken(verdict: Verdict, reason: str) -> NotSent:
    """Return what a verdict means for the delivery of the message."""
    match verdict:
        case Verdict.GONE:
            return ChatGone(reason)
        case Verdict.WAIT:
            return ChatAway(reason)
        case Verdict.DEGRADE:
            return Refused(reason)
        case Verdict.AGAIN:
            return NotSent(reason)
