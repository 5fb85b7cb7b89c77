"""Which layer is read: the best there is, and not another one at every breath."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.layer_choice import MINUTE_MS, RETURN_MS, SILENT_MS, WAIT_MS, LayerChoices, fits, rank
from liqbot.market.layer import Basis, Layer, Origin

MEASURED = Layer("Hyperliquid", Basis.MEASURED)
BINANCE = Layer("Binance", Basis.MODELLED)
BYBIT = Layer("Bybit", Basis.MODELLED)
RECORDED = Layer("Hyperliquid", Basis.MEASURED, Origin.RECORDED)
SIMULATED = Layer("Simulator", Basis.MEASURED, Origin.SIMULATED)
ALL = (SIMULATED, BYBIT, RECORDED, BINANCE, MEASURED)


@pytest.fixture
def choices():
    return LayerChoices([BINANCE, MEASURED])


def speak(choices, layer, since, until, coin="BTC"):
    """Let a layer tell of a coin once a minute."""
    for minute in range(since, until + 1):
        choices.hear(coin, layer, minute * MINUTE_MS)


def test_live_comes_before_recorded_before_simulated_and_measured_before_modelled():
    assert rank(ALL) == [MEASURED, BYBIT, BINANCE, RECORDED, SIMULATED]


@pytest.mark.parametrize(
    ("venue", "found"),
    [
        ("", list(ALL)),
        ("measured", [SIMULATED, RECORDED, MEASURED]),
        ("modelled", [BYBIT, BINANCE]),
        ("binance", [BINANCE]),
        ("HYPER-liquid", [RECORDED, MEASURED]),
        ("kraken", []),
    ],
)
def test_a_venue_is_a_basis_or_a_name(venue, found):
    assert [layer for layer in ALL if fits(layer, venue)] == found


def test_after_the_start_a_better_layer_is_waited_for(choices):
    speak(choices, BINANCE, 0, 15)
    assert choices.chosen("BTC", "", WAIT_MS - 1) is None
    assert choices.shown("BTC", "", WAIT_MS - 1) == BINANCE, "people see meanwhile what there is"
    assert choices.chosen("BTC", "", WAIT_MS) == BINANCE


def test_nothing_is_waited_for_where_a_venue_was_named_or_the_better_source_is_gone(choices):
    choices.hear("BTC", BINANCE, 0)
    assert choices.chosen("BTC", "binance", 0) == BINANCE
    assert choices.chosen("BTC", "modelled", 0) == BINANCE
    assert choices.chosen("BTC", "measured", 0) is None
    choices.lose(MEASURED)
    assert choices.chosen("BTC", "", 0) == BINANCE


def test_a_layer_that_was_lost_here_and_that_another_process_follows_is_read_again(choices):
    speak(choices, MEASURED, 0, 1)
    assert choices.chosen("BTC", "", MINUTE_MS) == MEASURED
    choices.lose(MEASURED)
    speak(choices, BINANCE, 0, 1)
    assert choices.chosen("BTC", "", MINUTE_MS) == BINANCE
    choices.regain(MEASURED)
    speak(choices, MEASURED, 2, 20)
    assert choices.chosen("BTC", "", 20 * MINUTE_MS) == MEASURED


def test_the_better_layer_is_read_as_soon_as_it_speaks(choices):
    choices.hear("BTC", BINANCE, 0)
    choices.hear("BTC", MEASURED, MINUTE_MS)
    assert choices.chosen("BTC", "", MINUTE_MS) == MEASURED


def test_a_silent_layer_gives_way_and_comes_back_once_it_has_told_for_a_while(choices):
    speak(choices, MEASURED, 0, 1)
    speak(choices, BINANCE, 0, 40)
    assert choices.chosen("BTC", "", MINUTE_MS) == MEASURED
    assert choices.chosen("BTC", "", MINUTE_MS + SILENT_MS - 1) == MEASURED
    assert choices.chosen("BTC", "", MINUTE_MS + SILENT_MS) == BINANCE
    assert choices.silent("BTC", "", BINANCE, MINUTE_MS + SILENT_MS) == MEASURED
    speak(choices, MEASURED, 20, 40)
    assert choices.chosen("BTC", "", 20 * MINUTE_MS + RETURN_MS - 1) == BINANCE
    assert choices.chosen("BTC", "", 20 * MINUTE_MS + RETURN_MS) == MEASURED
    assert choices.silent("BTC", "", MEASURED, 40 * MINUTE_MS) is None


def test_where_all_are_silent_the_choice_stays(choices):
    choices.hear("BTC", MEASURED, 0)
    assert choices.chosen("BTC", "", 0) == MEASURED
    assert choices.chosen("BTC", "", 10 * SILENT_MS) == MEASURED


def test_coins_choose_by_themselves(choices):
    choices.hear("ETH", MEASURED, 0)
    assert choices.chosen("ETH", "", 0) == MEASURED
    speak(choices, BINANCE, 0, 15, coin="DOGE")
    assert choices.chosen("DOGE", "", WAIT_MS) == BINANCE
    assert choices.silent("DOGE", "", BINANCE, WAIT_MS) is None, "the better one does not have this coin"


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([None, *ALL[1:]])), min_size=1, max_size=60))
def test_a_choice_never_flaps(steps):
    choices, now_ms, changes = LayerChoices(ALL), 0, []
    for minutes, layer in steps:
        now_ms += minutes * MINUTE_MS
        if layer is not None:
            choices.hear("BTC", layer, now_ms)
        chosen = choices.chosen("BTC", "", now_ms)
        assert choices.chosen("BTC", "", now_ms) == chosen, "asking again changes nothing"
        if not changes or changes[-1][1] != chosen:
            changes.append((now_ms, chosen))
    layers = [chosen for _, chosen in changes]
    assert None not in layers[1:], "once something is read, something is"
    order = rank(ALL)
    for (left_ms, before), (_, after), (back_ms, again) in zip(
        changes, changes[1:], changes[2:], strict=False
    ):
        if before and again == before and order.index(again) < order.index(after):
            assert back_ms - left_ms >= RETURN_MS
