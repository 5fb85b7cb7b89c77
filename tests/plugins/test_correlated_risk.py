from markets import long, short, view_of
from plugins.examples import hits

from liqbot.market.neighbours import with_neighbours


def market(*, eth_at, sol_at):
    """BTC with $10M of longs 2% below spot; ETH and SOL with as much at `eth_at` and `sol_at`."""
    btc, _, _ = with_neighbours(
        [
            view_of(long("ann", 100_000, at=98), short("bob", 100_000, at=150)),
            view_of(long("ann", 100_000, at=eth_at, coin="ETH"), coin="ETH"),
            view_of(long("ann", 100_000, at=sol_at, coin="SOL"), coin="SOL"),
        ]
    )
    return btc


def test_it_speaks_when_another_coin_has_a_heavy_cluster_on_the_same_side():
    [hit] = hits("correlated-risk", market(eth_at=98.5, sol_at=80))
    assert (hit.key, hit.value) == ("long", 2)
    assert "in 2 coins: BTC $10M, ETH $10M" in hit.text


def test_none_nearby_is_no_correlation():
    assert hits("correlated-risk", market(eth_at=90, sol_at=80)) == ()


def test_more_coins_and_a_certain_coin_can_be_asked_for():
    both, one = market(eth_at=98, sol_at=99), market(eth_at=98, sol_at=80)
    assert hits("correlated-risk", both, coins="3")
    assert not hits("correlated-risk", one, coins="3")
    assert hits("correlated-risk", one, also="eth")
    assert not hits("correlated-risk", one, also="sol")


def test_a_light_cluster_of_its_own_is_no_risk():
    assert hits("correlated-risk", market(eth_at=98, sol_at=98), at_least="11M") == ()
