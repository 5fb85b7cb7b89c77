from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.builtin import trapped
from liqbot.market.side import BySide
from liqbot.market.view import Trapped

# Of longs for $8M, $6M were opened above spot, $2M of these by more than 5%; of shorts for $5M, $2M below it.
MARKET = view_of(
    long("ann", 40_000, entry=103),
    long("bob", 20_000, entry=108),
    long("cid", 20_000, entry=99),
    short("dan", 20_000, entry=98),
    short("eve", 30_000, entry=101),
    spot=100,
)


def hits(view=MARKET, **written):
    return trapped.read(view, trapped.form.parse(written)).hits


def firing(view=MARKET, **written):
    return [hit.side for hit in hits(view, **written) if not hit.holding]


def shares(long, short):
    underwater = BySide(long, short)
    return replace(MARKET, trapped=Trapped(underwater=underwater, deep=underwater))


@pytest.mark.parametrize(
    ("over", "sides"),
    [("39%", ["long", "short"]), ("40%", ["long"]), ("74%", ["long"]), ("75%", []), ("99%", [])],
)
def test_it_finds_a_side_of_which_more_than_so_much_is_underwater(over, sides):
    assert firing(over=over) == sides


@pytest.mark.parametrize(
    ("side", "sides"), [("either", ["long", "short"]), ("longs", ["long"]), ("short", ["short"])]
)
def test_it_looks_at_one_side_or_at_either(side, sides):
    assert firing(over="30%", side=side) == sides


@pytest.mark.parametrize(("over", "sides"), [("24%", ["long"]), ("26%", [])])
def test_with_a_depth_of_5_percent_only_what_is_underwater_by_more_counts(over, sides):
    assert firing(over=over, depth="5%") == sides
    assert firing(over=over, depth="0%") == ["long", "short"]


@pytest.mark.parametrize(
    ("over", "kept"), [("75%", True), ("80%", True), ("83%", True), ("84%", False), ("99%", False)]
)
def test_an_alert_that_is_on_stays_on_until_the_share_is_a_tenth_below_its_threshold(over, kept):
    assert [hit.holding for hit in hits(over=over, side="long")] == [True] * kept


def test_a_low_threshold_lets_go_of_an_alert_as_well():
    assert hits(shares(0.0, 0.0), over="1%") == ()


def test_an_empty_side_says_nothing():
    assert hits(view_of(spot=100), over="1%") == ()
    assert firing(view_of(long("ann", 1, entry=110), spot=100), over="1%") == ["long"]


def test_it_says_how_much_of_which_side_what_it_means_and_what_not():
    longs, shorts = hits(over="30%")
    assert longs.text == "75% of the longs ($6M of $8M) are underwater"
    assert longs.means == "Trapped longs tend to sell into a bounce, and are force-sold if price falls on."
    assert shorts.text == "40% of the shorts ($2M of $5M) are underwater"
    assert (
        shorts.means == "Trapped shorts tend to buy back into a dip, and are force-bought if price rises on."
    )
    for hit in (longs, shorts):
        assert hit.caveat.startswith("Underwater is not liquidated")
    assert [hit.value for hit in (longs, shorts)] == [0.75, 0.4]


def test_it_says_how_deep():
    [hit] = hits(over="20%", depth="5%")
    assert hit.text == "25% of the longs ($2M of $8M) are underwater by more than 5%"


def test_each_side_is_an_alert_of_its_own():
    assert [hit.key for hit in hits(over="30%")] == ["long", "short"]


@given(share=st.floats(0, 1), over=st.floats(1, 99))
def test_a_side_fires_above_the_threshold_holds_down_to_nine_tenths_of_it_and_is_out_below(share, over):
    [*found] = trapped.read(shares(share, None), trapped.form.defaults() | {"over": over}).hits
    if share > over / 100:
        assert [hit.holding for hit in found] == [False]
    elif share >= 0.9 * over / 100:
        assert [hit.holding for hit in found] == [True]
    else:
        assert found == []
