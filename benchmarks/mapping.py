"""The map of a million positions, against the least that any map must do: read price and notional once."""

from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, medians_ms
from liqbot.engine.measured import Levels
from liqbot.market.maps import Bins
from liqbot.market.positions import Positions

POSITIONS = 10**6
SPOT = 60_000.0


def rows() -> Iterator[Row]:
    """Yield what a map, a change of all positions, and the plain way cost."""
    rng = np.random.default_rng(1)
    side = np.where(rng.random(POSITIONS) < 0.5, 1.0, -1.0)
    level = SPOT * np.exp(-side * np.abs(rng.normal(0, 0.3, POSITIONS)))
    size = side * rng.lognormal(0, 2, POSITIONS)
    cohort = rng.integers(0, 4, POSITIONS).astype(np.int8)
    notional = np.abs(size) * SPOT
    positions = Positions.of(size=size, entry=np.full(POSITIONS, SPOT), liquidation=level)
    levels = Levels(positions, cohort)
    group = np.where(side > 0, 0, 4) + cohort
    edges = Bins.around(SPOT).edges

    def floor() -> object:
        return level.sum(), notional.sum()

    def plain() -> object:
        return [np.histogram(level[group == one], edges, weights=notional[group == one]) for one in range(8)]

    floor_ms, map_ms = medians_ms(floor, lambda: levels.map(SPOT), rounds=51)
    order_ms, plain_ms = medians_ms(lambda: Levels(positions, cohort), plain, rounds=5)
    ratio = map_ms / floor_ms
    yield Row(
        "map of 1,000,000 positions, 8 groups",
        f"{map_ms:.2f} ms",
        f"{ratio:.2f}× the floor (`np.sum` of price and notional, {floor_ms:.2f} ms); at most 2×",
        ratio <= 2,
    )
    yield Row(
        "… once, when every position has changed (sort)",
        f"{order_ms:.0f} ms",
        f"{order_ms / floor_ms:.0f}× the floor",
    )
    yield Row(
        "… the plain way, `np.histogram` by group",
        f"{plain_ms:.0f} ms",
        f"{plain_ms / map_ms:.0f}× the map",
    )
