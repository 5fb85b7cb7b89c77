from dataclasses import replace

import pytest
from markets import view_of

from liqbot.builtin import funding_confirms

MILLION = 1e6


def seen(up, down, funding):
    return replace(view_of(), up_usd=up * MILLION, down_usd=down * MILLION, funding=funding)


def hits(view, **written):
    written = {"reading": "either", **written}
    return funding_confirms.read(view, funding_confirms.form.parse(written)).hits


@pytest.mark.parametrize(
    ("up", "down", "funding", "key", "means"),
    [
        (10, 30, 1e-4, "agree-long", "a fall would be fed"),
        (30, 10, -1e-4, "agree-short", "a rise would be fed"),
        (10, 30, -1e-4, "disagree-long", "Shorts pay, yet longs are the fuel"),
        (30, 10, 1e-4, "disagree-short", "Longs pay, yet shorts are the fuel"),
    ],
)
def test_who_pays_and_whose_liquidations_are_near_agree_or_do_not(up, down, funding, key, means):
    (hit,) = hits(seen(up, down, funding))
    assert hit.key == key
    assert means in hit.means
    assert hit.value == pytest.approx(funding * 100)


def test_it_says_both_readings():
    (hit,) = hits(seen(10, 30, 1e-4))
    assert hit.text == "longs pay 0.0100% an hour, and are the fuel"
    assert "$10M of shorts above and $30M of longs below, ratio 0.33." in hit.means


def test_only_the_reading_that_was_asked_for_is_told():
    agree, disagree = seen(10, 30, 1e-4), seen(30, 10, 1e-4)
    assert hits(agree, reading="agree")
    assert not hits(disagree, reading="agree")
    assert hits(disagree, reading="disagree")
    assert not hits(agree, reading="disagree")


def test_a_balanced_map_confirms_nothing():
    assert not hits(seen(10, 10, 1e-3))


def test_ordinary_funding_confirms_nothing():
    assert not hits(seen(10, 30, 1.25e-5))
    assert not hits(seen(10, 30, 0.0))
    assert not hits(seen(10, 30, None))


def test_it_stays_on_until_funding_has_come_well_back():
    assert not hits(seen(10, 30, 1.1e-4), over="0.01%")[0].holding
    assert hits(seen(10, 30, 0.9e-4), over="0.01%")[0].holding
    assert not hits(seen(10, 30, 0.7e-4), over="0.01%")


def test_little_fuel_is_no_reading():
    assert not hits(seen(1, 3, 1e-4))
    assert hits(seen(1, 3, 1e-4), at_least="1M")
