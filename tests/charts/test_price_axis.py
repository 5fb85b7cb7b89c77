"""The price axis holds what must be seen, in whole bins and pixels, and loses no money."""

from itertools import pairwise

import numpy as np
import pytest
from charts.scenes import market
from hypothesis import given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.charts.price_axis import MOST_REACH, PriceAxis, around, fitted, ticks, worth_seeing
from liqbot.market.maps import Bins

FINE, COARSE = (8, 6, 5, 4, 3, 2), (3,)

lows = st.floats(1e-6, 1e6)
spans = st.floats(1.02, 300)


def axis_for(low, span) -> PriceAxis:
    return fitted(low, low * span, 520, fine=FINE, coarse=COARSE)


@given(lows, spans)
def test_an_axis_holds_what_it_was_asked_for_within_its_length(low, span):
    axis = axis_for(low, span)
    assert axis.low <= low * 1.0000001
    assert axis.high >= low * span * 0.9999999
    assert 500 <= axis.length <= 520


@given(lows, spans)
def test_rows_keep_their_prices_while_the_axis_moves(low, span):
    assert axis_for(low, span).first % axis_for(low, span).bins == 0


@given(lows, spans, st.floats(0, 1))
def test_places_are_in_proportion_to_the_logarithm_of_price(low, span, share):
    axis = axis_for(low, span)
    price = axis.low * (axis.high / axis.low) ** share
    assert axis.at(price) == pytest.approx(share * axis.length, abs=1e-6)
    assert axis.along(np.array([price]))[0] == pytest.approx(axis.at(price))


@given(
    st.lists(st.integers(0, 10**9), min_size=300, max_size=300),
    st.integers(-40, 340),
    st.sampled_from([1, 2, 5, 7]),
)
def test_the_sums_of_rows_are_the_sums_of_their_bins(cents, first, bins):
    usd = np.array(cents, dtype=np.float64)
    axis = PriceAxis(first=first // bins * bins, rows=40, bins=bins, pixels=3)
    sums = axis.sums(usd, Bins(0, 300))
    numbers = np.arange(axis.first, axis.first + 40 * bins)
    inside = numbers[(numbers >= 0) & (numbers < 300)]
    assert sums.sum() == usd[inside].sum()
    for row in range(40):
        own = inside[(inside >= axis.first + row * bins) & (inside < axis.first + (row + 1) * bins)]
        assert sums[row] == usd[own].sum()


def test_many_maps_are_summed_at_once():
    axis = PriceAxis(first=0, rows=4, bins=5, pixels=3)
    usd = np.arange(2 * 3 * 20, dtype=np.float32).reshape(2, 3, 20)
    assert axis.sums(usd, Bins(0, 20)).shape == (2, 3, 4)
    assert axis.sums(usd, Bins(0, 20)).sum() == usd.sum()


@pytest.mark.parametrize("name", ["crowd", "BTC", "HYPE"])
def test_most_of_the_money_within_reach_is_seen(name):
    view = market(name)
    low, high = worth_seeing(view.map, 0.75)
    centers, usd = view.map.bins.centers, view.map.total
    reach = np.abs(np.log(centers / view.spot)) <= MOST_REACH
    assert usd[(centers >= low) & (centers <= high)].sum() >= 0.75 * usd[reach].sum()
    assert low >= view.spot * 0.59
    assert high <= view.spot * 1.67


def test_a_lone_far_whale_does_not_stretch_the_picture():
    near = [long(f"near {number}", 1, at=96 - number / 10) for number in range(20)]
    view = view_of(*near, long("whale", 1000, at=45), short("bob", 1, at=103))
    assert worth_seeing(view.map, 0.75)[0] > 92


@given(st.floats(1e-6, 1e6), st.lists(st.floats(0.2, 5), max_size=5))
def test_an_axis_around_spot_holds_what_must_be_seen_with_room_around_it(spot, ratios):
    seen = [spot * ratio for ratio in ratios]
    low, high = around(spot, 5, seen)
    assert low < min([*seen, spot * 0.95])
    assert high > max([*seen, spot * 1.05])
    widest = max([*seen, spot * 1.05]) / min([*seen, spot * 0.95])
    assert high / low < widest**1.2 * 1.02


def test_without_money_the_zone_of_fuel_is_seen():
    low, high = worth_seeing(view_of(spot=100).map, 0.75)
    assert 90 < low < 95
    assert 105 < high < 110


@given(lows, spans)
def test_ticks_are_apart_round_and_on_the_axis(low, span):
    axis = axis_for(low, span)
    prices = ticks(axis, 36)
    assert len(prices) >= 2
    assert axis.low <= prices[0]
    assert prices[-1] <= axis.high * 1.0000001
    assert all(axis.at(after) - axis.at(before) >= 36 * 0.999 for before, after in pairwise(prices))
    assert all(len(f"{price:.6e}".rstrip("0").split("e")[0].rstrip("0")) <= 5 for price in prices)


def test_ticks_over_a_narrow_range_are_even():
    axis = fitted(57_000, 67_000, 520, fine=FINE, coarse=COARSE)
    steps = {round(after - before) for before, after in pairwise(ticks(axis, 36))}
    assert steps == {1000}
