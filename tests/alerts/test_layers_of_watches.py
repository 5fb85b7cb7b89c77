"""Two layers of one coin side by side: a watch reads one of them, and nothing is told twice on a change."""

from dataclasses import replace

import pytest
from alerts.stand_ins import ANN
from markets import long, view_of

from liqbot.alerts.alert_message import tell
from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.layer_choice import MINUTE_MS, RETURN_MS, SILENT_MS, WAIT_MS, LayerChoices
from liqbot.builtin import RULES
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.store.alerts import EXPIRES_MS

MEASURED = Layer("Hyperliquid", Basis.MEASURED)
BINANCE = Layer("Binance", Basis.MODELLED)
SIMULATED = Layer("Simulator", Basis.MEASURED, Origin.SIMULATED)
VIEW = view_of(long("ann", 100_000, at=99), spot=100)
MINUTES = MINUTE_MS
WAIT, SILENT, BACK = (span // MINUTE_MS for span in (WAIT_MS, SILENT_MS, RETURN_MS))


class Watched:
    """A house whose one watch is a near cluster, and its two layers."""

    def __init__(self, house):
        self.house = house
        self.evaluator = Evaluator(house.rules, house.store.alerts, LayerChoices([MEASURED, BINANCE]))

    async def see(self, layer, minute, view=VIEW):
        view = replace(view, layer=layer, time_ms=minute * MINUTES)
        return await self.evaluator.take(view, now_ms=minute * MINUTES)

    def restart(self, minute):
        choices = LayerChoices([MEASURED, BINANCE], started_ms=minute * MINUTES)
        self.evaluator = Evaluator(self.house.rules, self.house.store.alerts, choices)


@pytest.fixture
async def watched(house):
    house.with_rules(*RULES)
    return Watched(house)


@pytest.fixture
async def near(watched):
    subscription = await watched.house.subscribe(ANN, "near-cluster")
    return subscription.watch


async def newest(watched):
    return (await watched.house.store.alerts.latest("BTC", 1))[0]


async def test_two_layers_that_show_the_same_alert_once(watched, near):
    told = []
    for minute in range(40):
        told += [await watched.see(BINANCE, minute), await watched.see(MEASURED, minute)]
    assert sum(told) == 1
    assert (await newest(watched)).layer == MEASURED.key
    assert list(await watched.house.store.alerts.states(near)) == [MEASURED.key]


async def test_the_modelled_one_says_nothing_while_the_measured_one_is_still_being_read(watched, near):
    assert near.venue == ""
    assert [await watched.see(BINANCE, minute) for minute in range(WAIT)] == [0] * WAIT
    assert await watched.see(MEASURED, WAIT - 1) == 1


async def test_where_the_better_one_falls_silent_nothing_is_told_again_neither_there_nor_back(watched, near):
    assert await watched.see(MEASURED, 0) == 1
    fallen = [await watched.see(BINANCE, minute) for minute in range(SILENT + 5)]
    assert fallen == [0] * len(fallen)
    states = await watched.house.store.alerts.states(near)
    assert set(states) == {MEASURED.key, BINANCE.key}
    back = [
        await watched.see(layer, minute)
        for minute in range(SILENT + 5, SILENT + 5 + BACK + 5)
        for layer in (BINANCE, MEASURED)
    ]
    assert back == [0] * len(back)
    assert decode_state(states[BINANCE.key]).status == "firing"


async def test_what_is_new_after_it_fell_back_is_told_and_says_that_it_did(watched, near):
    assert near.venue == ""
    quiet = view_of(long("ann", 100_000, at=60), spot=100)
    assert await watched.see(MEASURED, 0, quiet) == 0
    assert [await watched.see(BINANCE, minute, quiet) for minute in (1, SILENT)] == [0, 0]
    assert await watched.see(BINANCE, SILENT + 1) == 1
    alert = await newest(watched)
    assert (alert.layer, alert.instead_of) == (BINANCE.key, "Hyperliquid, measured")
    view = await watched.house.store.alerts.view_of(alert)
    message = tell(alert, view, None)
    assert "Hyperliquid, measured is silent at present; this is Binance, modelled." in message.notes


async def test_across_a_restart_in_which_the_better_one_stays_away_nothing_is_told_again(watched, near):
    assert near.venue == ""
    assert await watched.see(MEASURED, 0) == 1
    watched.restart(2)
    told = [await watched.see(BINANCE, minute) for minute in range(2, 2 + WAIT + 3)]
    assert told == [0] * len(told)


@pytest.mark.parametrize(
    ("venue", "told"),
    [("binance", [1, 0]), ("modelled", [1, 0]), ("measured", [0, 1]), ("hyperliquid", [0, 1])],
)
async def test_a_watch_of_a_venue_reads_that_one_only_and_at_once(watched, venue, told):
    form = watched.house.rules.by_name["near-cluster"].form
    await watched.house.store.subscriptions.subscribe(
        ANN,
        rule="near-cluster",
        coin="BTC",
        parameters=form.canonical({**form.defaults()}),
        now_ms=0,
        venue=venue,
    )
    assert [await watched.see(BINANCE, 0), await watched.see(MEASURED, 0)] == told
    assert (await newest(watched)).venue == venue


async def test_a_simulated_market_that_starts_over_leaves_the_states_of_a_live_one(watched, near):
    assert await watched.see(MEASURED, 0) == 1
    await watched.house.store.begin_anew(SIMULATED)
    watched.restart(1)
    assert await watched.see(MEASURED, 1) == 0
    assert set(await watched.house.store.alerts.states(near)) == {MEASURED.key}


async def test_no_data_of_a_layer_is_noted_of_the_watches_that_read_it(watched, near):
    await watched.see(MEASURED, 1)
    late = EXPIRES_MS
    await watched.evaluator.miss("BTC", late, BINANCE)
    assert decode_state(await watched.house.store.alerts.state(near)).blind_ms is None
    await watched.evaluator.miss("BTC", late, MEASURED)
    assert decode_state(await watched.house.store.alerts.state(near)).blind_ms == late
