"""Absence of a chat that takes nothing: when it is tried again, when it is given up; pure.

reached ── not taken ──▶ away ── tried at `next_ms`, not taken ──▶ away, for longer
   ▲                      │ │
   └── taken, or the platform or somebody there says so     └── for 14 days ──▶ gone

Not here: keeping absences (`store/absences.py`).
"""

from liqbot.store.absences import Absence

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
PAUSES_MS = (
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
)
"""Between two tries; the last one stays."""
SPREAD = 0.1
"""By so much a pause is longer at most, so that not all chats are tried at one moment."""
FINAL_MS = 14 * DAY_MS
"""Who takes nothing for so long is taken for gone, until somebody there speaks to the bot."""


def not_taken(before: Absence | None, reason: str, now_ms: int, chance: float) -> Absence | None:
    """Return the absence of a chat that did not take a message at `now_ms`; None where it counts as gone.

    `before` is what was known until then, `chance` a number from 0 to 1 that spreads the tries.
    """
    tries = 1 if before is None else before.tries + 1
    since_ms = now_ms if before is None else min(before.since_ms, now_ms)
    if now_ms - since_ms >= FINAL_MS:
        return None
    pause_ms = PAUSES_MS[min(tries, len(PAUSES_MS)) - 1]
    return Absence(reason, since_ms, tries, now_ms + round(pause_ms * (1 + SPREAD * chance)))


def announced(reason: str, now_ms: int) -> Absence:
    """Return the absence of a chat whose platform says that it takes nothing.

    It will say as well when that is over; since this may get lost, the chat is tried once a day all the same.
    """
    return Absence(reason, now_ms, len(PAUSES_MS), now_ms + DAY_MS)
