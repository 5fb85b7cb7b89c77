"""Steps of the modelled map: closed candles with open interest, and the bins (boxes) where each opens levels.

Not here: what each step closes, opens and sweeps in all (`model_flow.py`), what is left of levels after
(`model_sweeps.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liqbot.engine.assumptions import Rungs
from liqbot.market.maps import BIN_WIDTH
from liqbot.market.positions import Bools, Floats, Ints

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps of the model, one candle each, in columns of shape (n,), in the order of time."""

    end_ms: Ints
    """When the candle closed; rising."""
    low: Floats
    high: Floats
    close: Floats
    """USD."""
    interest: Floats
    """Open interest at its end: coins, one-sided, above 0."""
    traded: Bools
    """False where it is known that nothing was traded: then nothing was opened or closed either."""

    def __len__(self) -> int:
        return len(self.end_ms)

    @staticmethod
    def empty() -> "Steps":
        """Return no steps."""
        none = np.zeros(0)
        return Steps(np.zeros(0, np.int64), none, none, none, none, np.zeros(0, np.bool_))

    def take(self, rows: slice | NDArray[Any]) -> "Steps":
        """Return the rows that `rows` (a slice, numbers or a mask) picks."""
        return Steps(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence["Steps"]) -> "Steps":
        """Return the rows of all `parts`, one after the other."""
        return Steps(
            *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Steps))
        )


def least_opened(steps: Steps, turnover_per_hour: float, before_ms: int, before: float) -> Floats:
    """Return how many coins are opened at least in each step, on either side, shape (n,).

    That is what open interest grows by, and the share of it that is closed and opened anew: a constant hazard
    over the time since the step before, whose end `before_ms` and open interest `before` are given.
    """
    earlier = np.concatenate(([before], steps.interest[:-1]))
    hours = np.diff(steps.end_ms, prepend=before_ms) / HOUR_MS
    turnover = np.where(steps.traded, -np.expm1(-turnover_per_hour * hours), 0.0)
    # Of the smaller of the two, so that what is closed never exceeds what was open.
    return np.maximum(steps.interest - earlier, 0.0) + turnover * np.minimum(steps.interest, earlier)


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Where the steps open the positions of one side: of each tier a run of bins, evenly filled.

    What would lie on the wrong side of the step's own low (longs) or high (shorts) is cut off: nobody knows
    whether it was opened after price had been there. It has no level, and stays in the residual.
    """

    first: Ints
    """Shape (steps, tiers): number of the lowest bin, counted from 1 USD."""
    stop: Ints
    """Shape (steps, tiers): number of the bin above the highest; `first` where nothing is left."""
    share: Floats
    """Shape (steps, tiers): what each of these bins gets of the coins opened, 0 to 1."""
    reach: Ints
    """Shape (steps,): bins that the candle traded through: for longs this one and those above, for shorts
    this one and those below."""

    def until(self, steps: int) -> "Boxes":
        """Return those of the first `steps`."""
        return Boxes(self.first[:steps], self.stop[:steps], self.share[:steps], self.reach[:steps])

    def opposite(self) -> "Boxes":
        """Return the same as seen in a mirror: bin `b` becomes bin `-b - 1`, shorts become longs."""
        return Boxes(-self.stop, -self.first, self.share, -self.reach - 1)


def boxes(steps: Steps, rungs: Rungs, row: int) -> Boxes:
    """Return where each step opens positions of the side `row` (see `Side.row`)."""
    first, stop = runs(steps.low, steps.high, rungs, row)
    share = rungs.shares / (stop - first)
    reach = np.floor(np.log(steps.high if row else steps.low) / BIN_WIDTH).astype(np.int64)
    if row:
        bound = reach[:, np.newaxis] + 1
        return Boxes(np.maximum(first, bound), np.maximum(stop, bound), share, reach)
    bound = reach[:, np.newaxis]
    return Boxes(np.minimum(first, bound), np.minimum(stop, bound), share, reach)


def runs(low: Floats, high: Floats, rungs: Rungs, row: int) -> tuple[Ints, Ints]:
    """Return the bins in which positions liquidate that are opened between `low` and `high` (n,), USD.

    By tier the first bin and the one above the last, both of shape (n, tiers); at least one bin each.
    """
    low, high = np.log(low) / BIN_WIDTH, np.log(high) / BIN_WIDTH
    offset, half = rungs.offsets[row], rungs.widths[row] / 2
    bottom: Floats = low[:, np.newaxis] + (offset - half)
    top: Floats = high[:, np.newaxis] + (offset + half)
    first, stop = np.floor(bottom + 0.5).astype(np.int64), np.floor(top + 0.5).astype(np.int64)
    narrow = first == stop  # less than a bin: then it is the one that holds the middle
    first = np.where(narrow, np.floor((bottom + top) / 2).astype(np.int64), first)
    return first, np.where(narrow, first + 1, stop)
