from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import view_of

from liqbot.builtin import divergence
from liqbot.market.elsewhere import Elsewhere
from liqbot.market.layer import Basis, Layer

MILLION = 1e6


def elsewhere(up, down, venue="Binance", basis=Basis.MODELLED, interest=1e9):
    return Elsewhere(
        layer=Layer(venue, basis),
        time_ms=0,
        spot=100.0,
        up_usd=up * MILLION,
        down_usd=down * MILLION,
        open_interest_usd=interest,
        funding=None,
    )


def seen(up, down, *others):
    return replace(view_of(), up_usd=up * MILLION, down_usd=down * MILLION, others=others)


def hits(view, **written):
    return divergence.read(view, divergence.form.parse(written)).hits


def test_it_is_half_the_difference_of_the_leans():
    view = seen(30, 10, elsewhere(10, 30))
    assert view.lean == 0.5
    assert view.divergence == 0.5
    assert seen(10, 30, elsewhere(30, 10)).divergence == -0.5
    assert seen(10, 0, elsewhere(0, 1)).divergence == 1.0


def test_it_says_who_leans_where_and_what_that_means():
    (hit,) = hits(seen(30, 10, elsewhere(10, 30)))
    assert hit.text == (
        "Testex, measured, simulated leans up (+0.50), Binance, modelled leans down (-0.50): divergence +0.50"
    )
    assert hit.key == "measured-higher"
    assert hit.value == 0.5
    assert "A rise would squeeze the known accounts" in hit.means
    assert not hit.holding


def test_the_other_way_round_it_is_another_alert():
    (hit,) = hits(seen(10, 30, elsewhere(30, 10)))
    assert hit.key == "modelled-higher"
    assert "A fall would hurt the known accounts" in hit.means


def test_where_both_lean_to_one_side_no_opposition_is_claimed():
    (hit,) = hits(seen(39, 1, elsewhere(22, 18)))
    assert hit.means.startswith("Both see their fuel on the same side")


def test_of_several_venues_the_mean_counts_weighted_by_open_interest():
    view = seen(20, 20, elsewhere(30, 10, interest=3e9), elsewhere(10, 30, "Bybit", interest=1e9))
    assert view.divergence == pytest.approx(-0.125)
    (hit,) = hits(seen(1, 39, *view.others))
    assert "2 modelled venues of $4B open interest leans up (+0.25)" in hit.text
    unknown = seen(20, 20, elsewhere(30, 10, interest=None), elsewhere(10, 30, "Bybit"))
    assert unknown.divergence == pytest.approx(0.0)


def test_another_venue_of_the_same_basis_is_no_other_basis():
    view = seen(30, 10, elsewhere(10, 30, basis=Basis.MEASURED))
    assert view.divergence is None
    assert not hits(view)


def test_without_a_reading_on_either_side_nothing_is_claimed():
    assert not hits(seen(30, 10))
    assert not hits(seen(0, 0, elsewhere(10, 30)))
    assert not hits(seen(30, 10, elsewhere(0, 0)))


def test_little_fuel_is_no_reading():
    assert not hits(seen(3, 1, elsewhere(10, 30)))
    assert not hits(seen(30, 10, elsewhere(1, 3)))
    assert hits(seen(3, 1, elsewhere(1, 3)), at_least="1M")


def test_it_stays_on_until_they_have_come_well_together():
    assert not hits(seen(30, 10, elsewhere(13, 27)), over="0.4")[0].holding
    assert hits(seen(28, 12, elsewhere(14, 26)), over="0.4")[0].holding
    assert not hits(seen(24, 16, elsewhere(14, 26)), over="0.4")


@given(*(st.floats(0, 1e4) for _ in range(4)))
def test_it_lies_between_minus_one_and_one(up, down, above, below):
    value = seen(up, down, elsewhere(above, below)).divergence
    assert value is None or -1 <= value <= 1
