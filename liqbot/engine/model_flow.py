"""Conservation in the modelled map: coins opened, closed and swept by step, so that all is open interest.

The sizes of levels change over time, but all those of a side by the same factor: what is closed is closed
everywhere alike. So levels are kept in units of a running scale, in which they never change until they are
swept; what is swept shows how much has to be opened. That is a recurrence of a few numbers a step.

Not here: candles and the bins in which they open (`model_steps.py`), which levels are left by bin
(`model_sweeps.py`).
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from liqbot.engine.model_steps import Boxes
from liqbot.market.positions import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What happened to one side, in columns of shape (steps,)."""

    scale: Floats
    """What is left, after each step, of a level that was opened at scale 1 and never swept."""
    opened: Floats
    """Coins opened in each step, with and without a level."""
    swept: Floats
    """Coins that price went through in each step."""

    @property
    def units(self) -> Floats:
        """Coins opened, in units of the running scale."""
        return self.opened / self.scale


def close_and_open(interest: float, before: float, swept: float, least: float) -> tuple[float, float]:
    """Return which share of what is left stays open, and how many coins are opened.

    Open interest was `before` and is `interest` now; `swept` coins of it were liquidated, and at least
    `least` are opened. Whatever closed besides closed everywhere alike; if more is open than could be left
    over, then more was opened.
    """
    left = before - swept
    stays = min(1.0, (interest - least) / left) if left > 0 else 1.0
    return stays, interest - stays * left


def conserve(
    boxes: Boxes, interest: Floats, least: Floats, *, before: float, held: Floats, first: int
) -> Flow:
    """Return the flow of the longs; for shorts give everything in the mirror.

    `interest` and `least` (see `least_opened`) have shape (steps,); `before` is the open interest at the
    beginning, of which `held` are the coins by bin, shape (bins,), from bin `first` up. These bins must hold
    whatever is opened, and begin no higher than price ever reached.

    Sweeps empty the side from its top, so `slope[b]` is kept, the coins of bin b less those of the bin above:
    a run of equal bins costs two additions, however long, and the coins of a bin are a sum from the top.
    """
    slope: list[float] = [*(held - np.append(held[1:], 0.0)).tolist(), 0.0]
    top, scale = len(held) - 1, 1.0
    scales, opened, swept = list[float](), list[float](), list[float]()
    # One flat run of numbers for all tiers: a list for each step would keep the garbage collector busy.
    runs = zip(
        (boxes.stop - 1 - first).reshape(-1).tolist(),
        (boxes.first - 1 - first).reshape(-1).tolist(),
        boxes.share.reshape(-1).tolist(),
        strict=True,
    )
    tiers = boxes.share.shape[1]
    steps = zip((boxes.reach - first).tolist(), interest.tolist(), least.tolist(), strict=True)
    for reach, now, least_now in steps:
        gone = 0.0
        if reach <= top:
            coins = 0.0
            for place in range(top, reach - 1, -1):
                coins += slope[place]
                slope[place] = 0.0
                gone += coins
            slope[reach - 1] += coins
            gone *= scale
        top = reach - 1
        # `close_and_open`, written out: a call would cost a tenth of all.
        left = before - gone
        stays = min(1.0, (now - least_now) / left) if left > 0 else 1.0
        fresh = now - stays * left
        scale *= stays
        units = fresh / scale
        for highest, below, share in islice(runs, tiers):
            each = units * share
            slope[highest] += each
            slope[below] -= each
        before = now
        scales.append(scale)
        opened.append(fresh)
        swept.append(gone)
    return Flow(np.array(scales), np.array(opened), np.array(swept))
