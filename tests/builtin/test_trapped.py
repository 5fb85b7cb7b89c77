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
    """Return the hits where nothing is asked of the month before."""
    return trapped.read(view, trapped.form.parse({"unusual": "0%"} | written)).hits


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
    [*found] = trapped.read(
        shares(share, None), trapped.form.defaults() | {"over": over, "unusual": 0.0}
    ).hits
    if share > over / 100:
        assert [hit.holding for hit in found] == [False]
    elif share >= 0.9 * over / 100:
        assert [hit.holding for hit in found] == [True]
    else:
        assert found == []


# Against the coin's own last month


def watched(*readings, hours=4, **written):
    """Return the sides that begin an alert at each of some readings of (long, short)."""
    values, memory, found = trapped.form.parse(written), None, []
    for number, (of_longs, of_shorts) in enumerate(readings):
        view = replace(shares(of_longs, of_shorts), time_ms=number * hours * 3_600_000)
        reading = trapped.read(view, values, memory)
        memory = reading.memory
        found.append([hit.side for hit in reading.hits if not hit.holding])
    return found


def test_in_a_market_where_nearly_all_are_always_underwater_that_is_no_news():
    assert not any(watched(*[(0.9, 0.1)] * 60))


def test_far_more_than_usual_is_news():
    *before, last = watched(*[(0.5, 0.1)] * 30, (0.8, 0.1))
    assert (any(before), last) == (False, ["long"])


def test_more_than_usual_but_not_many_is_none():
    assert not any(watched(*[(0.2, 0.1)] * 30, (0.6, 0.1)))


def test_it_must_be_higher_than_in_nine_of_ten_readings():
    calm, high = [(0.3, 0.1)], [(0.8, 0.1)]
    assert watched(*calm * 90, *high * 5, (0.81, 0.1))[-1] == ["long"]
    assert watched(*calm * 60, *high * 30, (0.80, 0.1))[-1] == []
    assert watched(*calm * 60, *high * 30, (0.80, 0.1), unusual="50%")[-1] == ["long"]


def test_until_three_days_are_known_nobody_can_say_what_is_usual():
    assert watched(*[(0.1, 0.1)] * 17, (0.9, 0.1))[-1] == []
    assert watched(*[(0.1, 0.1)] * 18, (0.9, 0.1))[-1] == ["long"]


def test_what_is_longer_ago_than_a_month_is_forgotten():
    old, new = [(0.95, 0.1)] * 100, [(0.3, 0.1)] * 181
    assert watched(*old, *new, (0.8, 0.1))[-1] == ["long"]


def test_a_reading_every_few_hours_is_all_that_is_remembered():
    values, memory = trapped.form.parse({}), None
    for minute in range(2000):
        memory = trapped.read(replace(MARKET, time_ms=minute * 60_000), values, memory).memory
    assert len(memory) < 2000
