from markets import long, short, view_of
from plugins.examples import at, heard


def market(minute, spot=100.0, *, longs=100_000):
    view = view_of(long("ann", longs, at=96), short("bob", 90_000, at=104), spot=spot)
    return at(minute, view)


HOURS = [market(minute) for minute in range(0, 240, 5)]


def test_it_warns_when_price_has_stood_still_for_the_whole_span_between_two_heavy_sides():
    said = heard("quiet-market", *HOURS, market(240))
    assert said[:-5] == [[]] * (len(said) - 5), "not before the time is over"
    assert said[-1] == [("quiet", False)]


def test_one_move_within_the_span_is_not_quiet():
    moved = [*HOURS[:20], market(100, 101.5), *HOURS[21:], market(240)]
    assert heard("quiet-market", *moved)[-1] == []
    assert heard("quiet-market", *moved, calm="2%")[-1] != []


def test_a_market_that_is_light_on_one_side_has_no_whipsaw():
    light = [market(minute, longs=10_000) for minute in range(0, 245, 5)]
    assert heard("quiet-market", *light)[-1] == []
