from markets import long, short, view_of
from plugins.examples import hits


def test_it_names_the_account_and_how_far_its_level_is():
    [hit] = hits("big-account", view_of(long("0x1111222233334444", 200_000, at=98.5, entry=105)))
    assert hit.key == "0x1111222233334444-long"
    assert hit.text == "0x1111…4444 is long $20M from 105.00, liquidated at 98.50 (−1.5%)"
    assert not hit.holding


def test_an_alert_that_is_on_stays_on_until_the_level_is_a_quarter_farther():
    assert [hit.holding for hit in hits("big-account", view_of(short("ann", 200_000, at=102.4)))] == [True]
    assert hits("big-account", view_of(short("ann", 200_000, at=102.6))) == ()


def test_small_positions_and_those_without_a_level_or_behind_price_are_left_out():
    assert hits("big-account", view_of(long("ann", 90_000, at=99))) == ()
    assert hits("big-account", view_of(long("ann", 200_000))) == ()
    assert hits("big-account", view_of(long("ann", 200_000, at=101))) == ()
