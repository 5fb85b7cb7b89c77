"""Clusters keep their identity from view to view, and say how they ended."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, LAYER, MINUTE, board_of, long, price, seen, short

from liqbot.engine.board import Board
from liqbot.engine.clusters import MOST_BEYOND
from liqbot.engine.track_memory import Memory
from liqbot.engine.tracking import KEPT_HOLDERS
from liqbot.market.clusters import Cluster, End
from liqbot.market.side import Side
from liqbot.market.updates import Beat
from liqbot.market.view import MarketView


class Market:
    """A board on which minutes pass: each step tells positions and price, and gives the view that follows."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = board or Board(LAYER)
        self.time_ms = self.board.time_ms

    def step(self, *rows, spot: float = 100.0, flat: tuple[str, ...] = (), minutes: int = 1) -> MarketView:
        self.time_ms += minutes * MINUTE
        self.board.apply(price(spot, time_ms=self.time_ms))
        self.board.apply(seen(*rows, flat=flat, time_ms=self.time_ms))
        return self.board.view("BTC")

    def move(self, *spots: float) -> MarketView:
        """Tell prices, but nothing of positions."""
        for spot in spots:
            self.time_ms += MINUTE
            self.board.apply(price(spot, time_ms=self.time_ms))
        return self.board.view("BTC")


def only(view: MarketView, *sides: Side) -> Cluster:
    (cluster,) = [cluster for cluster in view.clusters if cluster.side in (sides or Side)]
    return cluster


def ended(view: MarketView) -> list[tuple[str, End, str | None]]:
    return [(end.cluster.id, end.end, end.into) for end in view.ended]


def test_an_identity_names_coin_side_and_number():
    view = Market().step(long("ann", 2, at=90), short("bob", 1, at=110))
    assert {cluster.id for cluster in view.clusters} == {"BTC-L1", "BTC-S2"}
    assert {cluster.since_ms for cluster in view.clusters} == {MINUTE}


def test_identity_lasts_while_nothing_happens():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    again = market.move(100.5)
    assert only(again).id == first.id
    assert only(again).since_ms == first.since_ms
    assert not again.ended


def test_identity_lasts_while_a_cluster_drifts_with_its_accounts_margin():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    for level in (85, 70, 95, 40):
        view = market.step(long("ann", 1, at=level))
        assert (only(view).id, only(view).price) == (first.id, level)
        assert not view.ended


@pytest.mark.parametrize("coins", [0.01, 0.5, 2, 1000])
def test_identity_lasts_while_a_cluster_grows_or_shrinks(coins):
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(long("ann", coins, at=90.1))
    assert only(view).id == first.id
    assert only(view).usd == coins * 100


def test_two_clusters_that_change_places_keep_their_identities():
    market = Market()
    before = market.step(long("ann", 2, at=90), long("bob", 2, at=80))
    after = market.step(long("ann", 2, at=80), long("bob", 2, at=90))
    identity = {cluster.price: cluster.id for cluster in before.clusters}
    assert {cluster.price: cluster.id for cluster in after.clusters} == {80: identity[90], 90: identity[80]}
    assert not after.ended


def test_identity_lasts_where_others_take_over_the_same_place():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(long("bob", 1, at=90.05), flat=("ann",))
    assert only(view).id == first.id


def test_a_new_cluster_elsewhere_by_other_accounts_is_a_new_one():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(long("bob", 1, at=80), flat=("ann",))
    assert only(view).id != first.id
    assert ended(view) == [(first.id, End.CLOSED, None)]


def test_an_account_that_turns_around_does_not_take_the_identity_to_the_other_side():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(short("ann", 1, at=110))
    assert only(view).id == "BTC-S2"
    assert ended(view) == [(first.id, End.CLOSED, None)]


def test_when_a_cluster_splits_the_largest_part_keeps_the_identity():
    market = Market()
    first = only(market.step(long("ann", 3, at=90), long("bob", 5, at=90)))
    view = market.step(long("ann", 3, at=90), long("bob", 5, at=80))
    identity = {cluster.price: cluster.id for cluster in view.clusters}
    assert identity[80] == first.id
    assert identity[90] != first.id
    assert not view.ended


def test_when_clusters_grow_together_the_largest_lives_on_and_the_other_says_into_which_it_went():
    market = Market()
    before = market.step(long("ann", 3, at=90), long("bob", 5, at=80))
    identity = {cluster.price: cluster.id for cluster in before.clusters}
    view = market.step(long("ann", 3, at=80), long("bob", 5, at=80))
    assert only(view).id == identity[80]
    assert ended(view) == [(identity[90], End.MERGED, identity[80])]


def test_small_accounts_are_known_to_have_merged_into_a_crowd_of_larger_ones():
    crowd = range(2 * KEPT_HOLDERS)
    market = Market()
    before = market.step(
        *[long(f"larger {number}", 2, at=80) for number in crowd],
        *[long(f"small {number}", 1, at=90) for number in crowd],
    )
    identity = {cluster.price: cluster.id for cluster in before.clusters}
    view = market.step(*[long(f"small {number}", 1, at=80) for number in crowd])
    assert ended(view) == [(identity[90], End.MERGED, identity[80])]


def test_a_crowd_keeps_its_identity_while_larger_accounts_join_it_and_it_drifts():
    crowd = [long(f"one of many {number}", 1, at=80) for number in range(KEPT_HOLDERS)]
    market = Market()
    first = only(market.step(*crowd))
    larger = [long(f"larger {number}", 2, at=70) for number in range(KEPT_HOLDERS)]
    moved = [long(row.account, 1, at=70) for row in crowd]
    view = market.step(*moved, *larger)
    assert only(view).id == first.id


def test_a_cluster_is_closed_when_its_positions_are():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(flat=("ann",))
    assert not view.clusters
    assert ended(view) == [(first.id, End.CLOSED, None)]
    assert view.ended[0].cluster == first
    assert view.ended[0].time_ms == view.time_ms


def test_an_end_is_told_once():
    market = Market()
    market.step(long("ann", 1, at=90))
    assert len(market.step(flat=("ann",)).ended) == 1
    assert not market.move(100).ended


@pytest.mark.parametrize(("row", "through"), [(long("ann", 1, at=90), 89), (short("ann", 1, at=110), 111)])
def test_a_cluster_is_swept_when_price_goes_through_it(row, through):
    market = Market()
    first = only(market.step(row))
    view = market.move(through)
    assert not view.clusters
    assert ended(view) == [(first.id, End.SWEPT, None)]


@pytest.mark.parametrize(("row", "through"), [(long("ann", 1, at=90), 89), (short("ann", 1, at=110), 111)])
def test_a_cluster_is_swept_when_price_goes_through_and_back_between_two_views(row, through):
    market = Market()
    first = only(market.step(row))
    view = market.move(through, 100)
    assert ended(view) == [(first.id, End.SWEPT, None)]
    assert not view.clusters


def test_a_swept_cluster_that_was_really_liquidated_is_swept_and_not_closed():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    market.board.apply(price(89, time_ms=market.time_ms + 1))
    view = market.step(flat=("ann",), spot=95)
    assert ended(view) == [(first.id, End.SWEPT, None)]


def test_what_price_has_swept_does_not_come_back_when_price_does():
    market = Market()
    market.step(long("ann", 1, at=90))
    market.move(89)
    view = market.move(100)
    assert not view.clusters
    assert view.stale.long == 100
    assert view.down_usd == 0


def test_accounts_seen_again_after_price_went_through_still_hold_what_they_say():
    market = Market()
    market.step(long("ann", 1, at=96))
    market.move(95, 100)
    view = market.step(long("ann", 1, at=96), spot=100)
    assert only(view).price == 96
    assert view.down_usd == 100
    assert view.stale.long == 0


def test_a_cluster_whose_accounts_got_away_before_price_came_keeps_its_identity():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(long("ann", 1, at=80), spot=89)
    assert only(view).id == first.id
    assert not view.ended


def test_a_cluster_of_which_little_survives_when_price_goes_through_is_swept():
    market = Market()
    first = only(market.step(long("ann", 9, at=90), long("bob", 1, at=90)))
    view = market.step(long("bob", 1, at=80), flat=("ann",), spot=89)
    assert ended(view) == [(first.id, End.SWEPT, None)]
    assert only(view).id != first.id


def test_new_positions_where_price_swept_others_are_a_new_cluster():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    market.board.apply(price(89, time_ms=market.time_ms + 1))
    view = market.step(long("bob", 1, at=90), flat=("ann",), spot=100)
    assert ended(view) == [(first.id, End.SWEPT, None)]
    assert only(view).id != first.id


def test_a_cluster_that_others_outgrow_does_not_flicker():
    # Far away is so much that the wall is light for its side, and is judged by its neighbourhood alone.
    market, wall_row, rest = Market(), long("wall", 10, at=84.1), long("far", 2000, at=40)
    before = market.step(wall_row, rest, *[long(f"a{n}", 1, at=99 - n / 4) for n in range(120)])
    (wall,) = before.clusters.within(30)
    # Its peak falls to 0.8 of what makes a new cluster stand out.
    crowd = [long(f"a{n}", 5.5, at=99 - n / 4) for n in range(120)]
    assert market.step(wall_row, rest, *crowd).clusters.get(wall.id)
    assert len(Market().step(wall_row, rest, *crowd).clusters.within(30)) == 0


def test_near_spot_every_cluster_that_stands_out_gets_an_identity_however_many_are_heavier():
    heavy = [long(f"heavy {number}", 50, at=96.5 - 3 * number) for number in range(8)]
    light = [long(f"light {number}", 5, at=98 - 3 * number) for number in range(8)]
    clusters = Market().step(*heavy, *light, *[long(f"crumb {n}", 0.05, at=99.9 - n / 5) for n in range(150)])
    assert len(clusters.clusters.of(Side.LONG)) >= 16
    assert {98 - 3 * n for n in range(8)} <= {cluster.price for cluster in clusters.clusters}


def test_far_from_spot_only_the_heaviest_get_an_identity():
    far = [long(f"far {number}", number + 10, at=60 - 2 * number) for number in range(12)]
    clusters = Market().step(*far).clusters
    assert len(clusters) == MOST_BEYOND
    assert min(cluster.usd for cluster in clusters) > 100 * 13


positions = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([-3, -1, 1, 3]), st.integers(60, 140)),
    max_size=5,
    unique_by=lambda position: position[0],
)


@given(st.lists(st.tuples(positions, st.integers(85, 115)), max_size=8))
def test_identities_are_unique_and_never_used_again(steps):
    market = Market()
    living: set[str] = set()
    dead: set[str] = set()
    for rows, spot in steps:
        held = {name for name, *_ in rows}
        view = market.step(
            *[(long if side > 0 else short)(name, abs(side), at=level) for name, side, level in rows],
            flat=tuple(set("abcdef") - held),
            spot=spot,
        )
        now = [cluster.id for cluster in view.clusters]
        gone = {end.cluster.id for end in view.ended}
        assert len(now) == len(set(now))
        assert not dead & set(now)
        assert not gone & set(now)
        living |= set(now)
        assert gone <= living, "an end is told of what was seen, and once"
        living, dead = living - gone, dead | gone


# A restart


def restarted(board: Board, *rows, spot: float = 100.0) -> Market:
    """Return the market of another board that remembers what `board` does, and has heard nothing else."""
    other = Board(LAYER)
    other.recall(board.memories().values())
    other.apply(Beat(board.time_ms + HOUR))
    market = Market(other)
    if rows:
        market.step(*rows, spot=spot)
    return market


ANN, BOB = long("ann", 2, at=90), long("bob", 1, at=80)


def identities(view: MarketView) -> dict[float, str]:
    return {cluster.price: cluster.id for cluster in view.clusters}


def test_identities_outlast_a_restart_that_numbers_accounts_anew():
    board = board_of(ANN, BOB)
    before = board.view("BTC")
    for order in itertools.permutations([long("someone else", 5, at=60), BOB, ANN]):
        view = restarted(board).step(*order)
        assert identities(view).items() >= identities(before).items()
        assert not view.ended
        assert view.clusters.get(before.clusters[0].id).since_ms == before.clusters[0].since_ms


def test_numbers_go_on_after_a_restart():
    board = board_of(ANN, BOB)
    board.view("BTC")
    view = restarted(board).step(long("cid", 1, at=70), flat=("ann", "bob"))
    assert identities(view) == {70: "BTC-L3"}


def test_after_a_restart_a_cluster_waits_for_its_accounts_to_be_seen():
    board = board_of(ANN, BOB)
    before = identities(board.view("BTC"))
    market = restarted(board)
    view = market.move(100)
    assert (len(view.clusters), view.ended) == (0, ())
    view = market.step(BOB)
    assert (identities(view), view.ended) == ({80: before[80]}, ())
    view = market.step(long("ann", 2, at=91))
    assert (identities(view), view.ended) == ({80: before[80], 91: before[90]}, ())


def test_after_a_restart_a_cluster_whose_accounts_have_closed_is_closed():
    board = board_of(ANN)
    (first,) = identities(board.view("BTC")).values()
    view = restarted(board).step(flat=("ann",))
    assert ended(view) == [(first, End.CLOSED, None)]


def test_after_a_restart_a_cluster_that_price_has_gone_through_is_swept_without_waiting():
    board = board_of(ANN)
    (first,) = identities(board.view("BTC")).values()
    view = restarted(board).move(85)
    assert ended(view) == [(first, End.SWEPT, None)]


DAY = 24 * 60
"""Minutes."""


def test_a_cluster_whose_accounts_nobody_looks_at_has_not_ended():
    market = Market()
    first = only(market.step(ANN))
    for _ in range(3):
        view = market.step(minutes=DAY + 60)
        assert (len(view.clusters), view.ended) == (0, ()), "what was seen a day ago is not drawn any more"
    again = only(market.step(ANN))
    assert (again.id, again.since_ms) == (first.id, first.since_ms)


def test_a_cluster_whose_accounts_nobody_looked_at_is_closed_once_they_are_seen_without_it():
    market = Market()
    first = only(market.step(ANN))
    assert not market.step(minutes=2 * DAY).ended
    assert ended(market.step(flat=("ann",))) == [(first.id, End.CLOSED, None)]


def test_a_cluster_whose_accounts_nobody_looks_at_is_swept_where_price_goes_through_it():
    market = Market()
    first = only(market.step(ANN))
    assert not market.step(minutes=2 * DAY).ended
    assert ended(market.move(85)) == [(first.id, End.SWEPT, None)]


def test_a_cluster_of_which_much_may_be_open_still_is_not_closed():
    market = Market()
    first = only(market.step(long("ann", 6, at=90), long("bob", 4, at=90)))
    market.step(minutes=DAY // 2)
    market.step(flat=("cid",), minutes=DAY)
    view = market.step(flat=("ann",))
    assert (len(view.clusters), view.ended) == (0, ()), "nobody knows of bob's 40%"
    assert ended(market.step(flat=("bob",))) == [(first.id, End.CLOSED, None)]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_cluster_does_not_wait_for_its_accounts_for_ever(restarts):
    market = Market()
    first = only(market.step(ANN))
    if restarts:
        market = restarted(market.board)
    assert not market.move(100).ended
    for _ in range(9):
        assert not market.step(minutes=DAY).ended, "nobody knows whether its positions are gone"
    assert only(market.step(ANN)).id != first.id


def test_a_restart_before_anything_was_heard_forgets_nothing():
    market = Market()
    market.step(long("gone by now", 1, at=50))
    before = market.step(ANN, BOB, flat=("gone by now",))
    unheard = Board(LAYER)
    unheard.recall(market.board.memories().values())
    assert identities(restarted(unheard).step(ANN, BOB)) == identities(before)


def test_a_restart_while_a_cluster_waits_forgets_nothing():
    board = board_of(ANN, BOB)
    before = identities(board.view("BTC"))
    waiting = restarted(board)
    waiting.step(BOB)
    assert identities(restarted(waiting.board).step(ANN, BOB)) == before


def test_a_board_without_clusters_remembers_their_numbers():
    market = Market()
    market.step(ANN)
    market.step(flat=("ann",))
    (memory,) = (msgspec.json.decode(kept, type=Memory) for kept in market.board.memories().values())
    assert (memory.coin, memory.next_number, memory.living) == ("BTC", 2, ())


def test_each_coin_has_its_own_clusters():
    board = board_of(ANN, long("ann", 1, at=9, coin="ETH"))
    board.apply(price(10, coin="ETH"))
    assert [cluster.id for cluster in board.view("BTC").clusters] == ["BTC-L1"]
    assert [cluster.id for cluster in board.view("ETH").clusters] == ["ETH-L1"]


# Only smaller, or farther away, has not ended


def crowd(coins: float = 1.0):
    """Longs that stand in the way of smaller ones standing out, every 0.25% below spot."""
    return [long(f"a{n}", coins, at=99 - n / 4) for n in range(40)]


def test_a_cluster_that_is_outgrown_by_far_waits_unseen_and_has_not_ended():
    market = Market()
    wall = next(c for c in market.step(long("wall", 10, at=80), *crowd()).clusters if c.price == 80)
    view = market.step(*crowd(50))
    assert view.clusters.get(wall.id) is None
    assert wall.id not in [end.cluster.id for end in view.ended]
    back = market.step(*crowd(1))
    assert back.clusters.get(wall.id).since_ms == wall.since_ms


def test_a_cluster_whose_accounts_moved_their_levels_out_of_reach_has_not_ended():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    view = market.step(long("ann", 1))
    assert (len(view.clusters), view.ended) == (0, ())
    assert not market.move(85, 100).ended, "price was where it no longer is"
    assert only(market.step(long("ann", 1, at=60))).id == first.id


def test_an_unseen_cluster_ends_once_its_positions_are_closed():
    market = Market()
    first = only(market.step(long("ann", 1, at=90)))
    market.step(long("ann", 1))
    assert ended(market.step(flat=("ann",))) == [(first.id, End.CLOSED, None)]


def test_an_unseen_cluster_is_swept_where_its_level_is_now():
    market = Market()
    wall = next(c for c in market.step(long("wall", 10, at=80), *crowd()).clusters if c.price == 80)
    market.step(*crowd(50))
    market.step(long("wall", 10, at=85))
    view = market.move(84)
    assert (wall.id, End.SWEPT, None) in ended(view)


@pytest.mark.parametrize("left", [0.9, 0.5, 0.25])
def test_a_cluster_of_which_a_part_is_closed_has_not_ended(left):
    market = Market()
    first = only(market.step(long("ann", 8, at=90), short("bob", 1, at=110)), Side.LONG)
    view = market.step(long("ann", 8 * left, at=90))
    assert only(view, Side.LONG).id == first.id
    assert not view.ended
