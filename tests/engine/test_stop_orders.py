"""Stop orders on a board: in the view while they are fresh, beside the map and never in it."""

from collections import Counter

import numpy as np
import pytest
from markets import LAYER, MINUTE, long, price, seen, short

from liqbot.engine.board import Board
from liqbot.market import wire
from liqbot.market.side import Side
from liqbot.market.stops import FRESH_MS, StopKind
from liqbot.market.updates import Beat, StopOrdersSeen


def stops(*orders, time_ms=MINUTE, coins=("BTC",)):
    """Return orders of (account, price, size or None, buys, takes profit), all of the first coin."""
    accounts = tuple(dict.fromkeys(order[0] for order in orders))
    return StopOrdersSeen(
        time_ms,
        accounts,
        coins,
        np.array([accounts.index(order[0]) for order in orders], dtype=np.int64),
        np.zeros(len(orders), dtype=np.int64),
        np.array([order[1] for order in orders], dtype=np.float64),
        np.array([np.nan if order[2] is None else order[2] for order in orders], dtype=np.float64),
        np.array([order[3] for order in orders], dtype=np.bool_),
        np.array([order[4] for order in orders], dtype=np.bool_),
    )


@pytest.fixture
def board():
    board = Board(LAYER)
    board.apply(price(100, time_ms=MINUTE))
    board.apply(price(10, time_ms=MINUTE, coin="ETH"))
    board.apply(seen(long("ann", 3, at=80), short("bob", 2, at=120), time_ms=MINUTE))
    return board


def usd(view, kind, side):
    return float(view.stops.waiting(kind, side, view.spot).sum())


def test_orders_are_in_the_view_by_kind_and_direction(board):
    board.apply(stops(("ann", 95, 1, False, False), ("bob", 104, 2, True, False), ("cyd", 90, 4, True, True)))
    view = board.view("BTC")
    assert usd(view, StopKind.STOP_LOSS, Side.LONG) == 100
    assert usd(view, StopKind.STOP_LOSS, Side.SHORT) == 200
    assert usd(view, StopKind.TAKE_PROFIT, Side.SHORT) == 400
    assert (view.stops.orders, view.stops.accounts, view.stops.unsized) == (3, 3, 0)


def test_they_change_nothing_else(board):
    before = board.view("BTC")
    board.apply(stops(("ann", 95, 1e6, False, False)))
    after = board.view("BTC")
    assert np.array_equal(before.map.usd, after.map.usd)
    assert before.clusters == after.clusters
    assert (before.up_usd, before.down_usd, before.open_usd) == (after.up_usd, after.down_usd, after.open_usd)


def test_one_for_a_whole_position_is_as_large_as_that_while_it_can_close_it(board):
    board.apply(
        stops(
            ("ann", 95, None, False, False),  # sells her long
            ("ann", 105, None, True, False),  # would buy: she has no short
            ("bob", 105, None, True, False),
            ("eve", 95, None, False, False),  # never heard of
        )
    )
    view = board.view("BTC")
    assert usd(view, StopKind.STOP_LOSS, Side.LONG) == 300
    assert usd(view, StopKind.STOP_LOSS, Side.SHORT) == 200
    assert view.stops.unsized == 2


def test_it_is_looked_up_anew_as_positions_become_known(board):
    board.apply(stops(("eve", 95, None, False, False)))
    assert board.view("BTC").stops.unsized == 1
    board.apply(seen(long("eve", 5, at=50), time_ms=MINUTE))
    board.apply(Beat(3 * MINUTE))
    view = board.view("BTC")
    assert (view.stops.unsized, usd(view, StopKind.STOP_LOSS, Side.LONG)) == (0, 500)


def test_a_coin_of_which_no_orders_are_told_has_none_where_others_have(board):
    assert board.view("ETH").stops is None
    board.apply(stops(("ann", 95, 1, False, False)))
    view = board.view("ETH")
    assert (view.stops.orders, view.stops.coins.sum()) == (0, 0)


def test_what_lies_beyond_the_reach_is_summed_and_follows_the_price(board):
    board.apply(stops(("ann", 50, 1, False, False)))
    assert board.view("BTC").stops.beyond.sum() == 1
    for spot in (60, 52):
        board.apply(price(spot, time_ms=MINUTE))
    view = board.view("BTC")
    assert (view.stops.beyond.sum(), usd(view, StopKind.STOP_LOSS, Side.LONG)) == (0, 52)


def test_the_newest_count_alone_and_none_are_known_once_they_are_old(board):
    board.apply(stops(("ann", 95, 1, False, False), time_ms=2 * MINUTE))
    board.apply(stops(("ann", 95, 7, False, False), time_ms=MINUTE))
    assert board.rejected == Counter({"stop orders older than those before": 1})
    assert usd(board.view("BTC"), StopKind.STOP_LOSS, Side.LONG) == 100
    board.apply(Beat(2 * MINUTE + FRESH_MS))
    assert board.view("BTC").stops is not None
    board.apply(Beat(2 * MINUTE + FRESH_MS + 1))
    assert board.view("BTC").stops is None


def test_they_go_over_the_wire(board):
    board.apply(stops(("ann", 95, 1, False, False)))
    view = board.view("BTC")
    back = wire.from_bytes(wire.to_bytes(view))
    assert np.array_equal(back.stops.coins, view.stops.coins)
    assert (back.stops.first, back.stops.time_ms) == (view.stops.first, view.stops.time_ms)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: stops(("ann", 0, 1, False, False)),
        lambda: stops(("ann", np.nan, 1, False, False)),
        lambda: stops(("ann", 95, 0, False, False)),
        lambda: stops(("ann", 95, np.inf, False, False)),
        lambda: stops(("ann", 95, 1, False, False), coins=()),
    ],
)
def test_orders_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"above 0|must lie in"):
        wrong()
