"""Liquidations that a venue reports, kept beside what the model had at their price."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liqbot.engine.modelled import Model
from liqbot.engine.stepping import State
from liqbot.market.elsewhere import Swept
from liqbot.market.maps import absolute_bin
from liqbot.market.side import BySide, Side
from liqbot.market.updates import Liquidation

DAY_MS = 24 * 3_600_000
NEAR = 5
"""So many bins (0.1% each) from its price a liquidation still counts as foreseen: some venues report the
bankruptcy price, about 0.4% beyond the mark."""


class Realised(NamedTuple):
    """One reported liquidation."""

    time_ms: int
    side: Side
    usd: float
    foreseen: bool
    """Whether the model had anything of its side near its price."""
    sampled: bool


@dataclass(slots=True)
class Realisations:
    """The liquidations of one coin in the last day, the oldest first."""

    events: deque[Realised] = field(default_factory=deque[Realised])

    def take(self, event: Liquidation, state: State | None) -> None:
        """Take up `event`; `state` is what the model has just before it, None without a model."""
        foreseen = state is not None and _has_any(state, event)
        usd = event.price * event.size
        self.events.append(Realised(event.time_ms, event.side, usd, foreseen, event.sampled))

    def beside(self, model: Model, now_ms: int) -> Swept:
        """Return the last day until `now_ms`: what the model swept, and what was liquidated."""
        since_ms = now_ms - DAY_MS
        while self.events and self.events[0].time_ms <= since_ms:
            self.events.popleft()
        lately = model.steps.end_ms > since_ms
        close = model.steps.close[lately]
        longs, shorts = (float((flow.swept[lately] * close).sum()) for flow in model.flows)
        return Swept(
            since_ms=max(since_ms, model.base.time_ms),
            modelled=BySide(longs, shorts),
            realised=self._sums(foreseen_only=False),
            foreseen=self._sums(foreseen_only=True),
            sampled=any(event.sampled for event in self.events),
        )

    def _sums(self, *, foreseen_only: bool) -> BySide[float]:
        usd = dict.fromkeys(Side, 0.0)
        for event in self.events:
            if event.foreseen or not foreseen_only:
                usd[event.side] += event.usd
        return BySide(usd[Side.LONG], usd[Side.SHORT])


def _has_any(state: State, event: Liquidation) -> bool:
    place = absolute_bin(event.price)
    near = state.between(place - NEAR, place + NEAR + 1)[event.side.row]
    return bool(np.any(near > 0))
