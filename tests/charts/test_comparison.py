"""Layers side by side, and how far they agree."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import crowd, looked_at, modelled, recorded, without_grid
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.charts import comparison
from liqbot.charts.canvas import LARGEST
from liqbot.charts.request import ComparisonInput, Look, Panel, Shape
from liqbot.market import figures
from liqbot.market.agreement import overlap
from liqbot.market.layer import Basis, Layer

BINANCE = replace(crowd(seed=9), layer=Layer("Binance", Basis.MODELLED))
PANELS = (
    Panel("Hyperliquid, measured", crowd(), crowd().grid),
    Panel("Binance, modelled", BINANCE, BINANCE.grid),
    Panel("sweep", modelled()),
    Panel("stack", without_grid(crowd(seed=5))),
)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("shape", Shape)
def test_two_to_four_layers_stand_side_by_side(count, shape):
    picture = comparison.draw(ComparisonInput(panels=PANELS[:count], look=Look(shape=shape)))
    assert looked_at(picture).std() > 5
    assert len(picture.png) <= LARGEST
    assert picture.name == "BTC-comparison-24h.png"
    for panel in PANELS[:count]:
        assert panel.title in picture.alt
        assert figures.usd(panel.view.up_usd) in picture.alt
    assert "never added" in picture.alt
    assert "up to" in picture.alt


@pytest.mark.parametrize("panels", [PANELS[:1], (*PANELS, PANELS[0])])
def test_fewer_or_more_cannot_be_compared(panels):
    with pytest.raises(ValueError, match="of 2 to 4 layers"):
        comparison.draw(ComparisonInput(panels=panels))


def test_two_coins_cannot_be_compared():
    with pytest.raises(ValueError, match="of one coin"):
        comparison.draw(ComparisonInput(panels=(PANELS[0], Panel("ETH", recorded("ETH")))))


@settings(max_examples=20)
@given(st.floats(0.1, 10), st.floats(0.92, 0.98), st.floats(1.02, 1.08))
def test_maps_agree_by_place_whatever_their_size(size, low, high):
    one = view_of(long("ann", 2, at=100 * low), short("bob", 1, at=100 * high))
    other = view_of(long("cid", 2 * size, at=100 * low), short("dan", size, at=100 * high))
    assert overlap(one, other) == pytest.approx(1)
    assert overlap(other, one) == pytest.approx(overlap(one, other))


def test_maps_with_money_at_other_prices_do_not_agree():
    one, other = view_of(long("ann", 2, at=95)), view_of(short("bob", 2, at=105))
    assert overlap(one, other) == 0
    half = view_of(long("ann", 1, at=95), short("bob", 95 / 100, at=105))
    assert overlap(one, half) == pytest.approx(0.5, abs=0.03)


def test_without_money_nearby_there_is_nothing_to_agree_on():
    assert overlap(crowd(), view_of(spot=100)) is None
    assert np.isclose(overlap(crowd(), crowd()), 1)
