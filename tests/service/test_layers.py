from dataclasses import replace

import numpy as np
import pytest
from markets import view_of
from modelled import DAY, FIVE_MINUTES, backfill, history

from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.layer import Basis, Layer
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery, Layers

BINANCE, BYBIT = Layer("Binance", Basis.MODELLED), Layer("Bybit", Basis.MODELLED)
MEASURED = Layer("Hyperliquid", Basis.MEASURED)


def kept(layers, layer, seed):
    board = ModelledBoard(layer)
    board.apply_all(backfill(*history(DAY, seed)))
    view = board.view("BTC")
    layers.keep([view], {"BTC": board.snapshot("BTC")})
    return view


@pytest.fixture
def layers():
    layers = Layers()
    binance = kept(layers, BINANCE, 1)
    kept(layers, BYBIT, 2)
    measured = view_of(spot=binance.spot, time_ms=binance.time_ms)
    layers.keep([replace(measured, layer=MEASURED)], {})
    return layers


def test_a_view_carries_what_the_other_layers_say(layers):
    view = layers.seen("BTC", LayerQuery(venue="hyperliquid")).view
    assert [other.layer for other in view.others] == [BINANCE, BYBIT]
    assert view.others[0].up_usd == layers.seen("BTC", LayerQuery(venue="binance")).view.up_usd


def test_a_layer_that_is_an_hour_behind_has_nothing_to_say(layers):
    view = layers.seen("BTC", LayerQuery(venue="hyperliquid")).view
    late = replace(view, time_ms=view.time_ms + 3_600_001)
    assert layers.beside(late).others == ()


@pytest.mark.parametrize(
    ("venue", "label"),
    [
        ("binance", "Binance, modelled"),
        ("BYBIT", "Bybit, modelled"),
        ("Binance,modelled", "Binance, modelled"),
        ("hyperliquid", "Hyperliquid, measured"),
        ("measured", "Hyperliquid, measured"),
        ("modelled", "Binance + Bybit, added up, modelled"),
    ],
)
def test_a_venue_a_basis_or_all_modelled_ones_can_be_asked_for(layers, venue, label):
    assert layers.seen("BTC", LayerQuery.of({"venue": venue})).view.layer.label == label


def test_all_modelled_venues_are_added_up_and_say_so(layers):
    parts = [layers.seen("BTC", LayerQuery(venue=venue)).view for venue in ("binance", "bybit")]
    whole = layers.seen("BTC", LayerQuery(venue="modelled")).view
    assert whole.open_interest_usd == pytest.approx(sum(part.open_interest_usd for part in parts))
    assert whole.up_usd == sum(part.up_usd for part in parts)


def test_a_tier_is_singled_out_and_named(layers):
    part = layers.seen("BTC", LayerQuery.of({"venue": "binance", "tier": "25x"}))
    assert part.view.layer.label == "Binance (25x only), modelled"
    assert part.view.map.usd.sum() < layers.seen("BTC", LayerQuery(venue="binance")).view.map.usd.sum()


def test_a_part_without_a_venue_is_of_all_that_is_modelled(layers):
    part = layers.seen("BTC", LayerQuery.of({"opened": "2h", "tier": "50x,100x"}))
    assert "Binance (50x, 100x, opened within 2 h only)" in part.view.layer.venue
    assert "Bybit" in part.view.layer.venue


def test_the_past_of_a_part_is_that_part_alone(layers):
    window_ms = DAY * FIVE_MINUTES
    whole = layers.seen("BTC", LayerQuery(venue="binance")).grid(window_ms)
    part = layers.seen("BTC", LayerQuery.of({"venue": "binance", "tier": "10x"})).grid(window_ms)
    assert np.array_equal(whole.time_ms, part.time_ms)
    assert (part.usd <= whole.usd * (1 + 1e-5) + 1).all()
    assert 0 < part.usd.sum() < whole.usd.sum()
    both = layers.seen("BTC", LayerQuery(venue="modelled")).grid(window_ms)
    assert both.usd.sum() > whole.usd.sum()


def test_the_past_of_a_measured_layer_is_in_the_history(layers):
    assert layers.seen("BTC", LayerQuery(venue="hyperliquid")).grid(1) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"venue": "binanse"}, "'binanse' has no BTC here. Did you mean binance?"),
        ({"venue": "kraken"}, "'kraken' has no BTC here. Choose from binance, bybit, hyperliquid"),
        ({"tier": "lots"}, "tier=lots is no leverage tier. Write tier=25x"),
        ({"tier": "33x"}, "Binance has no such tier. It has 2x, 3x, 5x, 10x, 25x, 50x, 100x"),
        ({"opened": "soon"}, "opened=soon is no span of time. Write opened=24h"),
        ({"opened": "0s"}, "opened=0s is no span of time"),
        ({"venue": "hyperliquid", "tier": "25x"}, "'hyperliquid' has no BTC here"),
        ({"side": "long"}, "There is no 'side' here, only venue=, tier= and opened=."),
    ],
)
def test_what_is_in_no_layer_is_refused_with_what_there_is(layers, settings, reason):
    with pytest.raises(UserError) as refused:
        layers.seen("BTC", LayerQuery.of(settings))
    assert reason in str(refused.value)


@pytest.mark.parametrize("settings", [{"venue": "hyperliquid"}, {"venue": "modelled"}, {"tier": "25x"}])
def test_the_same_question_has_the_very_same_view_until_any_layer_has_a_newer_one(layers, settings):
    query = LayerQuery.of(settings)
    view = layers.seen("BTC", query).view
    assert layers.seen("BTC", LayerQuery.of(settings)).view is view
    kept(layers, BYBIT, 3)
    assert layers.seen("BTC", query).view is not view


def test_a_part_of_what_is_measured_is_refused():
    layers = Layers()
    layers.keep([view_of()], {})
    with pytest.raises(UserError, match="nothing is modelled of BTC"):
        layers.seen("BTC", LayerQuery.of({"tier": "25x"}))


def test_a_query_can_be_typed_again():
    settings = {"venue": "binance", "tier": "25x,50x", "opened": "24h"}
    typed = LayerQuery.of(settings).words
    assert typed == " venue=binance tier=25x,50x opened=1d"
    assert LayerQuery.of(dict(word.split("=") for word in typed.split())) == LayerQuery.of(settings)
    assert LayerQuery.of({}).words == ""
