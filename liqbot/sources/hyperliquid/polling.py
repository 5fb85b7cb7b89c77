"""The polling policy: whom to ask next, by worth × (time waited)², and one in ten for who waited longest.

1. An account is *worth* the dollars of its levels, each counted less the farther it lies from spot (half at
   5%, a fifth at 10%), three times what it has traded since it was asked, 1% of its open size, and a little
   for being there. One that was never asked is worth a share of what it is said to have, and a little more.
2. Its *claim* is worth x (time since it was asked)². Asking for the largest claims makes the worth-weighted
   mean age the least that a budget allows: intervals then go with 1 / sqrt(worth). (With interval T the mean
   age is T / 2; the least sum of worth x T under a fixed sum of 1 / T has worth x T² equal for all.)
3. One poll in ten goes to whoever has waited longest: with n accounts and p polls a minute nobody waits
   longer than 10 n / p minutes. That is the end of starvation, whatever rule 1 thinks of somebody. Of new
   ones that were found together it is the largest claim: at a start, where all are new, it costs nothing.
   Without a limit, as beside a node, whoever has changed is asked at once, and all others at a steady pace.
4. A failed poll is tried again after 5 s, 10 s, 20 s …; nobody is asked twice within 20 s.

Not here: asking them (`poller.py`), what is known of each (`roster.py`).
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from liqbot.market.positions import Floats, Ints
from liqbot.sources.hyperliquid.roster import Roster

NEAR = 0.05
"""A level this far from spot, as a share of it, counts half."""
OF_TRADED, OF_OPEN_SIZE, OF_GUESS = 3.0, 0.01, 0.05
PRESENCE_USD, NEW_USD = 200.0, 2_000.0
"""What an account is worth for being there, and for being new."""
NEW_WAITED_S = 3600.0
"""A claim of who is new counts as if it had waited for so long already."""
FOR_THE_LONGEST = 10
"""One poll in so many goes to whoever has waited longest."""
ALIKE_S = 10.0
"""New accounts that were found within so long have waited alike."""
AGAIN_MS = 20_000


class Policy(Protocol):
    """Decides whom to ask next."""

    def choose(self, roster: Roster, marks: Mapping[str, float], now_ms: int, count: int) -> Ints:
        """Return at most `count` accounts by number, the most urgent first; none that is being asked."""
        ...


class ByWorth:
    """The policy above."""

    def __init__(self) -> None:
        self._asked = 0

    def choose(self, roster: Roster, marks: Mapping[str, float], now_ms: int, count: int) -> Ints:
        """Return at most `count` accounts: the largest claims, and among ten the one that waited longest."""
        ready = askable(roster, now_ms)
        waited_s, is_new = waited(roster, now_ms)[ready], roster.column("polled_ms")[ready] == 0
        since_s = waited_s + NEW_WAITED_S * is_new
        claims = worth(roster, marks)[ready] * since_s**2
        chosen = ready[_largest(claims, count)]
        alike_s = ALIKE_S * (waited_s // ALIKE_S + claims / (1 + claims.max(initial=0.0)))
        urgency = np.where(is_new, alike_s, waited_s)
        longest = iter(ready[_largest(urgency, 1 + len(chosen) // FOR_THE_LONGEST)])
        for place in range(len(chosen)):
            self._asked += 1
            if self._asked % FOR_THE_LONGEST == 0:
                chosen[place] = next(longest)
        return np.array(list(dict.fromkeys(chosen.tolist())), dtype=np.int64)


class FirstLook:
    """Asks everybody once, those first that are said to have most; a full scan."""

    def choose(self, roster: Roster, marks: Mapping[str, float], now_ms: int, count: int) -> Ints:
        """Return at most `count` accounts that were not asked yet."""
        del marks
        ready = askable(roster, now_ms)
        new = ready[roster.column("polled_ms")[ready] == 0]
        return new[_largest(roster.column("guess")[new], count)]


def worth(roster: Roster, marks: Mapping[str, float]) -> Floats:
    """Return what an answer of each account is worth, in USD of the map; shape (accounts,)."""
    mark = roster.marks(marks)[roster.column("coin")]
    off = np.abs(roster.column("level") / mark - 1) / NEAR
    near = np.nansum(roster.column("size") * mark / (1 + off**2), axis=1)
    held = np.where(roster.column("polled_ms") > 0, near, NEW_USD + OF_GUESS * roster.column("guess"))
    size = OF_OPEN_SIZE * roster.column("guess")
    return held + size + OF_TRADED * roster.column("traded") + PRESENCE_USD


def askable(roster: Roster, now_ms: int) -> Ints:
    """Return who is not being asked now, was not asked just now, and is not to be left alone here."""
    rested = now_ms - roster.column("polled_ms") >= AGAIN_MS
    left_alone = roster.column("busy") | roster.column("gone") | (roster.column("retry_ms") > now_ms)
    return np.flatnonzero(rested & ~left_alone & ~roster.is_others)


def waited(roster: Roster, now_ms: int) -> Floats:
    """Return for how many seconds each account has waited since it was asked, or found."""
    since_ms = np.maximum(roster.column("polled_ms"), roster.column("found_ms"))
    return np.maximum((now_ms - since_ms) / 1000, 0.0)


def _largest(values: Floats, count: int) -> Ints:
    """Return the places of the `count` largest values, the largest first."""
    enough = count >= len(values)
    places = np.arange(len(values)) if enough else np.argpartition(-values, count)[:count]
    return places[np.argsort(-values[places], kind="stable")]
