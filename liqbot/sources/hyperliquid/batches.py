"""Batch requests (several accounts in one): whether they are served, when to probe again, what they weigh.

No document says where `batchClearinghouseStates` is served, so it is tried with two accounts whose single
answers are known. The answer names no accounts: only where both come out as they did singly, and the two
differ, is the order proven. Whatever fails later ends it at once, and it is tried again after a while.

What a batch weighs is not told either. The first guess is what most requests weigh. Refusals teach: if it is
too much while the ledger has room, batches weigh more than was thought, and how much more the ledger says.
"""

from collections import deque
from collections.abc import Sequence

import structlog

from liqbot.sources.hyperliquid.budget import MINUTE_MS, Budget
from liqbot.sources.hyperliquid.client import HEAVY, LIGHT, InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.payloads import ClearinghouseState

_log = structlog.get_logger()

SIZE = 50
"""Accounts a request: the most that anybody has been seen to be served."""
PROBE_AGAIN_S = 3 * 3600.0
"""What was served may not be later, and the other way round."""
SHORTEST_S, TRIES = 60.0, 3
"""After a failure it is tried again after so long, twice as long after the next; each with so many pairs."""
WAIT_S = 1.0
LEAST_MORE = 1.25
"""A refusal makes a batch weigh at least this many times as much as was thought."""
UNTRIED = "not tried yet"
NULLS_IN_A_ROW = 3
"""So many batches in a row of which more than half was null end it."""


class Batches:
    """Whether several accounts may be asked for at once, and at what weight."""

    def __init__(self, client: InfoClient, budget: Budget, clock: Clock) -> None:
        self._client = client
        self._budget = budget
        self._clock = clock
        self._sent: deque[int] = deque()
        self._mostly_null = 0
        self._learned_ms = 0
        self._pause_s = SHORTEST_S
        self._begin_at_ms = 0
        self.served = False
        self.weight: float = HEAVY
        self.reason: str = UNTRIED
        """Why it is not served."""

    @property
    def is_untried(self) -> bool:
        """Whether it was never found out."""
        return not self.served and self.reason == UNTRIED

    @property
    def words(self) -> str:
        """What there is to say of it."""
        if self.served:
            return f"{SIZE} accounts a request, at a weight of {self.weight:,.0f}"
        return f"one account a request: {self.reason}"

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit to what may be asked."""
        return bool(self._budget.limit)

    @property
    def is_cheap(self) -> bool:
        """Whether a look at an account costs next to nothing: several at once, or without a limit."""
        return self.served or not self._budget.limit

    @property
    def is_due(self) -> bool:
        """Whether it is time to try."""
        return self._clock.now_ms() >= self._begin_at_ms

    def is_worth_it(self, users: int) -> bool:
        """Return whether so many accounts weigh less together than one by one; without a limit they do."""
        return self.served and users > 1 and (not self._budget.limit or self.weight < LIGHT * users)

    def weight_of(self, users: int) -> float:
        """Return what looks at so many accounts weigh in batches."""
        return self.weight * -(-users // SIZE)

    async def probe(self, one: str, other: str) -> bool:
        """Try with two accounts that hold something; return whether that settled it, either way.

        It does not where they hold the same, or where they have just traded: then other two are needed.
        """
        try:
            alone = [await self._client.clearinghouse_state(name) for name in (one, other)]
        except RequestFailed:
            return False
        if _held(alone[0]) == _held(alone[1]):
            return False
        try:
            together = await self._ask((one, other), "")
        except RequestFailed as error:
            if not error.passing:
                self._end(str(error))
            return not error.passing
        if together == [None, None]:  # one of two may be null for a moment
            self._end("the answer is null")
            return True
        if [_held(state) for state in together] != [_held(state) for state in alone]:
            return False
        self._begin()
        return True

    def end_of_tries(self) -> None:
        """Note that no pair has settled it."""
        self._end("its answers are not those of single requests")

    async def ask(self, users: Sequence[str], dex: str) -> list[ClearinghouseState | None]:
        """Return the accounts in order, None for one to be asked for singly. Raises `RequestFailed`."""
        try:
            states = await self._ask(users, dex)
        except RequestFailed as error:
            if not error.passing:
                self._end(str(error))
            raise
        self._mostly_null = self._mostly_null + 1 if states.count(None) > len(states) / 2 else 0
        if self._mostly_null >= NULLS_IN_A_ROW:
            self._end("its answers are null")
        return states

    async def _ask(self, users: Sequence[str], dex: str) -> list[ClearinghouseState | None]:
        try:
            states = await self._client.clearinghouse_states(users, dex, self.weight)
        except RequestFailed as error:
            if error.too_much:
                self._learn(len(users))
            raise
        finally:
            self._note_sent()
        return states

    def _learn(self, users: int) -> None:
        """Take a refusal for what it says: what was sent in this minute is more than allowed."""
        now_ms = self._clock.now_ms()
        if now_ms - self._learned_ms < MINUTE_MS:
            return  # it is still the same minute's weight that is too much
        self._learned_ms = now_ms
        count = max(self._count(), 1)
        others = max(0.0, self._budget.spent - count * self.weight)
        at_least = (self._budget.limit - others) / count if self._budget.limit else 0.0
        most = LIGHT * max(users, SIZE)  # what the same accounts weigh one by one
        weight = min(max(LEAST_MORE * self.weight, at_least), most)
        if weight != self.weight:
            _log.info("batch_weight_learned", weight=round(weight, 1), before=round(self.weight, 1))
            self.weight = weight

    def _note_sent(self) -> None:
        self._sent.append(self._clock.now_ms())
        self._count()

    def _count(self) -> int:
        """Return how many were sent in the last minute."""
        while self._sent and self._sent[0] <= self._clock.now_ms() - MINUTE_MS:
            self._sent.popleft()
        return len(self._sent)

    def _begin(self) -> None:
        if not self.served:
            _log.info("batches_served", size=SIZE, weight=self.weight)
        self.served, self.reason, self._pause_s, self._mostly_null = True, "", SHORTEST_S, 0
        self._begin_at_ms = self._clock.now_ms() + round(PROBE_AGAIN_S * 1000)

    def _end(self, reason: str) -> None:
        if self.served or reason != self.reason:
            _log.info("batches_not_served", reason=reason)
        self.served, self.reason = False, reason
        self._begin_at_ms = self._clock.now_ms() + round(self._pause_s * 1000)
        self._pause_s = min(2 * self._pause_s, PROBE_AGAIN_S)


def _held(state: ClearinghouseState | None) -> dict[str, float]:
    """Return what an account holds, in coins."""
    if state is None:
        return {}
    return {item.position.coin: item.position.szi for item in state.asset_positions}
