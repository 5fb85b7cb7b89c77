"""The same candles and open interest by other methods, as other sites read them."""

import numpy as np
import pytest
from hypothesis import given, settings
from modelled import BINS, DAY, FIVE_MINUTES, assumptions, backfill, history, markets, model_of

from liqbot.engine.methods import by_method
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.engine.trial.rivals import stacked, without_conservation
from liqbot.market.layer import Basis, Layer
from liqbot.market.layer_source import Method

LAYER = Layer("Binance", Basis.MODELLED)


@pytest.fixture(scope="module")
def snapshot():
    board = ModelledBoard(LAYER)
    board.apply_all(backfill(*history(DAY)))
    return board.snapshot("BTC")


def test_the_method_of_this_bot_changes_nothing(snapshot):
    ours = snapshot.by_method(Method.CONSERVING)
    assert ours.model is snapshot.model


@settings(max_examples=25)
@given(markets(), assumptions())
def test_its_levels_are_those_of_the_trial(steps, assumed):
    """What is drawn side by side is what `liqbot validate` measures."""
    model = model_of(steps, assumed)
    at = np.array([len(steps) - 1])
    swept = by_method(model, Method.SWEEPING).coins_at(at, BINS)
    assert swept == pytest.approx(without_conservation(model).coins_at(at, BINS))
    assert by_method(model, Method.STACKING).coins_at(at, BINS) == pytest.approx(stacked(model, at, BINS))


@pytest.mark.parametrize("method", [Method.SWEEPING, Method.STACKING])
def test_a_view_shows_what_its_newest_past_map_does(snapshot, method):
    other = snapshot.by_method(method)
    view, grid = other.view_of(), other.grid_of(DAY * FIVE_MINUTES)
    bins = view.map.bins
    newest = grid.usd[-1, bins.first - grid.bins.first :][: bins.count]
    assert newest == pytest.approx(view.map.total, rel=1e-4, abs=view.map.total.max() * 1e-5)
    assert view.map.total.sum() > 0
    assert view.coin == "BTC"


def test_what_is_never_taken_away_is_never_less(snapshot):
    ours, swept, stack = (snapshot.by_method(method).view_of().map.total.sum() for method in Method)
    assert swept <= stack * (1 + 1e-9)
    assert ours > 0
