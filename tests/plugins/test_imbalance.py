from markets import long, short, view_of
from plugins.examples import hits


def market(longs, shorts):
    return view_of(long("ann", longs, at=97), short("bob", shorts, at=103))


def test_it_is_the_difference_of_both_sides_over_their_sum():
    [hit] = hits("imbalance", market(10_000, 90_000))
    assert (hit.key, hit.value, hit.holding) == ("short", 0.8, False)
    assert hit.text == "imbalance 80%: $9M above spot, $1M below"


def test_the_threshold_is_left_a_tenth_below():
    assert [hit.holding for hit in hits("imbalance", market(90_000, 24_000))] == [True]
    assert hits("imbalance", market(90_000, 30_000)) == ()


def test_little_fuel_or_none_is_no_imbalance():
    assert hits("imbalance", market(40_000, 0)) == ()
    assert hits("imbalance", view_of(), at_least="0") == ()
