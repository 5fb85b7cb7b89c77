from markets import long, view_of
from plugins.examples import at, examples, heard


def market(minute, coins):
    """Longs of `coins` coins at 95, $100 each; the same cluster throughout."""
    view = view_of(long("ann", coins, at=95), spot=100)
    cluster = view.clusters[0]
    assert cluster.id
    return at(minute, view)


def test_it_speaks_when_a_cluster_has_gained_the_share_within_the_span():
    said = heard("cluster-growth", market(0, 60_000), market(20, 80_000), market(40, 91_000))
    [first, second, third] = said
    assert (first, second) == ([], [])
    assert [holding for _, holding in third] == [False]


def test_an_alert_that_is_on_stays_on_until_the_growth_is_a_fifth_less():
    said = heard(
        "cluster-growth", market(0, 60_000), market(10, 91_000), market(20, 86_000), market(30, 80_000)
    )
    assert [[holding for _, holding in views] for views in said] == [[], [False], [True], []]


def test_growth_over_a_longer_time_is_none():
    said = heard("cluster-growth", market(0, 60_000), market(61, 91_000))
    assert said == [[], []]
    assert heard("cluster-growth", market(0, 60_000), market(61, 91_000), span="2h")[1] != []


def test_small_clusters_and_new_ones_are_no_growth():
    assert heard("cluster-growth", market(0, 100), market(10, 1000))[1] == []
    assert heard("cluster-growth", market(0, 100), market(10, 1000), at_least="50k")[1] != []
    assert heard("cluster-growth", market(0, 900_000)) == [[]]


def test_what_it_remembers_does_not_grow_with_the_views():
    rule = examples().rules.by_name["cluster-growth"]
    memory = None
    sizes = []
    for second in range(600):
        memory = rule.read(market(second / 6, 60_000), rule.form.defaults(), memory).memory
        sizes.append(len(memory))
    assert sizes[-1] == sizes[-60]
    assert sizes[-1] < 2000
