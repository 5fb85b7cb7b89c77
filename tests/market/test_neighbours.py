from markets import long, short, view_of

from liqbot.market import wire
from liqbot.market.neighbours import HEAVIEST, MOST, with_neighbours

BTC = view_of(long("ann", 2, at=95), spot=100)
ETH = view_of(long("ann", 9, at=95, coin="ETH"), short("bob", 1, at=104, coin="ETH"), coin="ETH")


def test_each_view_knows_the_others_and_not_itself():
    btc, eth = with_neighbours([BTC, ETH])
    assert [other.coin for other in btc.neighbours] == ["ETH"]
    assert btc.neighbour("eth").up_usd == ETH.up_usd
    assert list(btc.neighbour("ETH").clusters) == list(ETH.clusters)
    assert eth.neighbour("BTC").spot == 100
    assert eth.neighbour("SOL") is None


def test_only_the_largest_and_their_heaviest_clusters_so_that_a_view_stays_small():
    many = [
        view_of(*(long(f"a{n}", n + 1, at=60 + 3.9 * n, coin=f"C{c}") for n in range(11)), coin=f"C{c}")
        for c in range(MOST + 5)
    ]
    first, *_ = with_neighbours(many)
    assert len(first.neighbours) == MOST
    assert {len(other.clusters) for other in first.neighbours} <= {1, HEAVIEST}
    assert all(abs(cluster.distance_pct) <= 10 for other in first.neighbours for cluster in other.clusters)


def test_neighbours_and_marks_cross_the_wire():
    btc, _ = with_neighbours([BTC, ETH])
    assert wire.from_bytes(wire.to_bytes(btc)).neighbours == btc.neighbours
