"""The modelled map against the truth, kept up daily: by positions where they are known, else by liquidations.

Where a layer shows positions, the model gets what it would get of an exchange, price and open interest, and
is compared with the positions that are really there. A modelled layer of an exchange that tells liquidations
one by one is scored by them: the maps that people saw, and what was liquidated after each.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from liqbot.engine.assumptions import assumed_of
from liqbot.engine.trial import MODEL, Interval, Witness, find, find_by_liquidations, outcome
from liqbot.engine.trial.findings import Truth
from liqbot.engine.trial.running import FEWEST
from liqbot.market.events import LiquidationSeen
from liqbot.market.layer import Basis
from liqbot.market.view import MarketView
from liqbot.service.markets import Markets
from liqbot.store.scores import ModelScore, Range
from liqbot.store.store import Store

DAY_MS = 86_400_000
WARM_UP_MS = DAY_MS
"""The model needs a past."""


class ModelScores:
    """Tries the model on what is stored, and tells what was found last."""

    def __init__(self, store: Store, markets: Markets, clock: Callable[[], int]) -> None:
        self._store = store
        self._markets = markets
        self._clock = clock

    async def newest(self) -> list[ModelScore]:
        """Return the newest score of each coin and layer."""
        return await self._store.scores.newest()

    async def try_all(self) -> int:
        """Try the model on each layer of each coin; return how many scores were written down."""
        written = 0
        for view in self._markets.layers.all():
            score = await self.tried(view)
            if score is not None:
                await self._store.scores.record(view.layer, score)
                written += 1
        return written

    async def tried(self, view: MarketView) -> ModelScore | None:
        """Return how the model fares on the stored views of a layer up to `view`; None where they are few.

        None also where a modelled layer's exchange tells no liquidations.
        """
        is_modelled = view.layer.basis is Basis.MODELLED
        logged = await self._store.events.between(
            view.layer, view.coin, 0, view.time_ms, kinds=[LiquidationSeen.kind]
        )
        events = [event for _, event in logged if isinstance(event, LiquidationSeen)]
        if is_modelled and not events:
            return None
        witness = Witness(warm_up_ms=0 if is_modelled else WARM_UP_MS)
        async for one in self._store.history.views(view.layer, view.coin, 0):
            witness.see(one)
        return await asyncio.to_thread(_by_liquidations if is_modelled else _score, view, witness, events)


def _by_liquidations(
    view: MarketView, witness: Witness, events: Sequence[LiquidationSeen]
) -> ModelScore | None:
    """Return how a modelled layer's own maps fared; None where nothing was liquidated where price went."""
    shown = witness.truth()
    if len(shown.at) < FEWEST:
        return None
    result = outcome([find_by_liquidations(witness.steps(), _with(shown, events))])
    line = next((one for one in result.lines if one.name == MODEL), None)
    if line is None:
        return None
    return ModelScore(
        coin=view.coin,
        label=view.layer.label,
        time_ms=view.time_ms,
        maps=0,
        days=result.days,
        rank=None,
        size=None,
        bits=_range(line.gain),
        ranked=_range(line.ranked),
        forecasts=result.forecasts,
    )


def _score(view: MarketView, witness: Witness, events: Sequence[LiquidationSeen]) -> ModelScore | None:
    truth = witness.truth()
    if len(truth.at) < FEWEST:
        return None
    try:
        found = find(witness.steps(), _with(truth, events), tiers=None, assumptions=assumed_of(view.coin))
    except ValueError:  # nothing that could be compared: no level near spot
        return None
    result = outcome([found])
    line = next(one for one in result.lines if one.name == MODEL)
    return ModelScore(
        coin=view.coin,
        label=view.layer.label,
        time_ms=view.time_ms,
        maps=result.maps,
        days=result.days,
        rank=_range(line.correlation),
        size=_range(line.size),
        bits=_range(line.gain),
        ranked=_range(line.ranked),
        forecasts=result.forecasts,
    )


def _with(truth: Truth, events: Sequence[LiquidationSeen]) -> Truth:
    """Return what really was, with the liquidations that were told one by one."""
    return replace(
        truth,
        event_ms=np.array([event.time_ms for event in events], dtype=np.int64),
        event_row=np.array([event.side.row for event in events], dtype=np.int64),
        event_price=np.array([event.price for event in events], dtype=np.float64),
        event_usd=np.array([event.usd for event in events], dtype=np.float64),
    )


def _range(found: Interval | None) -> Range | None:
    if found is None or not all(map(math.isfinite, (found.value, found.low, found.high))):
        return None
    return found.value, found.low, found.high
