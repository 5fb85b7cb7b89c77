"""What goes wrong, by a seeded chance."""

import random
from enum import StrEnum


class Trouble(StrEnum):
    """What becomes of a request."""

    NONE = "none"
    TOO_MANY = "too many"
    """429; a share of them speaks for all chats."""
    UNAVAILABLE = "unavailable"
    """503: surely not stored."""
    RESET = "reset"
    """The connection is reset, and nothing was stored."""
    LOST = "lost"
    """The connection is reset after the message was stored."""
    BAD_GATEWAY = "bad gateway"
    """502 after the message was stored."""


KINDS = tuple(kind for kind in Trouble if kind is not Trouble.NONE)


class Troubles:
    """`share` of the requests meet one, each kind as often as the others."""

    def __init__(self, share, seed):
        self._share = share
        self._chance = random.Random(seed)  # noqa: S311 - a reproducible choice, not a secret

    def next(self):
        if self._chance.random() >= self._share:
            return Trouble.NONE
        return self._chance.choice(KINDS)

    def pause_s(self):
        """Return for how long a 429 asks, and whether it speaks for all chats."""
        return self._chance.uniform(0.01, 0.1), self._chance.random() < 0.05
