"""A month of the modelled layer, against its plain loop and against touching the same memory once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.measure import Row, medians_ms
from liqbot.engine.assumptions import Assumptions, rungs_of
from liqbot.engine.model_state import stepped
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.market.maps import Bins
from liqbot.market.margin import MarginTiers

CANDLES, COLUMNS, BINS = 8_640, 500, 1_000
FIVE_MINUTES = 300_000
FREE_MS, CONSERVED_MS = 25, 50
"""What the grid may take without and with conservation."""


def rows() -> Iterator[Row]:
    """Yield what the grid of a month costs, both sides and five leverage tiers."""
    steps, assumed = _month(), Assumptions()
    rungs = rungs_of(assumed, MarginTiers.flat(150, 0.004))
    begin = Model.begin(int(steps.end_ms[0]) - FIVE_MINUTES, float(steps.interest[0]), rungs, assumed)
    known = begin.then(steps)
    at = np.linspace(0, CANDLES - 1, COLUMNS).astype(np.int64)
    bins = Bins(int(np.log(steps.high.max() * 1.25) / 0.001) - BINS, BINS)

    def free() -> object:
        """What was opened is given, as where nothing is conserved; levels and sweeps are computed anew."""
        return replace(known).coins_at(at, bins)

    def conserved() -> object:
        return begin.flowing(steps).coins_at(at, bins)

    grid = known.coins_at(at, bins)

    def plain() -> object:
        state = begin.state
        for place in range(CANDLES):
            one = steps.take(slice(place, place + 1))
            state, _ = stepped(state, one, rungs, assumed.turnover_per_hour)
        return state

    touch_ms, free_ms, conserved_ms = medians_ms(grid.sum, free, conserved, rounds=15)
    (plain_ms,) = medians_ms(plain, rounds=1)
    what = f"modelled grid, {CANDLES:,} candles × 5 tiers × 2 sides on {BINS:,} bins and {COLUMNS} columns"
    yield Row(what, f"{free_ms:.0f} ms", _against(free_ms, plain_ms, touch_ms, FREE_MS), free_ms <= FREE_MS)
    yield Row(
        "… with conservation on both sides at every candle",
        f"{conserved_ms:.0f} ms",
        _against(conserved_ms, plain_ms, touch_ms, CONSERVED_MS),
        conserved_ms <= CONSERVED_MS,
    )


def _against(taken_ms: float, plain_ms: float, touch_ms: float, most_ms: float) -> str:
    plain = f"{plain_ms / taken_ms:.0f}× as fast as the plain loop ({plain_ms:.0f} ms)"
    touch = f"{taken_ms / touch_ms:.0f}× touching the same memory once ({touch_ms:.2f} ms)"
    return f"{plain}; {touch}; at most {most_ms} ms"


def _month() -> Steps:
    """Return a month of candles that move as BTC does, with the open interest at their ends."""
    rng = np.random.default_rng(1)
    close = np.log(60_000) + np.cumsum(rng.standard_t(5, CANDLES) * 0.0009)
    before = np.concatenate(([np.log(60_000)], close[:-1]))
    wick = np.abs(rng.normal(0, 0.0004, (2, CANDLES)))
    return Steps(
        end_ms=1_770_000_000_000 + FIVE_MINUTES * np.arange(CANDLES),
        low=np.exp(np.minimum(before, close) - wick[0]),
        high=np.exp(np.maximum(before, close) + wick[1]),
        close=np.exp(close),
        interest=1e5 * np.exp(np.cumsum(rng.normal(0, 0.001, CANDLES))),
        traded=np.ones(CANDLES, dtype=np.bool_),
    )
