"""Positions open when a simulation begins, as if it had run for weeks before.

Not here: the embedded first view (`present.py`).
"""

import math
from dataclasses import replace

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints
from liqbot.sources.simulator.accounts import Accounts, Places
from liqbot.sources.simulator.ledger import Ledger, Opening
from liqbot.sources.simulator.openings import OCCUPIED, Openings, Surroundings
from liqbot.sources.simulator.prices import HOUR_S, MEMORY_H, Prices
from liqbot.sources.simulator.scenario import Scenario, phases

PAST_H = 480
"""Nothing that is open is older than this many hours."""
MEAN_AGE_H = 360.0
"""Mean age of positions of accounts of common restlessness: one over the hazard of closing."""
TRIES = 6
"""An account whose position would have been liquidated since tries again so often, ever later."""
LATER = 0.4
"""At each try ages are this many times those before."""
MOVE_H, QUIET = 4, 0.15
"""More positions are opened where price moved most in so many hours; in stillness this share of the most."""
WITHIN_HOUR = 0.004
"""Prices may have gone this far beyond the hourly ones."""


def live_through_the_past(prices: Prices, rng: np.random.Generator) -> Floats:
    """Let `prices` live through the past, and return it: hourly marks, shape (hours, coins), USD.

    It begins and ends at the prices that `prices` had before, so that neither side is all underwater.
    """
    present = prices.marks
    story = phases(Scenario.NATURAL, rng, math.inf)
    phase, left = next(story), 0.0
    path: list[Floats] = []
    for _ in range(PAST_H):
        if left <= 0:
            phase = next(story)
            left = phase.hours
        prices.step(HOUR_S, phase)
        path.append(prices.marks)
        left -= 1
    prices.rebase(present)
    trend = np.linspace(np.log(present / path[0]), np.log(present / path[-1]), len(path))
    return np.array(path) * np.exp(trend)


class Past:
    """Fills a ledger with positions that were opened along a path of hourly marks, and survived it."""

    def __init__(self, path: Floats, rng: np.random.Generator) -> None:
        self._path, self._rng = path, rng
        self._lowest_since: Floats = np.minimum.accumulate(path[::-1])[::-1]
        self._highest_since: Floats = np.maximum.accumulate(path[::-1])[::-1]
        until = [path[max(0, hour - MEMORY_H) : hour + 1] for hour in range(len(path))]
        self._lows: Floats = np.array([marks.min(axis=0) for marks in until])
        self._highs: Floats = np.array([marks.max(axis=0) for marks in until])
        moved = np.zeros_like(path)
        moved[MOVE_H:] = np.abs(np.log(path[MOVE_H:] / path[:-MOVE_H]))
        self._busy: Floats = np.clip(QUIET + moved / (4 * moved.mean(axis=0)), 0.0, 1.0)

    def fill(self, ledger: Ledger, accounts: Accounts, openings: Openings) -> None:
        """Open positions in the empty `ledger`: of each coin as many coins long as short."""
        holds = accounts.slot_of_crowd & (self._rng.random(len(ledger.size)) < OCCUPIED)
        slot = np.flatnonzero(holds)
        side = np.where(self._rng.random(len(accounts.names)) < 0.5, 1.0, -1.0)[accounts.slot_account]
        age_h = MEAN_AGE_H / accounts.restless[accounts.slot_account]
        parts: list[Opening] = []
        for attempt in range(TRIES):
            place = accounts.slot_coin[slot]
            hour = self._hours(place, age_h[slot] * LATER**attempt)
            seen = Surroundings(self._path[hour, place], self._lows[hour, place], self._highs[hour, place])
            drafted = openings.draft(slot, side[slot], openings.usual_usd(slot), seen)
            alive = self._survives(drafted, ledger, hour, place)
            parts.append(drafted.take(alive))
            slot = slot[~alive]
        ledger.open(_balanced(Opening.joined(parts), accounts.slot_coin))
        ledger.seize(np.flatnonzero(ledger.used_up(ledger.standing(self._path[-1]))))

    def _hours(self, place: Places, mean_age_h: Floats) -> Ints:
        """Return when positions were opened, as hours of the path: rather after moves than in quiet times."""
        hour = np.zeros(len(place), dtype=np.int64)
        undecided = np.ones(len(place), dtype=np.bool_)
        for _ in range(5):
            age = self._rng.exponential(mean_age_h) % (len(self._path) - 2)
            hour = np.where(undecided, len(self._path) - 1 - age.astype(np.int64), hour)
            undecided &= self._rng.random(len(place)) > self._busy[hour, place]
        return hour

    def _survives(self, drafted: Opening, ledger: Ledger, hour: Ints, place: Places) -> Bools:
        """Return which positions were not liquidated between their hour and the present."""
        low = self._lowest_since[hour, place] * (1 - WITHIN_HOUR)
        high = self._highest_since[hour, place] * (1 + WITHIN_HOUR)
        notional = np.abs(drafted.size) * drafted.price
        spare = drafted.margin - ledger.maintenance_of(drafted.slot, notional)
        level = ledger.levels_of(drafted.slot, drafted.size, drafted.price, spare)
        return ~np.where(drafted.size > 0, level >= low, level <= high)


def _balanced(opening: Opening, slot_coin: Places) -> Opening:
    """Return the same positions, scaled so that each coin's long and short sizes are equal."""
    group = slot_coin[opening.slot] * 2 + (opening.size > 0)
    groups = 2 * (int(slot_coin.max()) + 1)
    held = np.bincount(group, np.abs(opening.size), groups)
    mean = np.repeat(held.reshape(-1, 2).mean(axis=1), 2)
    factor = (mean / np.maximum(held, np.finfo(np.float64).tiny))[group]
    return replace(opening, size=opening.size * factor, margin=opening.margin * factor)
