"""A day of two layers of one coin, lived by a bot that is stopped twice: a market, and who tells of it."""

import asyncio
import random
from dataclasses import dataclass, field, replace

import numpy as np
from modelled import TIERS

from liqbot.market.candles import Candles
from liqbot.market.depth import Depth
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import (
    AssetContext,
    Beat,
    CandlesSeen,
    DepthSeen,
    MarginTiersSeen,
    OpenInterestSeen,
)
from liqbot.rules.units import Unit
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario

MEASURED = Layer("Testex", Basis.MEASURED)
MODELLED = Layer("Binance", Basis.MODELLED)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
START = 20_000 * 24 * HOUR
END = START + 24 * HOUR + 20 * MINUTE
STEPS_S = (20, 220, 240, 240)
"""Twelve minutes of the market, with two beats: rules read the first, and what has happened by the second."""
CANDLE = 5 * MINUTE
STOPS = (
    (START + 9 * HOUR, START + 9 * HOUR + 10 * MINUTE),
    (START + 17 * HOUR, START + 17 * HOUR + 40 * MINUTE),
)
"""From when to when the bot does not run: the second time so long that nobody knows how things stand."""


class Turns:
    """Two sources tell of one time before either goes on to the next."""

    def __init__(self, names):
        self._at = dict.fromkeys(names, 0)
        self._moved = asyncio.Condition()

    async def reach(self, name, time_ms):
        async with self._moved:
            self._at[name] = time_ms
            self._moved.notify_all()
            await self._moved.wait_for(lambda: min(self._at.values()) >= time_ms)


@dataclass
class Telling:
    """A source that tells what it is given, (time, updates) by (time, updates)."""

    layer: Layer
    told: list
    turns: Turns = field(repr=False)
    live_from_ms: int = 0

    @property
    def name(self):
        return self.layer.venue.lower()

    async def updates(self):
        for time_ms, updates in self.told:
            await self.turns.reach(self.name, time_ms)
            for update in updates:
                yield update
        await self.turns.reach(self.name, 2**62)


def lived(seed=3):
    """Return what two venues tell over the day, as a list of (measured, modelled) by run of the bot."""
    market = SimulatedMarket(
        seed, Scenario.CASCADE, ("BTC", "ETH"), start_ms=START - 6 * HOUR, event_after_s=8 * 3600, crowd=0.05
    )
    tape = Tape()
    while market.time_ms < START:
        tape.note(market.step(CANDLE // SECOND))
    runs, measured, modelled = [], [(START, [market.census(), *tape.contexts()])], [tape.past(START)]
    while market.time_ms < END:
        for place, seconds in enumerate(STEPS_S):
            *updates, beat = market.step(seconds)
            tape.note(updates)
            told = [*updates, *tape.books(market.time_ms), beat] if place < 2 else updates
            measured.append((market.time_ms, told))
        modelled.append(tape.news(market.time_ms))
        for began, over in STOPS:
            if began <= market.time_ms < over:
                runs.append((measured, modelled))
                while market.time_ms < over:
                    tape.note(market.step(CANDLE // SECOND))
                # As after a start: at first only a part of the accounts is known again.
                everybody, now = market.census(), market.time_ms
                few = [first_of(everybody, 4), *tape.contexts(), Beat(now)]
                all_of_them = [everybody, *tape.contexts(now + MINUTE), Beat(now + MINUTE)]
                measured, modelled = [(now, few), (now + MINUTE, all_of_them)], [tape.past(now)]
    return [*runs, (measured, modelled)]


def first_of(seen, part):
    """Return what is seen of one in `part` accounts: the first ones."""
    accounts = seen.accounts[: len(seen.accounts) // part]
    rows = seen.account < len(accounts)
    columns = ("account", "coin", "size", "entry", "liquidation", "leverage", "margin_mode")
    return replace(seen, accounts=accounts, **{name: getattr(seen, name)[rows] for name in columns})


class Tape:
    """Prices and open interest of BTC, out of which a venue tells candles."""

    def __init__(self):
        self._prices = []
        self._newest = {}
        self._told_ms = 0

    def note(self, updates):
        for update in updates:
            if isinstance(update, AssetContext):
                self._newest[update.coin] = update
                if update.coin == "BTC":
                    self._prices.append((update.time_ms, update.mark, update.open_interest))

    def contexts(self, time_ms=None):
        return [one if time_ms is None else replace(one, time_ms=time_ms) for one in self._newest.values()]

    def books(self, time_ms):
        """Return a thin book around the price of BTC: a push of a percent meets half a coin."""
        mark = self._newest["BTC"].mark
        away = np.arange(1, 80) / 500
        bids, asks = (
            [(mark * factor, 0.1) for factor in factors] for factors in (np.exp(-away), np.exp(away))
        )
        return [DepthSeen(Depth.of("BTC", MEASURED.venue, time_ms, bids, asks))]

    def past(self, now_ms):
        """Return what is told at the start: the last six hours, and how things stand."""
        self._told_ms = now_ms - 6 * HOUR
        time_ms, updates = self.news(now_ms)
        return time_ms, [MarginTiersSeen("BTC", 0, TIERS), *updates]

    def news(self, now_ms):
        """Return the candles that have closed since, and how things stand a second later, and again."""
        times = np.array([at for at, _, _ in self._prices])
        marks = np.array([mark for _, mark, _ in self._prices])
        interest = np.array([coins for _, _, coins in self._prices])
        begins = np.arange(-(-self._told_ms // CANDLE) * CANDLE, now_ms // CANDLE * CANDLE, CANDLE)
        ends = np.searchsorted(times, begins + CANDLE, side="right")
        starts = np.searchsorted(times, begins, side="right")
        inside = [marks[max(start - 1, 0) : end] for start, end in zip(starts, ends, strict=True)]
        self._told_ms = int(begins[-1]) + CANDLE
        candles = Candles.of(
            CANDLE,
            begins,
            open=[one[0] for one in inside],
            high=[one.max() for one in inside],
            low=[one.min() for one in inside],
            close=[one[-1] for one in inside],
        )
        now = self._newest["BTC"]
        soon = [replace(now, time_ms=now_ms + after * SECOND) for after in (1, 9)]
        return now_ms, [
            OpenInterestSeen("BTC", begins + CANDLE, interest[ends - 1]),
            CandlesSeen("BTC", candles),
            *(part for one in soon for part in (one, Beat(one.time_ms))),
        ]


def drawn(form, rng: random.Random):
    """Return parameters of a rule that somebody could ask for, and that find something now and then."""
    values = form.defaults()
    for parameter in form.parameters:
        if parameter.standing:
            if rng.random() < 0.5:
                values[parameter.name] = _standing(parameter, rng)
        elif parameter.choices:
            values[parameter.name] = rng.choice(parameter.choices)
        elif parameter.is_coin:
            values[parameter.name] = rng.choice(["", "ETH"])
        elif rng.random() < 0.8:
            low, high = parameter.bounds.low, parameter.bounds.high
            easier = low if rng.random() < 0.4 else parameter.default * 2 ** rng.uniform(-4, 1)
            values[parameter.name] = float(np.clip(easier, low, high))
    return values


def _standing(parameter, rng):
    if parameter.unit is Unit.SECONDS:
        return float(rng.choice([0, 600, 1200, 3600, 4 * 3600]))
    return rng.choice(parameter.choices)
