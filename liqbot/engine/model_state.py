"""The state of the modelled map at one instant (coins by side, tier and bin), and one step on from it.

One step is small, so this is how the model is kept up live; what a month of steps comes to is computed at
once by `conserving` and `sweeping`, to the same numbers.

Not here: many steps at once (`modelled.py`), the same as bytes over a restart (`model_record.py`).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from liqbot.engine.assumptions import Rungs
from liqbot.engine.model_flow import close_and_open
from liqbot.engine.model_steps import Boxes, Steps, boxes, least_opened, runs
from liqbot.market.maps import BIN_WIDTH, absolute_bin
from liqbot.market.positions import Floats

CONSERVED = 1e-9
"""What each side adds up to may differ from open interest by this share of it, by rounding."""
_ROOM = 64
"""So many bins more than needed are made when the columns grow."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What the model has at one instant: of each side `coins` and `residual` add up to open interest."""

    time_ms: int
    interest: float
    """Coins, one-sided."""
    first: int
    """Number of the first bin of `coins`, counted from 1 USD."""
    coins: Floats
    """Shape (2 sides, tiers, bins): coins that liquidate, by bin."""
    residual: Floats
    """Shape (2 sides,): coins without a level: cross, hedged, or opened before the model began."""

    @staticmethod
    def beginning(time_ms: int, interest: float, tiers: int) -> "State":
        """Return a state in which all is open, and nobody knows where it would liquidate."""
        return State(time_ms, interest, 0, np.zeros((2, tiers, 0)), np.array([interest, interest]))

    @property
    def stop(self) -> int:
        """Number of the bin above the last of `coins`."""
        return self.first + self.coins.shape[2]

    def between(self, first: int, stop: int) -> Floats:
        """Return the coins of the bins from `first` to below `stop`, shape (2, tiers, stop - first)."""
        cut = np.zeros((*self.coins.shape[:2], stop - first))
        low, high = max(first, self.first), min(stop, self.stop)
        if low < high:
            cut[:, :, low - first : high - first] = self.coins[:, :, low - self.first : high - self.first]
        return cut

    def require_conservation(self) -> None:
        """Raise `ArithmeticError` where a side does not add up to open interest."""
        for held, rest in zip(self.coins.sum(axis=(1, 2)), self.residual, strict=True):
            if not math.isclose(held + rest, self.interest, rel_tol=CONSERVED):
                raise ArithmeticError(f"{held + rest} coins are modelled, not {self.interest}")


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What one step did. Arrays of shape (2 sides,)."""

    stays: Floats
    """Share of what was not swept that stayed open."""
    opened: Floats
    """Coins, with and without a level."""
    swept: Floats
    """Coins that price went through."""


def stepped(state: State, step: Steps, rungs: Rungs, turnover_per_hour: float) -> tuple[State, Turn]:
    """Return the state after one step (a single row), and what it did.

    Sweep, close, open: bins that the candle traded through are emptied, what is left is scaled so that all
    adds up once more is opened, and that is put where it would liquidate.
    """
    interest = float(step.interest[0])
    least = float(least_opened(step, turnover_per_hour, state.time_ms, state.interest)[0])
    places = [boxes(step, rungs, row) for row in range(2)]
    state = _with_room(state, places)
    coins, residual = state.coins.copy(), state.residual.copy()
    turn = Turn(np.zeros(2), np.zeros(2), np.zeros(2))
    for row, box in enumerate(places):
        reach = int(box.reach[0]) - state.first
        passed = coins[row, :, : max(reach + 1, 0)] if row else coins[row, :, max(reach, 0) :]
        swept = float(passed.sum())
        passed[:] = 0.0
        stays, opened = close_and_open(interest, state.interest, swept, least)
        coins[row] *= stays
        placed = 0.0
        for tier in range(len(rungs)):
            first, stop = int(box.first[0, tier]) - state.first, int(box.stop[0, tier]) - state.first
            coins[row, tier, first:stop] += opened * box.share[0, tier]
            placed += opened * float(box.share[0, tier]) * (stop - first)
        residual[row] = residual[row] * stays + opened - placed
        turn.stays[row], turn.opened[row], turn.swept[row] = stays, opened, swept
    after = replace(state, time_ms=int(step.end_ms[0]), interest=interest, coins=coins, residual=residual)
    after.require_conservation()
    return after, turn


def opened_before(state: State, price: float, rungs: Rungs, past_range: float) -> State:
    """Return `state`, in which nothing has a level yet, with what was opened within `past_range` of `price`.

    That is a share of `price` (USD). Levels nearer than that thin out evenly towards `price`: the nearer one
    is, the likelier price has been there since. What is thinned out, or lies beyond `price`, has no level.
    """
    low, high = np.array([price * (1 - past_range)]), np.array([price * (1 + past_range)])
    opened = [runs(low, high, rungs, row) for row in range(2)]
    first, stop = (f([f(ends[at]) for ends in opened]) for at, f in ((0, np.min), (1, np.max)))
    room = replace(state, first=int(first), coins=np.zeros((2, len(rungs), int(stop - first))))
    away = np.abs(np.arange(room.first, room.stop) - absolute_bin(price)) * BIN_WIDTH
    thinned = np.minimum(away / past_range, 1.0)
    for row, (begins, ends) in enumerate(opened):
        for tier, (begin, end) in enumerate(zip(begins[0], ends[0], strict=True)):
            run = slice(int(begin) - room.first, int(end) - room.first)
            room.coins[row, tier, run] = state.interest * rungs.shares[tier] / (end - begin) * thinned[run]
    here = absolute_bin(price) - room.first
    room.coins[0, :, max(here, 0) :] = 0.0
    room.coins[1, :, : max(here + 1, 0)] = 0.0
    return replace(room, residual=state.interest - room.coins.sum(axis=(1, 2)))


def _with_room(state: State, places: list[Boxes]) -> State:
    """Return the same state with bins for all that is opened in `places`."""
    low = min(int(box.first.min()) for box in places if box.first.size) if places[0].first.size else 0
    high = max(int(box.stop.max()) for box in places if box.stop.size) if places[0].stop.size else 0
    if state.coins.shape[2] and low >= state.first and high <= state.stop:
        return state
    if state.coins.shape[2]:
        low, high = min(low, state.first + _ROOM), max(high, state.stop - _ROOM)
    first, stop = low - _ROOM, high + _ROOM
    return replace(state, first=first, coins=state.between(first, stop))
