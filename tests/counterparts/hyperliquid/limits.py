"""What an address may ask for: weight by the minute, connections, subscriptions, users, messages."""

from collections import deque

MINUTE_MS = 60_000
WEIGHTS = {
    "clearinghouseState": 2,
    "spotClearinghouseState": 2,
    "allMids": 2,
    "l2Book": 2,
    "userRole": 60,
}
USUAL = 20
ITEMS = {"candleSnapshot": 60, "recentTrades": 20, "fundingHistory": 20, "userFills": 20}
"""Answers that weigh one more for so many items."""
CONNECTIONS, SUBSCRIPTIONS, USERS, MESSAGES_A_MINUTE = 10, 1000, 10, 2000
NEW_CONNECTIONS_A_MINUTE = 30


class Window:
    """A sum over the last 60 seconds of simulated time."""

    def __init__(self, limit: float):
        self.limit = limit
        self.peak = 0.0
        """The most that was granted within 60 seconds."""
        self.granted = 0.0
        self.refused = 0
        self._spent: deque[tuple[int, float]] = deque()
        self._sum = 0.0

    def spend(self, weight: float, now_ms: int, *, at_any_rate: bool = False) -> bool:
        """Grant `weight`, or refuse it where there is a limit."""
        while self._spent and self._spent[0][0] <= now_ms - MINUTE_MS:
            self._sum -= self._spent.popleft()[1]
        if self.limit and not at_any_rate and self._sum + weight > self.limit:
            self.refused += 1
            return False
        self._spent.append((now_ms, weight))
        self._sum += weight
        self.granted += weight
        self.peak = max(self.peak, self._sum)
        return True


def weight_of(kind: str) -> int:
    return WEIGHTS.get(kind, USUAL)


def weight_of_items(kind: str, answer: object) -> int:
    return len(answer) // ITEMS[kind] if kind in ITEMS and isinstance(answer, list) else 0
