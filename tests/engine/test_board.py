"""From updates to views."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR, LAYER, MINUTE, board_of, long, price, seen, short, view_of

from liqbot.engine.board import Board, NoViewError
from liqbot.market.side import Side
from liqbot.market.updates import Beat, Liquidation
from liqbot.market.wire import to_bytes


def test_a_coin_without_a_price_has_no_view_and_the_error_names_venue_and_coin():
    board = Board(LAYER)
    board.apply(seen(long("ann", 1, at=90)))
    with pytest.raises(NoViewError, match="Testex has no price for BTC"):
        board.view("BTC")


def test_a_coin_with_a_price_has_a_view_even_where_nobody_holds_it():
    view = view_of(spot=100, coin="ETH", time_ms=7)
    assert (view.coin, view.spot, view.time_ms, view.layer) == ("ETH", 100, 7, LAYER)
    assert (view.open_usd.long, view.open_usd.short) == (0, 0)
    assert view.coverage is None


def test_coins_are_those_with_a_price_in_the_order_they_came():
    board = Board(LAYER)
    for coin in ("ETH", "BTC", "ETH"):
        board.apply(price(100, coin=coin))
    board.apply(seen(long("ann", 1, coin="SOL")))
    assert board.coins == ["ETH", "BTC"]


def test_all_dollars_are_at_spot():
    board = board_of(long("ann", 2, at=90), short("bob", 1, at=110), spot=100)
    board.apply(price(105, time_ms=1))
    view = board.view("BTC")
    assert (view.open_usd.long, view.open_usd.short) == (210, 105)
    assert view.map.total.sum() == pytest.approx(315)
    assert {cluster.usd for cluster in view.clusters} == {210, 105}


def test_a_view_is_of_the_time_of_the_newest_update():
    board = board_of(long("ann", 1, at=90), time_ms=5)
    assert board.view("BTC").time_ms == 5
    board.apply(Beat(9))
    assert board.view("BTC").time_ms == 9


def test_time_never_goes_backwards():
    board = board_of(time_ms=10)
    for update in (Beat(3), seen(time_ms=4), price(100, time_ms=5)):
        board.apply(update)
    assert board.time_ms == 10
    assert board.view("BTC").time_ms == 10


def test_a_price_older_than_the_known_one_is_refused_and_counted():
    board = board_of(spot=100, time_ms=10)
    board.apply(price(90, time_ms=9))
    assert board.view("BTC").spot == 100
    assert board.rejected == {"older than what is known": 1}


@pytest.mark.parametrize("mark", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_price_that_is_none_is_refused_and_counted_and_is_not_the_time(mark):
    board = board_of(spot=100, time_ms=10)
    board.apply(price(mark, time_ms=99))
    view = board.view("BTC")
    assert (view.spot, view.low, view.high, view.time_ms) == (100, 100, 100, 10)
    assert board.rejected == {"mark price is not a number above 0": 1}


def test_a_coin_of_which_only_nonsense_was_told_has_no_view():
    board = Board(LAYER)
    board.apply(price(math.nan))
    assert board.coins == []
    with pytest.raises(NoViewError):
        board.view("BTC")


def test_refused_positions_are_counted_whether_or_not_anybody_looked():
    board = board_of(long("ann", math.nan), short("bob", 1, entry=-1.0))
    assert board.rejected == {
        "size is zero or not a number": 1,
        "entry price is not a number above 0": 1,
    }


def test_low_and_high_are_those_since_the_view_before():
    board = board_of(spot=100)
    for time_ms, mark in enumerate((99, 103, 101), start=1):
        board.apply(price(mark, time_ms=time_ms))
    view = board.view("BTC")
    assert (view.low, view.spot, view.high) == (99, 101, 103)
    board.apply(price(102, time_ms=9))
    view = board.view("BTC")
    assert (view.low, view.spot, view.high) == (101, 102, 102)


def test_liquidations_are_summed_by_side_since_the_view_before():
    board = board_of(spot=100)
    for side, at, size in ((Side.LONG, 99, 1), (Side.LONG, 98, 2), (Side.SHORT, 101, 3)):
        board.apply(Liquidation("BTC", 1, side, at, size))
    view = board.view("BTC")
    assert (view.liquidated.long, view.liquidated.short) == (99 + 196, 303)
    view = board.view("BTC")
    assert (view.liquidated.long, view.liquidated.short) == (0, 0)


@pytest.mark.parametrize(
    ("at", "size"), [(math.nan, 1), (1, math.inf), (0, 1), (1, 0), (-1, 1), (1, -1), (-1, -1)]
)
def test_a_liquidation_of_nothing_is_refused_and_counted(at, size):
    board = board_of(spot=100)
    board.apply(Liquidation("BTC", 1, Side.LONG, at, size))
    assert board.view("BTC").liquidated.long == 0
    assert board.rejected == {"liquidation without a price or a size above 0": 1}


def test_a_liquidation_of_an_unknown_coin_is_refused_and_counted():
    board = board_of(spot=100)
    board.apply(Liquidation("ETH", 1, Side.LONG, 1, 1))
    assert board.rejected == {"liquidation of an unknown coin": 1}


def test_funding_and_open_interest_are_the_newest_told():
    board = board_of(open_interest=10.0, funding=1e-5)
    board.apply(price(100, time_ms=1, open_interest=12.0, funding=-2e-5))
    view = board.view("BTC")
    assert (view.open_interest, view.funding) == (12.0, -2e-5)


def test_positions_older_than_a_day_are_dropped():
    board = board_of(long("ann", 1, at=90))
    board.apply(seen(long("bob", 1, at=91), time_ms=HOUR))
    board.apply(Beat(24 * HOUR))
    assert board.view("BTC").open_usd.long == 200
    board.apply(Beat(24 * HOUR + 1))
    assert board.view("BTC").open_usd.long == 100


def test_how_old_positions_may_be_is_for_the_board_to_say():
    board = Board(LAYER, max_age_ms=MINUTE)
    board.apply(price(100))
    board.apply(seen(long("ann", 1)))
    board.apply(Beat(MINUTE + 1))
    assert board.view("BTC").open_usd.long == 0


def test_updates_are_taken_up_to_a_beat():
    board = Board(LAYER)
    updates = iter([price(100), Beat(1), price(101, time_ms=2), Beat(3), price(102, time_ms=4)])
    assert board.apply_all(updates) == Beat(1)
    assert board.view("BTC").spot == 100
    assert board.apply_all(updates) == Beat(3)
    assert board.view("BTC").spot == 101
    assert board.apply_all(updates) is None
    assert board.view("BTC").spot == 102


def test_a_level_that_price_has_been_through_stays_stale_until_its_account_is_seen_again():
    board = board_of(long("ann", 1, at=97), long("bob", 2, at=90), spot=100)
    board.apply(price(96, time_ms=1))
    board.apply(price(100, time_ms=2))
    view = board.view("BTC")
    assert (view.stale.long, view.down_usd, view.open_usd.long) == (100, 0, 300)
    board.apply(seen(long("ann", 1, at=97), time_ms=3))
    view = board.view("BTC")
    assert (view.stale.long, view.down_usd) == (0, 100)


def test_price_before_a_position_was_seen_does_not_make_its_level_stale():
    board = board_of(spot=80)
    board.apply(price(100, time_ms=1))
    board.apply(seen(long("ann", 1, at=97), time_ms=1))
    view = board.view("BTC")
    assert (view.stale.long, view.down_usd) == (0, 100)


def test_an_account_that_was_seen_before_the_price_went_through_is_told_late():
    board = board_of(spot=100)
    for time_ms, mark in ((5, 96), (9, 100)):
        board.apply(price(mark, time_ms=time_ms))
    board.apply(seen(long("ann", 1, at=97), time_ms=4))
    board.apply(seen(long("bob", 1, at=97), time_ms=6))
    view = board.view("BTC")
    assert (view.stale.long, view.down_usd) == (100, 100)


names = st.sampled_from("abcd")
positions = st.builds(
    lambda account, size, at, coin: (long if size > 0 else short)(account, abs(size), at, coin=coin),
    names,
    st.sampled_from([2.0, -1.0, 0.0]),
    st.sampled_from([90.0, 96.0, 104.0, 110.0, None, 3e8]),
    st.sampled_from(["BTC", "ETH"]),
)
times = st.integers(0, 10)
updates = st.lists(
    st.builds(lambda rows, time_ms: seen(*rows, time_ms=time_ms), st.lists(positions, max_size=4), times)
    | st.builds(
        lambda mark, time_ms, coin: price(mark, time_ms=time_ms, coin=coin),
        st.sampled_from([95.0, 100.0, 105.0, -1.0]),
        times,
        st.sampled_from(["BTC", "ETH"]),
    )
    | st.builds(
        Liquidation,
        st.just("BTC"),
        times,
        st.sampled_from(Side),
        st.just(100.0),
        st.sampled_from([1.0, math.nan]),
    )
    | st.builds(Beat, times),
    max_size=12,
).map(lambda some: [price(100.0), *some])


@given(updates)
def test_a_view_is_the_same_whether_or_not_somebody_asked_for_others_before(told):
    at_once, one_by_one = Board(LAYER), Board(LAYER)
    for update in told:
        at_once.apply(update)
        one_by_one.apply(update)
        for coin in one_by_one.coins:
            one_by_one.view(coin)
    since_last_view = {"low": 0.0, "high": 0.0, "ended": (), "liquidated": None, "clusters": ()}
    same = [dataclasses.replace(board.view("BTC"), **since_last_view) for board in (at_once, one_by_one)]
    assert to_bytes(same[0]) == to_bytes(same[1])
    assert at_once.rejected == one_by_one.rejected


@given(updates)
def test_whatever_is_told_each_sides_open_size_is_accounted_for(told):
    board = Board(LAYER)
    for update in told:
        board.apply(update)
        for coin in board.coins:
            view = board.view(coin)
            for side in Side:
                parts = (
                    view.map.of(side).sum() + view.beyond[side] + view.stale[side] + view.unreachable[side]
                )
                assert parts == pytest.approx(view.open_usd[side])
                assert sum(reading.open_usd[side] for reading in view.cohorts.values()) == pytest.approx(
                    view.open_usd[side]
                )
            assert sum(reading.fuel_usd.long for reading in view.cohorts.values()) == view.down_usd
            assert np.isfinite(view.map.usd).all()
