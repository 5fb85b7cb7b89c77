from markets import long, view_of
from plugins.examples import hits

YEAR = 24 * 365


def market(percent_a_year):
    funding = None if percent_a_year is None else percent_a_year / 100 / YEAR
    return view_of(long("ann", 100_000, at=96), funding=funding)


def test_it_speaks_of_either_side_that_pays_dearly():
    [hit] = hits("funding-stretched", market(60))
    assert (hit.key, hit.holding) == ("long", False)
    assert hit.text.startswith("longs pay 60% a year")
    assert "$10M of them would be force-closed by a fall of 5%" in hit.means
    assert hits("funding-stretched", market(-60))[0].key == "short"


def test_an_alert_that_is_on_stays_on_until_funding_is_a_fifth_lower():
    assert [hit.holding for hit in hits("funding-stretched", market(45))] == [True]
    assert hits("funding-stretched", market(39)) == ()


def test_ordinary_or_unknown_funding_is_nothing():
    assert hits("funding-stretched", market(10)) == ()
    assert hits("funding-stretched", market(None)) == ()
