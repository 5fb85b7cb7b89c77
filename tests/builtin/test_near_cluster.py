from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import board_of, long, price, seen, short, view_of

from liqbot.alerts.states import Reason, WatchState, step
from liqbot.builtin import near_cluster
from liqbot.market.clusters import Clusters
from liqbot.market.side import Side

# A coin is $100. Longs for $8M at 98, 2% below spot; shorts for $6M at 103, 3% above it.
LONGS, SHORTS = long("ann", 80_000, at=98), short("bob", 60_000, at=103)
MARKET = view_of(LONGS, SHORTS, spot=100)
BELOW, ABOVE = MARKET.clusters.of(Side.LONG)[0], MARKET.clusters.of(Side.SHORT)[0]


def hits(view=MARKET, **written):
    """Return the hits where a single account counts like several, and nothing is remembered."""
    return near_cluster.read(view, near_cluster.form.parse({"single": "1"} | written)).hits


def firing(view=MARKET, **written):
    """Return the sides that would start an alert."""
    return [hit.side for hit in hits(view, **written) if not hit.holding]


def holding(view=MARKET, **written):
    """Return the sides that would only keep an alert on, which ends a quarter farther away."""
    written = {"rearm": "1.25"} | written
    return [hit.side for hit in hits(view, **written) if hit.holding]


@pytest.mark.parametrize(
    ("within", "sides"),
    [
        ("1.9%", []),
        ("2.01%", ["long"]),
        ("2.9%", ["long"]),
        ("3.01%", ["long", "short"]),
        ("90%", ["long", "short"]),
    ],
)
def test_it_finds_clusters_whose_peak_is_at_most_so_far_from_spot(within, sides):
    assert firing(within=within) == sides


@pytest.mark.parametrize(
    ("at_least", "sides"),
    [
        ("1M", ["long", "short"]),
        ("6M", ["long", "short"]),
        ("6.1M", ["long"]),
        ("8M", ["long"]),
        ("8.1M", []),
    ],
)
def test_it_finds_clusters_of_at_least_so_many_dollars(at_least, sides):
    assert firing(within="5%", at_least=at_least) == sides


@pytest.mark.parametrize(
    ("side", "sides"), [("either", ["long", "short"]), ("long", ["long"]), ("shorts", ["short"])]
)
def test_it_looks_at_one_side_or_at_either(side, sides):
    assert firing(within="5%", side=side) == sides


@pytest.mark.parametrize(
    ("within", "at_least", "keeps"),
    [
        ("1.9%", "5M", ["long"]),  # 2% away: beyond `within`, not beyond a quarter more
        ("1.61%", "5M", ["long"]),
        ("1.59%", "5M", []),
        ("2%", "8.1M", ["long"]),  # $8M: below `at_least`, not below it by a quarter
        ("2%", "9.9M", ["long"]),
        ("2%", "10.1M", []),
        ("1.61%", "9.9M", ["long"]),
    ],
)
def test_an_alert_that_is_on_stays_on_until_the_cluster_is_a_quarter_farther_or_lighter(
    within, at_least, keeps
):
    assert holding(within=within, at_least=at_least, side="long") == keeps
    assert firing(within=within, at_least=at_least, side="long") == []


def test_an_empty_market_says_nothing():
    assert hits(view_of(spot=100), within="90%", at_least="0") == ()


def test_each_cluster_is_an_alert_of_its_own():
    two = view_of(LONGS, long("cid", 90_000, at=96.5), spot=100)
    assert [hit.key for hit in hits(two, within="5%")] == [cluster.id for cluster in two.clusters]
    assert len({hit.key for hit in hits(two, within="5%")}) == 2


def test_a_cluster_that_drifts_keeps_one_key_while_it_comes_near_and_goes_away():
    board = board_of(LONGS, spot=110)
    keys = set()
    for minute, (spot, level) in enumerate(
        [(110, 98), (104, 98.2), (100, 98.5), (99.5, 98.1), (102, 97.6)], start=1
    ):
        board.apply(price(spot, time_ms=minute * 60_000))
        board.apply(seen(long("ann", 80_000 + minute * 900, at=level), time_ms=minute * 60_000))
        keys |= {hit.key for hit in hits(board.view("BTC"), within="90%")}
    assert keys == {BELOW.id}


def test_it_says_how_big_where_how_near_and_who():
    crowd = [long(f"small{number}", 5_000, at=97.9 + number / 100) for number in range(8)]
    [hit] = hits(view_of(long("whale", 60_000, at=98), *crowd, spot=100), side="long")
    assert hit.text == "$10M of long liquidations at 98.00, 2% below (9 accounts, 60% whales)"
    assert hit.means == "A fall to 98.00 starts forced selling, which can feed itself down to 97.90."
    assert hit.caveat == "Says where forced orders sit, not that price will go there or turn there."
    assert (hit.value, hit.side) == (pytest.approx(10e6), Side.LONG)


def test_of_shorts_it_says_the_same_upwards():
    rows = (short("bob", 60_000, at=102), short("eve", 20_000, at=102.1))
    [hit] = hits(view_of(*rows, spot=100), side="short")
    assert hit.text == "$8M of short liquidations at 102.00, 2% above (2 accounts, 75% whales)"
    assert hit.means == "A rise to 102.00 starts forced buying, which can feed itself up to 102.10."


def test_a_single_level_is_not_called_a_stretch_from_itself_to_itself():
    below, above = hits(within="5%")
    assert below.text == "single account, $8M of long liquidations at 98.00, 2% below"
    assert below.means == "A fall to 98.00 sets off its forced selling all at once."
    assert above.means == "A rise to 103.00 sets off its forced buying all at once."


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (-0.04, "just below"),
        (0.01, "just above"),
        (-0.06, "0.1% below"),
        (2.55, "2.5% above"),
    ],
)
def test_a_distance_never_reads_as_nothing(distance, words):
    cluster = replace(BELOW if distance < 0 else ABOVE, distance_pct=distance)
    [hit] = hits(replace(MARKET, clusters=Clusters([cluster])), within="5%")
    assert words in hit.text


@pytest.mark.parametrize(
    ("accounts", "whale_share", "words"),
    [(2, 0.0, "(2 accounts)"), (2, 0.004, "(2 accounts, <1% whales)")],
)
def test_whales_are_named_where_there_are_any(accounts, whale_share, words):
    cluster = replace(BELOW, accounts=accounts, whale_share=whale_share)
    [hit] = hits(replace(MARKET, clusters=Clusters([cluster])), within="5%")
    assert hit.text.endswith(words)


def test_what_is_modelled_is_called_modelled():
    modelled = replace(BELOW, accounts=None, whale_share=None)
    [hit] = hits(replace(MARKET, clusters=Clusters([modelled])))
    assert hit.text == "$8M of long liquidations at 98.00, 2% below (modelled)"


@given(
    distance=st.floats(-95, 95),
    usd=st.floats(1, 1e10),
    within=st.floats(0.1, 90),
    at_least=st.floats(0, 1e9),
)
def test_every_cluster_is_wanted_or_holding_or_out_and_what_is_wanted_is_told_in_full(
    distance, usd, within, at_least
):
    cluster = replace(BELOW if distance < 0 else ABOVE, distance_pct=distance, usd=usd)
    view = replace(MARKET, clusters=Clusters([cluster]))
    found = near_cluster.read(
        view,
        near_cluster.form.defaults() | {"within": within, "at_least": at_least, "single": 1.0, "size": 0.0},
    ).hits
    wanted = abs(distance) <= within and usd >= at_least
    assert (len(found) == 1 and not found[0].holding) == wanted
    for hit in found:
        assert hit.key == cluster.id
        assert all((hit.text, hit.means, hit.caveat))
        assert abs(distance) <= 3 * within
        assert 1.25 * usd >= at_least


# Single accounts


def test_what_one_account_holds_must_be_several_times_as_heavy_and_is_called_so():
    crowd = [long(f"small{number}", 5_000, at=98.1) for number in range(8)]
    alone, together = view_of(long("ann", 40_000, at=98.1), spot=100), view_of(*crowd, spot=100)
    for view, single, sides in ((alone, "4", []), (alone, "1", ["long"]), (together, "4", ["long"])):
        assert firing(view, at_least="2M", single=single, size="0%") == sides
    [hit] = hits(alone, at_least="1M", single="4")
    assert hit.text.startswith("single account, $4M of long liquidations")
    assert hit.caveat.startswith("One account can close")


def test_a_single_account_reads_so_in_a_notification_too():
    [hit] = hits(view_of(long("ann", 123_456, at=98.765), spot=100))
    assert f"BTC again: {hit.text}"[:80].startswith(
        "BTC again: single account, $12.3M of long liquidations at"
    )


# How heavy for the coin


def test_a_cluster_must_be_heavy_for_its_side_whatever_the_other_side_and_open_interest():
    view = view_of(
        long("ann", 80_000, at=98.1), long("far", 720_000, at=20), short("other", 9_000_000, at=300), spot=100
    )
    assert firing(view, side="long", size="9.9%") == ["long"]
    assert firing(view, side="long", size="10.1%") == []


# Once a level


def told(levels, *, minutes=60, spots=None, **written):
    """Return what a watch is told while one cluster after another stands at `levels`, at these spots."""
    form = near_cluster.form
    values = form.parse({"single": "1"} | written)
    state, said = WatchState(), []
    for number, (at, owner, coins) in enumerate(levels):
        spot = 100 if spots is None else spots[number]
        time_ms = number * minutes * 60_000
        view = view_of(long(owner, coins, at=at), spot=spot, time_ms=time_ms)
        renamed = replace(view.clusters[0], id=f"BTC-L{number}")
        view = replace(view, clusters=Clusters([renamed]))
        state, events = step(
            state, near_cluster.read(view, values, state.memory), time_ms, near_cluster.policy_for(values)
        )
        said += [(number, event.reason) for event in events]
    return said


def test_a_level_is_told_once_whoever_stands_there():
    at_one_level = [(98.1 + number / 20, f"whale{number}", 80_000) for number in range(5)]
    assert told(at_one_level, minutes=36 * 60) == [(0, Reason.FIRST)]


def test_another_level_is_another_alert_a_day_later_or_at_once_where_it_is_twice_as_large():
    levels = [(98.1, "ann", 80_000), (99.5, "bob", 80_000), (99.5, "bob", 80_000)]
    assert told(levels, minutes=8 * 60) == [(0, Reason.FIRST)]
    assert told(levels, minutes=12 * 60) == [(0, Reason.FIRST), (2, Reason.FIRST)]
    assert told(levels, apart="1h") == [(0, Reason.FIRST), (1, Reason.FIRST)]
    assert told([(98.1, "ann", 80_000), (99.5, "bob", 161_000)]) == [(0, Reason.FIRST), (1, Reason.FIRST)]


def test_a_level_comes_again_only_once_price_has_been_far_away_from_it():
    level, day = [(98.1, "ann", 80_000)] * 3, 25 * 60
    assert told(level, spots=[100, 102, 100], minutes=day) == [(0, Reason.FIRST)]
    assert told(level, spots=[100, 105, 100], minutes=day) == [(0, Reason.FIRST), (2, Reason.FIRST)]


def test_within_a_day_it_does_not_come_again_whatever_price_does():
    assert told([(98.1, "ann", 80_000)] * 3, spots=[100, 120, 100], minutes=300) == [(0, Reason.FIRST)]


def test_a_level_that_doubles_is_told_again():
    doubling = [(98.1, "ann", 80_000), (98.1, "ann", 161_000)]
    assert told(doubling) == [(0, Reason.FIRST), (1, Reason.ESCALATED)]


def test_of_two_clusters_at_one_level_the_one_that_is_near_enough_starts_the_alert():
    view = view_of(long("far", 200_000, at=97.3), long("near", 80_000, at=98.1), spot=100)
    assert len(view.clusters) == 2
    state = near_cluster.read(view, near_cluster.form.parse({"single": "1"})).memory
    [hit, *more] = near_cluster.read(view, near_cluster.form.parse({"single": "1"}), state).hits
    assert (hit.holding, "98.10" in hit.text, more) == (False, True, [])
