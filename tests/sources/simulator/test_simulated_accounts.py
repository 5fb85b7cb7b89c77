"""Single accounts of the simulated market, as whoever watches one sees them."""

import math

import pytest

from liqbot.engine.account_changes import account_changes
from liqbot.market.accounts import AccountState, Change
from liqbot.market.updates import Liquidation
from liqbot.sources.simulator import Simulator
from liqbot.sources.source import WithAccounts


@pytest.fixture(scope="module")
def simulator():
    return Simulator(now_ms=1_700_000_000_000, backfill_days=0, speed=0, coins=("BTC",))


async def test_a_look_tells_what_the_census_tells(simulator):
    assert isinstance(simulator, WithAccounts)
    [name] = simulator.watched.examples(1)
    state = await simulator.watched.look(name.upper())
    census = simulator.market.census()
    [row] = [place for place in range(len(census.size)) if census.accounts[census.account[place]] == name]
    [held] = state.positions
    assert (held.coin, held.size, held.entry) == ("BTC", census.size[row], census.entry[row])
    assert held.liquidation == pytest.approx(census.liquidation[row])
    assert state.equity_usd > 0


async def test_examples_are_large_and_in_danger(simulator):
    distances = []
    for name in simulator.watched.examples(20):
        [held] = (await simulator.watched.look(name)).positions
        assert held.usd >= 1e6
        distances.append(held.distance())
    assert max(distances) < 0.1
    assert not any(map(math.isnan, distances))


async def test_what_is_no_account_of_it_is_refused(simulator):
    assert not simulator.watched.knows(f"0x{1:040x}")
    with pytest.raises(ValueError, match="no account of the simulated market"):
        await simulator.watched.look(f"0x{1:040x}")


async def test_a_push_through_their_levels_liquidates_who_is_watched():
    simulator = Simulator(now_ms=1_700_000_000_000, backfill_days=0, speed=0, coins=("BTC",), step_s=60)
    watching, told = simulator.watched, []
    watching.listen(told.append)
    names = watching.examples(60)
    for name in names:
        assert watching.watch(name) == 1.0
    before = {name: watching.newest(name) for name in names}
    simulator.shock("BTC", -12, 60)
    async for _update in simulator.updates():
        if len([one for one in told if isinstance(one, AccountState)]) >= 3 * len(names):
            break
    liquidated = {one.account for one in told if isinstance(one, Liquidation)}
    assert liquidated
    for name in liquidated:
        known, pending, changes = before[name], [], []
        for one in (one for one in told if one.account == name):
            if isinstance(one, Liquidation):
                pending.append(one)
            else:
                changes += account_changes(known, one, pending)
                known, pending = one, []
        assert Change.LIQUIDATED in {change.change for change in changes}
    watching.unwatch(names[0])
    assert watching.newest(names[0]) is None
