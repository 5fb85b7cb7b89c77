from markets import long, short, view_of
from plugins.examples import at, heard


def market(minute, longs, *, interest):
    """`longs` coins of longs 4% below spot, 10,000 of shorts 4% above, open interest in coins."""
    view = view_of(long("ann", longs, at=96), short("bob", 10_000, at=104), open_interest=interest)
    return at(minute, view)


def test_it_speaks_when_open_interest_and_one_side_rise_together():
    [_, said] = heard(
        "leverage-build-up", market(0, 10_000, interest=1000), market(60, 14_000, interest=1060)
    )
    assert said == [("long", False)]


def test_without_more_open_interest_or_on_both_sides_alike_it_is_none():
    before = market(0, 10_000, interest=1000)
    assert heard("leverage-build-up", before, market(60, 14_000, interest=1010))[1] == []
    assert heard("leverage-build-up", before, market(60, 11_000, interest=1060))[1] == []


def test_only_the_span_counts():
    before, after = market(0, 10_000, interest=1000), market(300, 14_000, interest=1060)
    assert heard("leverage-build-up", before, after)[1] == []
    assert heard("leverage-build-up", before, after, span="6h")[1] == [("long", False)]


def test_where_open_interest_is_unknown_it_says_nothing():
    assert heard("leverage-build-up", market(0, 1, interest=None)) == [[]]
