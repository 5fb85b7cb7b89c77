"""Cases: a cluster counts from the first moment at which it qualified, whatever becomes of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, LAYER, board_of, long, price, seen, short

from liqbot.engine.cases import BANDS, CaseFinder, first_of_each, with_ends
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.events import ClusterEnded
from liqbot.market.side import Side

VIEW = board_of(long("ann", 2, at=95), short("bob", 1, at=104)).view("BTC")


def cluster(number, distance_pct, usd):
    side = Side.LONG if distance_pct < 0 else Side.SHORT
    at = 100 * (1 + distance_pct / 100)
    return Cluster(f"BTC-{number}", side, at, at, at, usd, 3, 0.5, distance_pct, 0)


def at(hour, *clusters, ended=()):
    return replace(VIEW, time_ms=hour * HOUR, clusters=Clusters(clusters), ended=tuple(ended))


def found(*views):
    finder = CaseFinder()
    return [case for view in views for case in finder.see(view)]


def asked(cases, within, least=0.0):
    return [(case.cluster.id, case.time_ms // HOUR) for case in first_of_each(cases, within, least)]


def test_a_cluster_counts_from_when_it_first_came_near_enough():
    cases = found(at(1, cluster(1, -8, 1e6)), at(2, cluster(1, -4, 1e6)), at(3, cluster(1, -1.5, 1e6)))
    assert asked(cases, 10) == [("BTC-1", 1)]
    assert asked(cases, 5) == [("BTC-1", 2)]
    assert asked(cases, 2) == [("BTC-1", 3)]
    assert asked(cases, 1) == []


def test_and_from_when_it_was_heavy_enough():
    cases = found(at(1, cluster(1, 2, 1e6)), at(2, cluster(1, 2, 1.5e6)), at(3, cluster(1, 2, 4e6)))
    assert asked(cases, 5, 1e6) == [("BTC-1", 1)]
    assert asked(cases, 5, 3e6) == [("BTC-1", 3)]


def test_one_that_stays_is_written_down_once():
    assert len(found(*(at(hour, cluster(1, -2, 1e6)) for hour in range(50)))) == 1


def test_whatever_becomes_of_a_cluster_it_stays_in_the_count():
    one = cluster(1, -2, 1e6)
    gone = EndedCluster(one, End.CLOSED, 2 * HOUR)
    assert found(at(1, one), at(2, ended=[gone]), at(3)) == found(at(1, one), at(2, one), at(3, one))


def test_a_real_market_tells_its_cases_with_empty_levels_beside():
    cases = found(VIEW)
    assert {case.cluster.side for case in cases} == {Side.LONG, Side.SHORT}
    assert all(len(case.empty) == 2 and case.regime == "balanced" for case in cases)


def test_a_case_knows_when_it_was_closed_and_not_that_it_was_swept():
    [case] = found(at(1, cluster(1, -2, 1e6)))

    def ended(end):
        return ClusterEnded(coin="BTC", layer=LAYER, time_ms=4 * HOUR, cluster=case.cluster, end=end)

    assert with_ends([case], [ended(End.CLOSED)])[0].ended_ms == 4 * HOUR
    assert with_ends([case], [ended(End.SWEPT)])[0].ended_ms is None


moves = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.floats(-12, 12).filter(abs), st.floats(1e5, 1e8)), max_size=4,
             unique_by=lambda one: one[0]),
    min_size=1, max_size=12,
)  # fmt: skip


@given(moves, st.sampled_from(BANDS), st.integers(0, 12))
def test_no_later_view_changes_what_was_counted_before(steps, within, cut):
    views = [at(hour, *(cluster(*one) for one in step)) for hour, step in enumerate(steps)]
    whole = first_of_each(found(*views), within)
    assert first_of_each(found(*views[:cut]), within) == [one for one in whole if one.time_ms < cut * HOUR]


@given(moves, st.sampled_from(BANDS))
def test_every_cluster_that_ever_came_near_enough_is_counted_at_that_very_moment(steps, within):
    views = [at(hour, *(cluster(*one) for one in step)) for hour, step in enumerate(steps)]
    first = {}
    for view in views:
        for one in view.clusters.within(within):
            first.setdefault(one.id, view.time_ms // HOUR)
    assert dict(asked(found(*views), within)) == first


def test_what_a_board_tells_live_is_what_it_would_tell_again():
    board = board_of(long("ann", 2, at=95), short("bob", 1, at=104))
    views = [board.view("BTC")]
    for hour, spot in enumerate((99, 97, 95.5), start=1):
        board.apply(price(spot, time_ms=hour * HOUR))
        board.apply(seen(long("ann", 2, at=95), time_ms=hour * HOUR))
        views.append(board.view("BTC"))
    assert found(*views) == found(*views)
    assert [case.time_ms for case in first_of_each(found(*views), 1.0)] == [3 * HOUR]
