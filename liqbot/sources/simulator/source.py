"""The simulated market as a source: a past as fast as possible, then a present at a chosen speed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import Update
from liqbot.sources.simulator import present
from liqbot.sources.simulator.coins import DEFAULT_COINS
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario
from liqbot.sources.simulator.watched import SimulatedAccounts
from liqbot.sources.source import Report

LAYER = Layer("Sandbox", Basis.MEASURED, Origin.SIMULATED)
DAY_S = 24 * 3600
BACKFILL_DAYS = 7.0
STEP_S, PAST_STEP_S, FAR_STEP_S = 60, 600, 3600
"""Steps of the present, of the past, and of what lies further back than a week, in seconds."""
SPEED = 60.0
EVENT_AFTER_S = {Scenario.CASCADE: 15 * 60, Scenario.SQUEEZE: 15 * 60}
"""So many simulated seconds into the present the rise or fall begins that a scenario is about."""
EVENT_LATER_S = 3600
"""The same for the other scenarios."""
FORGIVEN_S = 2.0
"""Whoever takes the updates may lag by so many seconds; what is more is not caught up with."""


class Simulator:
    """A source that needs no network: the bot's first impression, and a flight simulator for rules."""

    def __init__(
        self,
        *,
        now_ms: int,
        seed: int = 1,
        scenario: Scenario = Scenario.NATURAL,
        coins: Sequence[str] | None = None,
        backfill_days: float = BACKFILL_DAYS,
        step_s: int = STEP_S,
        speed: float = SPEED,
        event_after_s: float | None = None,
        until_ms: int | None = None,
        lacking: Sequence[str] = (),
    ) -> None:
        """Prepare a market whose past of `backfill_days` ends at `now_ms` (ms since 1970 UTC).

        `speed` is in simulated seconds per second, 0 for as fast as possible. What the scenario is about
        begins `event_after_s` simulated seconds after `now_ms`. No update is later than `until_ms`. `lacking`
        are coins that were asked for and that it does not know. Raises
        `ValueError` where an argument makes no sense.
        """
        if backfill_days < 0 or speed < 0:
            raise ValueError(f"a backfill of {backfill_days} days or a speed of {speed} makes no sense")
        past_s = round(backfill_days * DAY_S / PAST_STEP_S) * PAST_STEP_S
        if event_after_s is None:
            event_after_s = EVENT_AFTER_S.get(scenario, EVENT_LATER_S)
        self.speed = speed
        """May be changed at any time."""
        self.market = SimulatedMarket(
            seed,
            scenario,
            DEFAULT_COINS if coins is None else coins,
            start_ms=now_ms - past_s * 1000,
            step_s=step_s,
            event_after_s=past_s + event_after_s,
        )
        self.watched = SimulatedAccounts(self.market, self._step_takes_s)
        """The accounts that are looked at with every step."""
        self._kept = (scenario, seed, backfill_days)
        self._now_ms = now_ms
        self._until_ms = until_ms
        self._lacking = tuple(lacking)

    @property
    def name(self) -> str:
        """The name in `LIQBOT_SOURCES`."""
        return "simulator"

    def report(self) -> Report:
        """Return which coins it does not know."""
        return Report(lacking=dict.fromkeys(self._lacking, ""))

    @property
    def layer(self) -> Layer:
        """Positions that are known exactly, and made up."""
        return LAYER

    @property
    def live_from_ms(self) -> int:
        """The past ends at this time, and with a beat, so that there is a view to begin with."""
        return self._now_ms

    @property
    def is_live(self) -> bool:
        """Whether the past is over."""
        return self.market.time_ms >= self.live_from_ms

    def shock(self, coin: str, percent: float, over_s: float) -> None:
        """Make `coin` move by `percent` within the next `over_s` simulated seconds.

        Raises `ValueError` for a coin that is not simulated, and for a fall of 100% or more.
        """
        self.market.shock(coin, percent, over_s)

    def play(self, scenario: Scenario, after_s: float = 0.0) -> None:
        """Go on with `scenario`; what it is about begins in `after_s` simulated seconds."""
        self.market.play(scenario, after_s)

    def present(self) -> list[Update]:
        """Return what is known at the end of the past, before that is told; nothing of most markets."""
        scenario, seed, days = self._kept
        coins = self.market.coins
        return present.read(
            scenario, seed=seed, coins=coins, days=days, now_ms=self._now_ms, venue=LAYER.venue
        )

    async def updates(self) -> AsyncIterator[Update]:
        """Yield the market's updates: of the past without a pause, then at `speed`; end at `until_ms`.

        Every beat gives way to the event loop.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        while step_s := self._next_step_s():
            updates = self.market.step(step_s)
            if self.is_live:
                updates[-1:-1] = self.market.books(LAYER.venue)  # nobody asks for books of the past
                self.watched.step()
            for update in updates:
                yield update
            now, pause = loop.time(), 0.0
            if self.is_live and self.speed > 0:
                due = max(due + self.market.step_s / self.speed, now - FORGIVEN_S)
                pause = max(due - now, 0.0)
            else:
                due = now
            await asyncio.sleep(pause)

    def _step_takes_s(self) -> float:
        return self.market.step_s / self.speed if self.speed > 0 else 1.0

    def _next_step_s(self) -> int:
        """Return how long the next step is, 0 where it would lead beyond the end."""
        left_s = (self.live_from_ms - self.market.time_ms) // 1000
        if left_s > 0:
            step_s = FAR_STEP_S if left_s >= BACKFILL_DAYS * DAY_S + FAR_STEP_S else PAST_STEP_S
        else:
            step_s = self.market.step_s
        beyond = self._until_ms is not None and self.market.time_ms + step_s * 1000 > self._until_ms
        return 0 if beyond else step_s
