"""Reported liquidations of the last month, kept beside what the model had at their price.

Not here: the share that follows of them (`realised_share.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from liqbot.engine.modelled import Model
from liqbot.engine.realised_share import PRIOR, realised_share
from liqbot.market.elsewhere import Swept
from liqbot.market.maps import Bins, absolute_bin
from liqbot.market.positions import Bools
from liqbot.market.realised import RealisedShare
from liqbot.market.side import BySide, Side
from liqbot.market.updates import Liquidation

DAY_MS = 24 * 3_600_000
MONTH_MS = 30 * DAY_MS
NEAR = 5
"""So many bins (0.1% each) from its price a liquidation still counts as foreseen: some venues report the
bankruptcy price, about 0.4% beyond the mark."""


class Realised(NamedTuple):
    """One reported liquidation."""

    time_ms: int
    side: Side
    price: float
    usd: float
    sampled: bool
    foreseen: bool | None = None
    """Whether the model had anything of its side near its price, just before; None: not looked up yet."""


@dataclass(slots=True)
class Realisations:
    """The liquidations of one coin: of the last day one by one, of the last month by day."""

    events: list[Realised] = field(default_factory=list[Realised])
    since_ms: int | None = None
    """When the first one was that was ever heard of: what the model swept before has nothing beside it."""
    days: dict[int, float] = field(default_factory=dict[int, float])
    """USD liquidated, by day since 1970 UTC."""
    is_sampled: bool = False
    """Whether any was one of a sample."""

    def take(self, event: Liquidation) -> None:
        """Take up one that was reported, be it late."""
        usd = event.price * event.size
        self.events.append(Realised(event.time_ms, event.side, event.price, usd, event.sampled))
        self.since_ms = min(event.time_ms, event.time_ms if self.since_ms is None else self.since_ms)
        day = event.time_ms // DAY_MS
        self.days[day] = self.days.get(day, 0.0) + usd
        self.is_sampled = self.is_sampled or event.sampled

    def share(self, model: Model, now_ms: int) -> RealisedShare:
        """Return how much of what the model swept in the last month was really liquidated."""
        since_ms = max(now_ms - MONTH_MS, model.base.time_ms, self.since_ms or 0)
        self.days = {day: usd for day, usd in self.days.items() if (day + 1) * DAY_MS > now_ms - MONTH_MS}
        if self.since_ms is None or now_ms <= since_ms:
            return PRIOR
        steps = model.steps
        lately = slice(int(np.searchsorted(steps.end_ms, since_ms, side="right")), None)
        swept = sum(float(flow.swept[lately] @ steps.close[lately]) for flow in model.flows)
        liquidated = np.array([usd for day, usd in self.days.items() if (day + 1) * DAY_MS > since_ms])
        return realised_share(
            swept, liquidated, days=(now_ms - since_ms) / DAY_MS, is_lower_bound=self.is_sampled
        )

    def beside(self, model: Model, now_ms: int) -> Swept:
        """Return the last day until `now_ms`: what the model swept, and what was liquidated."""
        since_ms = max(now_ms - DAY_MS, model.base.time_ms, self.since_ms or 0)
        self.events = [event for event in self.events if event.time_ms > now_ms - DAY_MS]
        self._look_up(model)
        lately = model.steps.end_ms > since_ms
        close = model.steps.close[lately]
        longs, shorts = (float((flow.swept[lately] * close).sum()) for flow in model.flows)
        heard = self.since_ms is not None
        return Swept(
            since_ms=since_ms,
            modelled=BySide(longs, shorts),
            realised=_sums(self.events) if heard else None,
            foreseen=_sums([event for event in self.events if event.foreseen]) if heard else None,
            sampled=any(event.sampled for event in self.events),
        )

    def _look_up(self, model: Model) -> None:
        """Find out of each new event whether it was foreseen, by what the model had at the step before."""
        new = [place for place, event in enumerate(self.events) if event.foreseen is None]
        if not new:
            return
        times = np.array([self.events[place].time_ms for place in new])
        at = np.searchsorted(model.steps.end_ms, times, side="right") - 1
        for step in np.unique(at).tolist():
            places = [place for place, own in zip(new, at.tolist(), strict=True) if own == step]
            had = _had(model, step, [self.events[place] for place in places])
            for place, foreseen in zip(places, had.tolist(), strict=True):
                self.events[place] = self.events[place]._replace(foreseen=foreseen)


def _had(model: Model, step: int, events: Sequence[Realised]) -> Bools:
    """Return of each event whether the model had anything near its price after the step at place `step`."""
    bins = [absolute_bin(event.price) for event in events]
    first, stop = min(bins) - NEAR, max(bins) + NEAR + 1
    if step == len(model.steps) - 1:
        coins = model.state.between(first, stop).sum(axis=1)
    else:
        coins = model.coins_at(np.array([step]), Bins(first, stop - first))[:, 0]
    rows = [event.side.row for event in events]
    near = [
        coins[row, place - NEAR - first : place + NEAR + 1 - first]
        for row, place in zip(rows, bins, strict=True)
    ]
    return np.array([bool(np.any(part > 0)) for part in near])


def _sums(events: Sequence[Realised]) -> BySide[float]:
    usd = dict.fromkeys(Side, 0.0)
    for event in events:
        usd[event.side] += event.usd
    return BySide(usd[Side.LONG], usd[Side.SHORT])
