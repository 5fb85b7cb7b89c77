from markets import MINUTE, board_of, long, price, seen, view_of
from plugins.examples import hits


def swept_by(spot):
    """A market in which price goes to `spot`, past $10M of longs at 95."""
    board = board_of(long("ann", 100_000, at=95), long("bob", 1, at=60), spot=100)
    board.view("BTC")
    board.apply(price(spot, time_ms=MINUTE))
    board.apply(seen(long("bob", 1, at=60), time_ms=MINUTE, flat=("ann",)))
    return board.view("BTC")


def test_it_speaks_when_price_has_gone_through():
    [hit] = hits("cluster-swept", swept_by(94))
    assert hit.text == "$10M of long liquidations at 95.00 were swept"
    assert (hit.side, hit.holding) == ("long", False)


def test_a_cluster_whose_positions_were_closed_was_not_swept():
    assert hits("cluster-swept", swept_by(99)) == ()


def test_size_and_side_are_asked_for():
    assert hits("cluster-swept", swept_by(94), at_least="20M") == ()
    assert hits("cluster-swept", swept_by(94), side="short") == ()
    assert hits("cluster-swept", view_of(long("ann", 1, at=95))) == ()
