"""Another's heatmap, read leniently."""

import pytest

from liqbot.sources.hyperliquid.hyperperps import fuel_of


def heatmap(**more):
    told = {
        "spot_at_compute": 100.0,
        "longs": [
            {"price": 96.0, "notional_usd": 10.0},
            {"price": 95.0, "notional_usd": 1.0},
            {"price": 94.9, "notional_usd": 1000.0},
            {"price": 101.0, "notional_usd": 1000.0},
        ],
        "shorts": [{"price": 105.0, "notional_usd": 3.0}, {"price": 105.1, "notional_usd": 1000.0}],
    }
    return told | more


def test_the_fuel_is_the_sum_within_five_percent_of_its_own_spot():
    assert fuel_of(heatmap()) == (3.0, 11.0)


@pytest.mark.parametrize(
    "row",
    [None, 5, "x", [], {}, {"price": "x", "notional_usd": 5}, {"price": 104, "notional_usd": None}]
    + [{"price": 104, "notional_usd": bad} for bad in ("nan", "inf", -5, True, 10**400, [1])],
)
def test_rows_that_make_no_sense_are_left_out(row):
    assert fuel_of(heatmap(shorts=[row, {"price": "102", "notional_usd": "7.5"}]))[0] == 7.5


@pytest.mark.parametrize("side", ["longs", "shorts"])
def test_one_side_may_be_missing(side):
    told = heatmap()
    del told[side]
    assert 0.0 in fuel_of(told)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([], "not an object"),
        (None, "not an object"),
        ({}, "no spot price"),
        (heatmap(spot_at_compute="nan"), "no spot price"),
        (heatmap(spot_at_compute=-1), "no spot price"),
        ({"spot_at_compute": 5}, "no levels"),
        (heatmap(longs="x", shorts={}), "no levels"),
    ],
)
def test_a_heatmap_of_which_nothing_can_be_read_says_why(told, reason):
    with pytest.raises(ValueError, match=reason):
        fuel_of(told)
