"""A simulated market tells its present before its past, where a file holds how that past ends."""

import numpy as np
import pytest

from docs.presents import NOW_MS, lived_through
from liqbot.engine.board_protocol import board_of
from liqbot.market.updates import AccountsSeen, AssetContext, Update
from liqbot.settings import Settings
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.simulator.present import SCENARIOS
from liqbot.sources.simulator.settings import SimulatorSettings
from liqbot.sources.source import WithPresent

OWN = SimulatorSettings()


def embedded(scenario: Scenario = Scenario.NATURAL, seed: int = OWN.seed) -> Simulator:
    """Return the market that is there where nothing is set."""
    return Simulator(
        now_ms=NOW_MS,
        seed=seed,
        scenario=scenario,
        coins=Settings().coins,
        backfill_days=OWN.backfill_days,
    )


def positions(updates: list[Update]) -> AccountsSeen:
    """Return what accounts hold."""
    [seen] = [update for update in updates if isinstance(update, AccountsSeen)]
    return seen


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_embedded_market_and_that_of_the_demo_tell_their_present_with_book_and_context(
    scenario: Scenario,
) -> None:
    simulator = embedded(scenario)
    assert isinstance(simulator, WithPresent)
    board = board_of(simulator.layer)
    board.apply_all(simulator.present())
    views = [board.view(coin) for coin in board.coins]
    assert [view.coin for view in views] == ["BTC", "ETH", "SOL"]
    assert {view.time_ms for view in views} == {NOW_MS}
    assert all(len(view.clusters) > 2 and view.depth is not None for view in views)
    assert all(view.context is not None and view.context.interest_7d is not None for view in views)
    assert not simulator.is_live, "its past is still to be told"


def test_any_other_market_has_to_live_through_its_past_first() -> None:
    assert embedded(seed=OWN.seed + 1).present() == []
    assert embedded(Scenario.CASCADE).present() == []


@pytest.mark.long
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_told_beforehand_is_what_the_past_comes_to(scenario: Scenario) -> None:
    """Where this fails the market is another one than before: `python -m docs.presents`."""
    contexts, seen, depth_usd = lived_through(scenario)
    simulator = embedded(scenario)
    told = simulator.present()
    marks = [update.mark for update in told if isinstance(update, AssetContext)]
    np.testing.assert_allclose(marks, [context.mark for context in contexts], rtol=1e-6)
    assert len(depth_usd) == len(simulator.market.coins)
    kept = positions(told)
    assert {kept.accounts[row] for row in kept.account} == {seen.accounts[row] for row in seen.account}
    for name in ("coin", "size", "entry", "liquidation", "leverage", "margin_mode"):
        np.testing.assert_allclose(getattr(kept, name), getattr(seen, name), rtol=1e-6, err_msg=name)
