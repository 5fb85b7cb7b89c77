"""Discord's answers to a message, as verdicts: by HTTP status, and by the code that Discord itself gives.

The codes are those of discord.com/developers/docs/topics/opcodes-and-status-codes (JSON error codes). An
answer without one is a gateway's or a proxy's page, whatever its status: an outage.
"""

from collections.abc import Mapping

from liqbot.alerts.verdict import Verdict

LEFT = "the bot is no longer in the server"
"""The reason for which a server's chats cannot be reached, until the bot is back."""
MISSING_PERMISSIONS, TOO_LARGE = 50013, 40005
TOO_MANY_EDITS = 30046
"""A message that is older than an hour was changed too often."""
UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED = 10062, 40060
CONVERSATION_OVER = (10015, UNKNOWN_INTERACTION, 50027)
"""An interaction can be answered no more: its quarter of an hour is over, or somebody else has answered."""

GONE: Mapping[int, str] = {
    10003: "the channel is no more",
    10004: LEFT,
    10013: "the person is no more",
}
AWAY: Mapping[int, str] = {
    20024: "the server is closed to the bot for its age limit",
    40002: "Discord wants the account behind the bot verified",
    40007: "the person is banned from the server",
    40058: "a forum takes no messages outside its posts",
    40067: "posts of that forum need a tag",
    50001: "the bot cannot see the channel",
    50007: "the person takes no direct messages from the bot",
    50008: "nobody can write in that channel",
    50009: "the server's verification level is too high for the bot",
    MISSING_PERMISSIONS: "the bot may not write there",
    50024: "the channel takes no messages",
    50083: "the thread is archived",
    50095: "the server is not available where the bot runs",
    50278: "the person shares no server with the bot",
    160005: "the thread is locked",
    160006: "the server has as many active threads as it may",
}
"""What passes when people change something: rights, a lock, their privacy settings."""
FORMS = frozenset(
    {
        20009,  # explicit content
        40005,  # too large
        50006,  # empty
        50035,  # an invalid form
        50045,  # a file that is too large
        50110,  # a file that is invalid
        50173,  # voice messages
        200000,  # AutoMod
        200001,  # AutoMod, of a title
        240000,  # the filter of harmful links
        400001,  # the server may upload no files for a while
    }
)
"""What is refused for what it holds, whatever the HTTP status: another message may be taken."""
_AGAIN = frozenset(
    {
        20016,  # slow mode
        20022,  # too many announcements
        20028,  # the channel is written to too fast
        20029,  # the server is written to too fast
        40001,  # the token is not accepted
        40003,  # too many direct messages are opened
        40004,  # sending is switched off for a while
        40006,  # the feature is switched off for a while
        40062,  # a service is asked too often
        40333,  # a proxy refuses the library's name
        50014,  # the token is not accepted
        110000,  # the index is not available yet
        110001,  # the application is not available yet
        130000,  # Discord is overloaded
    }
)
"""Passing states of Discord or of the bot as a whole: no fault of the chat's."""


def verdict(status: int, code: int | None) -> Verdict:
    """Return what an answer with that HTTP status means; `code` is Discord's own, None or 0 for none."""
    if not code or status in (401, 429) or status >= 500 or code in _AGAIN:
        return Verdict.AGAIN
    if code in GONE:
        return Verdict.GONE
    if code in AWAY:
        return Verdict.WAIT
    if code in FORMS:
        return Verdict.DEGRADE
    # What is not known yet: where Discord refuses the place, that may pass; else it refuses the form.
    return Verdict.WAIT if status in (403, 404) else Verdict.DEGRADE


def why(status: int, code: int | None) -> str:
    """Return what there is to say of such an answer."""
    return GONE.get(code or 0) or AWAY.get(code or 0) or f"Discord answered {status} ({code or 'not itself'})"
