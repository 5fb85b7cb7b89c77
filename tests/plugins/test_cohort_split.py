from markets import long, short, view_of
from plugins.examples import hits


def market(retail):
    """A whale that is long $60M, and ten retail accounts of $5M each, `retail` of them short."""
    crowd = [
        (short if n < retail else long)(f"r{n}", 50_000, at=140 if n < retail else 60) for n in range(10)
    ]
    return view_of(long("whale", 600_000, at=60), *crowd)


def test_it_speaks_when_the_two_lean_to_opposite_sides():
    [hit] = hits("cohort-split", market(retail=9))
    assert (hit.key, hit.side, hit.holding) == ("long", "short", False)
    assert hit.text.startswith("whales are 100% net long")
    assert "net short" in hit.text


def test_the_same_side_and_a_slight_lean_are_no_split():
    assert hits("cohort-split", market(retail=2)) == ()
    assert hits("cohort-split", market(retail=6), lean="60%") == ()


def test_cohorts_that_hold_little_say_little():
    assert hits("cohort-split", market(retail=9), at_least="100M") == ()


def test_where_nobody_is_known_there_is_no_split():
    assert hits("cohort-split", view_of(long("ann", 1, at=95))) == ()
