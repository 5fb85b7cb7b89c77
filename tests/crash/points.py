"""Where a life can end: every step of the path view → states → deliveries → send → receipt.

What the store does is seen in the statements that its connections run, what the platform does by standing in
front of it: nothing in the product knows of this.
"""

import asyncio
import os
import signal
from enum import StrEnum


class Point(StrEnum):
    """The process is killed right before what a point names; `…ED` is right after."""

    RECOVERY = "recovery"
    RECOVERED = "recovered"
    VIEW = "view"
    """A view was read by every watch, and nothing is written."""
    STATES = "states"
    """States are written, in an open transaction."""
    DELIVERIES = "deliveries"
    COMMIT = "commit"
    COMMITTED = "committed"
    CLAIM = "claim"
    CLAIM_COMMIT = "claim commit"
    CLAIMED = "claimed"
    SEND = "send"
    STORED = "stored"
    """The platform has the message, and its answer is not back yet."""
    ANSWERED = "answered"
    """The answer is back, and the dispatcher has not seen it."""
    SETTLE = "settle"
    SETTLE_COMMIT = "settle commit"
    SETTLED = "settled"


LONGEST_S = 30
OF_A_VIEW = (Point.VIEW, Point.STATES, Point.DELIVERIES, Point.COMMIT, Point.COMMITTED)
"""Those that a life meets only where a view brings an alert."""

_STATEMENTS = {
    "UPDATE deliveries SET status = 'unknown'": Point.RECOVERY,
    "INSERT INTO states ": Point.VIEW,
    "INSERT INTO alerts ": Point.STATES,
    "INSERT INTO deliveries ": Point.DELIVERIES,
    "UPDATE deliveries SET status = 'sending'": Point.CLAIM,
    "UPDATE deliveries SET status = ": Point.SETTLE,
    "WITH told AS (": Point.SETTLE,  # in PostgreSQL: many rows a statement
}
_AT_COMMIT = {
    Point.RECOVERY: (None, Point.RECOVERED),
    Point.DELIVERIES: (Point.COMMIT, Point.COMMITTED),
    Point.CLAIM: (Point.CLAIM_COMMIT, Point.CLAIMED),
    Point.SETTLE: (Point.SETTLE_COMMIT, Point.SETTLED),
}


class Trap:
    """Kills this process when a point is met for the `nth` time."""

    def __init__(self, point, nth):
        self._point = point
        self._left = nth

    def meet(self, point):
        """Die, if this is the point."""
        if point is not None and self.is_next(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def is_next(self, point):
        """Say whether the point is to be the last one, and count it."""
        if point != self._point:
            return False
        self._left -= 1
        return self._left == 0


class Statements:
    """What one connection runs, as points that a trap may meet."""

    def __init__(self, trap):
        self._trap = trap
        self._written = set()
        """What the open transaction has written: the store may commit what several asked for as one."""
        self._after = ()
        """The points that the last commit is right before."""

    def seen(self, sql):
        """See what the connection is about to run."""
        self.ran()
        sql = sql.lstrip()
        if sql.startswith("BEGIN"):
            self._written.clear()
        elif sql.startswith("COMMIT"):
            met = [points for written, points in _AT_COMMIT.items() if written in self._written]
            self._after = [after for _, after in met]
            for before, _ in met:
                self._trap.meet(before)
        else:
            self._write(next((point for start, point in _STATEMENTS.items() if sql.startswith(start)), None))

    def ran(self):
        """See that what it was about to run is done."""
        after, self._after = self._after, ()
        for point in after:
            self._trap.meet(point)

    def _write(self, point):
        self._written.add(point)
        self._trap.meet(point)


class Guarded:
    """A platform with the trap before and behind it."""

    def __init__(self, platform, trap):
        self._platform = platform
        self._trap = trap
        self.limits = platform.limits
        self.is_group = platform.is_group

    async def send(self, parcel):
        self._trap.meet(Point.SEND)
        if self._trap.is_next(Point.STORED):
            await self._store_and_die(parcel)
        receipt = await self._platform.send(parcel)
        self._trap.meet(Point.ANSWERED)
        return receipt

    async def _store_and_die(self, parcel):
        sending = asyncio.create_task(self._platform.send(parcel, hold=True))
        async with asyncio.timeout(LONGEST_S):
            # Nobody here can wake us: whether it is stored, only another process knows.
            while not sending.done() and not await self._platform.has(parcel.key):  # noqa: ASYNC110
                await asyncio.sleep(0)
        if sending.done():  # the chat is gone or has moved: nothing is stored for it
            await sending
        os.kill(os.getpid(), signal.SIGKILL)
