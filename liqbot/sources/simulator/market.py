"""The simulated market as a whole: one step after another, each a list of updates."""

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import repeat

import numpy as np

from liqbot.market.accounts import AccountState
from liqbot.market.positions import Bools, Floats
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, DepthSeen, Liquidation, Update
from liqbot.sources.simulator.accounts import make_accounts
from liqbot.sources.simulator.books import book
from liqbot.sources.simulator.coins import DEFAULT_COINS, coins_named
from liqbot.sources.simulator.crowd import Crowd
from liqbot.sources.simulator.ledger import Ledger, sums
from liqbot.sources.simulator.liquidations import LiquidationEngine
from liqbot.sources.simulator.makers import Makers
from liqbot.sources.simulator.openings import Openings
from liqbot.sources.simulator.past import Past, live_through_the_past
from liqbot.sources.simulator.prices import HOUR_S, Prices
from liqbot.sources.simulator.reports import Reports, state_of
from liqbot.sources.simulator.scenario import Phase, Scenario, phases

EVENT_H = 6.0
"""Hours from the start until what the scenario is about begins, where the caller does not say."""
INTEREST, MOST_FUNDING = 1.25e-5, 4e-4
"""Funding per hour of a market at rest (Hyperliquid's interest, 0.01% in 8 h), and the most there can be."""
FUNDING_BY_TREND, FUNDING_BY_SKEW = 1.2e-5, 1e-3


class SimulatedMarket:
    """A seeded market. The same arguments and calls give the same updates, on any day and in any process."""

    def __init__(
        self,
        seed: int,
        scenario: Scenario = Scenario.NATURAL,
        coins: Sequence[str] = DEFAULT_COINS,
        *,
        start_ms: int,
        step_s: int = 60,
        event_after_s: float = EVENT_H * HOUR_S,
        crowd: float = 1.0,
    ) -> None:
        """Make the market as it is at `start_ms` (ms since 1970 UTC), with weeks behind it.

        What the scenario is about begins `event_after_s` seconds later. There are `crowd` times as many
        accounts as the usual 4,000. Raises `ValueError` for coins that
        the simulator does not know and for steps that are not above 0.
        """
        if step_s <= 0:
            raise ValueError(f"a step takes more than 0 seconds, not {step_s}")
        self.coins = tuple(coins)
        self._seed = seed
        self.time_ms = start_ms
        self.step_s = step_s
        self._coins = coins_named(coins)
        streams = np.random.default_rng(seed).spawn(8)
        self._rng = streams[0]
        self._accounts = make_accounts(self._coins, streams[1], crowd)
        self._prices = Prices(self._coins, streams[2])
        self._ledger = Ledger(self._accounts, self._coins)
        self._reports = Reports(self._accounts, self._coins, streams[3])
        openings = Openings(self._accounts, self._ledger, self._coins, streams[4])
        path = live_through_the_past(self._prices, streams[2])
        Past(path, streams[5]).fill(self._ledger, self._accounts, openings)
        self._crowd = Crowd(self._accounts, self._ledger, openings, self._coins, streams[5])
        self._makers = Makers(self._accounts, self._ledger, self._coins, streams[6])
        self._makers.absorb(self._crowd.net(), self._prices.marks, 0.0)
        self._engine = LiquidationEngine(self._accounts, self._ledger, self._prices, self.coins, streams[7])
        self._ledger.changed[:] = True
        self._story: Iterator[Phase] = phases(scenario, self._rng, event_after_s / HOUR_S)
        self._phase = Phase(0.0)
        self._phase_left_s = 0.0
        self._elapsed_s = 0.0

    def step(self, step_s: int | None = None) -> list[Update]:
        """Let `step_s` seconds pass, as many as at construction where left out, and tell what happened.

        Prices come first, then liquidations, then accounts, and last one `Beat`.
        """
        seconds = self.step_s if step_s is None else step_s
        updates = self.advance(seconds)
        chosen = (self._ledger.changed | self._reports.due(self._elapsed_s, seconds)) & self._accounts.found
        standing = self._ledger.standing(self._prices.marks)
        seen = self._reports.seen(chosen, self._ledger, standing, self.time_ms)
        self._ledger.changed[:] = False
        return [*updates, seen, Beat(self.time_ms)]

    def advance(self, seconds: int) -> list[AssetContext | Liquidation]:
        """Let `seconds` pass and tell of prices and liquidations only: nobody looks at accounts."""
        if seconds <= 0:
            raise ValueError(f"a step takes more than 0 seconds, not {seconds}")
        self.time_ms += seconds * 1000
        self._elapsed_s += seconds
        before = self._prices.marks
        self._prices.step(seconds, self._next_phase(seconds))
        funding = self._funding()
        self._ledger.fund(self._prices.marks, funding * (seconds / HOUR_S))
        liquidations, standing = self._engine.run(before, self.time_ms, seconds, self._crowd.mourn)
        marks = self._prices.marks
        self._crowd.act(standing, self._prices, seconds)
        self._makers.absorb(self._crowd.net(), marks, seconds)
        interest = self.open_interest()
        contexts = [
            AssetContext(name, self.time_ms, float(marks[place]), interest[name], float(funding[place]))
            for place, name in enumerate(self.coins)
        ]
        return [*contexts, *liquidations]

    def shock(self, coin: str, percent: float, over_s: float) -> None:
        """Make `coin` move by `percent` within the next `over_s` seconds, besides all else.

        Raises `ValueError` for a coin that is not simulated, and for a fall of 100% or more.
        """
        if coin not in self.coins:
            raise ValueError(f"{coin} is not simulated, only {', '.join(self.coins)}")
        if percent <= -100:
            raise ValueError(f"a price cannot fall by {-percent:g}%")
        self._prices.push(self.coins.index(coin), math.log1p(percent / 100), over_s)

    def play(self, scenario: Scenario, after_s: float = 0.0) -> None:
        """Go on with `scenario`; what it is about begins in `after_s` seconds."""
        self._story = phases(scenario, self._rng, after_s / HOUR_S)
        self._phase_left_s = 0.0

    @property
    def marks(self) -> Floats:
        """The mark prices of the coins, in their order, USD."""
        return self._prices.marks

    def twin(self, *, depth: float = 1.0, is_silent: bool = False) -> "SimulatedMarket":
        """Return the same market with the same chances, which goes on as the present phase is.

        Its books are `depth` times as deep as usual. Where it `is_silent`, its forced orders move no price:
        beside another twin this shows what they do.
        """
        phase = replace(self._phase, depth=depth)
        story, self._story = self._story, repeat(phase)
        try:
            other = deepcopy(self)
        finally:
            self._story = story
        other.stand_in(phase, is_silent=is_silent)
        return other

    def stand_in(self, phase: Phase, *, is_silent: bool) -> None:
        """Go on in a phase from now on; where it `is_silent`, forced orders move no price."""
        self._phase = phase
        self._prices.stand_in(phase, is_silent=is_silent)

    @property
    def depth_usd(self) -> Floats:
        """USD of forced orders that move each price by a percent, in the order of the coins."""
        return self._prices.depth_usd

    def books(self, venue: str) -> list[DepthSeen]:
        """Return the order book of each coin as it is now, under the name of a `venue`."""
        depth, marks = self._prices.depth_usd, self._prices.marks
        return [
            DepthSeen(
                book(
                    name,
                    venue,
                    self.time_ms,
                    mark=float(marks[place]),
                    usd_a_percent=float(depth[place]),
                    seed=self._seed,
                )
            )
            for place, name in enumerate(self.coins)
        ]

    def open_interest(self) -> dict[str, float]:
        """Return the one-sided open interest of each coin, in coins: of all accounts, found or not."""
        return dict(zip(self.coins, self._one_sided().tolist(), strict=True))

    def held(self, coin: str) -> Floats:
        """Return what each account holds of `coin`, found or not, in coins, shorts below 0: a copy."""
        return self._ledger.size[self._accounts.slot_coin == self.coins.index(coin)]

    @property
    def names(self) -> tuple[str, ...]:
        """The addresses of all accounts, found or not."""
        return self._accounts.names

    @property
    def found(self) -> Bools:
        """Which accounts somebody found, shape (accounts,)."""
        return self._accounts.found

    def worth(self) -> Floats:
        """Return what each account holds, USD, shape (accounts,)."""
        usd = np.abs(self._ledger.size) * self._prices.marks[self._accounts.slot_coin]
        return sums(usd, self._accounts.slot_account, len(self.names))

    def cushions(self) -> Floats:
        """Return how far prices can go against each account until it is liquidated, shape (accounts,).

        As a fraction of price, of its nearest position, about; infinite where nothing is open.
        """
        nearest = np.full(len(self.names), np.inf)
        cushion = self._ledger.cushion(self._ledger.standing(self._prices.marks))
        np.minimum.at(nearest, self._accounts.slot_account, cushion)
        return nearest

    def states(self, accounts: Sequence[int]) -> list[AccountState]:
        """Return what these accounts, by their places in `names`, hold now."""
        standing = self._ledger.standing(self._prices.marks)
        return [
            state_of(account, self._accounts, self._ledger, standing, coins=self.coins, time_ms=self.time_ms)
            for account in accounts
        ]

    def forced(self, account: int) -> list[Liquidation]:
        """Return what of an account was liquidated in the newest step."""
        slots = self._accounts
        return [
            Liquidation(
                coin=self.coins[int(slots.slot_coin[slot])],
                time_ms=self.time_ms,
                side=Side.LONG if coins > 0 else Side.SHORT,
                price=price,
                size=abs(coins),
                account=self.names[account],
            )
            for slot, price, coins in self._engine.forced
            if slots.slot_account[slot] == account
        ]

    def census(self) -> AccountsSeen:
        """Return all positions as they are now, also those of accounts that nobody found: the full truth."""
        everybody = np.ones(len(self._accounts.names), dtype=np.bool_)
        standing = self._ledger.standing(self._prices.marks)
        return self._reports.seen(everybody, self._ledger, standing, self.time_ms)

    def known(self) -> AccountsSeen:
        """Return the positions, as they are now, of all accounts that somebody found."""
        standing = self._ledger.standing(self._prices.marks)
        return self._reports.seen(self._accounts.found, self._ledger, standing, self.time_ms)

    def _one_sided(self) -> Floats:
        return self._ledger.by_coin(np.abs(self._ledger.size)) / 2

    def _next_phase(self, seconds: float) -> Phase:
        while self._phase_left_s <= 0:
            self._phase = next(self._story)
            self._phase_left_s += self._phase.hours * HOUR_S
        self._phase_left_s -= seconds
        return self._phase

    def _funding(self) -> Floats:
        """Return the funding rates per hour: longs pay where price runs ahead."""
        premium = FUNDING_BY_TREND * self._prices.trend + FUNDING_BY_SKEW * self._prices.displaced
        return np.clip(INTEREST + premium, -MOST_FUNDING, MOST_FUNDING)
