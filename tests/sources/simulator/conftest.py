"""A simulated market that several tests look at: three days old, made once."""

from collections.abc import Callable
from functools import cache

import pytest

from liqbot.market.updates import Update
from liqbot.sources.simulator import Scenario, SimulatedMarket

DAY_S = 24 * 3600
START_MS = 1_770_000_000_000


@cache
def _lived(seed: int, scenario: Scenario) -> tuple[SimulatedMarket, list[list[Update]]]:
    market = SimulatedMarket(seed, scenario, start_ms=START_MS, step_s=600, event_after_s=2 * DAY_S)
    return market, [market.step() for _ in range(3 * DAY_S // 600)]


@pytest.fixture
def lived() -> Callable[[int, Scenario], tuple[SimulatedMarket, list[list[Update]]]]:
    """Return a market after three days, not to be stepped, and the updates of each step."""
    return _lived
