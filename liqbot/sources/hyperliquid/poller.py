"""The poller: workers that ask account after account, in batches where served, as fast as the budget allows.

Not here: whom to ask next (`polling.py`), batches (`batches.py`), weight (`budget.py`).
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from liqbot.market.positions import Floats, Ints
from liqbot.sources.hyperliquid.batches import SIZE, TRIES, WAIT_S, Batches
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.payloads import ClearinghouseState
from liqbot.sources.hyperliquid.polling import Policy
from liqbot.sources.hyperliquid.reading import Implausible, Reading, dex_of, read_account
from liqbot.sources.hyperliquid.roster import Roster

CONCURRENT = 16
"""So many accounts are asked for at once."""
BATCHES_AT_ONCE = 4
"""So many batches, where they are limited: who waits for weight was chosen by what was known before."""
TRYING_S = 10.0
"""At a start it is waited for at most so long until it is known whether several are answered at once."""
FEWEST, MOST = 16, 1024
"""So many at least and at most are chosen at a time: a hundredth of the accounts."""
IDLE_S, UNLIMITED_IDLE_S = 0.5, 0.1
"""When nobody is to be asked, it is looked again after so long; sooner without a limit, as beside a node."""
ROUTINE_A_SECOND, CAUGHT_UP = 500, 0.99
"""Without a limit so many accounts a second are asked of which nothing is known to have changed, once this
share of all was asked: what has changed is asked for at once, and must not wait for the others."""
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
        batches: Batches,
        take: Callable[[Reading], None],
        learn: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hand each reading to `take`. The exchange's own dex comes before `dexes`.

        `learn` is called before accounts are chosen: where it returns True, those chosen before wait.
        """
        self._client = client
        self._roster = roster
        self._feed = feed
        self._policy = policy
        self._dexes = ("", *dexes)
        self._optional = frozenset[str]()
        """Of these dexes those that are asked of everybody only while that is cheap."""
        self._clock = clock
        self._take = take
        self._learn = learn
        self._chosen: deque[int] = deque()
        self._singles: deque[int] = deque()
        """Who was not answered in a batch."""
        self._urgent: dict[str, None] = {}
        self._routine_from_ms = 0.0
        """From when on others may be asked than those who are wanted soon."""
        self.batches = batches
        self._answered_ms: deque[int] = deque()
        self.refused: Counter[str] = Counter()
        """How many answers made no sense, by reason; they change nothing."""
        self.last_failure = ""

    @property
    def a_minute(self) -> int:
        """How many accounts were answered in the last minute."""
        self._forget(self._clock.now_ms())
        return len(self._answered_ms)

    def add_dexes(self, names: Iterable[str]) -> None:
        """Ask these dexes as well: of everybody while that is cheap, else of who is known to hold there."""
        new = [name for name in names if name not in self._dexes]
        self._dexes = (*self._dexes, *new)
        self._optional |= set(new)

    def ask_soon(self, name: str) -> None:
        """Ask for an account before all others; while it is being asked, once more after the answer."""
        self._urgent[name] = None

    async def run(self) -> None:
        """Ask until cancelled."""
        self._roster.start_over()
        self._chosen.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe_often())
            for place in range(CONCURRENT):
                group.create_task(self._work(place))

    async def _work(self, place: int) -> None:
        give_up_ms = self._clock.now_ms() + round(TRYING_S * 1000)
        while True:
            is_trying = self._is_trying and self._clock.now_ms() < give_up_ms
            if is_trying or (place >= BATCHES_AT_ONCE and self._is_paced):
                await self._clock.sleep(IDLE_S)
                continue
            numbers = self._next(SIZE if self.batches.served and not self._singles else 1)
            if not numbers:
                await self._clock.sleep(IDLE_S if self.batches.is_limited else UNLIMITED_IDLE_S)
            elif self.batches.is_worth_it(len(numbers)):
                await self.ask_together(numbers)
            else:
                for number in numbers:
                    await self.ask(number)

    @property
    def _is_trying(self) -> bool:
        """Whether batches are about to be tried for the first time: one by one, accounts cost five times."""
        return self.batches.is_untried and len(self._pairs()) > 0

    @property
    def _is_paced(self) -> bool:
        """Whether few batches at once use up all that may be asked."""
        return self.batches.served and self.batches.is_limited and not self._singles

    async def _probe_often(self) -> None:
        """Find out again and again whether several accounts are answered at once."""
        while True:
            await self._clock.sleep(WAIT_S)
            if self.batches.is_due:
                await self._probe()

    async def _probe(self) -> None:
        pairs = self._pairs()
        for one, other in pairs:
            if await self.batches.probe(one, other):
                return
        if pairs:
            self.batches.end_of_tries()

    def _pairs(self) -> list[tuple[str, str]]:
        """Return accounts to try batches with: some that hold something, those first that trade little."""
        traded: Floats = self._roster.column("traded")
        holding: Ints = np.flatnonzero(self._roster.column("held") > 0)
        quiet = holding[np.argsort(traded[holding], kind="stable")][: 2 * TRIES]
        names = [self._roster.names[int(number)] for number in quiet]
        return list(zip(names[::2], names[1::2], strict=False))

    def _next(self, at_most: int) -> list[int]:
        """Return whom to ask: who is wanted soon, who was left out of a batch, whom the policy names."""
        if self._learn():
            self._chosen.clear()
        numbers: list[int] = []
        for name in list(self._urgent):
            if len(numbers) >= at_most:
                break
            number = self._roster.number(name, self._clock.now_ms())
            if not self._roster.is_busy(number):  # what is under way may be from before the change
                del self._urgent[name]
                self._roster.begin(number)
                numbers.append(number)
        while self._singles and len(numbers) < at_most:
            numbers.append(self._singles.popleft())
        if len(numbers) < at_most and self._may_ask_others():
            others = self._others(at_most - len(numbers))
            begin_ms = max(self._routine_from_ms, self._clock.now_ms())
            self._routine_from_ms = begin_ms + 1000 * len(others) / ROUTINE_A_SECOND
            numbers += others
        return numbers

    def _others(self, at_most: int) -> list[int]:
        """Return whom the policy names."""
        numbers: list[int] = []
        while len(numbers) < at_most and self._choose(at_most):
            number = self._chosen.popleft()
            if not self._roster.is_busy(number):
                self._roster.begin(number)
                numbers.append(number)
        return numbers

    def _may_ask_others(self) -> bool:
        """Return whether those may be asked whom nobody wants soon: without a limit, not all of the time."""
        if self.batches.is_limited or self._clock.now_ms() >= self._routine_from_ms:
            return True
        return self._roster.asked < CAUGHT_UP * len(self._roster)

    def _choose(self, at_least: int) -> bool:
        """Have the policy name more where nobody is left; return whether there is somebody."""
        if not self._chosen:
            count = min(max(FEWEST, at_least, len(self._roster) // 100), MOST)
            chosen = self._policy.choose(self._roster, self._feed.marks, self._clock.now_ms(), count)
            self._chosen.extend(chosen.tolist())
        return bool(self._chosen)

    async def ask_now(self, name: str) -> Reading | None:
        """Ask for an account, past everybody who waits their turn; None where there is no usable answer."""
        number = self._roster.number(name, self._clock.now_ms())
        self._roster.begin(number)
        return await self.ask(number)

    async def ask(self, number: int) -> Reading | None:
        """Ask for one account. What has no usable answer changes nothing but when it is asked again."""
        name = self._roster.names[number]
        states, without = list[ClearinghouseState](), list[str]()
        left_out = self._left_out(number)
        for dex in self._dexes:
            if dex in left_out:
                continue
            try:
                states.append(await self._client.clearinghouse_state(name, dex))
            except RequestFailed as error:
                self.last_failure = str(error)
                without.append(dex)
        return self._take_answer(number, states, without, left_out)

    def _left_out(self, number: int) -> list[str]:
        """Return the dexes of which an account is not asked now: what it holds there stands."""
        if not self._optional or self.batches.is_cheap:
            return []
        held = {dex_of(coin) for coin in self._roster.held_coins(number)}
        return [dex for dex in self._dexes if dex in self._optional and dex not in held]

    def take_pushed(self, name: str, states: Mapping[str, ClearinghouseState]) -> None:
        """Take up an account that the exchange tells of by itself; a dex that it leaves out says nothing."""
        now_ms = self._clock.now_ms()
        number = self._roster.number(name, now_ms)
        was_busy = self._roster.is_busy(number)
        told = [states[dex] for dex in self._dexes if dex in states]
        without = [dex for dex in self._dexes if dex not in states]
        reading = self._read(number, told, without, now_ms) if told else None
        if reading is None:
            return
        self._roster.answer(number, reading, now_ms)
        if was_busy:  # it is being asked for as well
            self._roster.begin(number)
        self._take(reading)

    async def ask_together(self, numbers: Sequence[int]) -> None:
        """Ask for several accounts at once; those that are not answered so are asked for singly."""
        names = [self._roster.names[number] for number in numbers]
        answers: dict[str, list[ClearinghouseState | None]] = {}
        for dex in self._dexes:
            try:
                answers[dex] = await self.batches.ask(names, dex)
            except RequestFailed as error:
                self.last_failure = str(error)
                if not dex:
                    self._give_up(numbers, is_passing=error.passing)
                    return
        for place, number in enumerate(numbers):
            states = {dex: told[place] for dex, told in answers.items()}
            found = [state for state in states.values() if state is not None]
            if states[""] is None:
                self._singles.append(number)
            else:
                without = [dex for dex in self._dexes if states.get(dex) is None]
                self._take_answer(number, found, without)

    def _give_up(self, numbers: Sequence[int], *, is_passing: bool) -> None:
        """Note that a batch has no answer: it is asked again later, or singly without batches."""
        for number in numbers:
            if is_passing:
                self._roster.fail(number, self._clock.now_ms())
            else:
                self._roster.put_back(number)

    def _take_answer(
        self,
        number: int,
        states: Sequence[ClearinghouseState],
        without: Sequence[str],
        left_out: Sequence[str] = (),
    ) -> Reading | None:
        """Take up the answers of all dexes but those in `without`, which are asked again soon.

        Those in `left_out` were not asked.
        """
        now_ms = self._clock.now_ms()
        reading = self._read(number, states, [*without, *left_out], now_ms) if states else None
        if reading is None:
            self._roster.fail(number, now_ms)
            return None
        self._roster.answer(number, reading, now_ms)
        if without:
            self._roster.fail(number, now_ms)
        self._answered_ms.append(now_ms)
        self._forget(now_ms)
        self._take(reading)
        return reading

    def _read(
        self, number: int, states: Sequence[ClearinghouseState], without: Sequence[str], now_ms: int
    ) -> Reading | None:
        held = self._roster.held_coins(number)
        name = self._roster.names[number]
        try:
            reading = read_account(name, states, self._feed.coins, now_ms, held=held, without=without)
        except Implausible as error:
            self.last_failure = str(error)
            self.refused[str(error)] += 1
            return None
        for item in reading.unread:
            self.refused[item.reason] += 1
        return reading

    def _forget(self, now_ms: int) -> None:
        while self._answered_ms and self._answered_ms[0] <= now_ms - MINUTE_MS:
            self._answered_ms.popleft()
