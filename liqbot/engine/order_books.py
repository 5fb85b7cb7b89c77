"""Order books on a board: the newest depth of each coin, in few levels, while it is fresh.

Not here: who holds positions (`position_book.py`), what a depth of book is (`market/depth.py`).
"""

from dataclasses import dataclass, field

from liqbot.market.depth import Depth
from liqbot.market.depth_readings import condensed


@dataclass(slots=True)
class Books:
    """The newest book of each coin."""

    _newest: dict[str, Depth] = field(default_factory=dict[str, Depth])
    _condensed: dict[str, tuple[Depth, Depth]] = field(default_factory=dict[str, tuple[Depth, Depth]])
    """By coin: a book, and the same in few levels."""

    def take(self, depth: Depth) -> bool:
        """Take up a book in place of the one before; return whether it was: one that is older is not."""
        known = self._newest.get(depth.coin)
        if known is not None and depth.time_ms < known.time_ms:
            return False
        self._newest[depth.coin] = depth
        return True

    def of(self, coin: str, now_ms: int) -> Depth | None:
        """Return the book of a coin in few levels; None where there is none that is fresh at `now_ms`."""
        newest = self._newest.get(coin)
        if newest is None or newest.if_fresh(now_ms) is None:
            return None
        known = self._condensed.get(coin)
        if known is None or known[0] is not newest:
            known = self._condensed[coin] = (newest, condensed(newest))
        return known[1]
