"""Asking account after account, as fast as the budget and the other side allow."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence

from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.polling import Policy
from liqbot.sources.hyperliquid.reading import Implausible, Reading, read_account
from liqbot.sources.hyperliquid.roster import Roster

CONCURRENT = 16
"""So many accounts are asked for at once."""
FEWEST, MOST = 16, 1024
"""So many at least and at most are chosen at a time: a hundredth of the accounts."""
IDLE_S = 0.5
"""When nobody is to be asked, it is looked again after so long."""
MINUTE_MS = 60_000


class Poller:
    """Asks whom the policy names, and hands on what it reads."""

    def __init__(
        self,
        client: InfoClient,
        roster: Roster,
        *,
        feed: MarketFeed,
        policy: Policy,
        dexes: Sequence[str],
        clock: Clock,
        take: Callable[[Reading], None],
    ) -> None:
        """Hand each reading to `take`. The exchange's own dex comes before `dexes`."""
        self._client = client
        self._roster = roster
        self._feed = feed
        self._policy = policy
        self._dexes = ("", *dexes)
        self._clock = clock
        self._take = take
        self._chosen: deque[int] = deque()
        self._answered_ms: deque[int] = deque()
        self.refused: Counter[str] = Counter()
        """How many answers made no sense, by reason; they change nothing."""
        self.last_failure = ""

    @property
    def a_minute(self) -> int:
        """How many accounts were answered in the last minute."""
        self._forget(self._clock.now_ms())
        return len(self._answered_ms)

    async def run(self) -> None:
        """Ask until cancelled."""
        self._roster.start_over()
        self._chosen.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENT):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            number = self._next()
            if number is None:
                await self._clock.sleep(IDLE_S)
            else:
                await self.ask(number)

    def _next(self) -> int | None:
        if not self._chosen:
            count = min(max(FEWEST, len(self._roster) // 100), MOST)
            chosen = self._policy.choose(self._roster, self._feed.marks, self._clock.now_ms(), count)
            self._chosen.extend(chosen.tolist())
            for number in self._chosen:
                self._roster.begin(number)
        return self._chosen.popleft() if self._chosen else None

    async def ask(self, number: int) -> None:
        """Ask for one account. What has no usable answer changes nothing but when it is asked again."""
        name = self._roster.names[number]
        try:
            states = [await self._client.clearinghouse_state(name, dex) for dex in self._dexes]
            reading = read_account(name, states, self._feed.coins, self._clock.now_ms())
        except RequestFailed as error:
            self.last_failure = str(error)
            self._roster.fail(number, self._clock.now_ms())
        except Implausible as error:
            self.last_failure = str(error)
            self.refused[str(error)] += 1
            self._roster.fail(number, self._clock.now_ms())
        else:
            now_ms = self._clock.now_ms()
            self._roster.answer(number, reading, now_ms)
            self._answered_ms.append(now_ms)
            self._forget(now_ms)
            self._take(reading)

    def _forget(self, now_ms: int) -> None:
        while self._answered_ms and self._answered_ms[0] <= now_ms - MINUTE_MS:
            self._answered_ms.popleft()
