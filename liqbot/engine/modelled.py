"""The model: the modelled map of one coin on one venue at any step, from candles and open interest.

The method is the field's (CoinGlass, Hyblock): positions are opened where price trades, liquidate where
their leverage says, and are gone once price has been there. Here all of it adds up: on each side what has a
level and what has none is open interest, at every step. It sees where positions open; that they close is
inferred. Dense cells are upper bounds, not forecasts.

Not here: a view of it (`modelled_snapshot.py`), taking updates (`modelled_board.py`), one live step
(`model_state.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from liqbot.engine.assumptions import Assumptions, Rungs
from liqbot.engine.model_flow import Flow, conserve
from liqbot.engine.model_state import State, opened_before, stepped
from liqbot.engine.model_steps import Boxes, Steps, boxes, least_opened
from liqbot.engine.model_sweeps import surviving
from liqbot.market.maps import Bins
from liqbot.market.positions import Bools, Floats, Ints

FEW = 32
"""So many steps are taken one after the other; more of them at once."""
SPAN = 24
"""Of a stretch of the past without a column of its own, so many steps are summed at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the modelled positions are asked for."""

    leverages: tuple[float, ...] | None = None
    """Only these leverage tiers; None for all."""
    opened_since_ms: int | None = None
    """Only positions opened in steps that ended later than this; None for all."""


ALL = Choice()


@dataclass(frozen=True, eq=False)
class Model:
    """The modelled positions of one coin on one venue: now, and at every step since `base`. Immutable."""

    rungs: Rungs
    assumptions: Assumptions
    base: State
    """What there was before the first of `steps`."""
    steps: Steps
    flows: tuple[Flow, Flow]
    """What the steps did to the longs and to the shorts."""
    state: State
    """What there is after the last of `steps`."""

    @staticmethod
    def begin(
        time_ms: int, interest: float, rungs: Rungs, assumptions: Assumptions, price: float | None = None
    ) -> "Model":
        """Return a model at `time_ms`: `interest` coins (one-sided, above 0) are open.

        Nobody saw where they were opened. With `price` (USD) they are spread evenly, in ln(price), over what
        lies within `assumptions.past_range` of it; without it none has a level, and a map would take weeks
        to get its size.
        """
        state = State.beginning(time_ms, interest, len(rungs))
        if price is not None:
            state = opened_before(state, price, rungs, assumptions.past_range)
        return Model.of(state, rungs, assumptions)

    @staticmethod
    def of(base: State, rungs: Rungs, assumptions: Assumptions) -> "Model":
        """Return a model that goes on from `base`."""
        none = np.zeros(0)
        flow = Flow(none, none, none)
        return Model(rungs, assumptions, base, Steps.empty(), (flow, flow), base)

    def onto(self, rungs: Rungs) -> "Model":
        """Return a model that goes on from here with other `rungs`; its past is summed up in its base.

        What is open keeps its levels; coins of a tier that there is no more count as residual.
        """
        state = self.state
        coins = np.zeros((2, len(rungs), state.coins.shape[2]))
        for tier, leverage in enumerate(rungs.leverages.tolist()):
            coins[:, tier] = state.coins[:, self.rungs.among([leverage])].sum(axis=1)
        residual = state.residual + state.coins.sum(axis=(1, 2)) - coins.sum(axis=(1, 2))
        return Model.of(replace(state, coins=coins, residual=residual), rungs, self.assumptions)

    def then(self, steps: Steps) -> "Model":
        """Return the model after `steps`, which are later than those known. Raises `ValueError` if not."""
        if not len(steps):
            return self
        if steps.end_ms[0] <= self.state.time_ms or np.any(np.diff(steps.end_ms) <= 0):
            raise ValueError(f"steps must be later than {self.state.time_ms} and rise")
        return self._one_by_one(steps) if len(steps) <= FEW else self._at_once(steps)

    def since(self, time_ms: int) -> "Model":
        """Return the same model with only the steps that ended later than `time_ms`."""
        gone = int(np.searchsorted(self.steps.end_ms, time_ms, side="right"))
        if not gone:
            return self
        flows = [_cut(flow, gone) for flow in self.flows]
        return replace(
            self, base=self.state_at(gone - 1), steps=self.steps.take(slice(gone, None)), flows=tuple(flows)
        )

    def state_at(self, step: int) -> State:
        """Return the state after the step at place `step`; -1 for the base."""
        if step < 0:
            return self.base
        both = [side.natural(row) for row, side in enumerate(self._sides)]
        first, stop = min(own.first for own in both), max(own.first + own.count for own in both)
        bins, at = Bins(first, stop - first), np.array([step])
        coins = np.zeros((2, len(self.rungs), bins.count))
        for tier, leverage in enumerate(self.rungs.leverages.tolist()):
            coins[:, tier] = self.coins_at(at, bins, Choice((leverage,)))[:, 0]
        interest = float(self.steps.interest[step])
        residual = interest - coins.sum(axis=(1, 2))
        return State(int(self.steps.end_ms[step]), interest, first, coins, residual)

    def coins_at(self, at: Ints, bins: Bins, choice: Choice = ALL) -> Floats:
        """Return the coins by side and bin after each of the steps at the places `at`.

        `at` has shape (n,) and never falls; -1 stands for the base. The result has the shape (2 sides, n,
        bins); what lies outside `bins` is left out.
        """
        tiers = self.rungs.among(choice.leverages)
        since_ms = choice.opened_since_ms
        coins = np.zeros((2, len(at), bins.count))
        for row, (side, flow) in enumerate(zip(self._sides, self.flows, strict=True)):
            units, held = flow.units, side.held[tiers].sum(axis=0)
            if since_ms is not None:
                units = np.where(self.steps.end_ms > since_ms, units, 0.0)
                held = np.zeros_like(held)  # nobody knows since when it had been open
            left = side.surviving(at, units, tiers, held)
            left *= np.append(flow.scale, 1.0)[at][:, np.newaxis]
            side.paste(left, row, bins, coins[row])
        return coins

    @cached_property
    def _sides(self) -> tuple["_Side", "_Side"]:
        return _Side.of(self.steps, self.rungs, self.base, 0), _Side.of(self.steps, self.rungs, self.base, 1)

    def _one_by_one(self, steps: Steps) -> "Model":
        state, parts = self.state, [[self.flows[row]] for row in range(2)]
        scale = [float(flow.scale[-1]) if len(flow.scale) else 1.0 for flow in self.flows]
        for place in range(len(steps)):
            state, turn = stepped(
                state, steps.take(slice(place, place + 1)), self.rungs, self.assumptions.turnover_per_hour
            )
            for row in range(2):
                scale[row] *= float(turn.stays[row])
                one = slice(row, row + 1)
                parts[row].append(Flow(np.array([scale[row]]), turn.opened[one], turn.swept[one]))
        flows = (_joined(parts[0]), _joined(parts[1]))
        return replace(self, steps=Steps.joined([self.steps, steps]), flows=flows, state=state)

    def flowing(self, steps: Steps) -> "Model":
        """Return a model of `steps` alone, with what is here now as its base, for looking at their past.

        Its `state` is still that of the base.
        """
        now = self.state
        least = least_opened(steps, self.assumptions.turnover_per_hour, now.time_ms, now.interest)
        sides = [_Side.of(steps, self.rungs, now, row) for row in range(2)]
        longs, shorts = (side.flow(steps.interest, least, now.interest) for side in sides)
        return Model(self.rungs, self.assumptions, now, steps, (longs, shorts), now)

    def _at_once(self, steps: Steps) -> "Model":
        """Return the model after many steps: their flow first, then what it leaves."""
        lately = self.flowing(steps)
        after = lately.state_at(len(steps) - 1)
        after.require_conservation()
        longs, shorts = (
            _joined([old, _scaled(new, old)]) for old, new in zip(self.flows, lately.flows, strict=True)
        )
        return replace(self, steps=Steps.joined([self.steps, steps]), flows=(longs, shorts), state=after)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One side of a model, as if it were the longs: shorts are seen in the mirror, bin `b` as `-b - 1`."""

    boxes: Boxes
    first: int
    """The lowest bin that anything was ever in."""
    held: Floats
    """Shape (tiers, bins): the coins of the base, in all bins that anything was ever in."""

    @staticmethod
    def of(steps: Steps, rungs: Rungs, base: State, row: int) -> "_Side":
        box = boxes(steps, rungs, row)
        coins, first = base.coins[row], base.first
        if row:
            box, coins, first = box.opposite(), coins[:, ::-1], -base.stop
        occupied = np.flatnonzero(coins.any(axis=0))
        low, high = [*_least(box.first), *_least(box.reach)], [*_least(-box.reach)]
        if len(occupied):
            coins = coins[:, occupied[0] : occupied[-1] + 1]
            first += int(occupied[0])
            low, high = [*low, first], [*high, -first - coins.shape[1]]
        begin, stop = min(low, default=0), -min(high, default=0)
        held = np.zeros((len(rungs), max(stop - begin, 0)))
        if len(occupied):
            held[:, first - begin : first - begin + coins.shape[1]] = coins
        return _Side(box, begin, held)

    def natural(self, row: int) -> Bins:
        """Return the bins of the side at `row`, out of the mirror."""
        count = self.held.shape[1]
        return Bins(-self.first - count if row else self.first, count)

    def flow(self, interest: Floats, least: Floats, before: float) -> Flow:
        """Return what the steps did, see `conserve`."""
        held = self.held.sum(axis=0)
        return conserve(self.boxes, interest, least, before=before, held=held, first=self.first)

    def surviving(self, at: Ints, units: Floats, tiers: Bools, held: Floats) -> Floats:
        """Return what is left of `units` and of `held`, shape (n, bins), after each of `at`."""
        last = int(at[-1]) + 1 if len(at) else 0
        if not last:
            return np.tile(held, (len(at), 1))
        box = self.boxes
        if not tiers.all():
            box = Boxes(box.first[:, tiers], box.stop[:, tiers], box.share[:, tiers], box.reach)
        column = _fine_columns(at, last)
        left = surviving(box.until(last), units[:last], column, held=held, first=self.first)
        return np.vstack([left, held])[np.append(column, -1)[at]]

    def paste(self, left: Floats, row: int, bins: Bins, onto: Floats) -> None:
        """Write `left`, shape (n, bins of this side), to where it belongs in `onto`, shape (n, `bins`)."""
        own = self.natural(row)
        if row:
            left = left[:, ::-1]
        low, high = max(own.first, bins.first), min(own.first + own.count, bins.first + bins.count)
        if low < high:
            onto[:, low - bins.first : high - bins.first] = left[:, low - own.first : high - own.first]


def _least(column: Ints) -> tuple[int, ...]:
    return (int(column.min()),) if column.size else ()


def _fine_columns(at: Ints, steps: int) -> Ints:
    """Return a column for each of so many steps, such that one ends with each of `at`, and none is long."""
    place = np.arange(steps)
    wanted = np.searchsorted(at, place)
    begins = np.diff(wanted, prepend=-1) != 0
    start = np.maximum.accumulate(np.where(begins, place, 0))
    return np.cumsum(begins | ((place - start) % SPAN == 0)) - 1


def _joined(flows: Sequence[Flow]) -> Flow:
    return Flow(
        *(np.concatenate([getattr(flow, name) for flow in flows]) for name in ("scale", "opened", "swept"))
    )


def _scaled(new: Flow, old: Flow) -> Flow:
    """Return `new` as it follows on `old`."""
    return replace(new, scale=new.scale * old.scale[-1]) if len(old.scale) else new


def _cut(flow: Flow, gone: int) -> Flow:
    """Return `flow` without its first `gone` steps, its scale beginning at 1 after them."""
    return Flow(flow.scale[gone:] / flow.scale[gone - 1], flow.opened[gone:], flow.swept[gone:])
